//! What has to be looked at beside what changed: the objects about which a rule, a guard or a count may come to say something else.
//!
//! In: the changes of a few files. Out: the objects of the store that are near, or nothing where they reach further than is followed.
//! Invariant: whatever is told of a workspace that had nothing to tell has a changed object in what it is told of. Rule by rule:
//!
//! | What may be told | Looks at | So near are |
//! | --- | --- | --- |
//! | `rules/assignments` | the assignments of a package, their policies, the people of outside ones | the package's children; an assignment by an outside policy is not followed |
//! | `rules/automatic` | the policies of a package | the package's children |
//! | `rules/names` | the names in a package, in a catalog, of all catalogs | the package's children; the catalog's packages; another name of a catalog is not followed |
//! | `rules/outside` | a policy, its package and catalog | the packages of a changed catalog, with their policies |
//! | `rules/packages` | a package, its policies, whom it excludes and who excludes it | the package's children, and packages on either side |
//! | `rules/resources` | a catalog's origins; a package, its resources, their origins | the catalog's resources; the packages that give a changed one |
//! | `rules/self_approval` | a policy, its package, the groups that it gives, approvers and the groups in them | the package's children; groups in groups |
//! | `resolve`, `parents`, guard `needed`, what a plan relied on | who names what is gone, or stands in it | who refers to what is gone; a child that stays behind is not followed |
//! | `ring` | kinds that lead back to themselves, all of the directory | nothing: another directory is not followed |
//! | `sound`, a kind's own `check`, guards `forbidden` and `protected`, `timely` | one change | what it names |
//! | guard `incompatible` | the assignments of packages that exclude each other | packages on either side of a changed one, or of one whose assignments change, with theirs |
//! | guard `administrator` | delegations that make one | nothing: another one of these is not followed |
//! | guard `brakes` | how many are managed | nothing: they were counted |
//! | what it does to people | assignments, groups, populations, delegations | the package's children; where anybody could be named, or would be, all is looked at |
//! | inherited values | a package, for its policies in other files | not followed |
//!
//! "Not followed" means that all files are planned. So they are where anything is told at all, or stands in the way; and where the plan
//! does something to somebody, which only who sees the whole directory, and what each of its people holds, can tell.

use super::index::{Index, Row};
use crate::kinds::{
    self, access_package, access_package::Package, assignment, catalog, delegation, group, policy, resource, resource::Resource,
};
use crate::model::{Address, Object, Stored};
use crate::ops::decode;
use crate::plan::declared::id;
use crate::store::Look;
use std::collections::{BTreeMap, BTreeSet};

/// The kinds whose changes are followed.
const FOLLOWED: [&str; 6] =
    [catalog::KIND.name, resource::KIND.name, delegation::KIND.name, access_package::KIND.name, policy::KIND.name, assignment::KIND.name];

/// The most objects that are read of the store for a plan of few files.
const MOST: usize = 4_096;

/// An object that is not as it was.
#[derive(Debug)]
pub(super) struct Changed {
    /// Where it was remembered.
    pub row: Option<Row>,
    /// As the store has it.
    pub before: Option<Object>,
    /// As the files have it, without what says the same as absence.
    pub after: Option<Object>,
}

/// The part of the store that was looked at.
pub(super) struct Around<'a> {
    look: &'a Look<'a>,
    workspace: &'a str,
    /// What there is of it.
    pub stored: BTreeMap<Address, Stored>,
    /// What there is not.
    absent: BTreeSet<Address>,
    /// What the rules look at as the workspace's own.
    pub own: BTreeSet<Address>,
}

impl<'a> Around<'a> {
    pub(super) fn new(look: &'a Look<'a>, workspace: &'a str) -> Option<Around<'a>> {
        let mut around = Around { look, workspace, stored: BTreeMap::new(), absent: BTreeSet::new(), own: BTreeSet::new() };
        kinds::builtins().iter().try_for_each(|builtin| around.fetch(&builtin.address).map(|_| ()))?;
        Some(around)
    }

    /// Looks for an object in the store, and tells whether it is there; nothing where it is not one that can be followed.
    pub(super) fn fetch(&mut self, address: &Address) -> Option<bool> {
        if self.stored.contains_key(address) {
            return Some(true);
        }
        if self.absent.contains(address) {
            return Some(false);
        }
        if self.stored.len().saturating_add(self.absent.len()) >= MOST {
            return None;
        }
        let Some(row) = self.look.object(address.as_str()).ok()? else {
            self.absent.insert(address.clone());
            return Some(false);
        };
        let stored = decode::one(&row.view()).ok()?;
        let ours = match &stored.workspace {
            Some(workspace) => **workspace == *self.workspace,
            None => kinds::is_builtin(address),
        };
        self.stored.insert(address.clone(), stored);
        ours.then_some(true)
    }

    /// An object that was remembered, and so is in the store.
    pub(super) fn get(&mut self, address: &Address) -> Option<&Object> {
        self.fetch(address)?.then(|| self.stored.get(address).map(|stored| &stored.object))?
    }

    /// Reads all that is near. `written` are the objects of the edited files.
    pub(super) fn gather(
        &mut self,
        index: &Index<'_>,
        changes: &BTreeMap<Address, Changed>,
        written: &BTreeMap<Address, Object>,
    ) -> Option<()> {
        let mut near = Near::default();
        for (address, changed) in changes {
            near.change(index, address, changed, changes, written)?;
        }
        near.packages(index, changes, self)?;
        for address in near.own.iter().filter(|address| !changes.contains_key(address)) {
            self.get(address)?;
        }
        self.own.extend(near.own.into_iter().filter(|address| !changes.contains_key(address)));
        for address in &near.beside {
            self.fetch(address)?;
        }
        self.close(changes)
    }

    /// Reads what these name, and what that rests on.
    fn close(&mut self, changes: &BTreeMap<Address, Changed>) -> Option<()> {
        let mut queue: Vec<Address> = Vec::new();
        let mut seen: BTreeSet<Address> = self.own.clone();
        for changed in changes.values() {
            changed.before.iter().chain(&changed.after).for_each(|object| queue.extend(named(object)));
        }
        self.own.iter().filter_map(|address| self.stored.get(address)).for_each(|stored| queue.extend(named(&stored.object)));
        while let Some(address) = queue.pop() {
            if seen.insert(address.clone())
                && self.fetch(&address)?
                && let Some(stored) = self.stored.get(&address)
            {
                queue.extend(named(&stored.object));
            }
        }
        Some(())
    }
}

/// What an object names and stands in, as far as it matters to who names the object.
fn named(object: &Object) -> Vec<Address> {
    let targets = || kinds::references(object).into_iter().map(|reference| reference.target.address());
    match object.address.kind() {
        // Who is in a group by another one; but its people are told by the group itself.
        kind if kind == group::KIND.name => targets().filter(|target| target.kind() == kind).collect(),
        kind if FOLLOWED.contains(&kind) => targets().chain(object.address.parent()).collect(),
        _ => Vec::new(),
    }
}

/// What is near, by address.
#[derive(Default)]
struct Near {
    /// Packages of which all children count.
    packages: BTreeSet<Address>,
    /// Those of them whose exclusions count too.
    excluding: BTreeSet<Address>,
    /// What the rules look at as the workspace's own.
    own: BTreeSet<Address>,
    /// Whose names and origins are taken.
    beside: BTreeSet<Address>,
}

impl Near {
    fn change(
        &mut self,
        index: &Index<'_>,
        address: &Address,
        changed: &Changed,
        changes: &BTreeMap<Address, Changed>,
        written: &BTreeMap<Address, Object>,
    ) -> Option<()> {
        let Changed { row, before, after } = changed;
        let gone = |address: &Address| changes.get(address).is_some_and(|changed| changed.after.is_none());
        let kind = address.kind();
        if !FOLLOWED.contains(&kind) || kinds::is_builtin(address) {
            return None;
        }
        let referrers = match row {
            Some(row) => addresses(index, row)?,
            None => Vec::new(),
        };
        let packages = || referrers.iter().filter(|a| a.kind() == access_package::KIND.name).cloned();
        let renamed = || before.as_ref().map(|o| kinds::display_name(o).0) != after.as_ref().map(|o| kinds::display_name(o).0);
        match kind {
            kind if kind == delegation::KIND.name => {
                if before.iter().chain(after).any(delegation::is_administrator) {
                    return None;
                }
            }
            kind if kind == catalog::KIND.name => {
                if after.is_some() && renamed() {
                    return None;
                }
                self.packages.extend(packages());
            }
            kind if kind == resource::KIND.name => {
                self.packages.extend(packages());
                let identity = |object: &'_ Option<Object>| object.as_ref().and_then(Resource::of).map(|r| owned(r.identity()));
                if after.is_some() && identity(before) != identity(after) {
                    self.beside.extend(standing(index, &address.parent()?, kind)?);
                }
            }
            kind if kind == access_package::KIND.name => {
                self.packages.insert(address.clone());
                self.excluding.insert(address.clone());
                if let Some(package) = after.as_ref().and_then(Package::of).filter(|_| renamed()) {
                    self.beside.extend(standing(index, &package.catalog(), kind)?);
                }
                let inherited = |object: &Option<Object>| object.as_ref().and_then(Package::of).and_then(Package::expiration).cloned();
                let policies = referrers.iter().filter(|a| a.kind() == policy::KIND.name);
                if inherited(before) != inherited(after) && !policies.into_iter().all(|policy| written.contains_key(policy)) {
                    return None;
                }
            }
            _ => {
                self.packages.insert(address.parent()?);
                if kind == assignment::KIND.name {
                    self.excluding.insert(address.parent()?);
                }
            }
        }
        if after.is_some() {
            return if address.parent().is_some_and(|parent| gone(&parent)) { None } else { Some(()) };
        }
        for referrer in referrers.into_iter().filter(|referrer| !gone(referrer)) {
            match referrer.kind() {
                _ if referrer.parent().as_ref() == Some(address) => return None,
                kind if kind == access_package::KIND.name => drop(self.packages.insert(referrer)),
                kind if [policy::KIND.name, assignment::KIND.name].contains(&kind) => drop(self.packages.insert(referrer.parent()?)),
                _ => return None,
            }
        }
        Some(())
    }

    /// The packages with what stands in them, and those that some of them exclude or are excluded by, with theirs.
    fn packages(&mut self, index: &Index<'_>, changes: &BTreeMap<Address, Changed>, around: &mut Around<'_>) -> Option<()> {
        let mut all = std::mem::take(&mut self.packages);
        for package in &self.excluding {
            let excludes = |object: &Object| {
                let others = Package::of(object).into_iter().flat_map(Package::incompatible_with).map(|(other, _)| other);
                others.filter(|other| other.kind() == access_package::KIND.name).collect::<Vec<_>>()
            };
            match changes.get(package) {
                Some(changed) => changed.before.iter().chain(&changed.after).for_each(|object| all.extend(excludes(object))),
                None => all.extend(excludes(around.get(package)?)),
            }
            if let Some(row) = index.find(&id(package.as_str()))? {
                all.extend(addresses(index, &row)?.into_iter().filter(|a| a.kind() == access_package::KIND.name));
            }
        }
        for package in all {
            // One that is new has nothing in it yet, and one that is nowhere is told.
            let Some(row) = index.find(&id(package.as_str()))? else { continue };
            let children = addresses(index, &row)?.into_iter().filter(|a| a.parent().as_ref() == Some(&package));
            self.own.extend(children);
            self.own.insert(package);
        }
        Some(())
    }
}

fn owned((kind, key): (&str, &str)) -> (String, String) {
    (kind.to_owned(), key.to_owned())
}

/// The objects of a kind that refer to a catalog or stand in it.
fn standing(index: &Index<'_>, catalog: &Address, kind: &str) -> Option<Vec<Address>> {
    let row = index.find(&id(catalog.as_str()))??;
    Some(addresses(index, &row)?.into_iter().filter(|a| a.kind() == kind).collect())
}

fn addresses(index: &Index<'_>, row: &Row) -> Option<Vec<Address>> {
    index.referrers(row)?.iter().map(|row| index.address(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else a package could leave something else to its policies than what is looked at above.
    #[test]
    fn nothing_but_an_expiration_is_inherited() {
        let inherited = |kind: &'static kinds::Kind| {
            let fields = kind.fields().filter(|field| field.default == kinds::Default::Inherited);
            fields.map(|field| (kind.name, field.name))
        };
        let all: Vec<(&str, &str)> = kinds::LIST.iter().copied().flat_map(inherited).collect();
        assert_eq!(all, [("policy", "expiration")]);
    }

    /// Else a change of them could close a ring.
    #[test]
    fn no_kind_whose_changes_are_followed_leads_back_to_itself() {
        for kind in FOLLOWED {
            let mut queue = vec![kind];
            let mut seen = BTreeSet::new();
            while let Some(next) = queue.pop() {
                for target in kinds::strong_targets(kinds::kind(next).unwrap()) {
                    assert_ne!(target, kind);
                    if seen.insert(target) {
                        queue.push(target);
                    }
                }
            }
        }
    }
}
