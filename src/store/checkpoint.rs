//! Where a history stood at some time, to be kept where the store is not.
//!
//! In: a store or an export. Out: four lines, or the same as JSON; and back.

use crate::model::Digest;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The first line.
const HEAD: &str = "writ checkpoint";

/// What a history is compared with later: nobody who cuts or rewrites it comes to the same link again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// The lineage of the store.
    pub origin: String,
    /// How many revisions there were.
    pub size: u64,
    /// The serial of the last one.
    pub serial: u64,
    /// Its link, which stands for all of them.
    pub root: Digest,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkpoint { origin, size, serial, root } = self;
        write!(f, "{HEAD}\norigin {origin}\nsize {size}\nserial {serial}\nroot {root}\n")
    }
}

/// As it stands in a document, which may say more.
#[derive(Serialize, Deserialize)]
pub(super) struct Form {
    origin: String,
    size: u64,
    serial: u64,
    root: String,
}

impl Form {
    pub(super) fn of(checkpoint: &Checkpoint) -> Form {
        let Checkpoint { origin, size, serial, root } = checkpoint.clone();
        Form { origin, size, serial, root: root.to_string() }
    }

    pub(super) fn checked(self) -> Result<Checkpoint, String> {
        let Form { origin, size, serial, root } = self;
        if size != serial.saturating_add(1) {
            return Err(format!("its size is {size}, and its serial {serial}"));
        }
        if root.len() != 64 || !root.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err("its root is no digest".to_owned());
        }
        Ok(Checkpoint { origin, size, serial, root: Digest::from_hex(root) })
    }
}

impl FromStr for Checkpoint {
    type Err = String;

    /// Reads either form.
    fn from_str(text: &str) -> Result<Checkpoint, String> {
        if text.trim_start().starts_with('{') {
            return serde_json::from_str::<Form>(text).map_err(|e| e.to_string())?.checked();
        }
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(format!("its first line is not `{HEAD}`"));
        }
        let mut value = |name: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.map(str::to_owned).ok_or_else(|| format!("it has no `{name}` where it should stand"))
        };
        let (origin, size, serial, root) = (value("origin")?, value("size")?, value("serial")?, value("root")?);
        let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
        Form { origin, size: number(&size)?, serial: number(&serial)?, root }.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_read_back_and_half_of_one_does_not() {
        let whole = Checkpoint { origin: "L".into(), size: 4, serial: 3, root: Digest::of(b"") };
        let (text, json) = (whole.to_string(), crate::model::canonical(&whole));
        assert_eq!((text.parse(), json.parse()), (Ok(whole.clone()), Ok(whole)));
        for end in 0..text.trim_end().len() {
            assert!(text[..end].parse::<Checkpoint>().is_err(), "{:?}", &text[..end]);
        }
        for (from, to) in [("size 4", "size 5"), ("serial 3", "serial three"), ("root e", "root E"), ("origin L\n", "")] {
            assert!(text.replace(from, to).parse::<Checkpoint>().is_err(), "{from}");
        }
    }
}
