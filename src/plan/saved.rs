//! A plan file: the document of a plan, read back.
//!
//! In: a text. Out: what an apply takes of it, or why it takes nothing. The document is made in `document`.
//! Invariant: of all that it says only the changes, and what they relied on, are taken; and they are believed only where they are
//! what follows from the state as it is (see `again`).

use super::document::{Digests, FORMAT, actions, digest_of_changes};
use super::{Authority, Base, Basis, LeftOut, Plan, Relied, SettingsChange};
use crate::config::AppliedSettings;
use crate::kinds::object_from_json;
use crate::model::{Action, Address, Cause, Change, Digest, Object, Origin, Table, canonical, is_key};
use serde_json::{Value as Json, json};
use std::fmt;

/// Every action that its words alone tell; an import is told by what it imports.
const TOLD: [Action; 6] = [Action::Create, Action::Delete, Action::Replace, Action::Update, Action::Move, Action::Forget];

/// A plan file that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadPlan {
    /// Not a plan of ours, or cut.
    Form(String),
    /// Of a version that this program does not know.
    Version(String),
    /// Its digest does not match: somebody changed it.
    Edited,
    /// A refused plan.
    Refused,
}

impl fmt::Display for BadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadPlan::Form(what) => write!(f, "not a plan file: {what}"),
            BadPlan::Version(found) => write!(f, "the plan file is of version {found}, and this program knows {FORMAT}"),
            BadPlan::Edited => write!(f, "the plan file does not match its digest"),
            BadPlan::Refused => write!(f, "the plan was refused"),
        }
    }
}

impl std::error::Error for BadPlan {}

/// What is taken from a plan file: its changes, and what they relied on. All else is made anew.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// The workspace.
    pub workspace: String,
    /// What it was made on.
    pub base: Base,
    /// The commit of the files.
    pub commit: Option<String>,
    /// It empties the workspace.
    pub destroy: bool,
    /// Nothing was left out.
    pub complete: bool,
    /// The changes.
    pub changes: Vec<Change>,
    /// The settings.
    pub settings_change: Option<SettingsChange>,
    /// The settings that the store remembers after the apply.
    pub settings: AppliedSettings,
    /// What it relied on.
    pub relied: Relied,
    /// Its digests, the one of the whole recomputed and compared.
    pub digests: Digests,
    /// The document as it was saved, for showing.
    pub document: Json,
}

impl SavedPlan {
    /// What was left out, for showing.
    #[must_use]
    pub fn left_out(&self) -> LeftOut {
        let asked = LeftOut { asked: !self.complete, ..LeftOut::default() };
        self.document.get("left_out").and_then(|left| serde_json::from_value(left.clone()).ok()).unwrap_or(asked)
    }

    /// The plan as it was when it was saved, for showing; an apply judges it anew.
    #[must_use]
    pub fn as_saved(&self) -> Plan {
        let doc = &self.document;
        let list = |name: &str| doc.get("verdict").and_then(|v| v.get(name)).and_then(Json::as_array).cloned().unwrap_or_default();
        let count = |json: Option<&Json>| json.and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        Plan {
            workspace: self.workspace.clone(),
            base: self.base.clone(),
            commit: self.commit.clone(),
            actor: doc.get("actor").and_then(Json::as_str).unwrap_or("").to_owned(),
            authority: doc.get("authority").cloned().and_then(|a| serde_json::from_value(a).ok()).unwrap_or_else(Authority::operator),
            changes_digest: digest_of_changes(&self.workspace, &self.changes, self.settings_change.as_ref(), self.destroy),
            changes: self.changes.clone(),
            rewritten: Vec::new(),
            settings_change: self.settings_change.clone(),
            settings: self.settings.clone(),
            basis: Basis::told(self.relied.clone()),
            refusals: list("refused").iter().chain(&list("brakes")).filter_map(read_refusal).collect(),
            hints: doc.get("hints").cloned().and_then(|h| serde_json::from_value(h).ok()).unwrap_or_default(),
            people_losing_access: count(doc.get("impact").and_then(|i| i.get("people_losing_access"))),
            impact: doc.get("impact").and_then(|i| serde_json::from_value(i.clone()).ok()).unwrap_or_default(),
            unmanaged: count(doc.get("unmanaged")),
            destroy: self.destroy,
            complete: self.complete,
            left_out: self.left_out(),
            zone: self.settings.zone(),
        }
    }
}

fn read_refusal(json: &Json) -> Option<super::Refusal> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    Some(super::Refusal {
        code: crate::diag::Code::find(text("code")?)?,
        why: serde_json::from_value(json.get("kind")?.clone()).ok()?,
        address: text("address").and_then(|a| Address::parse(a).ok()),
        message: text("message")?.to_owned(),
        way_out: text("way_out")?.to_owned(),
        lift: json.get("override").cloned().and_then(|lift| serde_json::from_value(lift).ok()),
        at: crate::diag::Span::NONE,
        place: json.get("source").and_then(read_place),
    })
}

fn read_place(json: &Json) -> Option<(String, u32)> {
    Some((json.get("file")?.as_str()?.to_owned(), u32::try_from(json.get("line")?.as_u64()?).ok()?))
}

/// The digest of what a document says of people.
fn people_digest(doc: &Json) -> Digest {
    Digest::of(canonical(doc.get("impact").unwrap_or(&Json::Null)).as_bytes())
}

/// Reads a plan file.
///
/// # Errors
/// [`BadPlan`] when it is not whole, of another version, or edited.
pub fn read(text: &str) -> Result<SavedPlan, BadPlan> {
    let doc: Json = serde_json::from_str(text).map_err(|e| BadPlan::Form(e.to_string()))?;
    let form = |what: &str| BadPlan::Form(what.to_owned());
    let version = doc.as_object().ok_or_else(|| form("no table"))?.get("format_version");
    let version = version.and_then(Json::as_str).ok_or_else(|| form("no format_version"))?;
    if version.split('.').next() != FORMAT.split('.').next() {
        return Err(BadPlan::Version(version.to_owned()));
    }
    let written = doc.get("digests").ok_or_else(|| form("no digests"))?;
    let digest = |name: &str| written.get(name).and_then(Json::as_str).map(Digest::from_hex).ok_or_else(|| form("no digests"));
    let digests = Digests { plan: digest("plan")?, changes: digest("changes")?, people: digest("people")? };
    if plan_digest(&doc) != digests.plan || people_digest(&doc) != digests.people {
        return Err(BadPlan::Edited);
    }
    let saved = unproven(doc, digests)?;
    // The digest of the changes is beside the document that the other one covers.
    if saved.as_saved().changes_digest == saved.digests.changes { Ok(saved) } else { Err(BadPlan::Edited) }
}

/// A document with the digests that belong to its content. They tell damage, and are no signature: whoever edits a plan can
/// do the same, so an apply believes nothing of it that it cannot work out anew.
///
/// # Errors
/// [`BadPlan`] when it is not whole.
pub fn sealed(mut doc: Json) -> Result<Json, BadPlan> {
    let none = || Digest::from_hex("");
    let changes = unproven(doc.clone(), Digests { plan: none(), changes: none(), people: none() })?.as_saved().changes_digest;
    let digests = Digests { plan: plan_digest(&doc), changes, people: people_digest(&doc) };
    if let Json::Object(map) = &mut doc {
        map.insert("digests".into(), json!(digests));
    }
    Ok(doc)
}

/// The digest of all of a document but its digests.
fn plan_digest(doc: &Json) -> Digest {
    let mut rest = doc.clone();
    if let Json::Object(map) = &mut rest {
        map.remove("digests");
    }
    // Its names are sorted already.
    Digest::of(rest.to_string().as_bytes())
}

/// What a document says, whatever its digests are.
fn unproven(doc: Json, digests: Digests) -> Result<SavedPlan, BadPlan> {
    let form = |what: &str| BadPlan::Form(what.to_owned());
    let text_of = |name: &str| doc.get(name).and_then(Json::as_str).map(str::to_owned);
    let parse = |name: &str| doc.get(name).cloned().unwrap_or(Json::Null);
    let settings = parse("settings_change");
    let settings_change = settings.get("after").map(|after| SettingsChange {
        before: settings.get("before").filter(|b| !b.is_null()).map(|b| AppliedSettings(b.clone())),
        after: AppliedSettings(after.clone()),
    });
    let list = doc.get("resource_changes").and_then(Json::as_array).ok_or_else(|| form("no resource_changes"))?;
    Ok(SavedPlan {
        workspace: text_of("workspace").filter(|name| is_key(name)).ok_or_else(|| form("no workspace"))?,
        base: serde_json::from_value(parse("base")).map_err(|e| BadPlan::Form(e.to_string()))?,
        commit: text_of("commit"),
        destroy: doc.get("destroy").and_then(Json::as_bool).unwrap_or(false),
        complete: doc.get("complete").and_then(Json::as_bool).unwrap_or(false),
        changes: list.iter().map(read_change).collect::<Result<_, _>>()?,
        settings_change,
        settings: AppliedSettings(parse("settings")),
        relied: serde_json::from_value(parse("relied")).map_err(|e| BadPlan::Form(e.to_string()))?,
        digests,
        document: doc,
    })
}

fn read_change(json: &Json) -> Result<Change, BadPlan> {
    let form = |what: &str| BadPlan::Form(what.to_owned());
    let address =
        |name: &str| json.get(name).and_then(Json::as_str).map(Address::parse).transpose().map_err(|e| BadPlan::Form(e.to_string()));
    let own = address("address")?.ok_or_else(|| form("a change without an address"))?;
    let change = json.get("change").ok_or_else(|| form("a change without its body"))?;
    let object = |name: &str| match change.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(attributes) => object_from_json(own.clone(), attributes).map(Some).map_err(|e| BadPlan::Form(e.to_string())),
    };
    let words: Vec<&str> = change.get("actions").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let importing = change.get("importing").and_then(|i| i.get("id")).and_then(Json::as_str).map(str::to_owned);
    let told = || TOLD.into_iter().find(|action| actions(*action) == words);
    let imported = importing.is_some().then_some(Action::Import);
    let action = imported.or_else(told).ok_or_else(|| form("an action that this program does not know"))?;
    let (before, after) = (object("before")?, object("after")?);
    let whole = match action {
        Action::Create => after.is_some(),
        Action::Delete | Action::Forget => before.is_some(),
        _ => before.is_some() && after.is_some(),
    };
    if !whole {
        return Err(form("a change without what it changes"));
    }
    let empty = Table::new();
    let attributes = |o: &Option<Object>| o.as_ref().map_or(empty.clone(), |o| o.attributes.clone());
    let whole = matches!(action, Action::Forget | Action::Create | Action::Delete);
    let deltas = if whole { Vec::new() } else { crate::reconcile::deltas(&attributes(&before), &attributes(&after)) };
    let origin: Origin =
        json.get("origin").cloned().map(serde_json::from_value).transpose().map_err(|e| BadPlan::Form(e.to_string()))?.unwrap_or_default();
    let replaced_by =
        change.get("replace_paths").and_then(Json::as_array).into_iter().flatten().filter_map(|p| p.get(0)?.as_str()).map(str::to_owned);
    Ok(Change {
        previous: address("previous_address")?,
        action,
        before,
        after,
        deltas,
        replaced_by: replaced_by.collect(),
        cause: Cause {
            at: crate::diag::Span::NONE,
            place: json.get("source").and_then(read_place),
            stood: json
                .get("stood")
                .cloned()
                .map(serde_json::from_value)
                .transpose()
                .map_err(|e| BadPlan::Form(e.to_string()))?
                .unwrap_or_default(),
            template: json.get("template").and_then(Json::as_str).map(str::to_owned),
        },
        import_id: importing,
        origin,
        address: own,
    })
}
