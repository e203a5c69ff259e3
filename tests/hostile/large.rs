//! Trees as large as they may be, and larger: minutes without optimisation, so they run on demand,
//! `cargo test --release --test hostile -- --ignored`. Rows 6, 7 and 8.

use crate::case::bounded;
use crate::support::Workspace;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const SEVERAL: usize = 16;

#[test]
#[ignore = "on demand"]
fn a_tree_of_16_mib_with_100_000_packages_takes_512_mib_and_30_s_at_most() {
    let w = Workspace::of("[catalog.c]\n");
    for file in 0..SEVERAL {
        let mut text = String::new();
        for n in 0..100_000 / SEVERAL {
            let _ = write!(text, "[access_package.p{file}-{n}]\ncatalog = \"c\"\ndescription = \"{}\"\n", "x".repeat(50));
            let _ = write!(text, "[access_package.p{file}-{n}.policy.direct]\nrequestors = \"none\"\nexpiration = \"30d\"\n");
        }
        w.write(&format!("f{file}.toml"), &text);
    }
    let start = Instant::now();
    let run = bounded(&w, 512, &["validate"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "The configuration is valid.\n", ""));
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
#[ignore = "on demand"]
fn a_tree_of_more_than_a_gigabyte_is_refused() {
    let w = Workspace::of("[group.a]\n");
    for n in 0..65 {
        std::fs::File::create(w.path(&format!("f{n}.toml"))).unwrap().set_len(16 << 20).unwrap();
    }
    let run = w.run(&["validate"]);
    assert_eq!((run.code, run.err.as_str()), (1, "Error: the workspace holds more than 1 GiB\n"));
}

#[test]
#[ignore = "on demand"]
fn a_million_empty_files_are_told_by_the_first_of_them() {
    let w = Workspace::of("[group.a]\n");
    for n in 0..1_000_000 {
        std::fs::write(w.path(&format!("f{n}.toml")), "").unwrap();
    }
    let run = bounded(&w, 1024, &["validate"]);
    assert!(run.code == 1 && run.err.len() < 4_000_000, "{} {}", run.code, run.err.len());
    assert!(run.err.contains("The configuration is not valid: 10000 errors, 0 warnings.\n"));
}

#[test]
#[ignore = "on demand"]
fn more_than_two_million_objects_are_refused() {
    let w = Workspace::of("[group.a]\n");
    for file in 0..20 {
        let text: String = (0..100_000).map(|n| format!("[group.g{file}-{n}]\n")).collect();
        w.write(&format!("f{file}.toml"), &text);
    }
    let run = w.run(&["validate"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("the workspace declares more than 2 million objects"), "{}", run.err);
}
