//! The line of an event as an export writes it, taken apart at its ends.
//!
//! In: a line. Out: what it says, the very same that serde reads there, or nothing where serde has to be asked.
//! What stands between the two ends is the body if it is JSON by itself, and that has to be known anyway: so each line is read once,
//! and nothing of it is copied.

use super::audit::{View, about};
use std::borrow::Cow;

/// What an event says, and what its body is about.
pub(super) fn quick(line: &[u8]) -> Option<(View<'_>, Option<Cow<'_, str>>)> {
    let text = str::from_utf8(line).ok()?;
    let rest = text.strip_suffix('\n').unwrap_or(text).strip_prefix(r#"{"event":{"serial":"#)?;
    let (serial, rest) = number(rest)?;
    let (seq, rest) = number(rest.strip_prefix(r#","seq":"#)?)?;
    let (kind, rest) = plain(rest.strip_prefix(r#","kind":""#)?)?;
    let rest = rest.strip_prefix(r#","address":"#)?;
    let (address, rest) = match rest.strip_prefix('"') {
        Some(rest) => plain(rest).map(|(address, rest)| (Some(address), rest))?,
        None => (None, rest.strip_prefix("null")?),
    };
    let rest = rest.strip_prefix(r#","body":"#)?.strip_suffix(r#""}}"#)?;
    let (rest, digest) = last(rest)?;
    let (rest, body_digest) = last(rest.strip_suffix(r#"","digest":"#)?)?;
    let body = rest.strip_suffix(r#","body_digest":"#)?;
    let body = if body == "null" { None } else { Some(body) };
    // No space around it, which is none of the body.
    if body.is_some_and(|body| !body.starts_with('{') || !body.ends_with('}')) {
        return None;
    }
    let about = body.map(about);
    if about == Some(None) {
        return None;
    }
    Some((View { serial, seq, kind: kind.into(), address: address.map(Cow::from), body, body_digest, digest }, about.flatten()))
}

/// The number at the beginning, as JSON writes it.
fn number(text: &str) -> Option<(u64, &str)> {
    let (digits, rest) = text.split_at_checked(text.bytes().take_while(u8::is_ascii_digit).count())?;
    let number = digits.parse().ok()?;
    (digits == "0" || !digits.starts_with('0')).then_some((number, rest))
}

/// Up to the quote that ends a text.
fn plain(text: &str) -> Option<(&str, &str)> {
    text.split_once('"').filter(|(text, _)| means_itself(text))
}

/// From the quote that begins the last text.
fn last(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once('"').filter(|(_, text)| means_itself(text))
}

/// Whether a text stands in JSON as it is.
pub(super) fn means_itself(text: &str) -> bool {
    // All of it, so that many are looked at at once.
    !text.bytes().fold(false, |other, byte| other | matches!(byte, b'\\' | b'"') | (byte < b' '))
}
