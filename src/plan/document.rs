//! A plan as a document: what is saved, digested, and read by other tools.
//!
//! Names follow Terraform's plan JSON where they mean the same. The bytes are canonical, and no time is in them.
//!
//! Past 400 lines, since what writes the document and what reads it back are one contract, and stand side by side.

use super::{Base, Plan, Relied, SettingsChange};
use crate::config::AppliedSettings;
use crate::kinds::{self, object_from_json, with_defaults};
use crate::model::{Action, Address, Cause, Change, Delta, Digest, Object, Origin, Table, digest_of, is_key};
use crate::reconcile::State;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The version of the document's form.
pub const FORMAT: &str = "1.0";

/// The document of a plan, digests included. With `full`, prior state and planned values hold everything.
#[must_use]
pub fn document(plan: &Plan, state: &State, full: bool) -> Json {
    let mut doc = body(plan, state, full);
    let digests = Digests { plan: digest_of(&doc), changes: changes_digest(plan) };
    if let Json::Object(map) = &mut doc {
        map.insert("digests".into(), json!(digests));
    }
    doc
}

/// The two digests of a plan, as its document has them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Digests {
    /// Of the document, commit and places included.
    pub plan: Digest,
    /// Of the changes alone.
    pub changes: Digest,
}

/// The digests of a plan that is not saved.
#[must_use]
pub fn digests(plan: &Plan, state: &State) -> Digests {
    Digests { plan: digest_of(&body(plan, state, false)), changes: changes_digest(plan) }
}

/// The digest of the changes alone: a re-made plan that would do the same has the same one.
#[must_use]
pub fn changes_digest(plan: &Plan) -> Digest {
    let changes: Vec<Json> = plan.changes.iter().map(what).collect();
    let settings = plan.settings_change.as_ref().map(|s| json!([s.before.as_ref().map(|b| &b.0), s.after.0]));
    digest_of(&json!({ "workspace": plan.workspace, "changes": changes, "settings": settings, "destroy": plan.destroy }))
}

/// What a change does, without where and why.
fn what(change: &Change) -> Json {
    json!({
        "address": change.address.as_str(),
        "previous_address": change.previous.as_ref().map(Address::as_str),
        "action": change.action,
        "before": change.before.as_ref().map(|o| &o.attributes),
        "after": change.after.as_ref().map(|o| &o.attributes),
        "import": change.import_id,
    })
}

fn body(plan: &Plan, state: &State, full: bool) -> Json {
    let summary = plan.summary();
    json!({
        "format_version": FORMAT,
        "writ_version": crate::model::VERSION,
        "workspace": plan.workspace,
        "base": plan.base,
        "commit": plan.commit,
        "actor": plan.actor,
        "destroy": plan.destroy,
        "resource_changes": plan.changes.iter().map(resource_change).collect::<Vec<_>>(),
        "settings_change": plan.settings_change.as_ref().map(|s| json!({ "before": s.before.as_ref().map(|b| &b.0), "after": s.after.0 })),
        "settings": plan.settings.0,
        "steps": plan.steps,
        "relied": plan.relied,
        "prior_state": prior_state(plan, state, full),
        "planned_values": planned_values(plan, state, full),
        "summary": summary,
        "impact": { "people_losing_access": plan.people_losing_access },
        "authority": { "decided": false },
        "verdict": {
            "refused": plan.refused().map(refusal).collect::<Vec<_>>(),
            "brakes": plan.brakes().map(refusal).collect::<Vec<_>>(),
        },
        "hints": plan.hints,
        "unmanaged": plan.unmanaged,
        "complete": plan.complete,
        "applyable": plan.is_applyable(),
        "errored": false,
    })
}

fn refusal(refusal: &super::Refusal) -> Json {
    json!({
        "code": refusal.code.id,
        "kind": refusal.why,
        "address": refusal.address.as_ref().map(Address::as_str),
        "message": refusal.message,
        "way_out": refusal.way_out,
        "override": refusal.lift,
        "source": refusal.place.as_ref().map(|(file, line)| json!({ "file": file, "line": line })),
    })
}

/// Terraform's words for an action.
fn actions(action: Action) -> &'static [&'static str] {
    match action {
        Action::Create => &["create"],
        Action::Delete => &["delete"],
        Action::Replace => &["delete", "create"],
        Action::Update => &["update"],
        Action::Move | Action::Import => &["no-op"],
        Action::Forget => &["forget"],
    }
}

fn reason(change: &Change) -> Option<&'static str> {
    match change.action {
        Action::Replace => Some("replace_because_cannot_update"),
        Action::Delete if change.address.parent().is_some() => Some("delete_because_no_resource_config"),
        Action::Delete => Some("delete_because_no_resource_config"),
        _ => None,
    }
}

fn resource_change(change: &Change) -> Json {
    let acts: &[&str] = if change.action == Action::Import && !change.deltas.is_empty() { &["update"] } else { actions(change.action) };
    let mut members = Map::new();
    collect_members("", &change.deltas, &mut members);
    let shown = |o: &Option<Object>| o.as_ref().map(with_defaults);
    let after = if change.action == Action::Forget { None } else { shown(&change.after) };
    json!({
        "address": change.address.as_str(),
        "previous_address": change.previous.as_ref().map(Address::as_str),
        "type": change.address.kind(),
        "name": change.address.key(),
        "parent": change.address.parent().map(|p| p.to_string()),
        "action_reason": reason(change),
        "change": {
            "actions": acts,
            "before": shown(&change.before),
            "after": after,
            "members": members,
            "replace_paths": change.replaced_by.iter().map(|p| vec![p]).collect::<Vec<_>>(),
            "importing": change.import_id.as_ref().filter(|_| change.action == Action::Import).map(|id| json!({ "id": id })),
        },
        "source": change.cause.place.as_ref().map(|(file, line)| json!({ "file": file, "line": line })),
        "stood": change.cause.stood,
        "template": change.cause.template,
        "origin": change.origin,
    })
}

fn collect_members(prefix: &str, deltas: &[(String, Delta)], out: &mut Map<String, Json>) {
    for (name, delta) in deltas {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match delta {
            Delta::Members(m) => {
                out.insert(path, json!({ "added": m.added, "removed": m.removed }));
            }
            Delta::Table(inner) => collect_members(&path, inner, out),
            _ => {}
        }
    }
}

/// Addresses that the changes touch or refer to.
fn neighbourhood(plan: &Plan) -> BTreeSet<Address> {
    let mut all = BTreeSet::new();
    for change in &plan.changes {
        all.insert(change.address.clone());
        all.extend(change.previous.clone());
        all.extend(change.address.parent());
        all.extend(change.before.iter().chain(&change.after).flat_map(kinds::references).map(|r| r.target));
    }
    all
}

fn prior_state(plan: &Plan, state: &State, full: bool) -> BTreeMap<String, Table> {
    let near = if full { BTreeSet::new() } else { neighbourhood(plan) };
    let kept = state.objects.values().filter(|s| full || near.contains(&s.object.address));
    kept.map(|s| (s.object.address.to_string(), with_defaults(&s.object))).collect()
}

fn planned_values(plan: &Plan, state: &State, full: bool) -> BTreeMap<String, Table> {
    let mut values = prior_state(plan, state, full);
    for change in &plan.changes {
        if let Some(previous) = &change.previous {
            values.remove(previous.as_str());
        }
    }
    for (address, object) in &plan.rewritten {
        if values.contains_key(address.as_str()) {
            values.insert(address.to_string(), with_defaults(object));
        }
    }
    for change in &plan.changes {
        match (&change.after, change.action) {
            (Some(object), _) => {
                values.insert(change.address.to_string(), with_defaults(object));
            }
            (None, Action::Delete) => {
                values.remove(change.address.as_str());
            }
            (None, _) => {}
        }
    }
    values
}

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
            changes: self.changes.clone(),
            steps: Vec::new(),
            rewritten: Vec::new(),
            settings_change: self.settings_change.clone(),
            settings: self.settings.clone(),
            relied: self.relied.clone(),
            refusals: list("refused").iter().chain(&list("brakes")).filter_map(read_refusal).collect(),
            hints: doc.get("hints").cloned().and_then(|h| serde_json::from_value(h).ok()).unwrap_or_default(),
            people_losing_access: count(doc.get("impact").and_then(|i| i.get("people_losing_access"))),
            unmanaged: count(doc.get("unmanaged")),
            destroy: self.destroy,
            complete: self.complete,
            zone: self.settings.zone(),
        }
    }
}

fn read_refusal(json: &Json) -> Option<super::Refusal> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let lift = json.get("override").filter(|o| !o.is_null());
    let flag = lift
        .and_then(|l| l.get("flag"))
        .and_then(Json::as_str)
        .and_then(|f| ["--allow-deletes", "--allow-access-lost"].into_iter().find(|k| *k == f));
    Some(super::Refusal {
        code: crate::diag::Code::find(text("code")?)?,
        why: serde_json::from_value(json.get("kind")?.clone()).ok()?,
        address: text("address").and_then(|a| Address::parse(a).ok()),
        message: text("message")?.to_owned(),
        way_out: text("way_out")?.to_owned(),
        lift: flag.zip(lift.and_then(|l| l.get("value")?.as_u64())).map(|(flag, value)| super::Lift { flag, value }),
        at: crate::diag::Span::NONE,
        place: json.get("source").and_then(read_place),
    })
}

fn read_place(json: &Json) -> Option<(String, u32)> {
    Some((json.get("file")?.as_str()?.to_owned(), u32::try_from(json.get("line")?.as_u64()?).ok()?))
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
    let digests = Digests { plan: digest("plan")?, changes: digest("changes")? };
    if plan_digest(&doc) != digests.plan {
        return Err(BadPlan::Edited);
    }
    let saved = unproven(doc, digests)?;
    // The digest of the changes is beside the document that the other one covers.
    if changes_digest(&saved.as_saved()) == saved.digests.changes { Ok(saved) } else { Err(BadPlan::Edited) }
}

/// A document with the digests that belong to its content. They tell damage, and are no signature: whoever edits a plan can
/// do the same, so an apply believes nothing of it that it cannot work out anew.
///
/// # Errors
/// [`BadPlan`] when it is not whole.
pub fn sealed(mut doc: Json) -> Result<Json, BadPlan> {
    let none = || Digest::from_hex("");
    let changes = changes_digest(&unproven(doc.clone(), Digests { plan: none(), changes: none() })?.as_saved());
    let digests = Digests { plan: plan_digest(&doc), changes };
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
    digest_of(&rest)
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
    let action = match words.as_slice() {
        _ if importing.is_some() => Action::Import,
        ["create"] => Action::Create,
        ["delete"] => Action::Delete,
        ["delete", "create"] => Action::Replace,
        ["update"] => Action::Update,
        ["no-op"] => Action::Move,
        ["forget"] => Action::Forget,
        _ => return Err(form("an action that this program does not know")),
    };
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
    let deltas = if action == Action::Forget { Vec::new() } else { crate::reconcile::deltas(&attributes(&before), &attributes(&after)) };
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
