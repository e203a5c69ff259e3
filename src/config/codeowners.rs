//! `[codeowners]` of `writ.toml`: what a forge calls the people and groups who may own a file.

use crate::diag::{Span, shown};
use crate::kinds::group::principal;
use crate::kinds::{Default, Field, Form, Keys, Shape, Text};
use crate::model::{Address, Table, Value};
use std::collections::BTreeMap;

/// The table.
pub(super) const CODEOWNERS: &str = "codeowners";

/// Where forges look for the file, from the top of the repository.
const PLACES: &[&str] = &[".github/CODEOWNERS", ".gitlab/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
const PLACE: &str = ".github/CODEOWNERS";

pub(super) static FORM: Form = Form {
    fields: &[
        Field::new("file", Shape::Choice(PLACES), "Where it is written, from the top of the repository.").default(Default::Text(PLACE)),
        Field::new(
            "handles",
            Shape::Map(Keys::Principal, &Shape::Text(Text::Line)),
            "What the forge calls them: `\"@NAME\"`, `\"@ORGANIZATION/TEAM\"` or a mail address, for each user and group who owns something.",
        ),
    ],
    alternatives: &[],
};

/// What `writ codeowners` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeownersSettings {
    /// Where the file is, from the top of the repository.
    pub file: String,
    /// What a forge calls a user or a group.
    pub handles: BTreeMap<Address, String>,
}

/// Reads the table; without one nobody has a handle.
pub(super) fn read(table: Option<&Table>, wrong: &mut dyn FnMut(Span, String, &str)) -> CodeownersSettings {
    let mut handles = BTreeMap::new();
    for (who, value) in table.and_then(|t| t.get("handles")).and_then(Value::as_table).into_iter().flat_map(Table::iter) {
        let (Some(address), Some(handle)) = (principal(who), value.as_text()) else { continue };
        if is_handle(handle) {
            handles.insert(address, handle.to_owned());
        } else {
            let help = "write one such as `@mamta`, `@contoso/marketing` or `mamta@contoso.example`";
            wrong(value.at, format!("`{}` is no handle", shown(handle)), help);
        }
    }
    CodeownersSettings { file: table.and_then(|t| t.text("file")).unwrap_or(PLACE).to_owned(), handles }
}

/// Whether a text is one word of a line of owners.
fn is_handle(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@' | '+');
    text.len() > 1 && text.contains('@') && !text.ends_with('@') && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_one_word() {
        for good in ["@mamta", "@contoso/marketing-leads", "mamta@contoso.example", "@a.b_c"] {
            assert!(is_handle(good), "{good}");
        }
        for bad in ["mamta", "@", "@a b", "@a\n* @eve", "#@a", "@a #", "a@", ""] {
            assert!(!is_handle(bad), "{bad:?}");
        }
    }
}
