//! A date until which drift is left alone, written into the files.

use super::Found;
use super::edit::Edited;
use crate::config::{TOLERATE_WORD, configure};
use crate::diag::{SourceFile, Sources};
use crate::model::{Address, Edge, instant};
use crate::ops::format::Reformatted;
use crate::ops::{Context, Failure};
use crate::view::toml::quoted;
use std::collections::BTreeMap;

/// Where a tolerance stands of what no file declares.
const NEW_FILE: &str = "tolerated.toml";

/// The files with a `[[tolerate]]` for each of these objects: in the file that declares it, so that whoever owns that file sees it.
/// Nothing is written.
///
/// # Errors
/// When the date is none, or past; when nothing drifted at an address.
pub fn tolerate(
    context: &Context,
    found: &Found,
    until: &str,
    reason: Option<&str>,
    addresses: &[Address],
) -> Result<Vec<Reformatted>, Failure> {
    let zone = found.config.settings.zone;
    let end = instant(until, zone, Edge::End);
    let help = "write the last day on which it is left alone, such as `2027-03-31`".to_owned();
    match end {
        Err(_) => return Err(Failure::Usage(format!("`{until}` is no date"), help)),
        Ok(end) if end <= context.now => return Err(Failure::Usage(format!("{until} is past"), help)),
        Ok(_) => {}
    }
    if addresses.is_empty() {
        let help = "name what is to be left alone: `writ drift` shows what drifted".to_owned();
        return Err(Failure::Usage("nothing is tolerated without being named".to_owned(), help));
    }
    let mut texts: BTreeMap<String, String> = found.sources.iter().map(|(_, f)| (f.name.clone(), f.text.clone())).collect();
    for drifted in found.chosen(addresses)? {
        // Under the name that the files know.
        let address = drifted.previous().unwrap_or(&drifted.address);
        let known = drifted.tolerated.as_ref().filter(|t| t.address == *address).map(|t| t.file.clone());
        let name = known.or_else(|| drifted.place.as_ref().map(|(file, _)| file.clone())).unwrap_or_else(|| NEW_FILE.to_owned());
        let text = texts.entry(name).or_default();
        let again = Edited::of(text).and_then(|mut edited| {
            let table = edited.listed(TOLERATE_WORD, "address", address.as_str())?;
            let mut set = |name: &str, value: &str| {
                let mut new: toml_edit::Value = value.parse().ok()?;
                if let Some(old) = table.get(name).and_then(toml_edit::Item::as_value) {
                    *new.decor_mut() = old.decor().clone();
                }
                table.insert(name, toml_edit::Item::Value(new));
                Some(())
            };
            set("until", until)?;
            reason.map_or(Some(()), |reason| set("reason", &quoted(reason)))?;
            Some(edited.text())
        });
        *text = again.unwrap_or_else(|| {
            let gap = if text.is_empty() { "" } else { "\n" };
            let reason = reason.map(|reason| format!("reason = {}\n", quoted(reason))).unwrap_or_default();
            format!("{text}{gap}[[{TOLERATE_WORD}]]\naddress = {}\nuntil = {until}\n{reason}", quoted(address.as_str()))
        });
    }
    let sources = Sources::new(texts.iter().map(|(name, text)| SourceFile::new(name, text.clone())).collect());
    let (config, findings) = configure(&sources, &found.known());
    if config.is_none() {
        return Err(Failure::Findings(Box::new((findings, sources))));
    }
    let old = |name: &str| found.sources.iter().find(|(_, f)| f.name == name).map_or("", |(_, f)| f.text.as_str());
    let changed = texts.into_iter().filter(|(name, text)| old(name) != text);
    Ok(changed.map(|(name, after)| Reformatted { before: old(&name).to_owned(), name, after }).collect())
}
