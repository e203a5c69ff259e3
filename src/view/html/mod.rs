//! A plan as a page: one file that loads nothing, says what text says, verdict first, and needs no script; with one it can be filtered.
//!
//! In: a plan, how it is applied. Out: HTML, part by part. Invariants: what others wrote passes [`frame::text`] on its way in, and there
//! is no other way; no attribute is named by them; a page is bounded, and counts what it leaves out.

mod frame;
mod steps;

use super::authority;
use super::how::{How, command};
use super::impact::{self, Names};
use super::left_out;
use super::paint::short;
use super::plan::{by_kind, differences, standing, summary, way_out};
use super::toml::quoted;
use crate::checks::Outcome;
use crate::kinds::counted;
use crate::plan::{Plan, Refusal};
use frame::{code, prose, text};

/// So many reasons, or findings of one check, are told; the others are counted.
const MOST: usize = 500;

/// No line is longer, in characters.
const LONGEST_LINE: usize = 2_000;

/// The whole plan, part by part. What there is no way to apply is a difference between two moments, and is no matter of anybody's authority.
pub fn write(plan: &Plan, how: Option<&How>, names: Names, out: &mut dyn FnMut(&str)) {
    let Verdict { class, words } = verdict(plan);
    let of = if how.is_some() { "Plan of" } else { "Differences of" };
    out(&frame::head(&format!("{words}. {of} {}", short(&plan.workspace, 100))));
    if !plan.is_empty() {
        out("<a class=\"skip\" href=\"#steps\">To the steps</a>\n");
    }
    out(&format!("<header class=\"verdict {class}\">\n{}</header>\n<main>\n", masthead(plan, &words, of, how.is_some())));
    if !plan.is_empty() {
        out(&reasons(plan));
        out(&people(plan, names));
        out(&how.map_or_else(String::new, |_| authority(plan)));
        out(&checks(plan.checked()));
        out(&hints(plan));
        steps::write(plan, out);
        out(&how.filter(|_| plan.is_applyable()).map_or_else(String::new, |how| apply(plan, how)));
    }
    out("</main>\n");
    out(&footer(plan));
    out(&frame::foot());
}

/// What stands above all: a class that gives it its colour, and words.
struct Verdict {
    class: &'static str,
    words: String,
}

fn verdict(plan: &Plan) -> Verdict {
    let (refused, brakes) = (plan.refused().count(), plan.brakes().count());
    let reasons = counted(refused.saturating_add(brakes), "reason");
    let (class, words) = match (plan.is_empty(), refused, brakes) {
        (true, ..) => ("none", "No changes".to_owned()),
        (_, 0, 0) => ("changes", "Changes".to_owned()),
        (_, 0, _) => ("braked", format!("An apply stops at a brake, {reasons}")),
        _ => ("refused", format!("Refused, {reasons}")),
    };
    Verdict { class, words }
}

fn masthead(plan: &Plan, words: &str, of: &str, planned: bool) -> String {
    let mut out = format!("<p class=\"of\">{of} <bdi>{}</bdi></p>\n<h1>{words}</h1>\n", text(&short(&plan.workspace, 100)));
    if plan.is_empty() && planned {
        out.push_str(&format!("<p class=\"counts\">{}</p>\n", prose(&standing(plan))));
    } else {
        let counts = if planned { summary(&plan.summary()) } else { differences(&plan.summary()) };
        out.push_str(&format!("<p class=\"counts\">{}</p>\n", text(&counts)));
    }
    let left_out = left_out::lines(plan);
    out.extend(left_out.iter().take(MOST).map(|told| format!("<p>{}</p>\n", text(&short(told, LONGEST_LINE)))));
    if let rest @ 1.. = left_out.len().saturating_sub(MOST) {
        out.push_str(&format!("<p>and {rest} more that are left alone: <code>writ plan</code> shows them</p>\n"));
    }
    if plan.unmanaged > 0 {
        let (objects, live) = (counted(plan.unmanaged, "object"), if plan.unmanaged == 1 { "lives" } else { "live" });
        out.push_str(&format!("<p>{objects} of the store {live} on unmanaged: <code>writ state list --unmanaged</code></p>\n"));
    }
    let mut marks = vec![("Base", format!("@{}", plan.base.serial))];
    if !plan.is_empty() {
        marks.insert(0, ("Changes", plan.changes_digest.short().to_owned()));
    }
    marks.extend(plan.commit.as_ref().map(|commit| ("Commit", short(commit, 100))));
    marks.extend(planned.then(|| ("By", short(&plan.actor, 200))));
    let marks: String = marks.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", code(value))).collect();
    format!("{out}<dl class=\"marks\">{marks}</dl>\n")
}

/// A part of the page below its name.
fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{body}</section>\n")
}

/// Where something stands, behind what is said of it.
fn place(place: Option<&(String, u32)>) -> String {
    place.map_or_else(String::new, |(file, line)| {
        format!(" <span class=\"faint\">{}</span>", code(&short(&format!("{file}:{line}"), LONGEST_LINE)))
    })
}

/// What stands in the way, each with the way out.
fn reasons(plan: &Plan) -> String {
    let all: Vec<&Refusal> = plan.refused().chain(plan.brakes()).collect();
    if all.is_empty() {
        return String::new();
    }
    let one = |refusal: &&Refusal| {
        let tone = if refusal.lift.is_some() { "care" } else { "bad" };
        format!(
            "<li><p><span class=\"tag {tone}\">{}</span> {} {}{}</p><p class=\"way\">{}</p></li>\n",
            refusal.why.word(),
            prose(&short(&refusal.message, LONGEST_LINE)),
            code(refusal.code.id),
            place(refusal.place.as_ref()),
            prose(&short(&way_out(refusal), LONGEST_LINE))
        )
    };
    let mut rows: String = all.iter().take(MOST).map(one).collect();
    rows.push_str(&more(all.len(), "reason"));
    section("reasons", "What stands in the way", &format!("<ul class=\"rows\">\n{rows}</ul>\n"))
}

/// How many there are beyond [`MOST`].
fn more(all: usize, what: &str) -> String {
    match all.saturating_sub(MOST) {
        0 => String::new(),
        n => format!("<li>and {} more: <code>writ plan</code> shows them</li>\n", counted(n, what)),
    }
}

/// What happens to people.
fn people(plan: &Plan, names: Names) -> String {
    let told = impact::told(&plan.impact, names);
    if told.is_empty() {
        return String::new();
    }
    // Whoever asks for all names gets them.
    let (most, all) = (if names == Names::All { usize::MAX } else { MOST }, told.len());
    let mut rows = String::new();
    for thing in told.into_iter().take(most) {
        let tone = match thing.word {
            "lose" | "loosen" | "breach" | "waiting" => " bad",
            "gain" | "open" | "control" => " care",
            _ => "",
        };
        let below: String = thing.below.iter().map(|line| format!("<p class=\"theirs\">{}</p>", text(line))).collect();
        let (word, line) = (thing.word, text(&short(&thing.line, LONGEST_LINE)));
        rows.push_str(&format!(
            "<tr><th scope=\"row\"><span class=\"tag{tone}\">{word}</span></th><td><p class=\"theirs\">{line}</p>{below}</td></tr>\n"
        ));
    }
    if let rest @ 1.. = all.saturating_sub(most) {
        rows.push_str(&format!("<tr><td></td><td>and {rest} more: <code>writ plan</code> shows them</td></tr>\n"));
    }
    let head = "<thead class=\"unseen\"><tr><th scope=\"col\">Word</th><th scope=\"col\">What happens, and to whom</th></tr></thead>";
    let caption = format!("As of @{}", plan.base.serial);
    section(
        "people",
        "What it does to people",
        &format!("<table>\n<caption>{caption}</caption>\n{head}\n<tbody>\n{rows}</tbody>\n</table>\n"),
    )
}

fn authority(plan: &Plan) -> String {
    // They begin below a heading, and not behind a word.
    let sentence = |told: &str| told.strip_prefix("of ").map_or_else(|| told.to_owned(), |rest| format!("Of {rest}"));
    let one = |told: &String| format!("<li>{}</li>\n", prose(&short(&sentence(told), LONGEST_LINE)));
    let rows: String = authority::lines(&plan.authority, &plan.actor).iter().map(one).collect();
    if rows.is_empty() {
        return String::new();
    }
    section("authority", "Authority", &format!("<ul class=\"rows\">\n{rows}</ul>\n"))
}

/// What the checks of the workspace came to; of a plan that was saved they are among the reasons alone.
fn checks(outcomes: &[Outcome]) -> String {
    if outcomes.is_empty() {
        return String::new();
    }
    let mut rows = String::new();
    for Outcome { check, found, more: beyond } in outcomes {
        let (word, tone) = match (found.is_empty(), check.is_warning()) {
            (true, _) => ("pass", "good"),
            (false, true) => ("warn", "care"),
            (false, false) => ("fail", "bad"),
        };
        rows.push_str(&format!("<li><p><span class=\"tag {tone}\">{word}</span> {}</p>\n", code(&check.name)));
        if !found.is_empty() {
            rows.push_str("<ul class=\"found\">\n");
            for one in found.iter().take(MOST) {
                let message = prose(&short(&one.message, LONGEST_LINE));
                rows.push_str(&format!("<li><p>{message} {}{}</p>", code(one.code.id), place(one.place.as_ref())));
                let help = one.help.as_ref().map(|help| format!("<p class=\"way\">way out: {}</p>", prose(&short(help, LONGEST_LINE))));
                rows.push_str(&format!("{}</li>\n", help.unwrap_or_default()));
            }
            rows.push_str(&more(found.len().saturating_add(*beyond), "finding"));
            rows.push_str("</ul>\n");
        }
        rows.push_str("</li>\n");
    }
    section("checks", "Checks", &format!("<ul class=\"rows\">\n{rows}</ul>\n"))
}

/// Renames that were probably meant.
fn hints(plan: &Plan) -> String {
    if plan.hints.is_empty() {
        return String::new();
    }
    let one = |hint: &crate::reconcile::Hint| {
        let lines = ["[[moved]]".to_owned(), format!("from = {}", quoted(&hint.from)), format!("to = {}", quoted(&hint.to))];
        let lines: String = lines.iter().map(|line| format!("<span>{}</span>", text(&short(line, LONGEST_LINE)))).collect();
        format!("<div class=\"lines\">{lines}</div>\n")
    };
    let mut body = "<p>These look like one object under another name. If they are, nothing is lost by writing:</p>\n".to_owned();
    body.extend(plan.hints.iter().take(MOST).map(one));
    section("hints", "Other names?", &body)
}

/// Counts by kind, where there is more than one reads at a glance.
fn kinds(plan: &Plan) -> String {
    let kinds = by_kind(plan);
    if kinds.is_empty() {
        return String::new();
    }
    let rows: String = kinds.iter().map(|(kind, counts)| format!("<tr><th scope=\"row\">{kind}</th><td>{counts}</td></tr>\n")).collect();
    let head = "<thead><tr><th scope=\"col\">Kind</th><th scope=\"col\">Objects</th></tr></thead>";
    format!("<table>\n{head}\n<tbody>\n{rows}</tbody>\n</table>\n")
}

/// How to apply exactly this.
fn apply(plan: &Plan, how: &How) -> String {
    let body = match command(plan, how) {
        Some(command) => format!("<pre class=\"command\"><code>{}</code></pre>\n", text(&short(&command, 10_000))),
        None => "<p>Save it with <code>-o FILE</code> to apply exactly this part.</p>\n".to_owned(),
    };
    section("apply", "Apply exactly this", &body)
}

fn footer(plan: &Plan) -> String {
    let mut parts = vec![format!("Writ {}", crate::model::VERSION)];
    if !plan.is_empty() {
        parts.push(format!("digest of the changes {}", code(plan.changes_digest.as_str())));
    }
    parts.extend(plan.base.lineage.as_ref().map(|lineage| format!("store {}", code(&short(lineage, 100)))));
    format!("<footer><p>{}</p></footer>\n", parts.join(", "))
}
