//! Drift as people and programs read it: what became of each object, who did it, and the three ways out.

use super::how::{How, word};
use super::paint::{Paint, line};
use super::plan::{rows, settings_lines};
use crate::kinds::{counted, with_defaults};
use crate::plan::SettingsChange;
use crate::plan::drift::{Deed, Drift, Drifted, SettingsDrift};
use serde_json::{Value as Json, json};

/// All of it, for a terminal.
#[must_use]
pub fn text(drift: &Drift, how: &How, paint: Paint) -> String {
    let (tolerated, open): (Vec<&Drifted>, Vec<&Drifted>) = drift.objects.iter().partition(|d| d.tolerated.is_some());
    let mut out = String::new();
    if let Some(settings) = &drift.settings {
        out.push_str(&self::settings(settings, how, paint));
    }
    for drifted in &open {
        out.push_str(&object(drifted, how, paint));
    }
    for drifted in &tolerated {
        out.push_str(&object(drifted, how, paint));
    }
    if !drift.taken_away.is_empty() {
        out.push_str("Taken away since, and given by no apply again (`writ assign` gives anew):\n");
        for taken in &drift.taken_away {
            let since = taken.since.map(|at| format!(" on {}", at.format("%Y-%m-%d"))).unwrap_or_default();
            out.push_str(&format!("  {}  {}: {}{since}\n", taken.address, line(&taken.user), line(&taken.cause)));
        }
        out.push('\n');
    }
    let settings = if drift.settings.is_some() { "the settings" } else { "" };
    let objects = if open.is_empty() { String::new() } else { counted(open.len(), "object") };
    let what = [settings, &objects].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" and ");
    if what.is_empty() {
        let left = format!("The store at @{} is what the last apply left", drift.serial);
        let but = if tolerated.is_empty() { "." } else { ", but for what is tolerated." };
        out.push_str(&format!("{} {left}{but}\n", paint.bold("No drift.")));
    } else {
        out.push_str(&format!("{}\n", paint.bold(format!("Drift: {what}, as of @{}.", drift.serial))));
    }
    if !tolerated.is_empty() {
        out.push_str(&format!("{} tolerated.\n", counted(tolerated.len(), "object")));
    }
    match drift.pending {
        0 => {}
        1 => out.push_str("1 change in the files is not applied yet: `writ plan`\n"),
        n => out.push_str(&format!("{n} changes in the files are not applied yet: `writ plan`\n")),
    }
    out
}

/// For a review: the verdict, then all of it as code.
#[must_use]
pub fn markdown(drift: &Drift, how: &How) -> String {
    let verdict = if drift.is_empty() { "Writ: no drift" } else { "Writ: drift" };
    let text = text(drift, how, Paint { on: false });
    // Longer than any fence in it.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2);
    let fence = "`".repeat(longest.saturating_add(1));
    format!("<!-- writ drift {} -->\n### {verdict}\n\n{fence}text\n{text}{fence}\n", drift.workspace)
}

/// `writ drift --revert ADDR`, as it is called from here.
fn command(flag: &str, address: Option<&str>, how: &How) -> String {
    let mut words = vec!["writ drift".to_owned()];
    words.extend(how.chdir.as_ref().map(|dir| format!("--chdir {}", word(dir))));
    words.extend(how.acting.as_ref().map(|user| format!("--as {}", word(user))));
    words.push(flag.to_owned());
    words.extend(address.map(word));
    words.join(" ")
}

fn by(deeds: &[Deed]) -> Vec<String> {
    deeds.iter().map(|d| format!("by {}, {}, @{}, {}", line(&d.actor), line(&d.command), d.serial, line(&d.at))).collect()
}

fn object(drifted: &Drifted, how: &How, paint: Paint) -> String {
    let from = drifted.previous().map(|from| format!("{from} -> ")).unwrap_or_default();
    let mut out = format!("  {}\n", paint.bold(format!("# {from}{} {}", drifted.address, drifted.became.word())));
    for told in by(&drifted.deeds) {
        out.push_str(&format!("  {}\n", paint.dim(format!("# ({told})"))));
    }
    rows(&drifted.change, paint, &mut out);
    let mut say = |what: &str, told: String| out.push_str(&format!("    {what:<9} {told}\n"));
    if let Some((file, number)) = &drifted.place {
        let edited = if drifted.edited { ", edited since the last apply" } else { "" };
        say("declared", format!("{}:{number}{edited}", line(file)));
    }
    let address = Some(drifted.address.as_str());
    if let Some(t) = &drifted.tolerated {
        let reason = t.reason.as_ref().map(|r| format!(": {}", line(r))).unwrap_or_default();
        say("tolerated", format!("until {} ({}:{}){reason}", line(&t.until), line(&t.file), t.line));
        say("adopt", command("--adopt", address, how));
    } else {
        say("revert", command("--revert", address, how));
        say("adopt", command("--adopt", address, how));
        say("tolerate", command("--tolerate-until DATE", address, how));
    }
    out.push('\n');
    out
}

fn settings(drift: &SettingsDrift, how: &How, paint: Paint) -> String {
    let mut out = format!("  {}\n", paint.bold("# the settings of the workspace were changed"));
    for told in by(&drift.deeds) {
        out.push_str(&format!("  {}\n", paint.dim(format!("# ({told})"))));
    }
    let change = SettingsChange { before: Some(drift.left.clone()), after: drift.now.clone() };
    for (mark, text) in settings_lines(&change) {
        out.push_str(&format!("  {} {text}\n", mark.symbol()));
    }
    out.push_str(&format!("    {:<9} {}\n\n", "revert", command("--revert", None, how)));
    out
}

/// For programs.
#[must_use]
pub fn json(drift: &Drift) -> Json {
    let object = |d: &Drifted| {
        json!({
            "address": d.address,
            "previous_address": d.previous(),
            "type": d.address.kind(),
            "became": d.became,
            "before": d.change.before.as_ref().map(with_defaults),
            "after": d.change.after.as_ref().map(with_defaults),
            "deeds": d.deeds,
            "edited": d.edited,
            "tolerated": d.tolerated,
            "source": d.place.as_ref().map(|(file, line)| json!({ "file": file, "line": line })),
        })
    };
    let settings = drift.settings.as_ref().map(|s| json!({ "before": s.left.0, "after": s.now.0, "deeds": s.deeds }));
    json!({
        "format_version": "1.0",
        "workspace": drift.workspace,
        "serial": drift.serial,
        "drifted": !drift.is_empty(),
        "drift": drift.objects.iter().map(object).collect::<Vec<_>>(),
        "settings": settings,
        "pending": drift.pending,
        "taken_away": drift.taken_away,
    })
}
