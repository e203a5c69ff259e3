//! What makes a world sound: whatever dangles is taken out, and what is missing is filled in.

use super::{Body, End, Id, Origin, Policy, Serves, Thing, World};
use std::collections::BTreeSet;

impl World {
    /// Takes out what dangles and fills in what is missing, until nothing is left to do.
    pub fn mend(&mut self) {
        loop {
            let before = self.things.clone();
            for id in self.managed_ids() {
                if !self.mend_one(id) {
                    self.things.remove(&id);
                }
            }
            if self.things == before {
                break;
            }
        }
    }

    pub(super) fn managed_ids(&self) -> Vec<Id> {
        self.things.iter().filter(|(_, t)| t.managed).map(|(id, _)| *id).collect()
    }

    /// Whether a thing is there and sound as it is.
    pub(super) fn stands(&self, id: Id) -> bool {
        let mut mended = self.clone();
        self.things.contains_key(&id) && mended.mend_one(id) && mended.things == self.things
    }

    /// Makes one thing sound; `false`: it cannot be.
    fn mend_one(&mut self, id: Id) -> bool {
        let Some(thing) = self.things.get(&id).cloned() else { return true };
        if thing.parent.is_some_and(|p| !self.things.contains_key(&p)) {
            return false;
        }
        let mut body = thing.body.clone();
        let there = |ids: &mut BTreeSet<Id>| ids.retain(|i| self.things.contains_key(i));
        let body_of = |i: &Id| self.things.get(i).map(|t| &t.body);
        match &mut body {
            Body::User { manager, organization, sponsor, .. } => {
                for slot in [manager, organization, sponsor] {
                    *slot = slot.filter(|i| self.things.contains_key(i));
                }
                if let Body::User { organization: None, sponsor, .. } = &mut body {
                    *sponsor = None;
                }
            }
            Body::Group { closed, members, owners, rule, .. } => {
                there(members);
                there(owners);
                // Members are older than their group, so that there are no rings.
                members.retain(|m| match body_of(m) {
                    Some(Body::User { .. }) => true,
                    _ => !*closed && *m < id,
                });
                if *rule {
                    members.clear();
                }
            }
            Body::Application { owners, .. } | Body::Site { owners, .. } => there(owners),
            Body::Organization { sponsors, .. } => there(sponsors),
            Body::Settings { .. } | Body::Catalog { .. } => {}
            Body::Resource { origin } => {
                let unfit = |i: &Id| match body_of(i) {
                    Some(Body::Group { closed, form, synced, .. }) => *closed || *form == 5 || *synced,
                    Some(_) => false,
                    None => true,
                };
                let same = |(other, t): (&Id, &Thing)| {
                    let twin = t.parent == thing.parent && matches!(&t.body, Body::Resource { origin: o } if *o == *origin);
                    twin && *other != id && (*other < id || !t.managed)
                };
                if matches!(&*origin, Origin::Known(i) if unfit(i)) || self.things.iter().any(same) {
                    return false;
                }
            }
            Body::Delegation { members, .. } => there(members),
            Body::Package { catalog, excludes, roles, .. } => {
                // A package never changes its catalog.
                if catalog.is_some_and(|c| !self.things.contains_key(&c)) {
                    return false;
                }
                there(excludes);
                excludes.remove(&id);
                let home = catalog.or_else(|| self.general());
                roles.retain(|r, _| home.is_some() && self.things.get(r).is_some_and(|t| t.parent == home));
                for (resource, given) in roles.iter_mut() {
                    let offered = self.offered(*resource);
                    given.retain(|r| offered.contains(r));
                }
                roles.retain(|_, given| !given.is_empty());
            }
            Body::Policy(policy) => self.mend_policy(id, thing.parent, policy),
            Body::Assignment { policy, users, start, end, .. } => {
                let governing = match self.things.get(policy) {
                    Some(Thing { body: Body::Policy(p), parent, .. }) if *parent == thing.parent => p,
                    _ => return false,
                };
                let taken: BTreeSet<Id> = self
                    .things
                    .iter()
                    .filter(|(other, t)| t.parent == thing.parent && **other != id && (**other < id || !t.managed))
                    .flat_map(|(_, t)| match &t.body {
                        Body::Assignment { users, .. } => users.clone(),
                        _ => BTreeSet::new(),
                    })
                    .collect();
                users.retain(|u| !taken.contains(u) && self.admits(governing, *u));
                if !matches!(self.effective_end(thing.parent, governing), Some(End::Never)) {
                    *end = None;
                }
                if start.is_some() && matches!(self.effective_end(thing.parent, governing), Some(End::Date(_))) {
                    *start = None;
                }
                if users.is_empty() {
                    return false;
                }
            }
        }
        if let Some(thing) = self.things.get_mut(&id) {
            thing.body = body;
        }
        true
    }

    fn mend_policy(&self, id: Id, package: Option<Id>, policy: &mut Policy) {
        let there = |ids: &mut BTreeSet<Id>| ids.retain(|i| self.things.contains_key(i));
        match &mut policy.serves {
            Serves::These(ids) | Serves::Organizations(ids) => there(ids),
            _ => {}
        }
        let empty = matches!(&policy.serves, Serves::These(ids) | Serves::Organizations(ids) if ids.is_empty());
        let first = |(other, t): (&Id, &Thing)| {
            let rules = matches!(&t.body, Body::Policy(Policy { serves: Serves::Rule, .. }));
            rules && t.parent == package && *other != id && (*other < id || !t.managed)
        };
        let second_rule = policy.serves == Serves::Rule && self.things.iter().any(first);
        if empty || second_rule || (policy.serves.is_outside() && !self.is_visible(package)) {
            policy.serves = Serves::Nobody;
        }
        for stage in &mut policy.stages {
            there(&mut stage.approvers);
            stage.approvers.retain(|a| !matches!(self.things[a].body, Body::Group { closed: false, .. }));
        }
        policy.stages.retain(|s| !s.approvers.is_empty());
        let mut worded = false;
        for stage in &mut policy.stages {
            stage.word &= !worded;
            worded |= stage.word;
        }
        if matches!(policy.serves, Serves::Nobody | Serves::Rule) {
            policy.stages.clear();
            policy.extension = 0;
            policy.questions = 0;
            policy.flags[0] = false;
            policy.flags[1] = false;
            policy.flags[2] = false;
        }
        if policy.stages.is_empty() && policy.extension == 2 {
            policy.extension = 1;
        }
        if let Some(reviewers) = &mut policy.review {
            there(reviewers);
            if reviewers.is_empty() {
                policy.review = None;
            }
        }
        if self.effective_end(package, policy).is_none() {
            policy.expiration = Some(End::Never);
        }
    }

    fn is_visible(&self, package: Option<Id>) -> bool {
        let Some(Body::Package { catalog, .. }) = package.and_then(|p| self.things.get(&p)).map(|t| &t.body) else { return false };
        let home = catalog.or_else(|| self.general());
        matches!(home.and_then(|c| self.things.get(&c)).map(|t| &t.body), Some(Body::Catalog { external: true, .. }))
    }

    fn effective_end(&self, package: Option<Id>, policy: &Policy) -> Option<End> {
        let inherited = match package.and_then(|p| self.things.get(&p)).map(|t| &t.body) {
            Some(Body::Package { expiration, .. }) => *expiration,
            _ => None,
        };
        policy.expiration.or(inherited).or(self.settings.defaults)
    }

    fn admits(&self, policy: &Policy, user: Id) -> bool {
        let Some(Body::User { organization, .. }) = self.things.get(&user).map(|t| &t.body) else { return false };
        match &policy.serves {
            Serves::Organizations(ids) => organization.is_some_and(|o| ids.contains(&o)),
            serves => !serves.is_outside() || organization.is_some(),
        }
    }

    /// Everybody whom a thing names, its parent included.
    pub(super) fn needs(&self, id: Id) -> BTreeSet<Id> {
        let thing = &self.things[&id];
        let mut all: BTreeSet<Id> = thing.parent.into_iter().collect();
        match &thing.body {
            Body::User { manager, organization, sponsor, .. } => all.extend([manager, organization, sponsor].into_iter().flatten()),
            Body::Group { members, owners, .. } => all.extend(members.iter().chain(owners)),
            Body::Application { owners, .. } | Body::Site { owners, .. } => all.extend(owners),
            Body::Organization { sponsors, .. } => all.extend(sponsors),
            Body::Settings { .. } | Body::Catalog { .. } | Body::Resource { origin: Origin::Own(_) } => {}
            Body::Resource { origin: Origin::Known(origin) } => all.extend([origin]),
            Body::Delegation { members, .. } => all.extend(members),
            Body::Package { catalog, excludes, roles, .. } => all.extend(catalog.iter().chain(excludes).chain(roles.keys())),
            Body::Policy(policy) => {
                if let Serves::These(ids) | Serves::Organizations(ids) = &policy.serves {
                    all.extend(ids);
                }
                all.extend(policy.stages.iter().flat_map(|s| &s.approvers).chain(policy.review.iter().flatten()));
            }
            Body::Assignment { policy, users, .. } => all.extend(users.iter().chain([policy])),
        }
        all
    }
}

impl Serves {
    pub(super) fn is_outside(&self) -> bool {
        matches!(self, Serves::Organizations(_) | Serves::Word("all_connected_organizations" | "all_external_users"))
    }
}
