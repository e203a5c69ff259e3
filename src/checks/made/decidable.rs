//! A proof: every request can be decided by somebody who is not the requestor.
//!
//! It goes over everybody whom each policy admits, known or not, for themselves and through a manager who asks for them, and over
//! every order in which stages may be decided: who decided one stage decides no later one. A stage can be decided by those whom
//! it names, its fallback and its alternates together, since each comes in where those before are not there; so of a policy whose
//! every stage has enough of them nobody has to be looked at, and of the others those alike are looked at once. What is told was
//! asked of the engine.

use super::{Check, Found, World};
use crate::engine::{Named, Request, RequestKind, Stage, StageTerms, Terms, Verdict, Who, deciders, offers, people_of};
use crate::kinds::access_package::Package;
use crate::kinds::connected_organization as organization;
use crate::kinds::policy::{Policy, Population};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    world.policies().filter_map(|(package, policy)| counterexample(world, package, policy)).collect()
}

/// Who may come to decide a stage.
struct Seats {
    /// By name or through groups: those who can sign in. Nobody is listed where there are enough, whoever asks.
    named: Option<Vec<usize>>,
    /// The words that stand for people who are looked up.
    words: Vec<String>,
}

impl Seats {
    /// How many of those who are named neither ask nor are to have it; nothing, where there are enough whoever asks.
    fn without(&self, person: usize, requestor: Option<usize>) -> Option<usize> {
        let named = self.named.as_ref()?;
        Some(named.iter().filter(|n| **n != person && Some(**n) != requestor).count())
    }
}

/// A request that nobody can decide.
struct Stuck {
    stage: usize,
    terms: StageTerms,
    request: Request,
}

fn counterexample<'a>(world: &World<'a>, package: Package<'a>, policy: Policy<'a>) -> Option<Found> {
    let decided = policy.approves_requests() || policy.extension() == "approval";
    let asked = matches!(policy.population(), Population::Inside | Population::Outside);
    if !decided || !asked || !policy.is_enabled() {
        return None;
    }
    let terms = Terms::of(world.facts, policy, true);
    // Who asks, and for whom, decides nothing.
    let apart = if policy.serves_managers() { 2 } else { 1 };
    let seats: Vec<Seats> = (0..).zip(&terms.stages).map(|(earlier, stage)| seats(world, stage, apart, earlier)).collect();
    if seats.iter().all(|s| s.named.is_none()) {
        return None;
    }
    let admitted = world.admitted(package, policy);
    // Those alike: of whom the same people are left to decide.
    let mut alike: BTreeMap<Vec<Vec<usize>>, Vec<(usize, Option<usize>)>> = BTreeMap::new();
    for person in admitted.iter() {
        let manager = world.manager(person).filter(|_| policy.serves_managers());
        for requestor in [None].into_iter().chain(manager.map(Some)) {
            // Those who are named are enough for nearly everybody; who has to be looked up comes on top.
            if (1..).zip(&seats).all(|(needed, s)| s.without(person, requestor).is_none_or(|n| n >= needed)) {
                continue;
            }
            let left: Vec<Vec<usize>> = seats.iter().map(|s| left(world, s, person, requestor)).collect();
            let short = (1..).zip(&seats).zip(&left).any(|((needed, s), left)| s.named.is_some() && left.len() < needed);
            if short {
                alike.entry(left).or_default().push((person, requestor));
            }
        }
    }
    let mut story: Option<(usize, Option<usize>, Stuck)> = None;
    let mut people: BTreeSet<usize> = BTreeSet::new();
    for (left, all) in &alike {
        let few: BTreeSet<&str> = left.iter().flatten().map(|n| world.people().name(*n)).collect();
        // The first whom the engine lets ask stands for all.
        let Some(stuck) = all.iter().find_map(|(p, r)| stuck(world, package, policy, &terms, (*p, *r), &few).map(|s| (*p, *r, s))) else {
            continue;
        };
        people.extend(all.iter().map(|(p, _)| *p));
        if story.as_ref().is_none_or(|(p, r, _)| (stuck.0, stuck.1) < (*p, *r)) {
            story = Some(stuck);
        }
    }
    let (person, requestor, stuck) = story?;
    let others = match people.len().saturating_sub(1) {
        0 => String::new(),
        1 => "; so it is for 1 other".to_owned(),
        n => format!("; so it is for {n} others"),
    };
    let message = format!("{}{others}", told(world, package, policy, person, requestor, &stuck));
    let help = Some(format!("name somebody in {} who does not ask, or a fallback", world.told(&policy.0.address)));
    Some(Found { help, ..world.found(Some(&policy.0.address), message) })
}

fn seats(world: &World<'_>, stage: &StageTerms, apart: usize, earlier: usize) -> Seats {
    let all = || stage.approvers.iter().chain(&stage.fallback).chain(&stage.alternates).map(Who::written);
    let is_word = |word: &&str| !word.contains([':', '@']) || *word == "manager:2";
    let mut named = super::Bits::none(world.people().all.len());
    all().filter(|w| !is_word(w)).for_each(|w| named.add(&world.named(w)));
    named.keep(&world.people().enabled);
    let enough = named.count() > apart.saturating_add(earlier);
    Seats { named: (!enough).then(|| named.iter().collect()), words: all().filter(is_word).map(str::to_owned).collect() }
}

/// Who is left to decide for somebody, were nobody else needed for an earlier stage.
fn left(world: &World<'_>, seats: &Seats, person: usize, requestor: Option<usize>) -> Vec<usize> {
    let Some(named) = &seats.named else { return Vec::new() };
    let looked_up = seats.words.iter().flat_map(|word| looked_up(world, word, person));
    let apart = |n: &usize| *n != person && Some(*n) != requestor && world.people().enabled.has(*n);
    let left: BTreeSet<usize> = named.iter().copied().chain(looked_up).filter(apart).collect();
    left.into_iter().collect()
}

fn looked_up(world: &World<'_>, word: &str, person: usize) -> Vec<usize> {
    let of = |names: Vec<&str>| names.iter().flat_map(|name| world.named(name).iter().collect::<Vec<_>>()).collect();
    let home = || world.people().all.get(person).and_then(|p| p.organization(world.facts));
    match word {
        "manager" => world.manager(person).into_iter().collect(),
        "manager:2" => world.second_manager(person).into_iter().collect(),
        "internal_sponsors" => home().map(|o| of(organization::internal_sponsors(o).collect())).unwrap_or_default(),
        "external_sponsors" => home().map(|o| of(organization::external_sponsors(o).collect())).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The stage at which a request is stuck, whoever decided before it, by the engine. Of those who may decide a stage only `few` matter for a
/// later one.
fn stuck(
    world: &World<'_>,
    package: Package<'_>,
    policy: Policy<'_>,
    terms: &Terms,
    (person, requestor): (usize, Option<usize>),
    few: &BTreeSet<&str>,
) -> Option<Stuck> {
    let facts = world.facts;
    let people = &world.people().all;
    let target = people.get(person)?;
    let asks = requestor.and_then(|r| people.get(r)).unwrap_or(target);
    let offered = offers(facts, &package.0.address, target).ok()?;
    if !offered.iter().any(|o| o.policy.0.address == policy.0.address) {
        return None;
    }
    let ids = (facts.named(&package.0.address)?, facts.named(&policy.0.address)?);
    let named = (target.named.clone(), asks.named.clone());
    walk(world, Request::new(String::new(), RequestKind::Add, ids, named, facts.now, terms.clone()), 1, few)
}

fn walk(world: &World<'_>, mut request: Request, stage: usize, few: &BTreeSet<&str>) -> Option<Stuck> {
    let now = world.facts.now;
    let terms = request.terms.stages.get(stage.checked_sub(1)?)?.clone();
    request.stage = Some(Stage { number: stage, began: now, deadline: now, escalates: None, escalated: true, reminds: None });
    let able = deciders(world.facts, &request);
    if able.is_empty() {
        return Some(Stuck { stage, terms, request });
    }
    let (matter, rest): (Vec<Named>, Vec<Named>) = able.into_iter().partition(|d| few.contains(d.name.as_str()));
    matter.into_iter().chain(rest.into_iter().take(1)).find_map(|by| {
        let mut next = request.clone();
        next.verdicts.push(Verdict { stage, by, approve: true, justification: None, at: now });
        walk(world, next, stage.saturating_add(1), few)
    })
}

/// `kim asks for campaign through employees, and nobody can decide stage 2 once mia has decided stage 1: …`
fn told(world: &World<'_>, package: Package<'_>, policy: Policy<'_>, person: usize, requestor: Option<usize>, stuck: &Stuck) -> String {
    let people = world.people();
    let key = package.0.address.key();
    let asks = match requestor {
        None => format!("{} asks for `{key}`", people.called(person)),
        Some(manager) => format!("{} asks for `{key}` for {}", people.called(manager), people.called(person)),
    };
    let after: Vec<String> = stuck.request.verdicts.iter().map(|v| format!("`{}` decided stage {}", v.by.name, v.stage)).collect();
    let after = if after.is_empty() { String::new() } else { format!(" once {}", after.join(" and ")) };
    let all = stuck.terms.approvers.iter().chain(&stuck.terms.fallback).chain(&stuck.terms.alternates);
    let reasons: Vec<String> = all.map(|who| reason(world, stuck, person, who.written())).collect();
    format!("{asks} through `{}`, and nobody can decide stage {}{after}: {}", policy.0.address.key(), stuck.stage, reasons.join("; "))
}

/// Why those whom a word or a principal stands for cannot decide.
fn reason(world: &World<'_>, stuck: &Stuck, person: usize, word: &str) -> String {
    const TOLD: usize = 3;
    let names: Vec<String> = match word {
        "manager" | "manager:2" | "internal_sponsors" | "external_sponsors" => {
            looked_up(world, word, person).into_iter().map(|n| world.people().name(n).to_owned()).collect()
        }
        principal => people_of(world.facts, [principal]).into_iter().collect(),
    };
    if names.is_empty() {
        return format!("`{word}` is nobody who can sign in");
    }
    let why = |name: &String| {
        let somebody = world.facts.person(name);
        let why = match () {
            () if somebody.is(&stuck.request.requestor) => "asks",
            () if somebody.is(&stuck.request.target) => "is to have it",
            () if stuck.request.verdicts.iter().any(|v| somebody.is(&v.by)) => "decided before",
            () if somebody.object.is_none() => "is not in the directory",
            () => "cannot sign in",
        };
        if *name == word { format!("`{name}` {why}") } else { format!("`{name}` of `{word}` {why}") }
    };
    let mut told: Vec<String> = names.iter().take(TOLD).map(why).collect();
    let rest = names.len().saturating_sub(TOLD);
    if rest > 0 {
        told.push(format!("and {rest} more of `{word}`, none of whom can sign in"));
    }
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{now, told, worlds};

    const PEOPLE: &str = r#"
[user."kim@x.example"]
manager = "mia@x.example"
[user."mia@x.example"]
[user."off@x.example"]
enabled = false
[group.leads]
members = ["kim@x.example", "off@x.example"]
[catalog.c]
[access_package.campaign]
catalog = "c"
"#;
    const USE: &str = "use = \"every-request-can-be-decided\"";

    fn policy(rest: &str) -> Vec<String> {
        told(&format!("{PEOPLE}[access_package.campaign.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\n{rest}\n"), USE)
    }

    #[test]
    fn a_counterexample_is_a_story() {
        let alone = policy("approval = { approvers = [\"group:leads\"], timeout = \"7d\" }");
        assert_eq!(
            alone,
            ["`kim@x.example` asks for `campaign` through `staff`, and nobody can decide stage 1: `kim@x.example` of `group:leads` asks, \
              `off@x.example` of `group:leads` cannot sign in"]
        );
        let twice = "approval = { stage = [{ approvers = [\"kim@x.example\", \"mia@x.example\"], timeout = \"7d\" }, \
                     { approvers = [\"mia@x.example\", \"kim@x.example\"], timeout = \"7d\" }] }";
        let told = policy(twice);
        assert_eq!(
            told,
            ["`kim@x.example` asks for `campaign` through `staff`, and nobody can decide stage 2 once `mia@x.example` decided stage 1: \
              `kim@x.example` asks; `mia@x.example` decided before; so it is for 1 other"]
        );
        let behalf = policy("on_behalf = \"manager\"\napproval = { approvers = [\"mia@x.example\", \"kim@x.example\"], timeout = \"7d\" }");
        assert_eq!(
            behalf,
            ["`mia@x.example` asks for `campaign` for `kim@x.example` through `staff`, and nobody can decide stage 1: \
              `kim@x.example` is to have it; `mia@x.example` asks"]
        );
        assert!(policy("approval = { approvers = [\"kim@x.example\", \"mia@x.example\"], timeout = \"7d\" }").is_empty());
    }

    #[test]
    fn somebody_unknown_stands_for_a_whole_organization() {
        let text = format!(
            "{PEOPLE}[connected_organization.fab]\ndomains = [\"fab.example\"]\ninternal_sponsors = [\"off@x.example\"]\n\
             [access_package.campaign.policy.fab]\nrequestors = [\"connected_organization:fab\"]\nexpiration = \"30d\"\n\
             approval = {{ approvers = [\"internal_sponsors\"], fallback_approvers = [\"off@x.example\"], timeout = \"7d\" }}\n"
        )
        .replace("[catalog.c]", "[catalog.c]\nexternally_visible = true");
        let told = told(&text, USE);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("somebody of fab.example, not in the directory yet, asks for `campaign`"), "{told:?}");
    }

    /// The same, by looking at everybody and every order of deciders.
    fn naive(world: &World<'_>) -> BTreeSet<String> {
        fn stuck(world: &World<'_>, mut request: Request, stage: usize) -> bool {
            if stage > request.terms.stages.len() {
                return false;
            }
            let now = world.facts.now;
            request.stage = Some(Stage { number: stage, began: now, deadline: now, escalates: None, escalated: true, reminds: None });
            let able = deciders(world.facts, &request);
            able.is_empty()
                || able.into_iter().any(|by| {
                    let mut next = request.clone();
                    next.verdicts.push(Verdict { stage, by, approve: true, justification: None, at: now });
                    stuck(world, next, stage.saturating_add(1))
                })
        }
        let mut found = BTreeSet::new();
        for person in &world.people().all {
            for package in world.packages() {
                for offer in offers(world.facts, &package.0.address, person).unwrap_or_default() {
                    let manager = person.manager(world.facts).filter(|_| offer.policy.serves_managers());
                    for asks in [Some(person.clone()), manager].into_iter().flatten() {
                        let ids = (world.facts.named(&package.0.address).unwrap(), world.facts.named(&offer.policy.0.address).unwrap());
                        let terms = Terms::of(world.facts, offer.policy, true);
                        let named = (person.named.clone(), asks.named.clone());
                        if stuck(world, Request::new(String::new(), RequestKind::Add, ids, named, now(), terms), 1) {
                            found.insert(offer.policy.0.address.to_string());
                        }
                    }
                }
            }
        }
        found
    }

    #[test]
    fn it_is_what_looking_at_everybody_finds() {
        let (some, none) = worlds(1, 30, |world, text| {
            let found: BTreeSet<String> = ask(world, &Check::default()).into_iter().map(|f| f.address.unwrap().to_string()).collect();
            assert_eq!(found, naive(world), "{text}");
            !found.is_empty()
        });
        assert!(some > 50 && none > 5, "{some} {none}");
    }
}
