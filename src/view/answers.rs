//! The answers to `why`, `who` and `can`, and where declared assignments stand: as text for people, as JSON.

use super::lifecycle::{instant, or_never};
use super::object::table;
use super::paint::line;
use crate::report::can::{Can, Path};
use crate::report::standing::Standing;
use crate::report::why::{Link, Opening, Proof, Why};
use serde_json::{Value as Json, json};

fn proof(proof: &Proof) -> String {
    match proof {
        Proof::Place(place) => place.clone(),
        Proof::Event(serial) => format!("@{serial}"),
        Proof::Nothing => String::new(),
    }
}

fn proof_json(proof: &Proof) -> Json {
    match proof {
        Proof::Place(place) => {
            let (file, number) = place.split_once(':').unwrap_or((place, ""));
            json!({ "file": file, "line": number })
        }
        Proof::Event(serial) => json!({ "serial": serial }),
        Proof::Nothing => Json::Null,
    }
}

/// Every chain of reasons, each link with what says it.
#[must_use]
pub fn why_text(why: &Why) -> String {
    let mut text = String::new();
    let mut say = |said: String| {
        text.push_str(&line(&said));
        text.push('\n');
    };
    let count = why.chains.len().saturating_add(why.unseen);
    match count {
        0 => say(format!("{} holds nothing on {}.", why.user, why.thing)),
        1 => say(format!("{} holds a role on {}, for 1 reason:", why.user, why.thing)),
        n => say(format!("{} holds roles on {}, for {n} reasons:", why.user, why.thing)),
    }
    for chain in &why.chains {
        let until = chain.until.map_or_else(String::new, |u| format!(", until {}", instant(u)));
        say(format!("{}{until}", chain.role));
        for link in &chain.links {
            say(linked(link));
        }
    }
    if why.unseen > 0 {
        say(format!("{} of them you may not see: who manages those packages can.", why.unseen));
    }
    for link in &why.past {
        say(linked(link));
    }
    for opening in &why.openings {
        say(opening_text(opening, &why.user));
        if let Err(refusal) = &opening.policies {
            say(format!("    help: {}", refusal.help));
        }
    }
    if count == 0 && why.openings.is_empty() {
        say("No package gives it.".to_owned());
    }
    text
}

fn linked(link: &Link) -> String {
    let said = proof(&link.proof);
    let said = if said.is_empty() { said } else { format!("  [{said}]") };
    format!("  {}{said}", link.text)
}

fn opening_text(opening: &Opening, user: &str) -> String {
    let gives = format!("  {} gives {}", opening.package, opening.roles.join(", "));
    match &opening.policies {
        Ok(policies) => format!("{gives}: {user} can request it through {}", policies.join(", ")),
        Err(refusal) => format!("{gives}: {refusal}"),
    }
}

/// The same for programs.
#[must_use]
pub fn why_json(why: &Why) -> Json {
    let chains: Vec<Json> = why
        .chains
        .iter()
        .map(|c| {
            let links: Vec<Json> = c.links.iter().map(|l| json!({ "text": l.text, "proof": proof_json(&l.proof) })).collect();
            json!({ "role": c.role, "until": c.until.map(instant), "links": links })
        })
        .collect();
    let past: Vec<Json> = why.past.iter().map(|l| json!({ "text": l.text, "proof": proof_json(&l.proof) })).collect();
    let openings: Vec<Json> = why
        .openings
        .iter()
        .map(|o| {
            let refusal = o.policies.as_ref().err().map(|r| json!({ "rule": r.rule.0, "message": r.message, "help": r.help }));
            json!({ "package": o.package.as_str(), "roles": o.roles, "policies": o.policies.as_ref().ok(), "refusal": refusal })
        })
        .collect();
    json!({ "user": why.user, "resource": why.thing.to_string(), "holds": !chains.is_empty() || why.unseen > 0, "reasons": chains, "unseen": why.unseen, "past": past, "openings": openings })
}

/// Whether somebody can have a package, for people.
#[must_use]
pub fn can_text(can: &Can) -> String {
    let mut text = String::new();
    let mut say = |said: String| {
        text.push_str(&line(&said));
        text.push('\n');
    };
    let word = if can.is_yes() { "can request" } else { "cannot request" };
    say(format!("{} {word} {}.", can.user, can.package));
    if let Some(refusal) = &can.obstacle {
        say(format!("  {refusal}"));
        say(format!("  help: {}", refusal.help));
    }
    for path in &can.paths {
        say(format!("{}  [{}]", path.policy, proof(&path.proof)));
        seats(path, &mut say);
        say(format!("  ends, if approved now: {} (expiration {})", or_never(path.ends), path.expiration));
        if path.justification {
            say("  wants a reason".to_owned());
        }
        path.questions.iter().for_each(|q| say(format!("  asks {q}")));
    }
    text
}

fn seats(path: &Path, say: &mut impl FnMut(String)) {
    let names = |all: &[crate::engine::Named]| all.iter().map(|n| n.name.as_str()).collect::<Vec<_>>().join(", ");
    if path.stages.is_empty() {
        say("  nobody has to approve".to_owned());
    }
    for seat in &path.stages {
        let who = if seat.approvers.is_empty() {
            "nobody, so it would be refused (R39)".to_owned()
        } else {
            format!("any one of {}", names(&seat.approvers))
        };
        say(format!("  stage {}: {who}, within {}", seat.number, span(seat.timeout)));
        if !seat.alternates.is_empty() {
            say(format!("    after {} also {}", span(seat.escalates.unwrap_or(0)), names(&seat.alternates)));
        }
    }
}

/// So many minutes, as files write them.
fn span(minutes: i64) -> String {
    match (minutes % 1440, minutes % 60) {
        (0, _) => format!("{}d", minutes / 1440),
        (_, 0) => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}

/// The same for programs.
#[must_use]
pub fn can_json(can: &Can) -> Json {
    let names = |all: &[crate::engine::Named]| all.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
    let path = |p: &Path| {
        let stages: Vec<Json> = p
            .stages
            .iter()
            .map(|s| {
                json!({
                    "stage": s.number, "approvers": names(&s.approvers), "alternates": names(&s.alternates),
                    "escalates_after_minutes": s.escalates, "timeout_minutes": s.timeout,
                })
            })
            .collect();
        json!({
            "policy": p.policy.as_str(), "proof": proof_json(&p.proof), "stages": stages, "expiration": p.expiration,
            "ends": p.ends.map(instant), "requestor_justification": p.justification, "questions": p.questions,
        })
    };
    let refusal = can.obstacle.as_ref().map(|r| json!({ "rule": r.rule.0, "message": r.message, "help": r.help }));
    let paths: Vec<Json> = can.paths.iter().map(path).collect();
    json!({ "user": can.user, "package": can.package.as_str(), "can_request": can.is_yes(), "refusal": refusal, "policies": paths })
}

/// Where the people of a declared assignment stand, for people.
#[must_use]
pub fn standing_text(all: &[Standing]) -> String {
    let row = |s: &Standing| {
        let or_dash = |at: Option<_>| at.map_or_else(|| "-".to_owned(), instant);
        let why = s.why.clone().unwrap_or_else(|| "-".to_owned());
        vec![s.user.clone(), s.state.to_owned(), or_dash(s.since), or_dash(s.until), why]
    };
    table(&["PERSON", "STATE", "SINCE", "UNTIL", "WHY"], &all.iter().map(row).collect::<Vec<_>>())
}

/// The same for programs.
#[must_use]
pub fn standing_json(all: &[Standing]) -> Vec<Json> {
    let one = |s: &Standing| {
        json!({
            "user": s.user, "state": s.state, "why": s.why, "since": s.since.map(instant), "until": s.until.map(instant),
            "assignment": s.assignment,
        })
    };
    all.iter().map(one).collect()
}
