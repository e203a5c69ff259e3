//! What a page says against what a command said.

use similar::TextDiff;

/// Added lines that are shown in a row.
const LONGEST_RUN: usize = 30;

/// A unified difference, unless the output is as expected.
pub fn lines(expected: &str, actual: &str) -> Result<(), String> {
    let plain = |text: &str| text.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<String>>().join("\n").trim_end().to_owned();
    let (wanted, found) = (plain(expected), plain(actual));
    if agree(&split(&wanted), &split(&found)) {
        return Ok(());
    }
    // Lines that agree but for `[..]` are shown as the page has them.
    let told: String = found.split('\n').map(|f| format!("{}\n", wanted.split('\n').find(|w| within(w, f)).unwrap_or(f))).collect();
    let difference = TextDiff::from_lines(format!("{wanted}\n"), told).unified_diff().header("as written", "as it is").to_string();
    Err(shortened(&difference))
}

/// What the page would have to say: the output, with `...` and `[..]` where the page has them already.
pub fn blessed(expected: &str, actual: &str) -> String {
    let (wanted, found) = (split(expected.trim_end()), split(actual.trim_end()));
    let told: Vec<&str> = found.iter().map(|f| wanted.iter().copied().find(|w| *w != "..." && within(w, f)).unwrap_or(*f)).collect();
    let mut out: Vec<&str> = Vec::new();
    for op in TextDiff::from_slices(&wanted, &told).ops() {
        let (old, new) = (wanted.get(op.old_range()).unwrap_or_default(), told.get(op.new_range()).unwrap_or_default());
        match old.iter().position(|line| *line == "...") {
            // As many lines around it as the page has.
            Some(before) => {
                let after = old.len() - before - 1;
                out.extend(new.iter().take(before));
                out.push("...");
                out.extend(new.iter().skip(before.max(new.len().saturating_sub(after))));
            }
            None => out.extend(new),
        }
    }
    out.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Long runs of lines that the page lacks, since `...` may stand for them.
fn shortened(difference: &str) -> String {
    let mut out = String::new();
    let mut run = 0;
    for line in difference.lines().chain(["@@"]) {
        let added = line.starts_with('+');
        if !added && run > LONGEST_RUN {
            out.push_str(&format!("+ (and {} lines more)\n", run - LONGEST_RUN));
        }
        run = if added { run + 1 } else { 0 };
        if run <= LONGEST_RUN {
            out.push_str(&format!("{line}\n"));
        }
    }
    out
}

fn split(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split('\n').collect() }
}

/// `...` takes any lines, none included; the first way that works is taken.
fn agree(wanted: &[&str], found: &[&str]) -> bool {
    match (wanted, found) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=found.len()).any(|n| agree(rest, found.get(n..).unwrap_or_default())),
        ([w, wanted @ ..], [f, found @ ..]) => within(w, f) && agree(wanted, found),
        _ => false,
    }
}

/// `[..]` takes any text within its line.
fn within(wanted: &str, found: &str) -> bool {
    match wanted.split_once("[..]") {
        None => wanted == found,
        Some((head, rest)) => {
            let Some(tail) = found.strip_prefix(head) else { return false };
            tail.char_indices().map(|(i, _)| i).chain([tail.len()]).any(|i| tail.get(i..).is_some_and(|t| within(rest, t)))
        }
    }
}
