//! What texts may contain.

use super::Text;
use crate::model::{is_key, is_user_key};
use std::borrow::Cow;
use std::collections::HashSet;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_script::{Script, UnicodeScript};

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadText {
    /// A control character or a bidirectional override: which, and at which character, from 1.
    Control(char, usize),
    /// Two scripts in one word: the word.
    Mixed(String),
    /// Not of the form that its class asks for.
    Form(&'static str),
}

/// Most marks on one letter.
const MARKS: u32 = 4;
/// Longest name, in characters.
pub const NAME_LENGTH: usize = 120;

/// The text in its canonical spelling.
///
/// # Errors
/// [`BadText`] says what is wrong with it.
pub fn check(class: Text, text: &str) -> Result<Cow<'_, str>, BadText> {
    let lines = matches!(class, Text::Block);
    let plain = is_plain(text, lines);
    if !plain && let Some((i, c)) = text.chars().enumerate().find(|(_, c)| is_hostile(*c, lines)) {
        return Err(BadText::Control(c, i.saturating_add(1)));
    }
    match class {
        Text::Line | Text::Block => Ok(text.into()),
        Text::Name => name(text),
        Text::Key if is_key(text) => Ok(text.into()),
        Text::Key => Err(BadText::Form("lower-case letters, digits, `-` and `_`, 64 at most")),
        Text::Url => url(text),
        Text::Guid => guid(text),
        Text::Domain => domain(text),
        Text::Mail => {
            let lower = text.to_ascii_lowercase();
            if is_user_key(&lower) { Ok(lower.into()) } else { Err(BadText::Form("a mail address with one `@`")) }
        }
        Text::Pattern => match regex_lite::Regex::new(&format!("^(?:{text})$")) {
            Ok(_) if text.len() <= 1000 => Ok(text.into()),
            Ok(_) => Err(BadText::Form("a regular expression of 1,000 characters at most")),
            Err(_) => Err(BadText::Form("a regular expression")),
        },
    }
}

/// Whether a text is ASCII without control characters, as nearly all are: nothing else in it needs to be looked for.
#[must_use]
pub fn is_plain(text: &str, lines: bool) -> bool {
    // Without stopping at the first that is not: that way many bytes are looked at at a time.
    text.bytes().fold(true, |plain, b| plain & (matches!(b, b' '..=b'~') | (lines & matches!(b, b'\n' | b'\t'))))
}

/// Control characters, and characters that reorder or hide what stands around them.
#[must_use]
pub fn is_hostile(c: char, lines: bool) -> bool {
    match c {
        '\n' | '\t' => !lines,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}' => true,
        '\u{2028}' | '\u{2029}' => true,
        c => c.is_control(),
    }
}

fn name(text: &str) -> Result<Cow<'_, str>, BadText> {
    if text.is_empty() || text.trim() != text {
        return Err(BadText::Form("a name, without spaces around it"));
    }
    if text.chars().count() > NAME_LENGTH {
        return Err(BadText::Form("a name of 120 characters at most"));
    }
    // Everything below is about other scripts than ours.
    if text.is_ascii() {
        return Ok(text.into());
    }
    if text.chars().any(is_invisible) || !joiners_stand_well(text) {
        return Err(BadText::Form("a name without invisible characters"));
    }
    if text.chars().any(|c| c.script() == Script::Unknown) {
        return Err(BadText::Form("a name without private or unassigned characters"));
    }
    if !is_nfc(text) {
        return Err(BadText::Form("a name in composed form (NFC): its letters and their marks are written as one where they can be"));
    }
    if text.chars().any(is_compatibility_form) {
        return Err(BadText::Form("a name of plain letters, without their full-width, mathematical or joined forms"));
    }
    let mut marks = 0u32;
    for c in text.chars() {
        marks = if is_mark(c) { marks.saturating_add(1) } else { 0 };
        if marks > MARKS {
            return Err(BadText::Form("a name with four marks on a letter at most"));
        }
    }
    match text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).find(|word| mixed(word)) {
        Some(word) => Err(BadText::Mixed(word.to_owned())),
        None => Ok(text.into()),
    }
}

fn is_mark(c: char) -> bool {
    is_combining_mark(c) || matches!(c.script(), Script::Inherited)
}

/// Characters that show nothing, or look like a blank and are none.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'
        | '\u{2060}'..='\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text that was refused, with the number of each character that shows nothing, not itself, or only together with another: two
/// texts that look the same are told apart.
#[must_use]
pub fn spelled(text: &str) -> String {
    let unseen = |c: char| {
        is_invisible(c)
            || is_mark(c)
            || is_compatibility_form(c)
            || matches!(c, '\u{200c}' | '\u{200d}')
            || (c.is_whitespace() && !c.is_ascii())
            || c.script() == Script::Unknown
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if unseen(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Whether what joins letters, or keeps them apart, stands only between letters of scripts that are written so.
fn joiners_stand_well(text: &str) -> bool {
    use Script::{
        Arabic, Bengali, Devanagari, Gujarati, Gurmukhi, Kannada, Khmer, Malayalam, Mongolian, Myanmar, Oriya, Sinhala, Syriac, Tamil,
        Telugu,
    };
    let joins = [
        Arabic, Bengali, Devanagari, Gujarati, Gurmukhi, Kannada, Khmer, Malayalam, Mongolian, Myanmar, Oriya, Sinhala, Syriac, Tamil,
        Telugu,
    ];
    let written_so = |c: Option<char>| c.is_some_and(|c| joins.contains(&c.script()));
    let mut before = None;
    let mut all = text.chars().peekable();
    while let Some(c) = all.next() {
        if matches!(c, '\u{200c}' | '\u{200d}') && !(written_so(before) && written_so(all.peek().copied())) {
            return false;
        }
        before = Some(c);
    }
    true
}

/// Whether a letter or digit is kept in Unicode only for the sake of older character sets, or is a full-width sign.
fn is_compatibility_form(c: char) -> bool {
    !c.is_ascii() && (c.is_alphanumeric() || matches!(c, '\u{ff01}'..='\u{ff5e}')) && !std::iter::once(c).nfkc().eq([c])
}

/// Whether a word mixes scripts, other than those that are written together (Japanese, Korean, Chinese).
fn mixed(word: &str) -> bool {
    let scripts: HashSet<Script> = word.chars().map(|c| c.script()).filter(|s| !matches!(s, Script::Common | Script::Inherited)).collect();
    let together = |family: &[Script]| scripts.iter().all(|s| family.contains(s));
    scripts.len() > 1
        && !together(&[Script::Han, Script::Hiragana, Script::Katakana, Script::Latin])
        && !together(&[Script::Han, Script::Hangul, Script::Latin])
        && !together(&[Script::Han, Script::Bopomofo, Script::Latin])
}

fn url(text: &str) -> Result<Cow<'_, str>, BadText> {
    let host = text.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let bare = host.map(|h| h.split(':').next().unwrap_or(""));
    match bare {
        Some(name) if domain(name).is_ok() && !host.is_some_and(|h| h.contains('@')) && text.is_ascii() && !text.contains(' ') => {
            Ok(text.into())
        }
        _ => Err(BadText::Form("an `https://` address without a user or password in it")),
    }
}

fn guid(text: &str) -> Result<Cow<'_, str>, BadText> {
    let lower = text.to_ascii_lowercase();
    let shape: String = lower.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    if shape == "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" {
        Ok(lower.into())
    } else {
        Err(BadText::Form("a GUID such as `5f2c81d4-0a51-4c0e-9f0e-3d1c6f0f8b11`"))
    }
}

fn domain(text: &str) -> Result<Cow<'_, str>, BadText> {
    let lower = text.to_ascii_lowercase();
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if lower.len() <= 253 && lower.contains('.') && lower.split('.').all(label) {
        Ok(lower.into())
    } else {
        Err(BadText::Form("a domain such as `fabrikam.example`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["Marketing", "Société Générale", "営業チーム", "Отдел Marketing", "R&D (EU)", "שיווק"] {
            assert!(check(Text::Name, good).is_ok(), "{good}");
        }
        assert!(matches!(check(Text::Name, "аdmin"), Err(BadText::Mixed(_))), "Cyrillic a in a Latin word");
        assert!(matches!(check(Text::Name, "a\u{202e}b"), Err(BadText::Control('\u{202e}', 2))));
        assert!(matches!(check(Text::Name, "a\u{1b}[2J"), Err(BadText::Control('\u{1b}', 2))));
        // Persian keeps letters apart with U+200C.
        assert!(check(Text::Name, "می\u{200c}خواهم").is_ok());
        let pointed = format!("\u{5d0}{}", "\u{5b0}".repeat(5));
        let long = "x".repeat(121);
        for bad in ["", " ", " a", "a ", "a\u{200b}b", "a\u{200d}b", "\u{645}\u{200c}", "Cafe\u{301}", "ﬁle", "m²", &pointed, &long] {
            assert!(matches!(check(Text::Name, bad), Err(BadText::Form(_))), "{bad:?}");
        }
    }

    #[test]
    fn what_is_not_seen_is_spelled() {
        for (text, spelt) in [
            ("a\u{200b}b", "a\\u{200b}b"),
            ("Cafe\u{301}", "Cafe\\u{301}"),
            ("\u{a0}", "\\u{a0}"),
            ("a\u{e000}", "a\\u{e000}"),
            ("ﬁle", "\\u{fb01}le"),
            ("Société שיווק 営業 🎉", "Société שיווק 営業 🎉"),
        ] {
            assert_eq!(spelled(text), spelt);
        }
    }

    #[test]
    fn other_classes() {
        assert_eq!(&*check(Text::Block, "a\n\tb").unwrap(), "a\n\tb");
        assert!(check(Text::Line, "a\nb").is_err());
        assert_eq!(&*check(Text::Domain, "Fabrikam.Example").unwrap(), "fabrikam.example");
        assert!(check(Text::Url, "https://contoso.example/sites/brand").is_ok());
        for bad in [
            "http://contoso.example",
            "https://",
            "https://u:p@contoso.example/",
            "https://first.last:secret@contoso.example/",
            "contoso.example",
        ] {
            assert!(check(Text::Url, bad).is_err(), "{bad}");
        }
        assert!(check(Text::Guid, "5F2C81D4-0a51-4c0e-9f0e-3d1c6f0f8b11").is_ok());
        assert!(check(Text::Guid, "5f2c").is_err());
        assert!(check(Text::Pattern, "[0-9]{4}").is_ok());
        assert!(check(Text::Pattern, "[0-9").is_err());
    }
}
