//! The words of kinds, as messages say them.

use std::fmt::Display;

/// `1 policy`, `11 access packages`; `1 fault`, `2 faults`.
#[must_use]
pub fn counted<N: Display + PartialEq + From<u8>>(n: N, kind: &str) -> String {
    let name = kind.replace('_', " ");
    match name.strip_suffix('y') {
        _ if n == N::from(1) || name.ends_with('s') => format!("{n} {name}"),
        Some(stem) => format!("{n} {stem}ies"),
        None => format!("{n} {name}s"),
    }
}

/// `a group`, `an access package`.
#[must_use]
pub fn article(kind: &str) -> String {
    if kind.ends_with('s') {
        return kind.replace('_', " ");
    }
    let article = if kind.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {}", kind.replace('_', " "))
}

/// Words in code, as a choice.
pub(super) fn words_of(words: &[&str]) -> String {
    join_or(&words.iter().map(|w| format!("`\"{w}\"`")).collect::<Vec<_>>())
}

/// `a, b or c`.
pub(super) fn join_or(forms: &[String]) -> String {
    match forms {
        [] => "nothing".into(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}
