//! Names as people write them: keys, addresses, principals, language tags.

use crate::diag::{Diagnostic, Diagnostics, Span, codes, did_you_mean, shown};
use crate::kinds::{self, KeyForm, Kind, Principal};
use crate::model::{Address, is_key, is_user_key};

/// `user:` is accepted before a user, and user principal names are folded to lower case.
pub(super) fn fold_principal(text: &str) -> String {
    if text.contains('@') { text.strip_prefix("user:").unwrap_or(text).to_ascii_lowercase() } else { text.to_owned() }
}

/// Whether a text has a form that a principal allows; if not, how to write it.
pub(super) fn principal_form(principal: &Principal, text: &str) -> Result<(), String> {
    if principal.words.contains(&text) {
        return Ok(());
    }
    let forms = || kinds::describe_principal(principal);
    if text.contains('@') {
        let folded = fold_principal(text);
        return match (principal.kinds.contains(&"user"), is_user_key(&folded)) {
            (true, true) => Ok(()),
            (true, false) => Err("a user principal name has one `@`, and neither spaces nor quotes".to_owned()),
            (false, _) => Err(format!("it is {}", forms())),
        };
    }
    let Some((kind, key)) = text.split_once(':') else {
        let guess = did_you_mean(text, principal.words.iter().copied());
        return Err(guess.unwrap_or_else(|| format!("write {}", forms())));
    };
    if !principal.kinds.contains(&kind) {
        let guess = did_you_mean(kind, principal.kinds.iter().copied());
        return Err(guess.unwrap_or_else(|| format!("it is {}", forms())));
    }
    if is_key(key) { Ok(()) } else { Err(format!("`{key}` is not a key of lower-case letters, digits, `-` and `_`")) }
}

/// An address that an object can have, or why none can.
pub(super) fn known_address(text: &str) -> Result<Address, Option<String>> {
    let address = Address::parse(text).map_err(|_| None)?;
    kinds::check_address(&address)?;
    Ok(address)
}

/// That a text is no address, in words.
pub(super) fn no_address(text: &str, why: Option<String>) -> String {
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    format!("`{}` is no address{why}", shown(text))
}

/// The key of an object, folded, or a finding.
pub(super) fn object_key(kind: &Kind, written: &str, at: Span, found: &mut Diagnostics) -> Option<String> {
    let lower = written.to_ascii_lowercase();
    let folded = if kind.key == KeyForm::User { lower.clone() } else { written.to_owned() };
    if kind.key.takes(&folded) {
        return Some(folded);
    }
    let meant = (kind.key == KeyForm::Plain && is_key(&lower)).then_some(lower);
    let message = format!("`{}` is not the key of {}", shown(written), kinds::article(kind.name));
    let help = meant.as_ref().map_or_else(|| format!("a key is {}", kind.key), |meant| format!("write `{meant}`"));
    found.push(Diagnostic::new(&codes::E0010, at, message).at(kind.name).help(help));
    // Read on under the name that was meant, so that what refers to it is not at fault too.
    meant
}

/// A language tag such as `nl` or `pt-BR`.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase()))
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}
