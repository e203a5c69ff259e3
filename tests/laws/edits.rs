//! What people do to a workspace: add, change, delete, rename, let go, take back.

use super::{Body, Dice, End, Id, KINDS, Settings, Thing, World};
use std::collections::BTreeSet;

impl World {
    /// A thing and all that stands in it.
    fn within(&self, id: Id) -> Vec<Id> {
        let mut all = vec![id];
        all.extend(self.children(id));
        all
    }

    /// The next version of the workspace. `ids` tells the id of an address in the store.
    pub fn edited(&self, dice: &mut Dice, ids: &dyn Fn(&str) -> Option<String>) -> World {
        let mut next = self.clone();
        let keep = dice.chance(30);
        next.moved.retain(|_| keep);
        next.removed.clear();
        next.imports.clear();
        next.released.clear();
        // What is released takes along what stands in it, so one edit either releases or deletes.
        let deletes = dice.chance(50);
        let mut renamed = BTreeSet::new();
        for _ in 0..1 + dice.below(5) {
            match dice.below(20) {
                0..3 => {
                    let kind = dice.pick(KINDS).unwrap_or("user");
                    next.add(kind, dice);
                }
                3..7 if deletes => next.delete(dice),
                3..7 => next.release(self, dice),
                7..9 => next.adopt(self, dice, ids),
                9..11 => next.rename(self, &mut renamed, dice),
                11..14 => next.shift(self, dice),
                14 => next.settings = Settings { zone: dice.chance(30), limit: dice.chance(20), entra: dice.chance(10), ..next.settings },
                15 => next.settings.defaults = dice.chance(50).then(|| End::Days(100 + dice.below(100))),
                _ => next.change(dice),
            }
            next.mend();
        }
        // What lives on in the store can be neither thought away nor mended.
        let lives_on = |id: &&Id| !self.things[*id].managed || next.released.contains(id);
        if !self.things.keys().filter(lives_on).all(|id| next.stands(*id)) {
            return self.clone();
        }
        next.tell(self, dice);
        next
    }

    /// Only other names: up to three of them.
    pub fn renamed(&self, dice: &mut Dice) -> (World, BTreeSet<Id>) {
        let mut next = self.clone();
        let mut renamed = BTreeSet::new();
        for _ in 0..1 + dice.below(3) {
            next.rename(self, &mut renamed, dice);
        }
        next.tell(self, dice);
        (next, renamed)
    }

    /// Says every name that would follow from a key.
    pub fn pinned(mut self) -> World {
        for (id, thing) in &mut self.things {
            thing.display = Some(format!("Pinned {id}"));
            if let Body::User { mail, .. } = &mut thing.body {
                *mail = true;
            }
        }
        self
    }

    /// `[[moved]]` for what has another key than before.
    fn tell(&mut self, before: &World, dice: &mut Dice) {
        let mut told = Vec::new();
        for (id, thing) in self.things.iter().filter(|(_, t)| t.managed) {
            let Some(old) = before.things.get(id).filter(|old| old.managed && old.key != thing.key) else { continue };
            let (from, to) = (before.address(*id), self.address(*id));
            let word = |parent: &str, key: &str| match parent {
                "" => format!("{}.{key}", thing.body.kind()),
                _ => format!("{parent}.{}.{key}", thing.body.kind()),
            };
            let quoted = |key: &str| if key.contains('@') { format!("\"{key}\"") } else { key.to_owned() };
            let parents = thing.parent.map(|p| (before.address(p), self.address(p)));
            let chained = |id: Id| id.is_multiple_of(4);
            match parents {
                // A child of a renamed parent is told by the old names, by the new ones, or from old to new.
                Some((old_parent, new_parent)) if old_parent != new_parent => told.push(match dice.below(3) {
                    0 => (from, word(&old_parent, &thing.key)),
                    1 if !thing.parent.is_some_and(chained) => (from, to),
                    _ => (word(&new_parent, &old.key), to),
                }),
                _ if chained(*id) => {
                    let middle = word(&parents.map_or(String::new(), |(_, p)| p), &quoted(&format!("mid-{}", thing.key)));
                    told.push((from, middle.clone()));
                    told.push((middle, to));
                }
                _ => told.push((from, to)),
            }
        }
        let released: Vec<String> = self.released.iter().map(|id| self.address(*id)).collect();
        self.removed.extend(released.into_iter().map(|from| (from, false)));
        self.moved.extend(told);
        dice.shuffle(&mut self.moved);
        let declared: BTreeSet<String> = self.managed_ids().into_iter().map(|id| self.address(id)).collect();
        self.moved.retain(|(from, _)| !declared.contains(from));
        self.removed.retain(|(from, _)| !declared.contains(from));
    }

    /// What is never taken away, since a workspace without a single table is none.
    fn is_first(&self, id: Id) -> bool {
        self.things.keys().next() == Some(&id)
    }

    fn delete(&mut self, dice: &mut Dice) {
        let Some(id) = dice.pick(&self.managed_ids()) else { return };
        let gone = self.within(id);
        let kept = |t: &Thing| !t.managed || t.protected;
        let needed = |other: &Id| !self.things[other].managed && self.needs(*other).iter().any(|n| gone.contains(n));
        if self.is_first(id)
            || gone.iter().any(|g| kept(&self.things[g]))
            || self.things.keys().any(needed)
            || self.things[&id].key == "general"
        {
            return;
        }
        if dice.chance(10) {
            self.removed.push((self.address(id), true));
        }
        gone.iter().for_each(|g| {
            self.things.remove(g);
        });
    }

    fn release(&mut self, before: &World, dice: &mut Dice) {
        let known: Vec<Id> = self.managed_ids().into_iter().filter(|id| before.things.get(id).is_some_and(|t| t.managed)).collect();
        let Some(id) = dice.pick(&known).filter(|id| !self.is_first(*id)) else { return };
        // What lives on says what it said, so whatever else this edit did to it is undone; so is what it needs.
        let all: Vec<Id> = before.within(id);
        let needed = |n: Id| all.contains(&n) || self.things.contains_key(&n);
        if all.iter().any(|a| !self.things.contains_key(a) || before.needs(*a).into_iter().any(|n| !needed(n))) || self.within(id) != all {
            return;
        }
        for a in all {
            let mut thing = before.things[&a].clone();
            thing.managed = false;
            self.things.insert(a, thing);
        }
        // `general` lives on in any case, and what stands in it only when that is said.
        if self.things[&id].key != "general" || !self.children(id).is_empty() {
            self.released.push(id);
        }
    }

    fn adopt(&mut self, before: &World, dice: &mut Dice, ids: &dyn Fn(&str) -> Option<String>) {
        let unmanaged: Vec<Id> = self.things.iter().filter(|(_, t)| !t.managed).map(|(id, _)| *id).collect();
        let Some(id) = dice.pick(&unmanaged) else { return };
        let Some(store_id) = before.things.get(&id).filter(|t| !t.managed).and_then(|_| ids(&before.address(id))) else { return };
        let general = self.things[&id].key == "general" || self.things[&id].key == "external_users";
        let fresh = self.fresh(self.things[&id].body.kind(), dice);
        let Some(thing) = self.things.get_mut(&id) else { return };
        thing.managed = true;
        if !general && dice.chance(40) {
            thing.key = fresh;
        }
        if thing.key != "general" {
            self.imports.push((id, store_id));
        }
    }

    fn rename(&mut self, before: &World, renamed: &mut BTreeSet<Id>, dice: &mut Dice) {
        let fit = |id: &Id| {
            let fixed = matches!(self.things[id].key.as_str(), "general" | "external_users");
            !fixed && !renamed.contains(id) && before.things.get(id).is_some_and(|t| t.managed)
        };
        let all: Vec<Id> = self.managed_ids().into_iter().filter(fit).collect();
        let parents: Vec<Id> = all.iter().copied().filter(|id| !self.children(*id).is_empty()).collect();
        let from = if dice.chance(50) && !parents.is_empty() { &parents } else { &all };
        let Some(id) = dice.pick(from) else { return };
        let fresh = self.fresh(self.things[&id].body.kind(), dice);
        let Some(thing) = self.things.get_mut(&id) else { return };
        let old = std::mem::replace(&mut thing.key, fresh);
        // A name that followed from the key: mostly it does so again, now and then it stays or was the new one before.
        if thing.display.is_none() && dice.chance(20) {
            thing.display = Some(old);
        }
        renamed.insert(id);
    }

    /// Something says one thing differently.
    fn change(&mut self, dice: &mut Dice) {
        let Some(id) = dice.pick(&self.managed_ids()) else { return };
        let (kind, parent) = (self.things[&id].body.kind(), self.things[&id].parent);
        let Some(mut other) = self.body(kind, parent, dice) else { return };
        match (&self.things[&id].body, &mut other) {
            (Body::Package { catalog, roles, .. }, Body::Package { catalog: home, roles: given, .. }) => {
                let others = self.roles(*catalog, dice);
                *home = *catalog;
                *given = if dice.chance(50) { roles.clone() } else { others };
            }
            (Body::Organization { domain, .. }, Body::Organization { domain: same, .. }) => *same = *domain,
            (Body::Group { closed, .. }, Body::Group { closed: same, .. }) => *same = *closed,
            _ => {}
        }
        let (named, next) = (dice.chance(40), self.next);
        let Some(thing) = self.things.get_mut(&id) else { return };
        thing.protected ^= dice.chance(4);
        if named && !matches!(thing.body, Body::Delegation { .. } | Body::Settings { .. } | Body::Assignment { .. }) {
            thing.display = dice.chance(50).then(|| format!("Other {next}"));
            self.next += 1;
        } else {
            thing.body = other;
        }
    }

    /// A resource stands for something else, and whoever used it lets go; or an assignment starts another day.
    fn shift(&mut self, before: &World, dice: &mut Dice) {
        let all: Vec<Id> =
            self.managed("resource").into_iter().chain(self.managed("assignment")).chain(self.managed("delegation")).collect();
        let Some(id) = dice.pick(&all) else { return };
        let (kind, parent) = (self.things[&id].body.kind(), self.things[&id].parent);
        let Some(other) = self.body(kind, parent, dice) else { return };
        if let Some(thing) = self.things.get_mut(&id) {
            thing.body = other;
        }
        let used = |t: &Thing| matches!(&t.body, Body::Package { roles, .. } if roles.contains_key(&id));
        for package in self.managed("access_package") {
            let was = before.things.get(&package).is_some_and(used);
            if let Some(Thing { body: Body::Package { roles, .. }, .. }) = self.things.get_mut(&package).filter(|_| was) {
                roles.remove(&id);
            }
        }
    }
}
