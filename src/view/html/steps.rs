//! The steps of a plan on its page: each can be opened and closed, and says of itself what the filter asks.

use super::frame::{code, text};
use super::{LONGEST_LINE, MOST, kinds};
use crate::kinds::{Verdict, counted};
use crate::model::{Action, Address, Change};
use crate::plan::{Impact, Plan};
use crate::view::body::{Mark, body};
use crate::view::paint::short;
use crate::view::plan::{because, headline, settings_headline, settings_lines, shown};
use std::collections::{BTreeMap, BTreeSet};

/// So many steps a browser still shows quickly; the others are counted.
const MOST_STEPS: usize = 5_000;

/// Nor is a page much longer, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// So few steps are open from the start.
const FEW: usize = 20;

/// All steps: what is lost first.
pub(super) fn write(plan: &Plan, out: &mut dyn FnMut(&str)) {
    let groups = shown(plan);
    out("<section id=\"steps\" aria-labelledby=\"steps-title\">\n<h2 id=\"steps-title\">Steps</h2>\n");
    out(&kinds(plan));
    let open = if groups.len() <= FEW { " open" } else { "" };
    if let Some(change) = &plan.settings_change {
        let said = settings_lines(change);
        out(&format!(
            "<details class=\"step settings\" open>\n<summary><span class=\"sign\" aria-hidden=\"true\">~</span><h3 class=\"head\">{}</h3></summary>\n\
             <div class=\"inner\">{}</div>\n</details>\n",
            head(settings_headline(&said)),
            lines(said.iter().map(|(mark, said)| row(*mark, 0, said)))
        ));
    }
    if groups.len() > 1 {
        out(&filter(&groups));
    }
    let touched = Touched::of(&plan.impact);
    let (mut told, mut length) = (0_usize, 0_usize);
    for group in groups.iter().take(MOST_STEPS) {
        let step = step(group, plan, &touched, open);
        length = length.saturating_add(step.len());
        if length > LONGEST && told > 0 {
            break;
        }
        out(&step);
        told = told.saturating_add(1);
    }
    let left: usize = groups.iter().skip(told).map(Vec::len).sum();
    if left > 0 {
        out(&format!("<p>And {} more that are not on this page: <code>writ plan</code> shows them.</p>\n", counted(left, "object")));
    }
    out("</section>\n");
}

/// What the plan's effects on people hang on, and what its changes mean.
struct Touched<'p> {
    addresses: BTreeSet<String>,
    meanings: BTreeMap<&'p Address, BTreeSet<Verdict>>,
}

impl<'p> Touched<'p> {
    fn of(impact: &'p Impact) -> Touched<'p> {
        let mut addresses: BTreeSet<String> = BTreeSet::new();
        for shift in &impact.roles {
            addresses.insert(Address::root(&shift.kind, &shift.key).to_string());
            let people = shift.gain.iter().chain(&shift.lose).chain(&shift.keep);
            addresses.extend(people.filter_map(|someone| Some(someone.through.as_ref()?.to_string())));
        }
        addresses.extend(impact.ends.iter().map(|e| e.package.to_string()));
        addresses.extend(impact.requestable.iter().map(|r| r.package.to_string()));
        addresses.extend(impact.waiting.iter().map(|w| w.package.to_string()));
        addresses.extend(impact.breaches.iter().flat_map(|b| [b.package.to_string(), b.other.to_string()]));
        addresses.extend(impact.control.iter().map(|c| c.delegation.to_string()));
        let mut meanings: BTreeMap<&Address, BTreeSet<Verdict>> = BTreeMap::new();
        for meaning in impact.meanings.iter().filter(|m| m.verdict != Verdict::Changes) {
            meanings.entry(&meaning.address).or_default().insert(meaning.verdict);
        }
        Touched { addresses, meanings }
    }

    /// Whether the change is of something that people are told of, or of what stands in it.
    fn has(&self, change: &Change) -> bool {
        self.meanings.contains_key(&change.address) || change.address.lineage().any(|a| self.addresses.contains(a.as_str()))
    }

    /// Words for what the changes mean, what loosens first.
    fn tags(&self, group: &[&Change]) -> String {
        let all: BTreeSet<Verdict> = group.iter().filter_map(|c| self.meanings.get(&c.address)).flatten().copied().collect();
        let one = |verdict: &Verdict| {
            let tone = match verdict {
                Verdict::Loosens | Verdict::TakesAccess => " bad",
                Verdict::GivesAccess | Verdict::GivesAuthority | Verdict::TakesAuthority => " care",
                Verdict::Tightens | Verdict::Changes => "",
            };
            format!("<span class=\"tag{tone}\">{}</span>", verdict.word().to_lowercase())
        };
        all.iter().map(one).collect()
    }
}

/// The class of a step, by which it is also filtered, its sign and its name in the filter.
fn said(action: Action) -> (&'static str, &'static str, &'static str) {
    match action {
        Action::Delete => ("delete", "-", "destroy"),
        Action::Replace => ("replace", "-/+", "replace"),
        Action::Update => ("update", "~", "update"),
        Action::Create => ("create", "+", "create"),
        Action::Move => ("move", "→", "move"),
        Action::Import => ("import", "<=", "import"),
        Action::Forget => ("forget", "x", "forget"),
    }
}

/// The fields of the filter; the script shows them, since without it they would do nothing.
fn filter(groups: &[Vec<&Change>]) -> String {
    let mut actions: Vec<Action> = Vec::new();
    let mut kinds: BTreeSet<&str> = BTreeSet::new();
    for change in groups.iter().filter_map(|g| g.first()) {
        kinds.insert(change.address.kind());
        if !actions.contains(&change.action) {
            actions.push(change.action);
        }
    }
    let kinds: String = kinds.iter().map(|k| format!("<option value=\"{}\">{}</option>", text(k), text(&k.replace('_', " ")))).collect();
    let boxes: String = actions
        .iter()
        .map(|action| said(*action))
        .map(|(class, _, name)| format!("<label><input type=\"checkbox\" value=\"{class}\" checked> {name}</label>"))
        .collect();
    format!(
        "<div class=\"filter\" id=\"filter\" role=\"search\" aria-label=\"Filter the steps\" hidden>\n\
         <label>Words <input type=\"search\" id=\"words\" autocomplete=\"off\" spellcheck=\"false\"></label>\n\
         <label>Kind <select id=\"kind\"><option value=\"\">every kind</option>{kinds}</select></label>\n\
         <fieldset><legend class=\"unseen\">Sorts of steps</legend>{boxes}</fieldset>\n\
         <label><input type=\"checkbox\" id=\"people-only\"> only what touches people</label>\n\
         <button type=\"button\" id=\"open-all\">Open or close all</button>\n<span id=\"shown\" role=\"status\"></span>\n</div>\n"
    )
}

/// One step, or several that one edit causes.
fn step(group: &[&Change], plan: &Plan, touched: &Touched<'_>, open: &str) -> String {
    let Some(change) = group.first() else { return String::new() };
    let (class, sign, _) = said(change.action);
    let people = if group.iter().any(|c| touched.has(c)) { " data-people" } else { "" };
    let mut out = format!(
        "<details class=\"step {class}\" data-action=\"{class}\" data-kind=\"{}\"{people}{open}>\n\
         <summary><span class=\"sign\" aria-hidden=\"true\">{}</span><h3 class=\"head\">{}</h3>{}{}</summary>\n<div class=\"inner\">\n",
        text(change.address.kind()),
        text(sign),
        head(&headline(change)),
        if group.len() > 1 { format!("<span class=\"tag\">and {} alike</span>", group.len().saturating_sub(1)) } else { String::new() },
        touched.tags(group)
    );
    if group.len() > 1 {
        let alike = |c: &&Change| format!("<li>{}</li>", code(&short(&headline(c), LONGEST_LINE)));
        let rest = group.len().saturating_sub(MOST);
        let more = if rest > 1 { format!("<li>and {} more</li>", counted(rest.saturating_sub(1), "object")) } else { String::new() };
        out.push_str(&format!("<ul class=\"alike\">{}{more}</ul>\n", group.iter().skip(1).take(MOST).map(alike).collect::<String>()));
    }
    if let Some(because) = because(change, plan) {
        out.push_str(&format!("<p class=\"because theirs\">{}</p>\n", text(&short(&because, LONGEST_LINE))));
    }
    let rows = body(change);
    let more = rows.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| row(Mark::Note, 0, &format!("and {} more", counted(more, "line"))));
    out.push_str(&lines(rows.iter().take(MOST).map(|r| row(r.mark, r.depth, &r.text)).chain(rest)));
    out.push_str("</div>\n</details>\n");
    out
}

/// The line of a step, which is broken within an address where one must be.
fn head(line: &str) -> String {
    text(&short(line, LONGEST_LINE)).replace('.', ".<wbr>")
}

fn lines(rows: impl Iterator<Item = String>) -> String {
    let rows: String = rows.collect();
    if rows.is_empty() { rows } else { format!("<div class=\"lines\">{rows}</div>\n") }
}

/// A line of a change. What is added or removed is told by its element too, and not by its colour alone.
fn row(mark: Mark, depth: usize, said: &str) -> String {
    let (element, class) = match mark {
        Mark::Add => ("ins", "add"),
        Mark::Remove => ("del", "remove"),
        Mark::Alter => ("span", "alter"),
        Mark::Note => ("span", "note"),
        Mark::Plain => ("span", "plain"),
    };
    let said = short(said, LONGEST_LINE);
    format!("<{element} class=\"{class} d{}\">{} {}</{element}>", depth.min(3), mark.symbol(), text(said.trim_end()))
}
