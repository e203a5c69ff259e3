//! A plan as a document: what is saved, digested, and read by other tools.
//!
//! Names follow Terraform's plan JSON where they mean the same. The bytes are canonical, and no time is in them.
//!
//! Past 400 lines, since what writes the document and what reads it back are one contract, and stand side by side.

use super::{Base, Basis, Plan, Relied, SettingsChange};
use crate::config::AppliedSettings;
use crate::kinds::{WithDefaults, object_from_json};
use crate::model::{
    Action, Address, Cause, Change, Delta, Digest, Hasher, Object, Origin, Table, canonical, canonical_into, is_key, on_all,
};
use crate::reconcile::{State, Step, StepKind};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value as Json, json};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::BufWriter;

/// The version of the document's form.
pub const FORMAT: &str = "1.0";

/// The document of a plan, digests included. With `full`, prior state and planned values hold everything.
///
/// # Panics
/// Never: all that a plan is made of has a JSON form.
#[must_use]
pub fn document(plan: &Plan, state: &State, full: bool) -> Json {
    let body = Body { plan, state, full };
    let mut doc = serde_json::to_value(&body).unwrap_or_else(|error| unreachable!("a plan has no JSON form: {error}"));
    let digests = Digests { plan: digest_of_body(&body), changes: plan.changes_digest.clone() };
    if let Json::Object(map) = &mut doc {
        map.insert("digests".into(), json!(digests));
    }
    doc
}

/// The two digests of a plan, as its document has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// Of the document, commit and places included.
    pub plan: Digest,
    /// Of the changes alone.
    pub changes: Digest,
}

/// The digests of a plan that is not saved. Its document is never whole in memory.
#[must_use]
pub fn digests(plan: &Plan, state: &State) -> Digests {
    Digests { plan: digest_of_body(&Body { plan, state, full: false }), changes: plan.changes_digest.clone() }
}

fn digest_of_body(body: &Body<'_>) -> Digest {
    // Its names come in their order, so that its bytes are canonical as they are written: a test holds them to it.
    let mut hasher = BufWriter::new(Hasher::default());
    let done = serde_json::to_writer(&mut hasher, body).map_err(|e| e.to_string());
    match done.and_then(|()| hasher.into_inner().map_err(|e| e.to_string())) {
        Ok(hasher) => hasher.digest(),
        Err(error) => unreachable!("a plan has no JSON form: {error}"),
    }
}

/// The digest of the changes alone: a re-made plan that would do the same has the same one.
pub(super) fn digest_of_changes(workspace: &str, changes: &[Change], settings: Option<&SettingsChange>, destroy: bool) -> Digest {
    /// How many changes one processor spells at a time, and how many parts are spelled before they are digested.
    const PART: usize = 64;
    const PARTS: usize = 8;
    let spelled = |part: &&[Change]| {
        let (mut all, mut one) = (String::new(), String::new());
        for change in *part {
            canonical_into(&mut one, &What::of(change));
            all.push(',');
            all.push_str(&one);
        }
        all
    };
    let mut hasher = Hasher::default();
    hasher.update(b"{\"changes\":[");
    let mut first = true;
    for many in changes.chunks(PART.saturating_mul(PARTS)) {
        let parts: Vec<&[Change]> = many.chunks(PART).collect();
        for text in on_all(&parts, 2, spelled) {
            let comma = usize::from(std::mem::take(&mut first));
            hasher.update(text.as_bytes().get(comma..).unwrap_or_default());
        }
    }
    let settings = settings.map(|s| json!([s.before.as_ref().map(|b| &b.0), s.after.0]));
    let rest = canonical(&json!({ "destroy": destroy, "settings": settings, "workspace": workspace }));
    hasher.update(b"],");
    hasher.update(rest.strip_prefix('{').unwrap_or(&rest).as_bytes());
    hasher.digest()
}

/// What a change does, without where and why.
#[derive(Serialize)]
struct What<'a> {
    action: Action,
    address: &'a str,
    after: Option<&'a Table>,
    before: Option<&'a Table>,
    import: Option<&'a str>,
    previous_address: Option<&'a str>,
}

impl<'a> What<'a> {
    fn of(change: &'a Change) -> What<'a> {
        What {
            action: change.action,
            address: change.address.as_str(),
            after: change.after.as_ref().map(|o| &o.attributes),
            before: change.before.as_ref().map(|o| &o.attributes),
            import: change.import_id.as_deref(),
            previous_address: change.previous.as_ref().map(Address::as_str),
        }
    }
}

/// All of the document but its digests.
struct Body<'a> {
    plan: &'a Plan,
    state: &'a State,
    full: bool,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Body { plan, state, full } = *self;
        let settings_change =
            plan.settings_change.as_ref().map(|s| json!({ "before": s.before.as_ref().map(|b| &b.0), "after": s.after.0 }));
        let verdict = json!({
            "refused": plan.refused().map(refusal).collect::<Vec<_>>(),
            "brakes": plan.brakes().map(refusal).collect::<Vec<_>>(),
        });
        let known = known(plan, state, full);
        // In the order of the names.
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("actor", &plan.actor)?;
        map.serialize_entry("applyable", &plan.is_applyable())?;
        map.serialize_entry("authority", &json!({ "decided": false }))?;
        map.serialize_entry("base", &json!(plan.base))?;
        map.serialize_entry("commit", &plan.commit)?;
        map.serialize_entry("complete", &plan.complete)?;
        map.serialize_entry("destroy", &plan.destroy)?;
        map.serialize_entry("errored", &false)?;
        map.serialize_entry("format_version", FORMAT)?;
        map.serialize_entry("hints", &json!(plan.hints))?;
        map.serialize_entry("impact", &json!({ "people_losing_access": plan.people_losing_access }))?;
        map.serialize_entry("planned_values", &Values(planned_values(plan, &known)))?;
        map.serialize_entry("prior_state", &Values(known))?;
        map.serialize_entry("relied", plan.relied())?;
        map.serialize_entry("resource_changes", &Each(|| plan.changes.iter().map(ResourceChange::of)))?;
        map.serialize_entry("settings", &plan.settings.0)?;
        map.serialize_entry("settings_change", &settings_change)?;
        map.serialize_entry("steps", &Each(|| plan.steps().iter().map(Told::of)))?;
        map.serialize_entry("summary", &json!(plan.summary()))?;
        map.serialize_entry("unmanaged", &plan.unmanaged)?;
        map.serialize_entry("verdict", &verdict)?;
        map.serialize_entry("workspace", &plan.workspace)?;
        map.serialize_entry("writ_version", crate::model::VERSION)?;
        map.end()
    }
}

/// A list whose members are made one at a time, as they are written.
struct Each<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Objects by address, in the order of its text, with their defaults; each is filled in as it is written.
struct Values<'a>(Vec<(&'a str, &'a Object)>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(address, object)| (address, WithDefaults(object))))
    }
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

/// Every action that its words alone tell; an import is told by what it imports.
const TOLD: [Action; 6] = [Action::Create, Action::Delete, Action::Replace, Action::Update, Action::Move, Action::Forget];

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
        Action::Delete => Some("delete_because_no_resource_config"),
        _ => None,
    }
}

/// A change as the document tells it. Here and below, fields stand in the order of their names, which is that of their bytes.
#[derive(Serialize)]
struct ResourceChange<'a> {
    action_reason: Option<&'static str>,
    address: &'a str,
    change: Sides<'a>,
    name: &'a str,
    origin: &'a Origin,
    parent: Option<&'a str>,
    previous_address: Option<&'a str>,
    source: Option<Source<'a>>,
    stood: &'a [(String, Origin)],
    template: Option<&'a str>,
    r#type: &'a str,
}

/// What it does.
#[derive(Serialize)]
struct Sides<'a> {
    actions: &'static [&'static str],
    after: Option<WithDefaults<'a>>,
    before: Option<WithDefaults<'a>>,
    importing: Option<Importing<'a>>,
    members: Map<String, Json>,
    replace_paths: Vec<[&'a str; 1]>,
}

#[derive(Serialize)]
struct Importing<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    file: &'a str,
    line: u32,
}

impl<'a> ResourceChange<'a> {
    fn of(change: &'a Change) -> ResourceChange<'a> {
        let Change { address, previous, action, before, after, deltas, replaced_by, cause, import_id, origin } = change;
        let mut members = Map::new();
        collect_members("", deltas, &mut members);
        let importing = import_id.as_deref().filter(|_| *action == Action::Import).map(|id| Importing { id });
        let sides = Sides {
            actions: if *action == Action::Import && !deltas.is_empty() { &["update"] } else { actions(*action) },
            after: after.as_ref().filter(|_| *action != Action::Forget).map(WithDefaults),
            before: before.as_ref().map(WithDefaults),
            importing,
            members,
            replace_paths: replaced_by.iter().map(|path| [path.as_str()]).collect(),
        };
        ResourceChange {
            action_reason: reason(change),
            address: address.as_str(),
            change: sides,
            name: address.key(),
            origin,
            parent: Some(address.parent_text()).filter(|parent| !parent.is_empty()),
            previous_address: previous.as_ref().map(Address::as_str),
            source: cause.place.as_ref().map(|(file, line)| Source { file, line: *line }),
            stood: &cause.stood,
            template: cause.template.as_deref(),
            r#type: address.kind(),
        }
    }
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

/// A step, in the order of its names.
#[derive(Serialize)]
struct Told<'a> {
    address: &'a str,
    kind: StepKind,
}

impl<'a> Told<'a> {
    fn of(step: &'a Step) -> Told<'a> {
        Told { address: step.address.as_str(), kind: step.kind }
    }
}

/// The objects of the state that the plan relied on, which are those that its changes touch or refer to; or all of them. By the text
/// of their addresses.
fn known<'a>(plan: &Plan, state: &'a State, full: bool) -> Vec<(&'a str, &'a Object)> {
    let all = state.objects.values().map(|s| (s.object.address.as_str(), &s.object));
    let mut known: Vec<(&str, &Object)> = all.filter(|(address, _)| full || plan.relied().versions.contains_key(*address)).collect();
    known.sort_unstable_by_key(|(address, _)| *address);
    known
}

/// These as they will be, and what is new.
fn planned_values<'a>(plan: &'a Plan, known: &[(&'a str, &'a Object)]) -> Vec<(&'a str, &'a Object)> {
    let after = |change: &'a Change| change.after.as_ref().map(|object| (change.address.as_str(), object));
    let mut all: Vec<(&str, &Object)> = plan.changes.iter().filter_map(after).collect();
    let new: HashSet<&str> = if known.is_empty() { HashSet::new() } else { all.iter().map(|(address, _)| *address).collect() };
    let deleted = plan.changes.iter().filter(|c| c.action == Action::Delete && c.after.is_none()).map(|c| &c.address);
    let gone: HashSet<&str> = plan.changes.iter().filter_map(|c| c.previous.as_ref()).chain(deleted).map(Address::as_str).collect();
    let rewritten: HashMap<&str, &Object> = plan.rewritten.iter().map(|(a, o)| (a.as_str(), o)).collect();
    let stay = known.iter().filter(|(address, _)| !gone.contains(address) && !new.contains(address));
    all.extend(stay.map(|(address, object)| (*address, rewritten.get(address).copied().unwrap_or(*object))));
    all.sort_unstable_by_key(|(address, _)| *address);
    all
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
            changes_digest: digest_of_changes(&self.workspace, &self.changes, self.settings_change.as_ref(), self.destroy),
            changes: self.changes.clone(),
            rewritten: Vec::new(),
            settings_change: self.settings_change.clone(),
            settings: self.settings.clone(),
            basis: Basis::told(self.relied.clone()),
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
    if saved.as_saved().changes_digest == saved.digests.changes { Ok(saved) } else { Err(BadPlan::Edited) }
}

/// A document with the digests that belong to its content. They tell damage, and are no signature: whoever edits a plan can
/// do the same, so an apply believes nothing of it that it cannot work out anew.
///
/// # Errors
/// [`BadPlan`] when it is not whole.
pub fn sealed(mut doc: Json) -> Result<Json, BadPlan> {
    let none = || Digest::from_hex("");
    let changes = unproven(doc.clone(), Digests { plan: none(), changes: none() })?.as_saved().changes_digest;
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
