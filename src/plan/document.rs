//! A plan as a document: what is saved, digested, and read by other tools.
//!
//! Names follow Terraform's plan JSON where they mean the same. The bytes are canonical, and no time is in them.
//!
//! What it says is read back in `saved`: what is added here and means something to an apply is read there.

use super::impact::Impact;
use super::{Plan, SettingsChange};
use crate::kinds::WithDefaults;
use crate::model::{Action, Address, Change, Delta, Digest, Hasher, Object, Origin, Table, canonical, canonical_into, on_all, pipe};
use crate::reconcile::{State, Step, StepKind};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};
use std::collections::{HashMap, HashSet};
use std::io::BufWriter;

/// The version of the document's form.
pub const FORMAT: &str = "1.0";

/// The document of a plan, digests included. With `full`, prior state and planned values hold everything.
///
/// # Panics
/// Never: all that a plan is made of has a JSON form.
#[must_use]
pub fn document(plan: &Plan, state: &State, full: bool) -> Json {
    let body = Body { plan, state, full, people: people(plan) };
    let mut doc = serde_json::to_value(&body).unwrap_or_else(|error| unreachable!("a plan has no JSON form: {error}"));
    let digests = digests_of(&body);
    if let Json::Object(map) = &mut doc {
        map.insert("digests".into(), json!(digests));
    }
    doc
}

/// The digests of a plan, as its document has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// Of the document, commit and places included.
    pub plan: Digest,
    /// Of the changes alone.
    pub changes: Digest,
    /// Of what they do to people: other people, another digest.
    pub people: Digest,
}

/// The digests of a plan that is not saved. Of its document no more is whole in memory than what it does to people.
#[must_use]
pub fn digests(plan: &Plan, state: &State) -> Digests {
    digests_of(&Body { plan, state, full: false, people: people(plan) })
}

fn digests_of(body: &Body<'_>) -> Digests {
    let people = Digest::of(body.people.get().as_bytes());
    Digests { plan: digest_of_body(body), changes: body.plan.changes_digest.clone(), people }
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

/// What a plan does to people, in canonical form.
fn people(plan: &Plan) -> Box<RawValue> {
    #[derive(Serialize)]
    struct People<'a> {
        #[serde(flatten)]
        impact: &'a Impact,
        people_losing_access: usize,
    }
    let told = canonical(&People { impact: &plan.impact, people_losing_access: plan.people_losing_access });
    RawValue::from_string(told).unwrap_or_else(|error| unreachable!("people have no JSON form: {error}"))
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
    let spell = |give: &mut dyn FnMut(Vec<String>)| {
        for many in changes.chunks(PART.saturating_mul(PARTS)) {
            let parts: Vec<&[Change]> = many.chunks(PART).collect();
            give(on_all(&parts, 2, spelled));
        }
    };
    pipe(changes.len() > PART.saturating_mul(PARTS), spell, |texts| {
        for text in texts {
            let comma = usize::from(std::mem::take(&mut first));
            hasher.update(text.as_bytes().get(comma..).unwrap_or_default());
        }
    });
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
    /// What it does to people, which may be long, spelled once for all digests.
    people: Box<RawValue>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Body { plan, state, full, people } = self;
        // Each by its name: what a plan comes to know has to be told here, or its reason not to be.
        let Plan {
            workspace,
            base,
            commit,
            actor,
            authority,
            changes,
            rewritten: _,      // follows from the moves among the changes, and stands in `planned_values`
            changes_digest: _, // stands beside this one, among the digests
            settings_change,
            settings,
            basis: _,    // told as `relied` and `steps`
            refusals: _, // told as the verdict
            hints,
            people_losing_access: _, // told with the impact
            impact: _,               // `people` has it, spelled already
            unmanaged,
            destroy,
            complete,
            left_out,
            zone: _, // stands in the settings
        } = plan;
        let change = |s: &SettingsChange| json!({ "before": s.before.as_ref().map(|b| &b.0), "after": s.after.0 });
        let verdict = json!({
            "refused": plan.refused().map(refusal).collect::<Vec<_>>(),
            "brakes": plan.brakes().map(refusal).collect::<Vec<_>>(),
        });
        let known = known(plan, state, *full);
        // In the order of the names.
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("actor", actor)?;
        map.serialize_entry("applyable", &plan.is_applyable())?;
        map.serialize_entry("authority", authority)?;
        map.serialize_entry("base", &json!(base))?;
        map.serialize_entry("commit", commit)?;
        map.serialize_entry("complete", complete)?;
        map.serialize_entry("destroy", destroy)?;
        map.serialize_entry("errored", &false)?;
        map.serialize_entry("format_version", FORMAT)?;
        map.serialize_entry("hints", &json!(hints))?;
        map.serialize_entry("impact", people)?;
        map.serialize_entry("left_out", &json!(left_out))?;
        map.serialize_entry("planned_values", &Values(planned_values(plan, &known)))?;
        map.serialize_entry("prior_state", &Values(known))?;
        map.serialize_entry("relied", plan.relied())?;
        map.serialize_entry("resource_changes", &Each(|| changes.iter().map(ResourceChange::of)))?;
        map.serialize_entry("settings", &settings.0)?;
        map.serialize_entry("settings_change", &settings_change.as_ref().map(change))?;
        map.serialize_entry("steps", &Each(|| plan.steps().iter().map(Told::of)))?;
        map.serialize_entry("summary", &json!(plan.summary()))?;
        map.serialize_entry("unmanaged", unmanaged)?;
        map.serialize_entry("verdict", &verdict)?;
        map.serialize_entry("workspace", workspace)?;
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

/// Terraform's words for an action.
pub(super) fn actions(action: Action) -> &'static [&'static str] {
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
