//! What is generated from the kinds and checked in is fresh: `schemas/` and `docs/reference.md`.
//!
//! `WRIT_BLESS=1 cargo test --test generated` writes both anew.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use writ::view::{reference, schema};

#[test]
fn schemas_are_fresh() {
    let wanted = schema::all().into_iter().map(|(name, text)| (PathBuf::from(name), text)).collect();
    fresh(&Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas"), &wanted, "schema.json");
}

#[test]
fn the_reference_page_is_fresh() {
    let wanted = BTreeMap::from([(PathBuf::from("reference.md"), reference::page())]);
    fresh(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"), &wanted, "reference.md");
}

/// That the files below `dir` whose names end so are exactly these, byte for byte.
fn fresh(dir: &Path, wanted: &BTreeMap<PathBuf, String>, ending: &str) {
    let mut there = Vec::new();
    list(dir, &mut there);
    let stale: Vec<&PathBuf> = there
        .iter()
        .filter(|f| f.to_string_lossy().ends_with(ending))
        .filter(|f| f.strip_prefix(dir).is_ok_and(|name| !wanted.contains_key(name)))
        .collect();
    let differs = |name: &Path, text: &str| fs::read_to_string(dir.join(name)).ok().as_deref() != Some(text);
    let old: Vec<&PathBuf> = wanted.iter().filter(|(name, text)| differs(name, text)).map(|(name, _)| name).collect();
    if std::env::var_os("WRIT_BLESS").is_some_and(|v| v == "1") {
        for name in old {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, wanted.get(name).unwrap()).unwrap();
        }
        for path in stale {
            fs::remove_file(path).unwrap();
        }
        return;
    }
    assert!(
        old.is_empty() && stale.is_empty(),
        "in {}, not as generated: {old:?}, nothing generates: {stale:?}; run `WRIT_BLESS=1 cargo test --test generated`",
        dir.display()
    );
}

fn list(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { list(&path, found) } else { found.push(path) }
    }
}
