//! A plan as people read it in a terminal. Terraform's phrases are kept to the letter, since tools and eyes match them.

use super::authority;
use super::body::{Mark, body};
use super::impact::{self, Names};
use super::left_out;
use super::paint::{Paint, line};
use super::toml::{key, quoted};
use crate::kinds::counted;
use crate::model::{Action, Change, Places, canonical, on_all, pipe};
use crate::plan::{Plan, Refusal, SettingsChange, Summary, followers};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The whole plan, verdict last.
#[must_use]
pub fn text(plan: &Plan, paint: Paint) -> String {
    let mut out = String::new();
    write(plan, paint, Names::default(), &mut |part| out.push_str(part));
    out
}

/// The whole plan, verdict last, part by part: a large one is never whole in memory.
pub fn write(plan: &Plan, paint: Paint, names: Names, out: &mut (dyn FnMut(&str) + Send)) {
    if plan.is_empty() {
        out(&format!("{} {}\n", paint.bold("No changes."), standing(plan)));
        out(&left_out(plan, paint));
        out(&unmanaged(plan));
        return;
    }
    if let Some(change) = &plan.settings_change {
        out(&settings(change, paint));
    }
    all_objects(plan, paint, out);
    out(&hints(plan));
    out(&closing(plan, paint, names));
}

/// Every change; many at a time, told in their order while the next are put into words.
fn all_objects(plan: &Plan, paint: Paint, out: &mut (dyn FnMut(&str) + Send)) {
    // So few at a time that their texts are little beside the plan, and enough to share out.
    const PART: usize = 64;
    const PARTS: usize = 16;
    let groups = shown(plan);
    let told = |part: &&[Vec<&Change>]| {
        let mut text = String::new();
        for group in *part {
            text.push_str(&objects(group, plan, paint));
            text.push('\n');
        }
        text
    };
    let make = |give: &mut dyn FnMut(Vec<String>)| {
        for many in groups.chunks(PART.saturating_mul(PARTS)) {
            let parts: Vec<&[Vec<&Change>]> = many.chunks(PART).collect();
            give(on_all(&parts, 2, told));
        }
    };
    pipe(groups.len() > PART.saturating_mul(PARTS), make, |texts| texts.iter().for_each(|text| out(text)));
}

/// What lies between two moments: the changes and their counts, without a verdict.
#[must_use]
pub fn difference(plan: &Plan, paint: Paint) -> String {
    if plan.is_empty() {
        return "No changes.\n".to_owned();
    }
    let mut out = plan.settings_change.as_ref().map(|s| settings(s, paint)).unwrap_or_default();
    all_objects(plan, paint, &mut |part| out.push_str(part));
    out.push_str(&format!("{}\n", differences(&plan.summary())));
    out
}

/// `Resources: 2 added, 1 changed, 0 destroyed.`
pub(super) fn differences(summary: &Summary) -> String {
    let words = ["added", "changed", "destroyed", "imported", "moved", "forgotten"].map(str::to_owned);
    format!("Resources: {}", counts(summary, words))
}

/// The changes to show, those that one edit causes together: an edit of a template that changes 40 policies is shown once,
/// with 40 addresses. A move that only follows its parent is told with the parent.
pub(super) fn shown(plan: &Plan) -> Vec<Vec<&Change>> {
    let followers = followers(&plan.changes);
    let mut groups: Vec<Vec<&Change>> = Vec::new();
    let mut by_edit: BTreeMap<(&str, u32, String), usize> = BTreeMap::new();
    for change in plan.changes.iter().filter(|c| c.action != Action::Move || !followers.contains(&c.address)) {
        let edit = change.cause.place.as_ref().filter(|_| change.action == Action::Update && change.previous.is_none());
        let key = edit.map(|(file, line)| (file.as_str(), *line, canonical(&change.deltas)));
        match key.as_ref().and_then(|k| by_edit.get(k)).and_then(|i| groups.get_mut(*i)) {
            Some(group) => group.push(change),
            None => {
                by_edit.extend(key.map(|k| (k, groups.len())));
                groups.push(vec![change]);
            }
        }
    }
    groups
}

/// What is said where there is nothing to do.
pub(super) fn standing(plan: &Plan) -> String {
    match &plan.base.lineage {
        Some(_) if plan.destroy => format!("The store at @{} holds nothing that `{}` manages.", plan.base.serial, line(&plan.workspace)),
        Some(_) if !plan.complete => {
            let part = if plan.left_out.by_flags() { "the part that was asked for" } else { "all else" };
            format!("In {part}, the store at @{} is what the files declare.", plan.base.serial)
        }
        Some(_) => format!("The store at @{} is what the files declare.", plan.base.serial),
        None => "There is no store, and nothing to put into one.".to_owned(),
    }
}

/// What is left out on purpose, a line for each reason.
fn left_out(plan: &Plan, paint: Paint) -> String {
    left_out::lines(plan).iter().map(|told| paint.yellow(format!("{}\n", line(told)))).collect()
}

fn unmanaged(plan: &Plan) -> String {
    match plan.unmanaged {
        0 => String::new(),
        1 => "1 object of the store lives on unmanaged: `writ state list --unmanaged`\n".to_owned(),
        n => format!("{n} objects of the store live on unmanaged: `writ state list --unmanaged`\n"),
    }
}

/// The line above a change.
#[must_use]
pub fn headline(change: &Change) -> String {
    let address = &change.address;
    match change.action {
        Action::Create => format!("{address} will be created"),
        Action::Update => format!("{address} will be updated in-place"),
        Action::Delete => format!("{address} will be destroyed"),
        Action::Replace => format!("{address} must be replaced"),
        Action::Move => format!("{} has moved to {address}", change.previous.as_ref().map(ToString::to_string).unwrap_or_default()),
        Action::Import => {
            let id = change.import_id.as_deref().unwrap_or("");
            format!("{address} will be imported (id {})", quoted(id))
        }
        Action::Forget => format!("{address} will no longer be managed, and lives on"),
    }
}

/// `because marketing/campaign.toml:7, resource_roles.x stood at line 8 in 88b1c02`.
#[must_use]
pub fn because(change: &Change, plan: &Plan) -> Option<String> {
    let mut parts = Vec::new();
    let gone = matches!(change.action, Action::Delete | Action::Forget);
    let whole = change.cause.stood.first().filter(|(name, _)| name.is_empty()).map(|(_, o)| o.places()).filter(|o| !o.file.is_empty());
    let place = change.cause.place.as_ref().map(|(file, line_number)| line(&format!("{file}:{line_number}")));
    if gone && plan.destroy {
        parts.push("everything is destroyed".to_owned());
    } else if gone {
        let written = place.filter(|p| whole.as_ref().is_none_or(|o| *p != line(&format!("{}:{}", o.file, o.line))));
        parts.extend(written);
        parts.push(
            whole.map_or_else(|| "nothing asks for it".to_owned(), |o| format!("it is declared nowhere; it stood at {}", place_of(&o, ""))),
        );
    } else {
        let template = change.cause.template.as_ref().map(|t| format!(" (template {})", line(t))).unwrap_or_default();
        parts.extend(place.map(|p| format!("{p}{template}")));
        let stood = change.cause.stood.iter().map(|(n, o)| (n, place_of(&o.places(), n))).filter(|(n, p)| !n.is_empty() && !p.is_empty());
        parts.extend(stood.map(|(n, p)| format!("{} stood at {p}", line(n))));
    }
    if change.previous.is_some() {
        let below = plan
            .changes
            .iter()
            .filter(|c| c.previous.is_some() && c.address != change.address && c.address.is_within(&change.address))
            .count();
        parts.extend((below > 0).then(|| format!("{below} below it move along")));
    }
    let moved = change.previous.as_ref().filter(|_| change.action != Action::Move).map(|p| format!("moved from {p}"));
    let because = (!parts.is_empty()).then(|| format!("because {}", parts.join(", ")));
    let all: Vec<String> = moved.into_iter().chain(because).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Where an attribute stood when it was last applied, or the whole object for no name.
fn place_of(origin: &Places, name: &str) -> String {
    let commit = if origin.commit.is_empty() { String::new() } else { format!(" in {}", origin.commit) };
    let text = match origin.attributes.get(name) {
        Some(place) if place.contains(':') => place.clone(),
        Some(lines) if lines.contains('-') => format!("{}:{}", origin.file, lines),
        Some(one) => format!("{}:{one}", origin.file),
        None if name.is_empty() => format!("{}:{}", origin.file, origin.line),
        None => return String::new(),
    };
    line(&format!("{text}{commit}"))
}

fn objects(group: &[&Change], plan: &Plan, paint: Paint) -> String {
    let mut out = String::with_capacity(512);
    for change in group {
        out.push_str("  ");
        out.push_str(&paint.bold(format!("# {}", headline(change))));
        out.push('\n');
    }
    let Some(change) = group.first() else { return out };
    if let Some(because) = because(change, plan) {
        out.push_str(&format!("  {}\n", paint.dim(format!("# ({because})"))));
    }
    rows(change, paint, &mut out);
    out
}

/// What differs, a line each.
pub(super) fn rows(change: &Change, paint: Paint, out: &mut String) {
    for row in body(change) {
        let start = out.len();
        out.extend(std::iter::repeat_n(' ', row.depth.saturating_mul(4).saturating_add(2)));
        let text = format!("{} {}", row.mark.symbol(), row.text);
        let painted = match row.mark {
            Mark::Add => paint.green(&text),
            Mark::Remove => paint.red(&text),
            Mark::Alter => paint.yellow(&text),
            Mark::Note => paint.dim(&text),
            Mark::Plain => text.trim_end().into(),
        };
        out.push_str(&painted);
        let shown = out.get(start..).map_or(0, |line| line.trim_end().len());
        out.truncate(start.saturating_add(shown));
        out.push('\n');
    }
}

/// The settings that change, as `table.key` lines.
pub(super) fn settings_lines(change: &SettingsChange) -> Vec<(Mark, String)> {
    let empty = Json::Object(serde_json::Map::new());
    let before = change.before.as_ref().map_or(&empty, |b| &b.0);
    let mut keys: std::collections::BTreeSet<(String, String)> = std::collections::BTreeSet::new();
    for side in [before, &change.after.0] {
        for (section, table) in side.as_object().into_iter().flatten() {
            keys.extend(table.as_object().into_iter().flatten().map(|(k, _)| (section.clone(), k.clone())));
        }
    }
    let get = |side: &Json, (section, name): &(String, String)| side.get(section).and_then(|t| t.get(name)).map(|v| line(&v.to_string()));
    let told = keys.iter().filter_map(|setting| {
        let name = format!("{}.{}", key(&setting.0), key(&setting.1));
        match (get(before, setting), get(&change.after.0, setting)) {
            (Some(a), Some(b)) if a != b => Some((Mark::Alter, format!("{name} = {a} -> {b}"))),
            (Some(a), None) => Some((Mark::Remove, format!("{name} = {a}"))),
            (None, Some(b)) => Some((Mark::Add, format!("{name} = {b}"))),
            _ => None,
        }
    });
    told.collect()
}

/// The line above these.
pub(super) fn settings_headline(lines: &[(Mark, String)]) -> &'static str {
    match lines.iter().filter(|(_, text)| text.starts_with("check.")).count() {
        0 => "the settings of the workspace will change (writ.toml)",
        n if n == lines.len() => "the checks of the workspace will change",
        _ => "the settings (writ.toml) and the checks of the workspace will change",
    }
}

fn settings(change: &SettingsChange, paint: Paint) -> String {
    let lines = settings_lines(change);
    let mut out = format!("  {}\n", paint.bold(format!("# {}", settings_headline(&lines))));
    for (mark, text) in lines {
        let text = format!("{} {text}", mark.symbol());
        let painted = match mark {
            Mark::Add => paint.green(&text),
            Mark::Remove => paint.red(&text),
            _ => paint.yellow(&text),
        };
        out.push_str(&format!("  {painted}\n"));
    }
    out.push('\n');
    out
}

fn hints(plan: &Plan) -> String {
    let mut out = String::new();
    if !plan.hints.is_empty() {
        out.push_str("Hint: these look like one object under another name. If they are, nothing is lost by writing:\n\n");
        for hint in &plan.hints {
            out.push_str(&format!("  [[moved]]\n  from = {}\n  to = {}\n\n", quoted(&hint.from), quoted(&hint.to)));
        }
    }
    out
}

/// Counts by kind, where there is more than one reads at a glance.
#[must_use]
pub fn by_kind(plan: &Plan) -> Vec<(String, String)> {
    const MANY: usize = 20;
    if plan.changes.len() <= MANY {
        return Vec::new();
    }
    let of = Summary::by_kind(&plan.changes);
    let kinds = crate::kinds::LIST.iter().filter_map(|k| Some((k.name.replace('_', " "), *of.get(k.name)?)));
    let told = kinds.filter(|(_, s)| *s != Summary::default());
    told.map(|(kind, s)| (kind, summary(&s).trim_start_matches("Plan: ").to_owned())).collect()
}

/// People, authority, the counts, and what stands in the way.
fn closing(plan: &Plan, paint: Paint, names: Names) -> String {
    let mut out = String::new();
    let kinds = by_kind(plan);
    let width = kinds.iter().map(|(kind, _)| kind.len()).max().unwrap_or(0);
    for (kind, counts) in kinds {
        out.push_str(&format!("  {kind:width$}  {counts}\n"));
    }
    out.push_str(&people(plan, paint, names));
    out.push_str(&authority::text(&plan.authority, &plan.actor));
    out.push_str(&unmanaged(plan));
    out.push_str(&left_out(plan, paint));
    let mut marks = vec![format!("changes {}", plan.changes_digest.short()), format!("base @{}", plan.base.serial)];
    marks.extend(plan.commit.as_ref().map(|c| format!("commit {}", line(c))));
    out.push_str(&format!("{}    {}\n", paint.bold(summary(&plan.summary())), paint.dim(marks.join(", "))));
    out.push_str(&verdict(plan, paint));
    out
}

/// What happens to people.
fn people(plan: &Plan, paint: Paint, names: Names) -> String {
    let told = impact::told(&plan.impact, names);
    if told.is_empty() {
        return String::new();
    }
    let mut out = format!("People, as of @{}:\n", plan.base.serial);
    for thing in told {
        let word = format!("{:<9}", thing.word);
        let word = match thing.word {
            "lose" | "loosen" | "breach" | "waiting" => paint.red(word),
            "gain" | "open" | "control" => paint.yellow(word),
            _ => paint.dim(word),
        };
        out.push_str(&format!("  {word} {}\n", line(&thing.line)));
        thing.below.iter().for_each(|below| out.push_str(&format!("            {}\n", line(below))));
    }
    out
}

/// `Plan: 2 to add, 1 to change, 0 to destroy.`
#[must_use]
pub fn summary(summary: &Summary) -> String {
    format!("Plan: {}", counts(summary, ["add", "change", "destroy", "import", "move", "forget"].map(|w| format!("to {w}"))))
}

/// `Apply complete! Resources: 2 added, 1 changed, 0 destroyed.`
#[must_use]
pub fn completed(summary: &Summary) -> String {
    format!("Apply complete! {}", differences(summary))
}

/// The three that are always told, then each of the others only if it is not zero.
fn counts(summary: &Summary, words: [String; 6]) -> String {
    let Summary { add, change, destroy, import, moved, forget } = *summary;
    let [a, c, d, i, m, f] = words;
    let rest: Vec<String> =
        [(import, i), (moved, m), (forget, f)].into_iter().filter(|(n, _)| *n > 0).map(|(n, w)| format!("{n} {w}")).collect();
    let more = if rest.is_empty() { String::new() } else { format!(" {}.", rest.join(", ")) };
    format!("{add} {a}, {change} {c}, {destroy} {d}.{more}")
}

/// What stands in the way, each with the way out.
#[must_use]
pub fn verdict(plan: &Plan, paint: Paint) -> String {
    let mut out = String::new();
    let refused = plan.refused().count();
    let all: Vec<&Refusal> = plan.refused().chain(plan.brakes()).collect();
    if all.is_empty() {
        return out;
    }
    let reasons = counted(all.len(), "reason");
    let head = if refused > 0 {
        paint.red(format!("Error: refused, {reasons}"))
    } else {
        paint.yellow(format!("Warning: an apply stops at a brake, {reasons}"))
    };
    out.push_str(&format!("{head}\n"));
    for refusal in all {
        let code = refusal.code.id;
        let place = refusal.place.as_ref().map(|(file, number)| format!(" ({}:{number})", line(file))).unwrap_or_default();
        out.push_str(&format!(
            "  {:<11}{}{place} [{code}]\n             {}\n",
            refusal.why.word(),
            line(&refusal.message),
            way_out(refusal)
        ));
    }
    out
}

/// `override: --allow-deletes 12`, or the way out where there is no override.
pub(super) fn way_out(refusal: &Refusal) -> String {
    if refusal.lift.is_some() { line(&refusal.way_out) } else { format!("way out: {}", line(&refusal.way_out)) }
}
