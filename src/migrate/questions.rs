//! What requestors are asked.

use super::names::{self, unique};
use super::piece::Piece;
use super::toml::Toml;
use super::world::World;
use crate::kinds::{Text, text};
use std::collections::BTreeSet;

/// The questions of a policy, in their order.
pub(super) fn questions(world: &mut World<'_>, policy: &mut Piece<'_>) -> Vec<Vec<(String, Toml)>> {
    let mut all: Vec<(i64, String, Piece<'_>)> = Vec::new();
    for mut piece in policy.pieces("questions", &mut world.left) {
        let at = piece.place("text");
        let sequence = piece.number("sequence").unwrap_or(i64::MAX);
        match piece.text("text").and_then(|t| names::block(t, &at, &mut world.left)) {
            Some(text) => all.push((sequence, text, piece)),
            None => world.left.push(at, "a question without a text", "nothing is asked"),
        }
    }
    all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let mut keys = BTreeSet::new();
    all.into_iter().map(|(_, text, piece)| question(world, text, piece, &mut keys)).collect()
}

fn question(world: &mut World<'_>, said: String, mut piece: Piece<'_>, keys: &mut BTreeSet<String>) -> Vec<(String, Toml)> {
    let few: Vec<&str> = said.split_whitespace().take(5).collect();
    let key = unique(&few.join(" "), "question", keys);
    let mut table = vec![("key".to_owned(), Toml::Text(key)), ("text".to_owned(), Toml::Text(said))];
    if piece.flag("isRequired") == Some(true) {
        table.push(("required".to_owned(), Toml::Flag(true)));
    }
    let choices = piece.pieces("choices", &mut world.left);
    if choices.is_empty() {
        if piece.flag("isSingleLineQuestion") == Some(false) {
            table.push(("long".to_owned(), Toml::Flag(true)));
        }
        let place = piece.place("regexPattern");
        match piece.text("regexPattern").map(|p| (p, text::check(Text::Pattern, p).is_ok())) {
            Some((pattern, true)) => table.push(("pattern".to_owned(), Toml::text(pattern))),
            Some((_, false)) => world.left.push(place, "a regular expression that is none here", "every answer does"),
            None => {}
        }
    } else {
        let mut offered = Vec::new();
        for mut choice in choices {
            let at = choice.at().to_owned();
            let (said, meant) = (choice.text("text"), choice.text("actualValue"));
            match said.or(meant).and_then(|t| names::line(t, &at, &mut world.left)) {
                Some(text) if !offered.contains(&Toml::Text(text.clone())) => offered.push(Toml::Text(text)),
                _ => world.left.push(&at, "a choice that says nothing, or what another says", "it is left out"),
            }
            if said.is_some() && meant.is_some_and(|m| Some(m) != said) {
                world.left.push(format!("{at}/actualValue"), "what is kept for a choice", "what people read is kept");
            }
            choice.rest("a choice", &mut world.left);
        }
        table.push(("choices".to_owned(), Toml::List(offered)));
        if piece.flag("isMultipleSelectionAllowed") == Some(true) {
            table.push(("multiple".to_owned(), Toml::Flag(true)));
        }
    }
    let mut translations: Vec<(String, Toml)> = Vec::new();
    for mut localized in piece.pieces("localizations", &mut world.left) {
        let at = localized.at().to_owned();
        let code = localized.text("languageCode").filter(|c| is_language(c));
        let text = localized.text("text").and_then(|t| names::block(t, &at, &mut world.left));
        match (code, text) {
            (Some(code), Some(text)) if !translations.iter().any(|(c, _)| c == code) => {
                translations.push((code.to_owned(), Toml::Text(text)))
            }
            _ => world.left.push(at, "a translation", "its language is no tag such as `nl`, or it says nothing, or is a second one"),
        }
    }
    translations.sort_by(|a, b| a.0.cmp(&b.0));
    if !translations.is_empty() {
        table.push(("translations".to_owned(), Toml::Inline(translations)));
    }
    piece.rest("a question", &mut world.left);
    table
}

/// A tag such as `nl` or `pt-BR`.
fn is_language(code: &str) -> bool {
    let mut parts = code.split('-');
    parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase()))
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}
