//! The files made to say what the store says.
//!
//! In: what drifted. Out: files to write, each read again and held against every rule. Invariants: no store is written; what was not asked for
//! says what it said; what cannot be said in the files is refused with its place, and then nothing is written.

use super::edit::{Edited, declaration};
use super::{Found, own_name};
use crate::config::{Config, Known, Moved, Parsed, format, read_files};
use crate::diag::{Diagnostics, SourceFile, Sources, Span};
use crate::model::{Address, Object, Value};
use crate::ops::Failure;
use crate::ops::format::Reformatted;
use crate::plan::drift::{Became, Drifted};
use crate::reconcile::deltas;
use std::collections::{BTreeMap, BTreeSet};

/// Where objects are declared that stand in nothing, and that no file declares yet.
const NEW_FILE: &str = "adopted.toml";

/// The files with what drifted in them. Nothing is written.
///
/// # Errors
/// When nothing drifted at an address, or the files cannot say it.
pub fn adopt(found: &Found, addresses: &[Address]) -> Result<Vec<Reformatted>, Failure> {
    let chosen = found.chosen(addresses)?;
    if let (Some(settings), true) = (&found.drift.settings, chosen.is_empty()) {
        let who = settings.deeds.last().map(|d| format!("{} of @{}", d.command, d.serial)).unwrap_or_default();
        let help = "write in writ.toml what `writ show` and `writ history` tell, or put them back: `writ drift --revert`".to_owned();
        return Err(Failure::Usage(format!("settings are not adopted ({who}): only objects are"), help));
    }
    let mut texts: BTreeMap<String, String> = found.sources.iter().map(|(_, f)| (f.name.clone(), f.text.clone())).collect();
    rename(found, &chosen, &mut texts)?;
    let renamed = objects(found, &texts, |parsed, known| parsed.unruled(known))?;
    for drifted in &chosen {
        write(found, drifted, &renamed, &mut texts)?;
    }
    let after = objects(found, &texts, |parsed, known| parsed.configure(known))?;
    chosen.iter().try_for_each(|drifted| holds(found, drifted, &after))?;
    untouched(found, &chosen, &after)?;
    let old = |name: &str| found.sources.iter().find(|(_, f)| f.name == name).map_or("", |(_, f)| f.text.as_str());
    let changed = texts.into_iter().filter(|(name, text)| old(name) != text);
    Ok(changed.map(|(name, after)| Reformatted { before: old(&name).to_owned(), name, after }).collect())
}

/// New names, in headers and in whatever refers to them.
fn rename(found: &Found, chosen: &[&Drifted], texts: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let moved = |d: &&&Drifted| d.became == Became::Renamed && d.previous().is_some_and(|from| own_name(d, from, chosen));
    let one = |d: &&Drifted| Some(Moved { from: d.previous()?.clone(), to: d.address.clone(), at: Span::NONE });
    let moves: Vec<Moved> = chosen.iter().filter(moved).filter_map(one).collect();
    if moves.is_empty() {
        return Ok(());
    }
    let objects = &found.config.objects;
    let says = |address: &Address, name: &str| objects.get(address)?.attributes.get(name).and_then(Value::as_text).map(str::to_owned);
    for (number, file) in found.sources.iter() {
        let text = format::rename(number, file, &moves, &says);
        let text = text.map_err(|found_in| Failure::Findings(Box::new((found_in, found.sources.clone()))))?;
        texts.insert(file.name.clone(), text);
    }
    Ok(())
}

/// What some texts declare, `read` by every rule or by none.
fn objects(
    found: &Found,
    texts: &BTreeMap<String, String>,
    read: impl FnOnce(Parsed<'_>, &Known) -> (Option<Config>, Diagnostics),
) -> Result<BTreeMap<Address, Object>, Failure> {
    let sources = Sources::new(texts.iter().map(|(name, text)| SourceFile::new(name, text.clone())).collect());
    let (config, findings) = read(read_files(&sources), &found.known());
    config.map(|c| c.objects).ok_or_else(|| Failure::Findings(Box::new((findings, sources))))
}

/// Writes one object into the texts.
fn write(
    found: &Found,
    drifted: &Drifted,
    declared: &BTreeMap<Address, Object>,
    texts: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    let address = &drifted.address;
    let old = drifted.previous().unwrap_or(address);
    let home = |a: &Address| found.config.objects.get(a).and_then(|o| found.sources.get(o.at)).map(|f| f.name.clone());
    let refuse = || cannot(drifted, "its file cannot be edited".to_owned());
    match (&drifted.change.after, declared.get(address)) {
        (Some(after), Some(now)) => {
            let differs = deltas(&now.attributes, &after.attributes);
            if differs.is_empty() {
                return Ok(());
            }
            let text = home(old).or_else(|| home(address)).and_then(|name| texts.get_mut(&name)).ok_or_else(refuse)?;
            let mut edited = Edited::of(text).ok_or_else(refuse)?;
            edited.change(address, &differs, &after.attributes).ok_or_else(refuse)?;
            *text = edited.text();
        }
        (Some(after), None) => {
            let beside = address.parent().and_then(|parent| home(&parent)).unwrap_or_else(|| NEW_FILE.to_owned());
            let text = texts.entry(beside).or_default();
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{}", declaration(address, &after.attributes)));
        }
        (None, _) => {
            let name = home(address).ok_or_else(refuse)?;
            let Some(text) = texts.get_mut(&name) else { return Ok(()) };
            let mut edited = Edited::of(text).ok_or_else(refuse)?;
            edited.remove(address).ok_or_else(refuse)?;
            if edited.is_empty() {
                return Err(cannot(drifted, format!("nothing but comments would be left of `{name}`: take the file out by hand")));
            }
            *text = edited.text();
        }
    }
    Ok(())
}

/// Whether the files now say of an object what the store says.
fn holds(found: &Found, drifted: &Drifted, after: &BTreeMap<Address, Object>) -> Result<(), Failure> {
    let now = after.get(&drifted.address);
    let wanted = drifted.change.after.as_ref();
    if now.map(|o| &o.attributes) == wanted.map(|o| &o.attributes) {
        return Ok(());
    }
    let differs = now.zip(wanted).map(|(now, wanted)| deltas(&now.attributes, &wanted.attributes)).unwrap_or_default();
    let Some((name, _)) = differs.first() else { return Err(cannot(drifted, "the files say it elsewhere, too".to_owned())) };
    let value = found.config.objects.get(&drifted.address).and_then(|o| o.attributes.get(name));
    let template = value.and_then(|v| found.config.templates.get(&v.at)).map(|t| format!(" (template `{t}`)")).unwrap_or_default();
    let place = value.and_then(|v| found.sources.line(v.at)).map(|(file, line)| format!(", {file}:{line}{template}")).unwrap_or_default();
    Err(cannot(drifted, format!("`{name}` cannot be unsaid in its own table{place}: change it by hand")))
}

/// Whether all else says what it said, or what the store says.
fn untouched(found: &Found, chosen: &[&Drifted], after: &BTreeMap<Address, Object>) -> Result<(), Failure> {
    let mine: BTreeSet<&Address> = chosen.iter().flat_map(|d| d.addresses()).collect();
    let all: BTreeSet<&Address> = found.config.objects.keys().chain(after.keys()).filter(|a| !mine.contains(a)).collect();
    for address in all {
        let (old, new) = (found.config.objects.get(address), after.get(address));
        let stored = found.state.objects.get(address).map(|s| &s.object.attributes);
        let same = old.map(|o| &o.attributes) == new.map(|o| &o.attributes);
        if !same && (new.is_none() || new.map(|o| &o.attributes) != stored) {
            let message = format!("`{address}` would say something else, too, and was not named");
            let help = format!("name it as well: `writ drift --adopt … {}`", crate::view::how::word(address.as_str()));
            return Err(Failure::Usage(message, help));
        }
    }
    Ok(())
}

fn cannot(drifted: &Drifted, why: String) -> Failure {
    let place = drifted.place.as_ref().map(|(file, line)| format!(" ({file}:{line})")).unwrap_or_default();
    let word = crate::view::how::word(drifted.address.as_str());
    let help = format!("or put it back: `writ drift --revert {word}`");
    Failure::Usage(format!("`{}`{place} cannot be adopted: {why}", drifted.address), help)
}
