//! What is wanted against what is: one change for each object that differs.

use super::delta::deltas;
use super::{PriorMoves, State};
use crate::config::{Import, Moved, Removed};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::{self, Default, OnChange};
use crate::model::{Action, Address, Cause, Change, Delta, MANY_OBJECTS, Object, Stored, Table, Value, on_all};
use std::collections::BTreeMap;

/// What a workspace wants.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Its name.
    pub workspace: &'a str,
    /// What it declares.
    pub objects: &'a BTreeMap<Address, Object>,
    /// `[[moved]]`.
    pub moves: &'a [Moved],
    /// `[[removed]]`.
    pub removals: &'a [Removed],
    /// `[[import]]`.
    pub imports: &'a [Import],
    /// Whether it manages an address; what it no longer manages is released, not deleted.
    pub manages: &'a dyn Fn(&Address) -> bool,
    /// The template that said a value, by the place of the value.
    pub templates: &'a BTreeMap<Span, String>,
}

/// The difference, in the order in which it is shown: destroy, replace, update, create, move, import, forget.
#[derive(Debug, Clone)]
pub struct Reconciled {
    /// Objects that differ.
    pub changes: Vec<Change>,
    /// The prior state under its new names.
    pub prior: PriorMoves,
}

/// Compares what is wanted with what is.
#[must_use]
pub fn reconcile(wanted: &Wanted<'_>, state: &State, found: &mut Diagnostics) -> Reconciled {
    let prior = PriorMoves::apply(state, wanted.workspace, wanted.moves, wanted.imports, found);
    report_removals(wanted, state, found);
    compare(wanted, prior, found)
}

/// Compares what is wanted with a prior state that was renamed already.
#[must_use]
pub fn compare(wanted: &Wanted<'_>, mut prior: PriorMoves, found: &mut Diagnostics) -> Reconciled {
    let mut changes = Vec::new();
    let mut met = 0usize;
    let objects: Vec<&Object> = wanted.objects.values().collect();
    let (workspace, before) = (wanted.workspace, &prior);
    // Nearly all are as they were.
    let same = on_all(&objects, MANY_OBJECTS, |object| {
        let stored = before.objects.get(&object.address);
        stored.is_some_and(|stored| stored.workspace.as_deref() == Some(workspace) && is_as_it_was(object, stored, before))
    });
    for ((address, object), same) in wanted.objects.iter().zip(same) {
        if same {
            met = met.saturating_add(1);
            continue;
        }
        match prior.objects.get(address) {
            None => changes.push(create(object, wanted)),
            Some(stored) if stored.workspace.as_deref() == Some(wanted.workspace) => {
                met = met.saturating_add(1);
                changes.extend(change(object, stored, &prior, wanted, Action::Update));
            }
            Some(stored) if prior.imported.contains_key(address) || (kinds::is_builtin(address) && stored.workspace.is_none()) => {
                let stored = stored.clone();
                prior.imported.entry(address.clone()).or_insert_with(|| stored.id.clone());
                let change = change(object, &stored, &prior, wanted, Action::Import);
                if let Some(name) = change.as_ref().and_then(|c| c.replaced_by.first()) {
                    let message = format!("an import takes `{address}` as it is, and `{name}` would make it another one");
                    let at = object.attributes.at(name).or(object.at);
                    let help = "import it as it is in the store first, then change it";
                    found.push(Diagnostic::new(&codes::E0305, at, message).at(address).help(help));
                }
                changes.extend(change);
            }
            Some(stored) => found.push(taken(object, stored)),
        }
    }
    let own = || prior.objects.values().filter(|s| s.workspace.as_deref() == Some(wanted.workspace));
    // Where as many were met as there are, none is left that nothing asks for.
    if own().count() > met {
        let left = own().filter(|s| !wanted.objects.contains_key(&s.object.address));
        changes.extend(left.map(|stored| end(stored, &prior, wanted)));
        changes.sort_by(|a, b| a.address.cmp(&b.address));
    }
    // In the order of addresses they are.
    changes.sort_by_key(|change| rank(change.action));
    Reconciled { changes, prior }
}

/// The order of display.
fn rank(action: Action) -> u8 {
    match action {
        Action::Delete => 0,
        Action::Replace => 1,
        Action::Update => 2,
        Action::Create => 3,
        Action::Move => 4,
        Action::Import => 5,
        Action::Forget => 6,
    }
}

fn create(object: &Object, wanted: &Wanted<'_>) -> Change {
    Change {
        address: object.address.clone(),
        previous: None,
        action: Action::Create,
        before: None,
        after: Some(object.clone()),
        deltas: Vec::new(),
        replaced_by: Vec::new(),
        cause: Cause { at: object.at, place: None, stood: Vec::new(), template: wanted.templates.get(&object.at).cloned() },
        import_id: None,
        origin: crate::model::Origin::default(),
    }
}

/// Whether an object stays where it was and says the very same.
fn is_as_it_was(object: &Object, stored: &Stored, prior: &PriorMoves) -> bool {
    object.attributes == stored.object.attributes && !prior.previous.contains_key(&object.address)
}

/// The change of an object that is there; `None` when it neither differs nor moves nor becomes managed.
fn change(object: &Object, stored: &Stored, prior: &PriorMoves, wanted: &Wanted<'_>, plain: Action) -> Option<Change> {
    let address = &object.address;
    if plain == Action::Update && is_as_it_was(object, stored, prior) {
        return None;
    }
    let before = effective(&stored.object);
    let differs = deltas(&before, &said_by_key(effective(object), address, &before));
    let previous = prior.previous.get(address).cloned();
    let replaced_by: Vec<String> = differs.iter().map(|(name, _)| name).filter(|name| replaces(address, name)).cloned().collect();
    let action = match plain {
        Action::Import => Action::Import,
        _ if !replaced_by.is_empty() => Action::Replace,
        _ if !differs.is_empty() => Action::Update,
        _ if previous.is_some() => Action::Move,
        _ => return None,
    };
    Some(Change {
        address: address.clone(),
        previous,
        action,
        cause: if action == Action::Move { moved_by(address, wanted) } else { cause(object, stored, &differs, wanted) },
        before: Some(stored.object.clone()),
        after: Some(object.clone()),
        deltas: differs,
        replaced_by,
        import_id: prior.imported.get(address).cloned(),
        origin: crate::model::Origin::default(),
    })
}

/// The attributes to compare: a default that follows from the key counts as said, since keys may differ after a move.
fn effective(object: &Object) -> Table {
    let mut attributes = object.attributes.clone();
    let Some(kind) = kinds::kind(object.address.kind()) else { return attributes };
    attributes = kind.fields().fold(attributes, |mut table, field| {
        // A value equal to the default of the present key says nothing.
        if table.get(field.name).is_some_and(|v| kinds::is_default(field, v, object.address.key())) {
            table.remove(field.name);
        }
        table
    });
    attributes
}

/// After a move, what followed from the old key is compared with what follows from the new one.
fn said_by_key(mut after: Table, address: &Address, before: &Table) -> Table {
    let Some(kind) = kinds::kind(address.kind()) else { return after };
    for field in kind.form.fields.iter().filter(|f| f.default == Default::Key && before.contains(f.name)) {
        if let Some(value) = kinds::default_of(field, address.key()).filter(|_| !after.contains(field.name)) {
            after.insert(field.name, value);
        }
    }
    after
}

fn replaces(address: &Address, name: &str) -> bool {
    kinds::kind(address.kind()).and_then(|k| k.field(name)).is_some_and(|f| matches!(f.change, OnChange::Replace))
}

/// The `[[moved]]` that moves an object, or what it stands in.
fn moved_by(address: &Address, wanted: &Wanted<'_>) -> Cause {
    let moved = wanted.moves.iter().filter(|m| address.is_within(&m.to)).max_by_key(|m| m.to.as_str().len());
    Cause { at: moved.map_or(Span::NONE, |m| m.at), place: None, stood: Vec::new(), template: None }
}

/// The first changed text in the files, and where what is gone stood.
fn cause(object: &Object, stored: &Stored, differs: &[(String, Delta)], wanted: &Wanted<'_>) -> Cause {
    let mut places: Vec<Span> = Vec::new();
    let mut stood = Vec::new();
    for (name, delta) in differs {
        collect(delta, object.attributes.get(name), name, stored, &mut places, &mut stood);
    }
    let at = places.into_iter().filter(|s| s.is_some()).min().unwrap_or(object.at);
    Cause { at, place: None, stood, template: wanted.templates.get(&at).cloned() }
}

fn collect(
    delta: &Delta,
    now: Option<&Value>,
    path: &str,
    stored: &Stored,
    places: &mut Vec<Span>,
    stood: &mut Vec<(String, crate::model::Origin)>,
) {
    match delta {
        Delta::Added(value) | Delta::Changed(_, value) => places.push(value.at),
        Delta::Removed(_) => stood.push((path.to_owned(), stored.origin.clone())),
        Delta::Members(members) => {
            places.extend(members.added.iter().map(|v| v.at));
            places.extend(now.map(|v| v.at).filter(|_| members.added.is_empty()));
        }
        Delta::Table(inner) => {
            let table = now.and_then(Value::as_table);
            for (name, delta) in inner {
                collect(delta, table.and_then(|t| t.get(name)), &format!("{path}.{name}"), stored, places, stood);
            }
        }
    }
}

/// An object of this workspace that is no longer declared.
fn end(stored: &Stored, prior: &PriorMoves, wanted: &Wanted<'_>) -> Change {
    let address = &stored.object.address;
    let removal = wanted.removals.iter().filter(|r| address.is_within(&r.from)).max_by_key(|r| r.from.as_str().len());
    let released = kinds::is_builtin(address) || removal.is_some_and(|r| !r.destroy) || !(wanted.manages)(address);
    Change {
        address: address.clone(),
        previous: prior.previous.get(address).cloned(),
        action: if released { Action::Forget } else { Action::Delete },
        before: Some(stored.object.clone()),
        after: None,
        deltas: Vec::new(),
        replaced_by: Vec::new(),
        cause: Cause {
            at: removal.map_or(Span::NONE, |r| r.at),
            place: None,
            stood: vec![(String::new(), stored.origin.clone())],
            template: None,
        },
        import_id: None,
        origin: crate::model::Origin::default(),
    }
}

/// What a removal was to end is gone already.
fn report_removals(wanted: &Wanted<'_>, state: &State, found: &mut Diagnostics) {
    for removal in wanted.removals {
        let managed =
            state.objects.values().any(|s| s.workspace.as_deref() == Some(wanted.workspace) && s.object.address.is_within(&removal.from));
        if !managed && state.lineage.is_some() {
            let message = format!("`{}` is not managed any more; the `[[removed]]` can be deleted", removal.from);
            found.push(Diagnostic::new(&codes::N0308, removal.at, message).at(&removal.from));
        }
    }
}

/// Declared here, and the store's or another workspace's already.
fn taken(object: &Object, stored: &Stored) -> Diagnostic {
    let address = &object.address;
    match &stored.workspace {
        Some(owner) => Diagnostic::new(&codes::E0306, object.at, format!("`{address}` is managed by the workspace `{owner}`"))
            .help("an object is declared in one workspace; refer to it instead, or let the other one release it"),
        None => Diagnostic::new(&codes::E0305, object.at, format!("`{address}` is in the store already, unmanaged")).help(format!(
            "adopt it with `[[import]]`, `to = \"{}\"`, `id = \"{}\"`",
            address.as_str().replace('"', "\\\""),
            stored.id
        )),
    }
    .at(address)
}
