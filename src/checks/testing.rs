//! Worlds for the tests of this room, from texts.

use super::standing::Standing;
use super::world::World;
use super::{Judged, Outcome, judge};
use crate::config::{Config, Known, configure};
use crate::diag::{SourceFile, Sources};
use crate::engine::Facts;
use crate::kinds;
use crate::model::{Holdings, Object, Origin, Stored, Zone};
use chrono::{DateTime, Utc};

/// The settings of every world.
const WRIT: &str = "[workspace]\nname = \"w\"\n";

/// When every test is.
pub fn now() -> DateTime<Utc> {
    "2027-01-01T09:00:00Z".parse().unwrap()
}

/// What a text declares.
pub fn config(text: &str) -> (Config, Sources) {
    let sources = Sources::new(vec![SourceFile::new("writ.toml", WRIT), SourceFile::new("all.toml", text)]);
    let (config, found) = configure(&sources, &Known::default());
    let Some(config) = config else { panic!("{:#?}\n{text}", found.iter().map(|d| &d.message).collect::<Vec<_>>()) };
    (config, sources)
}

/// The objects that a configuration leads to.
pub fn holdings(config: &Config) -> Holdings {
    let stored = |object: Object| {
        let (id, origin) = (object.address.to_string(), Origin::default());
        Stored { object, id, workspace: None, version: 1, origin }
    };
    kinds::builtins().into_iter().chain(config.objects.values().cloned()).map(stored).collect::<Vec<_>>().into_iter().rev().collect()
}

/// What the checks of a text come to.
pub fn outcomes(text: &str) -> Vec<Outcome> {
    let (config, sources) = config(text);
    let objects = holdings(&config);
    let place = |address: &crate::model::Address| {
        let at = config.objects.get(address)?.at;
        sources.line(at).map(|(file, line)| (file.to_owned(), line))
    };
    let judged = Judged {
        objects: &objects,
        changes: &[],
        people_losing_access: 0,
        now: now(),
        zone: Zone::UTC,
        narrowest_only: false,
        place: &place,
    };
    judge(&judged, &config.settings.checks)
}

/// Looks at 200 generated worlds, in so many of a hundred of which only the narrowest policies count; tells in how many `look` found
/// something, and in how many nothing. What the configuration refuses is no world.
pub fn worlds(seed: u64, narrowest: usize, look: impl Fn(&World<'_>, &str) -> bool) -> (usize, usize) {
    let mut dice = Dice(seed);
    let (mut some, mut none) = (0_usize, 0_usize);
    for _ in 0..200 {
        let text = generated(&mut dice);
        let sources = Sources::new(vec![SourceFile::new("writ.toml", WRIT), SourceFile::new("a.toml", &*text)]);
        let Some(config) = configure(&sources, &Known::default()).0 else { continue };
        let objects = holdings(&config);
        let judged = Judged {
            objects: &objects,
            changes: &[],
            people_losing_access: 0,
            now: now(),
            zone: Zone::UTC,
            narrowest_only: narrowest > 0 && dice.chance(narrowest),
            place: &|_| None,
        };
        let standing = Standing::of(&objects, Zone::UTC, now());
        let facts = Facts::new(&objects, &standing, now(), Zone::UTC, judged.narrowest_only);
        let count = if look(&World::new(&judged, &facts, &standing), &text) { &mut some } else { &mut none };
        *count = count.saturating_add(1);
    }
    (some, none)
}

/// What one check finds in a text, its messages.
pub fn told(text: &str, check: &str) -> Vec<String> {
    let text = format!("{text}\n[check.it]\n{check}\n");
    outcomes(&text).into_iter().flat_map(|o| o.found).map(|f| f.message).collect()
}

/// Numbers that look random, the same every time.
pub struct Dice(pub u64);

impl Dice {
    /// Below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap().checked_rem(bound).unwrap()
    }

    /// One of these.
    pub fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// In so many of a hundred cases.
    pub fn chance(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    /// Some of these.
    pub fn some<'t>(&mut self, of: &[&'t str], of_hundred: usize) -> Vec<&'t str> {
        of.iter().copied().filter(|_| self.chance(of_hundred)).collect()
    }
}

/// A small world of many sorts: people who lead each other, groups in groups, packages that give groups, exclude each other and are
/// given by rules and by the files, policies of every population with up to three stages.
pub fn generated(dice: &mut Dice) -> String {
    use std::fmt::Write as _;
    let people = ["a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"];
    let groups = ["g", "h", "k"];
    let mut text = String::new();
    for person in people {
        let _ = writeln!(text, "[user.\"{person}\"]\nenabled = {}\ndepartment = \"{}\"", dice.chance(85), dice.one(&["Q", "R"]));
        if dice.chance(60) {
            let _ = writeln!(text, "manager = \"{}\"", dice.one(&people));
        }
    }
    text.push_str("[user.\"guest@fab.example\"]\ntype = \"guest\"\norganization = \"fab\"\n");
    let sponsors = dice.some(&["\"a@x.example\"", "\"guest@fab.example\"", "\"group:g\""], 50).join(", ");
    let _ = writeln!(text, "[connected_organization.fab]\ndomains = [\"fab.example\"]\ninternal_sponsors = [{sponsors}]");
    for (n, group) in groups.iter().enumerate() {
        if *group == "k" && dice.chance(40) {
            text.push_str("[group.k]\nrule = \"user.department == 'Q'\"\n");
            continue;
        }
        let mut members: Vec<String> = dice.some(&people, 30).iter().map(|p| format!("\"{p}\"")).collect();
        members.extend(groups.iter().take(n).filter(|_| dice.chance(30)).map(|g| format!("\"group:{g}\"")));
        let _ = writeln!(text, "[group.{group}]\nmembers = [{}]", members.join(", "));
    }
    text.push_str("[catalog.c]\nexternally_visible = true\n");
    for group in ["g", "h"] {
        let _ = writeln!(text, "[catalog.c.resource.{group}]\norigin = \"group:{group}\"");
    }
    let packages = ["p", "q", "r"];
    let approvers = ["\"a@x.example\"", "\"b@x.example\"", "\"group:g\"", "\"group:h\"", "\"group:k\""];
    for package in packages {
        let others: Vec<String> =
            packages.iter().filter(|p| **p != package && dice.chance(35)).map(|p| format!("\"access_package:{p}\"")).collect();
        let _ = writeln!(text, "[access_package.{package}]\ncatalog = \"c\"\nincompatible_with = [{}]", others.join(", "));
        if dice.chance(40) {
            let _ = writeln!(text, "resource_roles.{} = \"Member\"", dice.one(&["g", "h"]));
        }
        for policy in ["one", "two"] {
            let who = dice.one(&[
                "[\"group:g\"]",
                "[\"group:h\"]",
                "[\"group:k\", \"d@x.example\"]",
                "\"all_members\"",
                "[\"connected_organization:fab\"]",
                "\"all_external_users\"",
                "[\"e@x.example\"]",
            ]);
            let outside = who.contains("organization") || who.contains("external");
            let _ = writeln!(text, "[access_package.{package}.policy.{policy}]\nrequestors = {who}\nexpiration = \"30d\"");
            if !outside && dice.chance(20) {
                text.push_str("on_behalf = \"manager\"\n");
            }
            let word = if outside { "\"internal_sponsors\"" } else { "\"manager\"" };
            let mut stages = Vec::new();
            let mut worded = false;
            for _ in 0..dice.below(4) {
                let mut named = dice.some(&approvers, 30);
                let mut fallback = String::new();
                if !worded && dice.chance(30) {
                    worded = true;
                    named.push(word);
                    fallback = format!(", fallback_approvers = [{}]", dice.one(&approvers));
                }
                if named.is_empty() {
                    named.push(dice.one(&approvers));
                }
                let escalation = if dice.chance(20) {
                    format!(", escalation = {{ after = \"2d\", approvers = [{}] }}", dice.one(&approvers))
                } else {
                    String::new()
                };
                stages.push(format!("{{ approvers = [{}], timeout = \"9d\"{fallback}{escalation} }}", named.join(", ")));
            }
            let _ = match stages.is_empty() {
                true => writeln!(text, "approval = \"none\""),
                false => writeln!(text, "approval = {{ stage = [{}] }}", stages.join(", ")),
            };
        }
        if dice.chance(20) {
            let _ = writeln!(
                text,
                "[access_package.{package}.policy.rule]\nautomatic = {{ rule = \"user.department == 'R'\", add = true, remove = true }}\nexpiration = \"never\""
            );
        }
        if dice.chance(20) {
            let _ = writeln!(
                text,
                "[access_package.{package}.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n[access_package.{package}.assignment.x]\npolicy = \"direct\"\nusers = [\"{}\"]",
                dice.one(&people)
            );
        }
    }
    text
}
