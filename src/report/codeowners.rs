//! Who owns which file of a workspace: who may change everything that stands in it.
//!
//! In: the objects that files declare, with the file of each, and what a forge calls people. Out: [`Owned`], the last of which that
//! covers a file counts, and who has no handle.
//! Invariants: a file has an owner always: where nobody else may change everything in it, or has a handle, administrators do; a
//! directory stands for its files where all below it has the same owners, so that a new file there has them too.

use crate::authority::{Action as Act, Role, holders};
use crate::diag::Span;
use crate::kinds::group::Group;
use crate::kinds::{self, Need, catalog, delegation};
use crate::model::{Action, Address, Cause, Change, Object, Origin};
use std::collections::{BTreeMap, BTreeSet};

/// Owners of some files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// A file, a directory with `/` at its end, or everything, which is empty; from the top of the workspace.
    pub path: String,
    /// What the forge calls the owners, sorted.
    pub owners: Vec<String>,
}

/// Who owns what, the widest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners {
    /// In the order of lines: the last one that covers a file counts.
    pub all: Vec<Owned>,
    /// Users and groups who own something, and whom the forge does not know.
    pub nameless: Vec<Address>,
}

/// Works out who owns the files of a workspace. `files` holds each with the objects that it declares; one that declares none, but
/// templates, moves or settings, is the administrators'.
#[must_use]
pub fn owners(objects: &BTreeMap<Address, Object>, files: &BTreeMap<String, Vec<&Object>>, handles: &BTreeMap<Address, String>) -> Owners {
    let mut bench = Bench { objects, handles, nameless: BTreeSet::new(), known: BTreeMap::new() };
    let administrators = bench.who((Act::ChangeDirectory, None));
    let usual = bench.called(&administrators);
    let mut each: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (file, declared) in files {
        let everybody = declared.iter().flat_map(|o| needs(o, objects)).collect::<BTreeSet<_>>();
        let may = everybody.into_iter().map(|matter| bench.who(matter)).reduce(|a, b| a.intersection(&b).cloned().collect());
        let others: BTreeSet<Address> = may.unwrap_or_default().difference(&administrators).cloned().collect();
        let called = bench.called(&others);
        each.insert(file, if called.is_empty() { usual.clone() } else { called });
    }
    let mut all = vec![Owned { path: String::new(), owners: usual.clone() }];
    fold("", &each.iter().map(|(f, o)| (*f, o)).collect::<Vec<_>>(), &usual, &mut all);
    Owners { all, nameless: bench.nameless.into_iter().collect() }
}

/// An action, and where it takes place.
type Matter = (Act, Option<Address>);

struct Bench<'a> {
    objects: &'a BTreeMap<Address, Object>,
    handles: &'a BTreeMap<Address, String>,
    nameless: BTreeSet<Address>,
    known: BTreeMap<Matter, BTreeSet<Address>>,
}

impl Bench<'_> {
    /// Who may do it, administrators included.
    fn who(&mut self, matter: Matter) -> BTreeSet<Address> {
        if let Some(known) = self.known.get(&matter) {
            return known.clone();
        }
        let delegations = self.objects.values().filter(|o| o.address.kind() == delegation::KIND.name);
        let found: BTreeSet<Address> = holders(delegations, matter.0, matter.1.as_ref()).into_iter().collect();
        self.known.insert(matter, found.clone());
        found
    }

    /// What the forge calls them; of a group that it does not know, its declared members.
    fn called(&mut self, all: &BTreeSet<Address>) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut queue: Vec<Address> = all.iter().cloned().collect();
        while let Some(next) = queue.pop() {
            if !seen.insert(next.clone()) {
                continue;
            }
            match (self.handles.get(&next), self.objects.get(&next).and_then(Group::of)) {
                (Some(handle), _) => drop(found.insert(handle.clone())),
                (None, Some(group)) if !group.is_dynamic() => queue.extend(group.members()),
                (None, _) => drop(self.nameless.insert(next)),
            }
        }
        found.into_iter().collect()
    }
}

/// What it takes to change an object, and to write down what it says.
fn needs(object: &Object, objects: &BTreeMap<Address, Object>) -> Vec<Matter> {
    let Some(kind) = kinds::kind(object.address.kind()) else { return Vec::new() };
    let within = catalog::of(&object.address, |a| objects.get(a));
    let cause = Cause { at: Span::NONE, place: None, stood: Vec::new(), template: None };
    let change = Change {
        address: object.address.clone(),
        previous: None,
        action: Action::Move,
        before: Some(object.clone()),
        after: Some(object.clone()),
        deltas: Vec::new(),
        replaced_by: Vec::new(),
        cause,
        import_id: None,
        origin: Origin::default(),
    };
    let said = object.attributes.iter().filter_map(|(name, _)| kind.field(name)?.needs).map(Need::Act);
    let action = |need: Need| match need {
        Need::Act(word) | Need::ActOrOwn(word, _) | Need::ActAndOwn(word, _) => Act::of_word(word),
        Need::HandOut(role) => Role::of_word(&role).and_then(Role::handed_out_by),
    };
    (kind.needs)(&change).into_iter().chain(said).filter_map(action).map(|a| (a, within.clone())).collect()
}

/// Lines for the files below a directory, whose owners are `usual` where no line says otherwise.
fn fold(directory: &str, files: &[(&str, &Vec<String>)], usual: &Vec<String>, out: &mut Vec<Owned>) {
    let mut directories: BTreeMap<&str, Vec<(&str, &Vec<String>)>> = BTreeMap::new();
    for (file, owners) in files {
        let rest = file.get(directory.len()..).unwrap_or_default();
        match rest.find('/') {
            Some(end) => {
                let inner = file.get(..directory.len().saturating_add(end).saturating_add(1)).unwrap_or_default();
                directories.entry(inner).or_default().push((file, owners));
            }
            None if *owners != usual => out.push(Owned { path: (*file).to_owned(), owners: (*owners).clone() }),
            None => {}
        }
    }
    for (inner, files) in directories {
        let first = files.first().map(|(_, owners)| *owners);
        match first.filter(|first| files.iter().all(|(_, owners)| owners == first)) {
            Some(same) if same != usual => out.push(Owned { path: inner.to_owned(), owners: same.clone() }),
            Some(_) => {}
            None => fold(inner, &files, usual, out),
        }
    }
}
