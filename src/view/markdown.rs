//! A plan for a review: verdict first, details folded, never too long for a comment; foreign text cannot break out.

use super::authority;
use super::body::body;
use super::how::{How, command};
use super::impact::{self, Names};
use super::left_out;
use super::paint::{line, short};
use super::plan::{because, by_kind, headline, settings_lines, shown, summary, way_out};
use crate::kinds::counted;
use crate::model::{Action, Change};
use crate::plan::{Plan, Why};

/// No comment is longer, in characters.
pub const LONGEST: usize = 65_000;

/// So many reasons are told; the others are counted.
const REASONS: usize = 20;

/// No line of a change, and no message, is longer.
const LONGEST_LINE: usize = 500;

/// The whole plan as Markdown. The first line is the same for every plan of a workspace, so that the next run can replace
/// its comment. Without a way to apply it, none is told.
#[must_use]
pub fn text(plan: &Plan, how: Option<&How>) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut head = format!("<!-- writ plan {} -->\n", plan.workspace.chars().filter(plain).take(100).collect::<String>());
    head.push_str(&format!("### {}\n\n", verdict(plan)));
    let mut marks = vec![format!("changes `{}`", plan.changes_digest.short()), format!("base @{}", plan.base.serial)];
    marks.extend(plan.commit.as_ref().map(|c| format!("commit {}", inline(&short(c, 100)))));
    if !plan.is_empty() {
        head.push_str(&format!("**{}** {}\n\n", summary(&plan.summary()), marks.join(", ")));
    }
    for refusal in plan.refused().chain(plan.brakes()).take(REASONS) {
        // Where a rule of the house stands is part of what it says.
        let place = refusal.place.as_ref().filter(|_| refusal.why == Why::Check).map(|(file, line)| format!(" ({file}:{line})"));
        head.push_str(&format!(
            "- **{}** {} (`{}`); {}\n",
            refusal.why.word(),
            prose(&format!("{}{}", short(&refusal.message, LONGEST_LINE / 2), place.unwrap_or_default())),
            refusal.code.id,
            prose(&short(&way_out(refusal), LONGEST_LINE / 2))
        ));
    }
    match plan.refusals.len().saturating_sub(REASONS) {
        0 => {}
        1 => head.push_str("- and 1 more reason: `writ plan` shows it\n"),
        n => head.push_str(&format!("- and {n} more reasons: `writ plan` shows them\n")),
    }
    head.push_str(&people(plan));
    for told in authority::lines(&plan.authority, &plan.actor) {
        head.push_str(&format!("- **authority** {}\n", prose(&short(&told, LONGEST_LINE))));
    }
    if plan.unmanaged > 0 {
        head.push_str(&format!("- **unmanaged** {} in the store that no workspace manages\n", counted(plan.unmanaged, "object")));
    }
    const LEFT_OUT: usize = 20;
    let left_out = left_out::lines(plan);
    for told in left_out.iter().take(LEFT_OUT) {
        head.push_str(&format!("- **part** {}\n", prose(&short(told, LONGEST_LINE / 2))));
    }
    if left_out.len() > LEFT_OUT {
        head.push_str(&format!("- **part** and {} more: `writ plan` shows them\n", left_out.len().saturating_sub(LEFT_OUT)));
    }
    head.push('\n');
    let tail = how.filter(|_| !plan.is_empty()).map_or_else(String::new, |how| apply(plan, how));
    let room = LONGEST.saturating_sub(chars(&head)).saturating_sub(chars(&tail)).saturating_sub(200);
    format!("{head}{}{tail}", cut(sections(plan), room))
}

/// What happens to people, as far as it fits beside the verdict.
fn people(plan: &Plan) -> String {
    /// So much is read, in characters; the rest is in the plan itself.
    const MOST: usize = 20_000;
    let told = impact::told(&plan.impact, Names::Some);
    let (mut out, mut length) = (String::new(), 0_usize);
    for (at, thing) in told.iter().enumerate() {
        let mut lines = format!("- **{}** {}\n", thing.word, prose(&short(&thing.line, LONGEST_LINE / 2)));
        thing.below.iter().for_each(|below| lines.push_str(&format!("  - {}\n", prose(&short(below, LONGEST_LINE / 2)))));
        length = length.saturating_add(chars(&lines));
        if length > MOST {
            out.push_str(&format!("- and {} more about people: `writ plan` shows them\n", told.len().saturating_sub(at)));
            break;
        }
        out.push_str(&lines);
    }
    out
}

/// How to apply exactly this.
fn apply(plan: &Plan, how: &How) -> String {
    match command(plan, how) {
        Some(command) => format!("\nApply exactly this: {}\n", inline(&short(&command, 10_000))),
        None => "\nSave it with `-o FILE` to apply exactly this part.\n".to_owned(),
    }
}

fn verdict(plan: &Plan) -> &'static str {
    if plan.is_empty() {
        "Writ: no changes"
    } else if plan.refused().next().is_some() {
        "Writ: refused"
    } else if plan.brakes().next().is_some() {
        "Writ: stopped by a brake"
    } else {
        "Writ: changes"
    }
}

/// A part that is shown whole or not at all.
struct Section {
    text: String,
    /// What is counted when it is cut.
    objects: usize,
}

/// Settings and hints, then the changes: what is lost first, since it is what a reviewer looks for.
fn sections(plan: &Plan) -> Vec<Section> {
    let mut out = Vec::new();
    if let Some(change) = &plan.settings_change {
        let lines: String = settings_lines(change).into_iter().map(|(m, t)| format!("{} {t}\n", m.symbol())).collect();
        out.push(Section { text: details("Settings of the workspace", &lines), objects: 0 });
    }
    if !plan.hints.is_empty() {
        let lines: String = plan
            .hints
            .iter()
            .map(|h| format!("[[moved]]\nfrom = {}\nto = {}\n\n", super::toml::quoted(&h.from), super::toml::quoted(&h.to)))
            .collect();
        out.push(Section {
            text: format!("These look like one object under another name; if they are, write:\n\n{}\n", fenced("toml", &lines)),
            objects: 0,
        });
    }
    let groups = [
        (Action::Delete, "destroyed"),
        (Action::Replace, "replaced"),
        (Action::Update, "updated in-place"),
        (Action::Create, "created"),
        (Action::Move, "moved"),
        (Action::Import, "imported"),
        (Action::Forget, "no longer managed"),
    ];
    let kinds = by_kind(plan);
    if !kinds.is_empty() {
        let rows: String = kinds.iter().map(|(kind, counts)| format!("| {kind} | {} |\n", counts.trim_end_matches('.'))).collect();
        out.insert(0, Section { text: format!("| kind | |\n|---|---|\n{rows}\n"), objects: 0 });
    }
    let all = shown(plan);
    for (action, word) in groups {
        let changes: Vec<&Vec<&Change>> = all.iter().filter(|g| g.iter().any(|c| c.action == action)).collect();
        for (kind, changes) in grouped(&changes) {
            for part in changes.chunks(50) {
                let count = part.iter().map(|g| g.len()).sum();
                let title = format!("{} {word}", counted(count, kind));
                let text: String = part.iter().map(|g| one(g, plan)).collect();
                out.push(Section { text: details(&title, text.trim_end()), objects: count });
            }
        }
    }
    out
}

/// Changes of one kind, kinds in the order in which they first appear.
fn grouped<'c>(groups: &[&'c Vec<&'c Change>]) -> Vec<(&'c str, Vec<&'c Vec<&'c Change>>)> {
    let mut out: Vec<(&str, Vec<&Vec<&Change>>)> = Vec::new();
    for group in groups {
        let kind = group.first().map_or("", |c| c.address.kind());
        match out.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, list)) => list.push(group),
            None => out.push((kind, vec![group])),
        }
    }
    out
}

fn one(group: &[&Change], plan: &Plan) -> String {
    let mut out: String = group.iter().map(|c| format!("# {}\n", headline(c))).collect();
    let Some(change) = group.first() else { return out };
    if let Some(because) = because(change, plan) {
        out.push_str(&format!("# ({because})\n"));
    }
    for row in body(change) {
        let indent = " ".repeat(row.depth.saturating_mul(4).saturating_add(1));
        out.push_str(format!("{}{indent}{}", row.mark.symbol(), row.text).trim_end());
        out.push('\n');
    }
    out.push('\n');
    out
}

fn details(title: &str, body: &str) -> String {
    format!("<details><summary>{}</summary>\n\n{}\n</details>\n\n", html(title), fenced("diff", body))
}

/// Runs of backticks are cut, so that no fence around them is longer than 17.
fn without_long_runs(text: &str) -> String {
    const RUN: &str = "````````````````";
    let mut out = String::with_capacity(text.len());
    let mut run = 0usize;
    let end = |run: &mut usize, out: &mut String| {
        match run.saturating_sub(RUN.len()) {
            0 => out.extend(std::iter::repeat_n('`', *run)),
            more => out.push_str(&format!("{RUN}… ({more} more backticks)")),
        }
        *run = 0;
    };
    for c in text.chars() {
        if c == '`' {
            run = run.saturating_add(1);
        } else {
            end(&mut run, &mut out);
            out.push(c);
        }
    }
    end(&mut run, &mut out);
    out
}

/// A fence longer than any run of backticks in it.
fn fenced(language: &str, body: &str) -> String {
    let body = &without_long_runs(body);
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    let lines: Vec<String> = body.trim_end_matches('\n').split('\n').map(|l| short(l, LONGEST_LINE)).collect();
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

/// Whole sections from the top, as many as fit, and a count of what did not.
fn cut(sections: Vec<Section>, room: usize) -> String {
    let mut out = String::new();
    let (mut used, mut lost_sections, mut lost_objects) = (0usize, 0usize, 0usize);
    for section in sections {
        let length = chars(&section.text);
        if lost_sections == 0 && used.saturating_add(length) <= room {
            used = used.saturating_add(length);
            out.push_str(&section.text);
        } else {
            lost_sections = lost_sections.saturating_add(1);
            lost_objects = lost_objects.saturating_add(section.objects);
        }
    }
    if lost_sections > 0 {
        let sections = if lost_sections == 1 { "1 section".to_owned() } else { format!("{lost_sections} sections") };
        out.push_str(&format!("_{sections} with {} not shown here: `writ plan` shows them._\n", counted(lost_objects, "object")));
    }
    out
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Text of ours with names of others in backticks. If what stands outside of these could mean anything to Markdown, to a
/// forge or to a browser, or the backticks do not pair, all of it is one code span, in which nothing means anything.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let pairs = parts.len() % 2 == 1;
    let tame = parts.iter().enumerate().all(|(i, part)| if i % 2 == 0 { is_tame(part) } else { !part.is_empty() });
    // Between two spans that touch there is nothing: their backticks would be one longer fence.
    let apart = parts.iter().enumerate().all(|(i, part)| i == 0 || i.saturating_add(1) == parts.len() || i % 2 == 1 || !part.is_empty());
    if pairs && tame && apart { line(text) } else { inline(text) }
}

/// Whether plain words, and neither a link, a mention, a commit nor an emoji can be seen in them.
fn is_tame(text: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '.' | ';' | ':' | '(' | ')' | '\'' | '%' | '-' | '/' | '=' | '…');
    let is_commit = |word: &str| word.len() >= 7 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let spaced = text.split(':').skip(1).all(|rest| rest.is_empty() || rest.starts_with(' '));
    text.chars().all(plain)
        && spaced
        && !text.to_ascii_lowercase().contains("www.")
        && !text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_commit)
}

/// Text in a code span whose backticks are more than any run in it, on one line.
fn inline(text: &str) -> String {
    let text = &without_long_runs(&line(text));
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let (fence, space) = ("`".repeat(longest.saturating_add(1)), if longest > 0 { " " } else { "" });
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text as it may stand in a cell of a table: on one line, with no bar that would end the cell. A bar, or a backslash before it, ends a
/// cell even within a code span, so what has one is spelled by the numbers of its characters.
pub(super) fn cell(text: &str) -> String {
    let text = line(&short(text, LONGEST_LINE));
    if is_tame(&text) {
        return text;
    }
    if !text.contains(['|', '\\', '`']) {
        return inline(&text);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    let spelled = |c: char| if plain(c) { c.to_string() } else { format!("&#{};", u32::from(c)) };
    format!("<code>{}</code>", text.chars().map(spelled).collect::<String>())
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AppliedSettings;
    use crate::diag::{Span, codes::R15};
    use crate::model::{Address, Digest, Zone};
    use crate::plan::impact::{Breach, Impact};
    use crate::plan::{Base, Basis, Flag, LeftOut, Lift, Refusal, SettingsChange, Why};

    /// A plan that changes a setting, and what stands in its way.
    fn refused(refusals: Vec<Refusal>) -> Plan {
        let settings = AppliedSettings(serde_json::json!({ "workspace": { "zone": "z".repeat(90_000) } }));
        Plan {
            changes_digest: Digest::of(b""),
            workspace: "test".to_owned(),
            base: Base { lineage: None, serial: 0, config_digest: String::new() },
            commit: Some("4f2a9c1".to_owned()),
            actor: "operator:olga@host".to_owned(),
            authority: crate::plan::Authority::operator(),
            changes: Vec::new(),
            rewritten: Vec::new(),
            settings_change: Some(SettingsChange { before: None, after: settings.clone() }),
            settings,
            basis: Basis::default(),
            refusals,
            hints: Vec::new(),
            people_losing_access: 7,
            impact: many_people(),
            unmanaged: 0,
            destroy: false,
            complete: true,
            left_out: LeftOut::default(),
            zone: Zone::default(),
        }
    }

    /// Breaches of many packages, by many people with long names.
    fn many_people() -> Impact {
        let breach = |n: usize| Breach {
            package: Address::root("access_package", &format!("p{n}")),
            other: Address::root("access_package", "q"),
            person: "&`<x>@|".repeat(500),
        };
        Impact { breaches: (0..1_000).map(breach).collect(), ..Impact::default() }
    }

    fn refusal(message: &str) -> Refusal {
        Refusal {
            code: &R15,
            why: Why::Rule,
            address: None,
            message: message.to_owned(),
            way_out: "<&>".repeat(4_000),
            lift: None,
            at: Span::NONE,
            place: None,
        }
    }

    #[test]
    fn however_many_reasons_there_are_it_fits_a_comment() {
        let text = text(&refused((0..3_000).map(|n| refusal(&format!("{n} {}", "&`x<".repeat(2_000)))).collect()), Some(&How::default()));
        assert!(chars(&text) < LONGEST, "{}", chars(&text));
        assert!(text.starts_with("<!-- writ plan test -->\n### Writ: refused\n\n**Plan: 0 to add, 0 to change, 0 to destroy.**"), "{text}");
        assert!(text.contains("- **rule** `` 19 ") && !text.contains("- **rule** `` 20 "));
        assert!(text.contains("- and 2980 more reasons: `writ plan` shows them\n"));
        assert!(text.contains(" more about people: `writ plan` shows them\n"));
        // One long value does not cost what stands beside it.
        assert!(text.contains("more characters)\n```\n") && text.contains("Apply exactly this: `writ apply --expect "));
        assert!(text.lines().all(|l| chars(l) < 6_000));
    }

    #[test]
    fn a_reason_stays_in_its_line_and_draws_nothing() {
        let told = |message: &str| text(&refused(vec![refusal(message)]), None).lines().nth(5).unwrap_or_default().to_owned();
        // In a code span nothing means anything, and its fence is longer than any run in it.
        assert!(told("```<img src=x>").starts_with("- **rule** ```` ```<img src=x> ```` (`"), "{}", told("```<img src=x>"));
        assert!(told("`a\n</details>").starts_with("- **rule** `` `a\\u{a}</details> `` (`"), "{}", told("`a\n</details>"));
    }

    #[test]
    fn a_cell_ends_where_it_ends() {
        assert_eq!(cell("Sales, 2 of 3"), "Sales, 2 of 3");
        assert_eq!(cell("ann@contoso.example"), "`ann@contoso.example`");
        assert_eq!(cell("a|b"), "<code>a&#124;b</code>");
        assert_eq!(cell("a\n`\\"), "<code>a&#92;u&#123;a&#125;&#96;&#92;</code>");
        for text in ["|", "\\|", "`|`", "<b>|</code>", "\r\n| x |"] {
            assert!(!cell(text).contains(['|', '\n', '\r', '\\']) && cell(text).matches('<').count() == 2, "{}", cell(text));
        }
    }

    #[test]
    fn a_part_is_applied_from_a_file_and_a_difference_is_not_applied() {
        let part = Plan { complete: false, ..refused(Vec::new()) };
        assert!(text(&part, Some(&How::default())).contains("Save it with `-o FILE` to apply exactly this part.\n"));
        let how = How { chdir: Some("my team".to_owned()), acting: Some("ann@contoso.example".to_owned()), saved: None };
        let saved = text(&part, Some(&how.saved("it`s.plan")));
        assert!(saved.contains("`` writ apply 'it`s.plan' --chdir 'my team' --as ann@contoso.example ``\n"), "{saved}");
        assert!(!text(&part, None).contains("pply exactly"));
        let brake = Refusal { lift: Some(Lift { flag: Flag::Deletes, value: 12 }), ..refusal("12 deletions") };
        assert!(text(&refused(vec![brake]), Some(&How::default())).contains(" --allow-deletes 12`\n"));
        // This flag takes no number.
        let brake = Refusal { lift: Some(Lift { flag: Flag::Loosening, value: 12 }), ..refusal("12 loosen") };
        assert!(text(&refused(vec![brake]), Some(&How::default())).contains(" --allow-loosening`\n"));
    }
}
