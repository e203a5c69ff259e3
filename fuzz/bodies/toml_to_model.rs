//! Texts to a sound configuration, or to findings that can be printed; what is sound can be planned, and the plan saved.
//!
//! Zero bytes part the input: the configuration; `writ.toml`, if another one than usual; what the store holds.

use super::{assert_harmless, plans};
use std::collections::BTreeMap;
use writ::config::{Known, WRIT_TOML, configure};
use writ::diag::{Diagnostics, Sources, Span};
use writ::model::Object;
use writ::reconcile::State;
use writ::view::diagnostics;

pub fn run(data: &[u8]) {
    let mut parts = data.splitn(3, |b| *b == 0);
    let texts = parts.next().unwrap_or_default();
    let settings = parts.next().filter(|p| !p.is_empty()).unwrap_or(plans::SETTINGS.as_bytes());
    let known = parts.next().map(known).unwrap_or_default();
    let Some(sources) = sources(texts, settings) else { return };
    let (config, found) = configure(&sources, &known);
    assert_eq!(config.is_some(), !found.has_errors());
    assert_told(&found, &sources);
    if let Some(config) = config.filter(|_| known.own.is_empty() && known.objects.is_empty()) {
        let state = State::empty();
        if let Some(plan) = plans::plan(&config, &sources, &state) {
            let text = writ::model::canonical(&writ::plan::document(&plan, &state, false));
            let saved = writ::plan::read(&text).expect("a saved plan reads back");
            plans::assert_shown(&saved);
        }
    }
}

fn sources(texts: &[u8], settings: &[u8]) -> Option<Sources> {
    let file = |name: &str, bytes: &[u8]| writ::source::text(name, bytes.to_vec()).ok();
    Some(Sources::new(vec![file("all.toml", texts)?, file(WRIT_TOML, settings)?]))
}

/// What the store holds: half of it is managed by the workspace.
fn known(texts: &[u8]) -> Known {
    let Some(sources) = sources(texts, plans::SETTINGS.as_bytes()) else { return Known::default() };
    let Some(config) = configure(&sources, &Known::default()).0 else { return Known::default() };
    let ids = config.objects.keys().zip(1..).map(|(address, n)| (format!("id-{n}"), address.clone())).collect();
    let without_places = |object: Object| Object { attributes: object.attributes.without_places(), at: Span::NONE, ..object };
    let mut parts: [BTreeMap<_, _>; 2] = Default::default();
    for (address, object) in config.objects {
        let part = address.lineage().last().map_or(0, |root| root.as_str().len() % 2);
        parts[part].insert(address, without_places(object));
    }
    let [own, objects] = parts;
    Known { objects, own, ids, ..Known::default() }
}

/// Every finding has a place in a text, or says what it is about; all of it can be printed.
pub fn assert_told(found: &Diagnostics, sources: &Sources) {
    for finding in found.iter() {
        assert!(finding.span.is_some() || finding.address.is_some(), "{finding:?} is about nothing");
        for span in finding.related.iter().map(|l| l.span).chain([finding.span]).filter(|s| s.is_some()) {
            let file = sources.get(span).expect("a place in a file that there is");
            assert!(file.text.get(span.start as usize..span.end as usize).is_some(), "{finding:?} is nowhere in its text");
        }
        assert!(!finding.message.contains('\n'), "{finding:?} has more than one line");
    }
    // One of the two is enough, since they differ in colours alone.
    let colour = found.iter().count().is_multiple_of(2);
    assert_harmless(&diagnostics::text(found, sources, colour), colour);
    assert_eq!(diagnostics::json(found, sources).len(), found.iter().count());
}
