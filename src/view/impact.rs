//! What a plan does to people, in words: the same lines for a terminal and for Markdown.
//!
//! People are distinct persons, every number has its unit, and what has no upper bound is called unbounded.

use super::lifecycle::{instant, or_never};
use crate::kinds::{Verdict, counted};
use crate::model::Address;
use crate::plan::impact::{Ends, Impact, Reach, Shift, Someone};
use std::collections::{BTreeMap, BTreeSet};

/// How many names are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Names {
    /// None, only how many.
    None,
    /// Ten, and how many more.
    #[default]
    Some,
    /// All.
    All,
}

impl Names {
    fn most(self) -> usize {
        match self {
            Names::None => 0,
            Names::Some => 10,
            Names::All => usize::MAX,
        }
    }
}

/// So many roles are told one by one, unless all names are asked for.
const ROLES: usize = 20;

/// One thing that happens to people: a word for it, a line, and lines below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `lose`, `gain`, `loosen` …
    pub word: &'static str,
    /// What happens.
    pub line: String,
    /// To whom, and what does not happen.
    pub below: Vec<String>,
}

/// Everything that happens, what is lost first, then what loosens, who is in control, and the rest.
#[must_use]
pub fn told(impact: &Impact, names: Names) -> Vec<Told> {
    let mut all = Vec::new();
    roles(impact, names, true, &mut all);
    meant(impact, Verdict::Loosens, "loosen", &mut all);
    reaches(&impact.requestable, names, &mut all);
    for control in &impact.control {
        let scope = control.delegation.parent().map_or_else(|| "over everything".to_owned(), |c| format!("in {c}"));
        for (people, verb) in [(&control.gain, ["gains", "gain"]), (&control.lose, ["loses", "lose"])] {
            if !people.is_empty() {
                let verb = if people.len() == 1 { verb[0] } else { verb[1] };
                let line = format!("{} {verb} {} {scope}, by {}", persons(people.len()), control.role, control.delegation);
                all.push(Told { word: "control", line, below: some(people.iter().map(String::as_str), names) });
            }
        }
    }
    roles(impact, names, false, &mut all);
    for earlier in [true, false] {
        moved(impact.ends.iter().filter(|e| e.is_earlier() == earlier), if earlier { "earlier" } else { "later" }, names, &mut all);
    }
    waits(impact, names, &mut all);
    let mut breaches: BTreeMap<(&Address, &Address), Vec<&str>> = BTreeMap::new();
    impact.breaches.iter().for_each(|b| breaches.entry((&b.package, &b.other)).or_default().push(&b.person));
    for ((package, other), people) in breaches {
        let verb = if people.len() == 1 { "holds" } else { "hold" };
        let line = format!("{} {verb} {package} and {other}, which exclude each other from now on, and keep both", persons(people.len()));
        all.push(Told { word: "breach", line, below: some(people.into_iter(), names) });
    }
    meant(impact, Verdict::Tightens, "tighten", &mut all);
    for same in &impact.same {
        let mut parts = Vec::new();
        if same.running > 0 {
            let last = same.last.map_or_else(String::new, |at| format!(" (last {})", instant(at)));
            let (keep, their) = if same.running == 1 { ("keeps", "its end") } else { ("keep", "their ends") };
            parts.push(format!("{} {keep} {their}{last}", counted(same.running, "running assignment")));
        }
        if same.pending > 0 {
            let (keep, their) = if same.pending == 1 { ("keeps", "its") } else { ("keep", "their") };
            parts.push(format!("{} {keep} {their} terms", counted(same.pending, "pending request")));
        }
        all.push(Told { word: "same", line: format!("{}: {}", same.policy, parts.join("; ")), below: Vec::new() });
    }
    all
}

fn persons(n: usize) -> String {
    if n == 1 { "1 person".to_owned() } else { format!("{n} people") }
}

/// Ten names, and how many others.
fn some<'a>(names: impl Iterator<Item = &'a str>, how: Names) -> Vec<String> {
    let all: BTreeSet<&str> = names.collect();
    let shown: Vec<&str> = all.iter().take(how.most()).copied().collect();
    let rest = all.len().saturating_sub(shown.len());
    match (shown.is_empty(), rest) {
        (true, _) => Vec::new(),
        (false, 0) => vec![shown.join(", ")],
        (false, 1) => vec![format!("{}, and 1 other: --names all", shown.join(", "))],
        (false, n) => vec![format!("{}, and {n} others: --names all", shown.join(", "))],
    }
}

/// How many by which policy, package or group.
fn by<'a>(people: impl Iterator<Item = &'a Someone>, of: impl Fn(&Someone) -> String) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for person in people {
        let count = counts.entry(of(person)).or_default();
        *count = count.saturating_add(1);
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.into_iter().map(|(what, n)| format!("{n} {what}")).collect::<Vec<_>>().join(", ")
}

fn through(someone: &Someone) -> String {
    match (&someone.through, &someone.policy) {
        (Some(through), Some(policy)) => format!("by {through}, {policy}"),
        (Some(through), None) => format!("by {through}"),
        (None, _) => "by something else".to_owned(),
    }
}

fn still(someone: &Someone) -> String {
    someone.through.as_ref().map_or_else(|| "through something else".to_owned(), |through| format!("through {through}"))
}

fn roles(impact: &Impact, names: Names, losses: bool, all: &mut Vec<Told>) {
    let of = |shift: &Shift| if losses { shift.lose.clone() } else { shift.gain.clone() };
    let (word, verb) = if losses { ("lose", ["loses", "lose"]) } else { ("gain", ["gains", "gain"]) };
    let shifts: Vec<&Shift> = impact.roles.iter().filter(|s| !of(s).is_empty() || (losses && !s.keep.is_empty())).collect();
    let most = if names == Names::All { usize::MAX } else { ROLES };
    for shift in shifts.iter().take(most) {
        let thing = format!("{} on {}:{}", shift.role, shift.kind, shift.key);
        let mut times: BTreeMap<Option<_>, Vec<Someone>> = BTreeMap::new();
        of(shift).into_iter().for_each(|s| times.entry(s.from).or_default().push(s));
        let keeps = |below: &mut Vec<String>| {
            if losses && !shift.keep.is_empty() {
                let (n, verb) = (shift.keep.len(), if shift.keep.len() == 1 { "keeps" } else { "keep" });
                below.push(format!("{} {verb} it: {}", persons(n), by(shift.keep.iter(), still)));
            }
        };
        if times.is_empty() {
            let mut below = Vec::new();
            keeps(&mut below);
            all.push(Told { word: "keep", line: format!("nobody loses {thing}"), below });
        }
        for (from, people) in times {
            let distinct: BTreeSet<&str> = people.iter().map(|s| s.person.as_str()).collect();
            let verb = if distinct.len() == 1 { verb[0] } else { verb[1] };
            let when = from.map_or_else(|| "at apply".to_owned(), |at| format!("from {}", instant(at)));
            let line = format!("{} {verb} {thing} {when} ({})", persons(distinct.len()), by(people.iter(), through));
            let mut below = some(distinct.into_iter(), names);
            keeps(&mut below);
            all.push(Told { word, line, below });
        }
    }
    let rest: Vec<&&Shift> = shifts.iter().skip(most).collect();
    if !rest.is_empty() {
        let people: BTreeSet<String> = rest.iter().flat_map(|s| of(s)).map(|s| s.person).collect();
        let verb = if people.len() == 1 { verb[0] } else { verb[1] };
        let line = format!("{} {verb} {} more: --names all", persons(people.len()), counted(rest.len(), "role"));
        all.push(Told { word, line, below: Vec::new() });
    }
}

fn meant(impact: &Impact, verdict: Verdict, word: &'static str, all: &mut Vec<Told>) {
    let mut by_object: BTreeMap<&Address, Vec<&str>> = BTreeMap::new();
    for meaning in impact.meanings.iter().filter(|m| m.verdict == verdict) {
        by_object.entry(&meaning.address).or_default().push(&meaning.attribute);
    }
    // One edit of a template changes many objects alike.
    let mut alike: BTreeMap<Vec<&str>, Vec<&Address>> = BTreeMap::new();
    by_object.into_iter().for_each(|(address, attributes)| alike.entry(attributes).or_default().push(address));
    for (attributes, objects) in alike {
        let line = format!("{} of {}", attributes.join(", "), first(objects.into_iter()));
        all.push(Told { word, line, below: Vec::new() });
    }
}

/// Three of these, and how many more.
fn first<'a>(objects: impl ExactSizeIterator<Item = &'a Address>) -> String {
    let rest = match objects.len().saturating_sub(3) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let shown: Vec<String> = objects.take(3).map(ToString::to_string).collect();
    format!("{}{rest}", shown.join(", "))
}

/// Who can request what: whoever is blocked, or comes into a group, can or cannot for many packages alike.
fn reaches(all_reaches: &[Reach], names: Names, all: &mut Vec<Told>) {
    for (word, verb, gains) in [("open", "can newly request", true), ("close", "can no longer request", false)] {
        let mut alike: Vec<(&Vec<String>, Vec<&Address>)> = Vec::new();
        let mut known: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
        for reach in all_reaches {
            let people = if gains { &reach.gain } else { &reach.lose };
            let place = *known.entry(people).or_insert(alike.len());
            match alike.get_mut(place) {
                Some((_, packages)) => packages.push(&reach.package),
                None => alike.push((people, vec![&reach.package])),
            }
        }
        for (people, packages) in alike.into_iter().filter(|(people, _)| !people.is_empty()) {
            let line = format!("{} {verb} {}", persons(people.len()), first(packages.into_iter()));
            all.push(Told { word, line, below: some(people.iter().map(String::as_str), names) });
        }
    }
    all_reaches.iter().for_each(|reach| populations(reach, all));
}

fn populations(reach: &Reach, all: &mut Vec<Told>) {
    for (words, word, verb) in [(&reach.opens, "open", "can newly request"), (&reach.closes, "close", "can no longer request")] {
        if !words.is_empty() {
            let outside =
                |word: &String| word.starts_with("connected_organization:") || word.starts_with("all_ext") || word.starts_with("all_conn");
            let bound = if words.iter().any(outside) { "; no upper bound" } else { "" };
            let line = format!("anyone of {} {verb} {}{bound}", words.join(", "), reach.package);
            all.push(Told { word, line, below: Vec::new() });
        }
    }
}

fn moved<'a>(ends: impl Iterator<Item = &'a Ends>, word: &'static str, names: Names, all: &mut Vec<Told>) {
    let mut alike: BTreeMap<(&Address, Option<_>, Option<_>), Vec<&str>> = BTreeMap::new();
    ends.for_each(|e| alike.entry((&e.package, e.before, e.after)).or_default().push(&e.person));
    for ((package, before, after), people) in alike {
        let line = format!("access of {} to {package} ends {}, was {}", persons(people.len()), or_never(after), or_never(before));
        all.push(Told { word, line, below: some(people.into_iter(), names) });
    }
}

fn waits(impact: &Impact, names: Names, all: &mut Vec<Told>) {
    let mut alike: BTreeMap<(&Address, Option<&str>), Vec<&str>> = BTreeMap::new();
    impact.waiting.iter().for_each(|w| alike.entry((&w.package, w.closed.as_deref())).or_default().push(&w.person));
    for ((package, closed), people) in alike {
        let requests = counted(people.len(), "request");
        let line = match (closed, people.len()) {
            (Some(cause), 1) => format!("{requests} for {package} is closed: {cause}"),
            (Some(cause), _) => format!("{requests} for {package} are closed: {cause}"),
            (None, 1) => format!("{requests} for {package} has nobody left who could decide it"),
            (None, _) => format!("{requests} for {package} have nobody left who could decide them"),
        };
        all.push(Told { word: "waiting", line, below: some(people.into_iter(), names) });
    }
}
