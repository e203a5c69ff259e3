//! Names of the other system as the language takes them: keys, display names, texts.

use super::left::Leftovers;
use crate::kinds::Text;
use crate::kinds::text::{self, NAME_LENGTH, is_hostile};
use crate::model::is_key;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// The longest key that is made of a name; there has to be room for what tells two apart.
const LONGEST_KEY: usize = 48;

/// A key that reads like a name: `Sales & marketing` is `sales-marketing`. Letters of other scripts than ours have no place in
/// a key, so that of a name without any of ours nothing is left.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    // Letters are taken apart from their marks: `é` is `e` and an accent.
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() || c == '_' {
            if out.len() < LONGEST_KEY {
                out.push(c);
            }
        } else if matches!(c, 'ß') {
            out.push_str("ss");
        } else if !unicode_normalization::char::is_combining_mark(c) && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches(|c| c == '-' || c == '_').to_owned()
}

/// The key of something with a name and an id that is not among `taken`, which it joins.
pub fn unique(name: &str, fallback: &str, taken: &mut BTreeSet<String>) -> String {
    let base = Some(slug(name)).filter(|key| is_key(key)).unwrap_or_else(|| fallback.to_owned());
    let mut key = base.clone();
    let mut number = 2u32;
    while !taken.insert(key.clone()) {
        key = format!("{base}-{number}");
        number = number.saturating_add(1);
    }
    key
}

/// The beginning of a GUID, for what has no name of ours.
#[must_use]
pub fn short(id: &str) -> String {
    let plain: String = id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    plain.to_ascii_lowercase()
}

/// A display name as the language takes it: as it is, or cleaned, or not at all. What is changed is told.
pub fn name(given: &str, at: &str, left: &mut Leftovers) -> Option<String> {
    if text::check(Text::Name, given).is_ok() {
        return Some(given.to_owned());
    }
    let seen: String = given.nfkc().filter(|c| !is_hostile(*c, false)).collect();
    let cleaned = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    let cleaned: String = cleaned.chars().take(NAME_LENGTH).collect();
    let cleaned = cleaned.trim();
    if text::check(Text::Name, cleaned).is_ok() {
        left.push(at, "a name that the language does not take as it is", format!("it is written `{cleaned}`"));
        return Some(cleaned.to_owned());
    }
    left.push(at, "a name that the language does not take", "its key stands for it");
    None
}

/// A text of one or more lines as the language takes it: without what moves the cursor or turns text around.
pub fn block(given: &str, at: &str, left: &mut Leftovers) -> Option<String> {
    let lines = given.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String = lines.chars().filter(|c| !is_hostile(*c, true)).collect();
    if clean.len() != lines.len() {
        left.push(at, "characters that cannot be seen, in a text", "they are left out");
    }
    Some(clean).filter(|t| !t.trim().is_empty())
}

/// A text of one line.
pub fn line(given: &str, at: &str, left: &mut Leftovers) -> Option<String> {
    let clean: String = given.chars().filter(|c| !is_hostile(*c, false)).collect();
    if clean.len() != given.len() {
        left.push(at, "characters that cannot be seen, in a text", "they are left out");
    }
    Some(clean).filter(|t| !t.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_like_names() {
        for (name, key) in [
            ("Marketing campaign", "marketing-campaign"),
            ("  Sales & marketing (EU)  ", "sales-marketing-eu"),
            ("Société Générale", "societe-generale"),
            ("Straße", "strasse"),
            ("_x_", "x"),
            ("営業チーム", ""),
            ("\u{202e}evil\u{1b}[2J", "evil-2j"),
        ] {
            assert_eq!(slug(name), key, "{name}");
        }
        assert!(is_key(&slug(&"long name ".repeat(50))));
    }

    #[test]
    fn keys_are_told_apart() {
        let mut taken = BTreeSet::new();
        let keys: Vec<String> = ["Sales", "sales", "SALES!", "営業"].iter().map(|n| unique(n, "catalog-5f2c81d4", &mut taken)).collect();
        assert_eq!(keys, ["sales", "sales-2", "sales-3", "catalog-5f2c81d4"]);
    }

    #[test]
    fn names_are_cleaned_or_left_out() {
        let mut left = Leftovers::default();
        assert_eq!(name("Marketing", "", &mut left).as_deref(), Some("Marketing"));
        assert!(left.sorted().is_empty());
        assert_eq!(name(" Mar\u{200e}ke\tting ", "a", &mut left).as_deref(), Some("Marketing"), "the tab is no blank once it is gone");
        assert_eq!(name("аdmin", "b", &mut left), None, "a Cyrillic a in a Latin word");
        assert_eq!(left.sorted().len(), 2);
        assert_eq!(block("a\r\nb\u{202e}c", "c", &mut left).as_deref(), Some("a\nbc"));
    }
}
