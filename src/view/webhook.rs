//! What webhooks are told: one canonical JSON document for each thing that happened, with an id that is the same whenever it is told.
//!
//! In: what happened. Out: a [`Told`]. Invariants: of people there are counts, and who did it; a text or an address that names a person is left out.

use crate::config::Happening;
use crate::model::{Digest, canonical};
use crate::plan::drift::{Drift, Drifted};
use crate::plan::{Flag, Lift, Plan, Refusal};
use serde_json::{Map, Value as Json, json};

/// So many reasons, or objects, are told; the others are counted.
const MOST: usize = 500;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What sort of thing.
    pub what: Happening,
    /// The same whenever the same is told: a digest of all the rest.
    pub id: String,
    /// The document.
    pub body: String,
}

/// A revision of the history that was an apply.
#[derive(Debug, Clone, Copy)]
pub struct Revision<'r> {
    /// Its serial.
    pub serial: u64,
    /// When.
    pub at: &'r str,
    /// Who.
    pub actor: &'r str,
    /// The verb.
    pub command: &'r str,
    /// The commit of the files.
    pub commit: Option<&'r str>,
    /// The digest of the changes.
    pub changes: &'r str,
    /// Counts, as the history has them: canonical JSON.
    pub summary: &'r str,
}

/// An apply.
#[must_use]
pub fn applied(workspace: &str, lineage: &str, of: Revision<'_>) -> Told {
    let counts: Json = serde_json::from_str(of.summary).unwrap_or_default();
    let number = |name: &str| (name.to_owned(), json!(counts.get(name).and_then(Json::as_u64).unwrap_or(0)));
    let summary: Map<String, Json> = ["add", "change", "destroy", "import", "move", "forget"].map(number).into_iter().collect();
    told(
        Happening::Apply,
        json!({
            "workspace": workspace, "lineage": lineage, "serial": of.serial, "at": of.at, "actor": of.actor, "command": of.command,
            "commit": of.commit, "changes": of.changes, "summary": summary,
        }),
    )
}

/// An apply that was refused: the serial is that of the store, and the actor who wanted it.
#[must_use]
pub fn refused(plan: &Plan) -> Told {
    let reason = |r: &Refusal| {
        json!({
            "why": r.why.word(),
            "code": r.code.id,
            "address": r.address.as_ref().and_then(|a| impersonal(a.as_str())),
            "message": impersonal(&r.message),
            "way_out": impersonal(&super::plan::way_out(r)),
            "override": r.lift.as_ref().map(flag),
        })
    };
    let reasons: Vec<Json> = plan.refusals.iter().take(MOST).map(reason).collect();
    told(
        Happening::Refusal,
        json!({
            "workspace": plan.workspace, "lineage": plan.base.lineage, "serial": plan.base.serial, "actor": plan.actor,
            "commit": plan.commit, "changes": plan.changes_digest.to_string(), "summary": plan.summary(),
            "reasons": reasons, "more": plan.refusals.len().saturating_sub(MOST),
        }),
    )
}

/// What drifted and is not tolerated.
#[must_use]
pub fn drifted(drift: &Drift, lineage: Option<&str>) -> Told {
    let open: Vec<&Drifted> = drift.objects.iter().filter(|d| d.tolerated.is_none()).collect();
    let (named, people): (Vec<&Drifted>, Vec<&Drifted>) = open.iter().partition(|d| impersonal(d.address.as_str()).is_some());
    let object = |d: &&Drifted| {
        let deeds: Vec<Json> = d.deeds.iter().map(|deed| json!({ "serial": deed.serial, "command": deed.command })).collect();
        json!({ "address": d.address.as_str(), "became": d.became, "deeds": deeds })
    };
    told(
        Happening::Drift,
        json!({
            "workspace": drift.workspace, "lineage": lineage, "serial": drift.serial, "settings": drift.settings.is_some(),
            "objects": named.iter().take(MOST).map(object).collect::<Vec<_>>(), "more": named.len().saturating_sub(MOST),
            "people": people.len(), "tolerated": drift.objects.len().saturating_sub(open.len()), "pending": drift.pending,
        }),
    )
}

/// A flag as it is given; loosening is allowed or not, in whatever number.
fn flag(lift: &Lift) -> String {
    match lift.flag {
        Flag::Loosening => lift.flag.word().to_owned(),
        Flag::Deletes | Flag::AccessLost => format!("{} {}", lift.flag.word(), lift.value),
    }
}

fn told(what: Happening, members: Json) -> Told {
    let Json::Object(mut document) = members else { unreachable!("what is told is a table") };
    document.insert("format_version".to_owned(), "1.0".into());
    document.insert("event".to_owned(), what.word().into());
    let id: String = Digest::of(canonical(&document).as_bytes()).as_str().chars().take(32).collect();
    document.insert("id".to_owned(), id.as_str().into());
    Told { what, id, body: canonical(&document) }
}

/// A text that names nobody: people are known by addresses with an `@`.
fn impersonal(text: &str) -> Option<&str> {
    (!text.contains('@')).then_some(text)
}
