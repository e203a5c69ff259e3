//! What a plan leaves out on purpose, in words.

use crate::plan::{LeftOut, Plan};

/// A line for each reason.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let LeftOut { asked, changes, since, tolerated } = &plan.left_out;
    let mut lines: Vec<String> = tolerated
        .iter()
        .map(|t| {
            let reason = t.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("Left alone until {}: {} ({}:{}){reason}", t.until, t.address, t.file, t.line)
        })
        .collect();
    let others = if *changes == 1 { "1 other change" } else { &format!("{changes} other changes") };
    match since {
        Some(commit) if *changes > 0 => {
            let what = if *changes == 1 { "an older edit or drift" } else { "older edits or drift" };
            lines.push(format!("Only what is declared otherwise since {commit} (--since): {others} left out, {what}."));
        }
        Some(commit) => lines.push(format!("Only what is declared otherwise since {commit} (--since), and there is nothing else.")),
        None if plan.complete || (!asked && *changes == 0) => {}
        None if *asked => lines.push("Part of the changes only: --target or --exclude left others out.".to_owned()),
        None => lines.push(format!("{others} left out that cannot go without what is left alone.")),
    }
    lines
}
