//! One test: a request, by the engine, on a clock of its own.
//!
//! In: the objects as an apply would leave them, and a [`Trial`]. Out: what came of the request, and what of that was not expected.
//! Invariants: nobody else's requests or assignments count, only what follows from the objects and what the test says that its user
//! holds; so a test tells the same wherever it runs. Nothing of it is kept.

use super::standing::{Holding, Standing, given};
use crate::config::Trial;
use crate::diag::Span;
use crate::engine::{Actor, Ask, Command, Draft, Facts, Family, Record, Request, RequestState, Source, Terms, decide, deciders};
use crate::model::{Edge, Holdings, Zone, instant};
use chrono::{DateTime, SecondsFormat, Utc};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// What it shows.
    pub name: String,
    /// Its header.
    pub at: Span,
    /// What came of the request, in one line.
    pub came: String,
    /// What was expected and is not so, a line each.
    pub failures: Vec<String>,
}

impl Ran {
    /// Whether all is as expected.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// What tests run on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The objects as an apply would leave them.
    pub objects: &'a Holdings,
    /// The workspace's zone.
    pub zone: Zone,
    /// Of several policies that admit somebody only those of the narrowest class are offered (R115).
    pub narrowest_only: bool,
    /// When tests are that do not say when they are.
    pub now: DateTime<Utc>,
}

/// Runs tests, in their order.
#[must_use]
pub fn run(ground: &Ground<'_>, tests: &[Trial]) -> Vec<Ran> {
    // Who holds what at a moment is worked out once for all tests of that moment.
    let mut standings: BTreeMap<DateTime<Utc>, Standing> = BTreeMap::new();
    let one = |test: &Trial| {
        let (came, failures) = match test.instant("at").map_or(Ok(ground.now), |text| read(text, ground.zone, Edge::Start)) {
            Ok(at) => {
                let standing = standings.entry(at).or_insert_with(|| Standing::of(ground.objects, ground.zone, at));
                try_out(ground, test, standing, at)
            }
            Err(why) => (String::new(), vec![why]),
        };
        Ran { name: test.name().to_owned(), at: test.at, came, failures }
    };
    tests.iter().map(one).collect()
}

fn read(text: &str, zone: Zone, edge: Edge) -> Result<DateTime<Utc>, String> {
    instant(text, zone, edge).map_err(|_| format!("`{text}` is no instant in {}", zone.name()))
}

/// How a request came out.
enum Came {
    /// Why it was refused: the rule, and in one line.
    Refused(Option<&'static str>, String),
    /// It is there.
    Made(Box<Request>, Vec<String>),
}

fn try_out(ground: &Ground<'_>, test: &Trial, standing: &Standing, at: DateTime<Utc>) -> (String, Vec<String>) {
    let alone = Facts::new(ground.objects, standing, at, ground.zone, ground.narrowest_only);
    let person = alone.person(test.user());
    let mut held: Vec<_> = standing.held_by(&person.named.id).cloned().collect();
    for package in test.holds() {
        let Some(named) = alone.named(&package) else { continue };
        if !held.iter().any(|a| a.package.id == named.id) {
            held.push(given((named.clone(), named, person.named.clone()), Source::Direct(String::new()), at, None));
        }
    }
    let records = Holding { base: standing, person: &person.named.id, held: &held };
    let facts = alone.with(&records, at);
    let time = |name: &str, edge: Edge| test.instant(name).map(|text| read(text, ground.zone, edge)).transpose();
    let (start, end) = match (time("start", Edge::Start), time("end", Edge::End)) {
        (Ok(start), Ok(end)) => (start, end),
        (Err(why), _) | (_, Err(why)) => return (String::new(), vec![why]),
    };
    let requestor = test.requestor().unwrap_or(test.user());
    let ask = Ask {
        package: test.package(),
        policy: test.policy().map(str::to_owned),
        target: (requestor != test.user()).then(|| test.user().to_owned()),
        justification: Some(test.justification().unwrap_or("tried out").to_owned()),
        answers: test.answers(),
        start,
        end,
    };
    let minted = Cell::new(0_u64);
    let mint = || {
        minted.set(minted.get().saturating_add(1));
        format!("test-{}", minted.get())
    };
    let came = ask_for(&facts, &mint, requestor, ask);
    let failures = compare(test, &came, start.unwrap_or(at), ground.zone);
    (in_words(&came), failures)
}

fn ask_for(facts: &Facts<'_>, mint: &dyn Fn() -> String, requestor: &str, ask: Ask) -> Came {
    let mut draft = Draft::new(facts, mint);
    if let Err(refusal) = decide(&mut draft, &Actor::Person(requestor.to_owned()), &Command::Request(ask)) {
        return Came::Refused(Some(refusal.rule.0), refusal.message);
    }
    let now = draft.facts();
    let all = now.records.all(Family::Request);
    let Some(request) = all.into_iter().find_map(|r| if let Record::Request(r) = r { Some(r) } else { None }) else {
        return Came::Refused(None, "nothing came of it".to_owned());
    };
    match request.state {
        RequestState::Denied | RequestState::Canceled | RequestState::TimedOut => {
            Came::Refused(None, request.cause.unwrap_or_else(|| request.state.word().to_owned()))
        }
        _ => {
            let names = deciders(&now, &request).into_iter().map(|n| n.name).collect();
            Came::Made(request, names)
        }
    }
}

fn outcome(came: &Came) -> &'static str {
    match came {
        Came::Refused(..) => "refused",
        Came::Made(request, _) if request.state == RequestState::PendingApproval => "pending",
        Came::Made(..) => "granted",
    }
}

fn policy_key(request: &Request) -> &str {
    request.policy.name.rsplit_once('.').map_or("", |(_, key)| key)
}

/// When access would end that begins at `from`.
fn ends(request: &Request, terms: &Terms, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    [request.end, terms.ceiling(from)].into_iter().flatten().min()
}

fn in_words(came: &Came) -> String {
    match came {
        Came::Refused(rule, why) => format!("refused{}: {why}", rule.map(|r| format!(" ({r})")).unwrap_or_default()),
        Came::Made(request, approvers) => {
            let decided = if approvers.is_empty() { String::new() } else { format!(", to be decided by {}", approvers.join(", ")) };
            format!("{} through `{}`{decided}; ends {}", outcome(came), policy_key(request), request.terms.expiration)
        }
    }
}

/// What was expected and is not so.
fn compare(test: &Trial, came: &Came, from: DateTime<Utc>, zone: Zone) -> Vec<String> {
    let mut failures = Vec::new();
    let mut differs = |what: &str, expected: &str, found: &str| {
        if expected != found {
            failures.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    let expected_rule = test.expected("rule");
    if let Some(expected) = test.expected("outcome").or(expected_rule.map(|_| "refused")) {
        differs("outcome", expected, outcome(came));
    }
    match came {
        Came::Refused(rule, why) => {
            if let Some(expected) = expected_rule {
                differs("rule", expected, rule.unwrap_or("none"));
            }
            let asked = ["policy", "ends"].into_iter().any(|key| test.expected(key).is_some());
            if !failures.is_empty() || asked || test.expected_approvers().is_some() || test.expected_stages().is_some() {
                failures.push(format!("it is refused{}: {why}", rule.map(|r| format!(" ({r})")).unwrap_or_default()));
            }
        }
        Came::Made(request, approvers) => {
            if let Some(expected) = test.expected("policy") {
                differs("policy", expected, policy_key(request));
            }
            if let Some(mut expected) = test.expected_approvers() {
                expected.sort_unstable();
                let in_words = |names: &[&str]| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                let found: Vec<&str> = approvers.iter().map(String::as_str).collect();
                differs("approvers", &in_words(&expected), &in_words(&found));
            }
            if let Some(expected) = test.expected_stages() {
                differs("stages", &expected.to_string(), &request.terms.stages.len().to_string());
            }
            if let Some(expected) = test.expected("ends") {
                let wanted = Terms { expiration: expected.to_owned(), zone: zone.name().to_owned(), ..request.terms.clone() }.ceiling(from);
                let found = ends(request, &request.terms, from);
                if wanted != found {
                    let told =
                        |end: Option<DateTime<Utc>>| end.map_or("never".to_owned(), |e| e.to_rfc3339_opts(SecondsFormat::Secs, true));
                    differs("ends", &format!("{expected} ({})", told(wanted)), &format!("{} ({})", request.terms.expiration, told(found)));
                }
            }
        }
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{config, holdings, now};

    const FILES: &str = r#"
[user."joe@x.example"]
manager = "mia@x.example"
[user."mia@x.example"]
[user."bo@x.example"]
[group.staff]
members = ["joe@x.example", "mia@x.example"]
[catalog.c]
[access_package.sell]
catalog = "c"
incompatible_with = ["access_package:audit"]
[access_package.sell.policy.employees]
requestors = ["group:staff"]
expiration = "90d"
on_behalf = "manager"
approval = { approvers = ["manager", "bo@x.example"], fallback_approvers = ["bo@x.example"], timeout = "7d" }
[access_package.audit]
catalog = "c"
[access_package.audit.policy.all]
requestors = "all_members"
expiration = 2027-06-30
custom_schedule = true
approval = "none"
[[access_package.audit.policy.all.question]]
key = "why"
text = "Why?"
required = true
"#;

    fn ran(test: &str) -> Ran {
        let (config, _) = config(&format!("{FILES}\n[[test]]\nname = \"it\"\n{test}\n"));
        let objects = holdings(&config);
        let ground = Ground { objects: &objects, zone: Zone::UTC, narrowest_only: false, now: now() };
        run(&ground, &config.tests).remove(0)
    }

    #[test]
    fn what_is_expected_passes() {
        for test in [
            "user = \"joe@x.example\"\npackage = \"sell\"\nexpect = { policy = \"employees\", outcome = \"pending\", approvers = [\"mia@x.example\", \"bo@x.example\"], ends = \"90d\", stages = 1 }",
            "user = \"mia@x.example\"\npackage = \"sell\"\nexpect = { approvers = [\"bo@x.example\"] }",
            "user = \"joe@x.example\"\nrequestor = \"mia@x.example\"\npackage = \"sell\"\nexpect = { approvers = [\"bo@x.example\"] }",
            "user = \"bo@x.example\"\npackage = \"sell\"\nexpect = { outcome = \"refused\", rule = \"R34\" }",
            "user = \"joe@x.example\"\npackage = \"sell\"\nholds = [\"audit\"]\nexpect = { rule = \"R137\" }",
            "user = \"joe@x.example\"\npackage = \"audit\"\nanswers = { why = \"so\" }\nexpect = { outcome = \"granted\", approvers = [], ends = 2027-06-30 }",
            "user = \"joe@x.example\"\npackage = \"audit\"\nanswers = { why = \"so\" }\nend = 2027-02-01\nexpect = { ends = 2027-02-01 }",
            "user = \"joe@x.example\"\npackage = \"audit\"\nexpect = { rule = \"R112\" }",
            // On its own clock the policy has run out.
            "user = \"joe@x.example\"\npackage = \"audit\"\nanswers = { why = \"so\" }\nat = 2027-07-01T12:00:00Z\nexpect = { rule = \"R131\" }",
        ] {
            let ran = ran(test);
            assert!(ran.is_passed(), "{test}: {ran:?}");
        }
    }

    #[test]
    fn what_is_not_so_is_told() {
        let test = "user = \"joe@x.example\"\npackage = \"sell\"\nexpect = { policy = \"all\", outcome = \"granted\", approvers = [], ends = \"30d\", stages = 2 }";
        assert_eq!(
            ran(test).failures,
            [
                "outcome: expected granted, found pending",
                "policy: expected all, found employees",
                "approvers: expected nobody, found bo@x.example, mia@x.example",
                "stages: expected 2, found 1",
                "ends: expected 30d (2027-01-31T09:00:00Z), found 90d (2027-04-01T09:00:00Z)",
            ]
        );
        let refused = ran("user = \"bo@x.example\"\npackage = \"sell\"\nexpect = { outcome = \"pending\" }");
        assert_eq!(refused.failures[0], "outcome: expected pending, found refused");
        assert!(refused.failures[1].starts_with("it is refused (R34): no policy of"), "{refused:?}");
    }
}
