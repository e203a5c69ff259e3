//! The words of kinds, as messages say them.

/// `1 policy`, `11 access packages`.
#[must_use]
pub fn counted(n: usize, kind: &str) -> String {
    let name = kind.replace('_', " ");
    match name.strip_suffix('y') {
        _ if n == 1 || name.ends_with('s') => format!("{n} {name}"),
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
