//! P7: who holds two packages, or a package and a group, of which one excludes the other (R137 to R139).

use super::asked::{Asked, Scope};
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Assignment, Facts, Person, Refusal, live_in, ways_into};
use crate::kinds::access_package::Package;
use crate::model::Address;
use std::collections::{BTreeMap, BTreeSet};

/// The report.
pub(super) static REPORT: Report = Report {
    name: "incompatible",
    tells: "Who holds what excludes each other: each pair, and who holds both",
    takes: &[Takes::Package, Takes::Person],
    columns: &[
        shown("package"),
        shown("excludes"),
        shown("said_by"),
        shown("user"),
        shown("user_name"),
        full("assignment"),
        shown("end"),
        full("other_assignment"),
        shown("other_end"),
        shown("holders_of_both"),
    ],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let scope = asked.scope(Action::ViewAssignments)?;
    let facts = asked.facts;
    let mut rows = Vec::new();
    for ((one, other), said_by) in pairs(asked, &scope) {
        let held = holders(facts, &one);
        let others = holders(facts, &other);
        let both: Vec<&String> = held.keys().filter(|name| others.contains_key(*name)).collect();
        let meant = both.iter().filter(|name| asked.person.as_ref().is_none_or(|p| p == **name));
        let count = both.len();
        let before = rows.len();
        for name in meant {
            let (mine, theirs) = (held.get(*name).and_then(Option::as_ref), others.get(*name).and_then(Option::as_ref));
            let person = facts.person(name);
            rows.push(row![
                one.reference(),
                other.reference(),
                said_by,
                name.as_str(),
                asked.seen(&person).0,
                mine.map(|a| a.id.as_str()),
                mine.and_then(|a| a.end),
                theirs.map(|a| a.id.as_str()),
                theirs.and_then(|a| a.end),
                count,
            ]);
        }
        // That nobody holds both is an answer too.
        if rows.len() == before && asked.person.is_none() {
            let nothing: Option<&str> = None;
            let nobody = row![one.reference(), other.reference(), said_by, nothing, nothing, nothing, nothing, nothing, nothing, count];
            rows.push(nobody);
        }
    }
    Ok(rows)
}

/// Each pair once, and which of the two says it.
fn pairs(asked: &Asked<'_>, scope: &Scope) -> BTreeMap<(Address, Address), &'static str> {
    let mut pairs: BTreeMap<(Address, Address), BTreeSet<bool>> = BTreeMap::new();
    for (package, _) in asked.packages() {
        for (other, _) in package.incompatible_with() {
            let mine = package.0.address.clone();
            let forward = mine <= other;
            let pair = if forward { (mine, other) } else { (other, mine) };
            pairs.entry(pair).or_default().insert(forward);
        }
    }
    let seen = |address: &Address| asked.facts.objects.get(address).is_some_and(|s| scope.has(asked.facts, &s.id));
    let is_package = |address: &Address| asked.facts.object(address).and_then(Package::of).is_some();
    pairs.retain(|(one, other), _| [one, other].into_iter().any(|a| is_package(a) && seen(a)));
    let said = |by: BTreeSet<bool>| match (by.contains(&true), by.contains(&false)) {
        (true, true) => "both",
        (true, false) => "the first",
        _ => "the second",
    };
    pairs.into_iter().map(|(pair, by)| (pair, said(by))).collect()
}

/// Who holds a package, or is of a group; of a package with the assignment.
fn holders(facts: &Facts<'_>, address: &Address) -> BTreeMap<String, Option<Assignment>> {
    match facts.objects.get(address) {
        Some(stored) if Package::of(&stored.object).is_some() => {
            let all = live_in(facts, &stored.id).into_iter();
            all.map(|a| (Person::of_named(facts, &a.target).named.name, Some(a))).collect()
        }
        _ => ways_into(facts, address, None).into_iter().map(|(name, _)| (name, None)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{FILES, World};

    #[test]
    fn pairs_with_who_holds_both() {
        // They held both before one came to exclude the other.
        let mut world = World::of(&FILES.replace("incompatible_with = [\"access_package:audit\"]\n", ""));
        world.request("bo", "audit", "");
        world.assign("bo", "sell");
        world.assign("ann", "sell");
        world.objects = World::new().objects;
        let columns = ["package", "excludes", "said_by", "user", "end", "other_end", "holders_of_both"];
        let both = "access_package:audit | access_package:sell | the second | bo@contoso.example | 03-31 | 03-31 | 1";
        // The ids of the test follow from the addresses, which are the same.
        assert_eq!(world.rows(&REPORT, &columns, "cy", |_| {}), [both]);
        let nobody = "access_package:audit | access_package:sell | the second | - | - | - | 0";
        assert_eq!(World::new().rows(&REPORT, &columns, "root", |_| {}), [nobody]);
        assert_eq!(world.rows(&REPORT, &columns, "ann", |_| {}), ["R55 root@contoso.example can"]);
    }
}
