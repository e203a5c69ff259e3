//! CODEOWNERS, as forges read it: a line for each pattern, of which the last that matches counts.

use crate::report::codeowners::Owners;

const BEGIN: &str = "# Begin of what `writ codeowners` writes from the delegations.";
const END: &str = "# End of what `writ codeowners` writes.";

/// The lines; `prefix` leads from the top of the repository to the workspace, and ends in `/` unless it is empty.
#[must_use]
pub fn block(owners: &Owners, prefix: &str) -> String {
    let lines = owners.all.iter().map(|owned| format!("{} {}\n", pattern(prefix, &owned.path), owned.owners.join(" ")));
    format!("{BEGIN}\n{}{END}\n", lines.collect::<String>())
}

/// The file with this block in the place of the one that it has, or at its end, where it outdoes what stands before it.
#[must_use]
pub fn replaced(text: &str, block: &str) -> String {
    let begin = text.find(BEGIN);
    let end = begin.and_then(|b| text.get(b..)?.find(END)?.checked_add(b)?.checked_add(END.len()));
    match (begin, end) {
        (Some(begin), Some(end)) => {
            let rest = text.get(end..).unwrap_or_default();
            format!("{}{block}{}", text.get(..begin).unwrap_or_default(), rest.strip_prefix('\n').unwrap_or(rest))
        }
        _ if text.is_empty() => block.to_owned(),
        _ => format!("{}\n\n{block}", text.trim_end_matches('\n')),
    }
}

/// A path as a pattern that matches it and nothing else.
fn pattern(prefix: &str, path: &str) -> String {
    if prefix.is_empty() && path.is_empty() {
        return "*".to_owned();
    }
    let mut out = "/".to_owned();
    for c in prefix.chars().chain(path.chars()) {
        if matches!(c, ' ' | '#' | '*' | '?' | '[' | ']' | '\\' | '!' | '\t') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::codeowners::Owned;

    #[test]
    fn a_path_matches_itself_alone() {
        assert_eq!(pattern("", ""), "*");
        assert_eq!(pattern("team one/", ""), "/team\\ one/");
        assert_eq!(pattern("", "a/#b[1]*.toml"), "/a/\\#b\\[1\\]\\*.toml");
    }

    #[test]
    fn what_others_wrote_stays() {
        let owners = Owners { all: vec![Owned { path: String::new(), owners: vec!["@ada".to_owned()] }], nameless: Vec::new() };
        let block = block(&owners, "");
        assert_eq!(replaced("", &block), block);
        let once = replaced("*.rs @rust\n", &block);
        assert_eq!(once, format!("*.rs @rust\n\n{block}"));
        assert_eq!(replaced(&once, &block), once);
        let later = replaced(&format!("{once}/x @x\n"), &block.replace("@ada", "@bo"));
        assert_eq!(later, format!("*.rs @rust\n\n{}/x @x\n", block.replace("@ada", "@bo")));
    }
}
