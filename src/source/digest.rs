//! What all files of a workspace come to, as one digest: of texts that were read, or of the files as they lie, of which nothing
//! is kept. The two are the same for the same files.

use super::{Beneath, Filter, LARGEST_FILE, WRIT_TOML, collisions, list, read_settings, read_settings_file};
use crate::diag::{Diagnostics, Sources};
use crate::model::{Digest, Hasher, on_all};
use std::io::Read;
use std::path::Path;

/// How many files one processor takes at a time.
const PART: usize = 64;

/// Of texts that were read.
#[must_use]
pub fn of_sources(sources: &Sources) -> Digest {
    let all: Vec<(&str, &str)> = sources.iter().map(|(_, file)| (file.name.as_str(), file.text.as_str())).collect();
    let contents = on_all(&all, PART, |(_, text)| Digest::of(text.as_bytes()));
    together(all.iter().map(|(name, _)| *name).zip(&contents))
}

/// Of the files as they lie; `None` where one of them is not as a workspace's files are, which reading them tells.
#[must_use]
pub fn of_files(root: &Path) -> Option<Digest> {
    let settings = read_settings(&read_settings_file(root).ok()?, &mut Diagnostics::new());
    let (mut names, mut findings, mut refused) = (Vec::new(), Diagnostics::new(), Vec::new());
    list(root, "", 0, &Filter::new(settings.as_ref()), &mut names, &mut findings).ok()?;
    collisions(&names, &mut refused);
    if !findings.is_empty() || !refused.is_empty() {
        return None;
    }
    names.push(WRIT_TOML.to_owned());
    names.sort_unstable();
    let parts: Vec<&[String]> = names.chunks(PART).collect();
    let contents: Vec<Digest> = on_all(&parts, 2, |part| contents(root, part)).into_iter().collect::<Option<Vec<_>>>()?.concat();
    Some(together(names.iter().map(String::as_str).zip(&contents)))
}

fn contents(root: &Path, names: &[String]) -> Option<Vec<Digest>> {
    let mut beneath = Beneath::new(root).ok()?;
    let mut bytes = Vec::new();
    let mut one = |name: &String| {
        let file = beneath.open(name).ok().filter(|file| file.metadata().is_ok_and(|m| m.is_file()))?;
        bytes.clear();
        file.take(LARGEST_FILE.saturating_add(1)).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= LARGEST_FILE).then(|| Digest::of(&bytes))
    };
    names.iter().map(&mut one).collect()
}

/// Digests are of one length, so that no name can pass for the end of another.
fn together<'a>(files: impl Iterator<Item = (&'a str, &'a Digest)>) -> Digest {
    let mut digest = Hasher::default();
    for (name, content) in files {
        digest.update(Digest::of(name.as_bytes()).as_str().as_bytes());
        digest.update(content.as_str().as_bytes());
    }
    digest.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn texts_and_files_come_to_the_same_and_every_byte_counts() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            fs::create_dir_all(place.path().join(name).parent().unwrap()).unwrap();
            fs::write(place.path().join(name), text).unwrap();
        };
        write(WRIT_TOML, "[workspace]\nname = \"w\"\nexclude = [\"left/out.toml\"]\n");
        write("a/b.toml", "[group.a]\n");
        write("z.toml", "[group.z]\n");
        write("left/out.toml", "nonsense");
        let both = || {
            let read = of_sources(&super::super::read(place.path()).unwrap().sources);
            assert_eq!(of_files(place.path()), Some(read.clone()));
            read
        };
        let first = both();
        write("left/out.toml", "more nonsense");
        assert_eq!(both(), first);
        write("z.toml", "[group.y]\n");
        let second = both();
        fs::rename(place.path().join("z.toml"), place.path().join("y.toml")).unwrap();
        let third = both();
        write("new.toml", "");
        let all = [first, second, third, both()];
        assert!(all.iter().enumerate().all(|(i, a)| all.iter().skip(i + 1).all(|b| a != b)), "{all:?}");
        // Where reading has something to tell, there is no digest.
        write("Z.toml", "");
        write("z.toml", "");
        assert_eq!(of_files(place.path()), None);
    }
}
