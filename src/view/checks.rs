//! What checks and tests came to, for people, for programs, and as JUnit has it.

use super::paint::{Paint, line};
use crate::checks::Outcome;
use crate::checks::trial::Ran;
use crate::diag::{Sources, Span};
use serde_json::{Value as Json, json};

fn place(sources: &Sources, at: Span) -> Json {
    sources.line(at).map_or(Json::Null, |(file, line)| json!({ "file": file, "line": line }))
}

fn place_text(sources: &Sources, at: Span) -> String {
    sources.line(at).map_or_else(|| " (as it was last applied)".to_owned(), |(file, number)| format!(" ({}:{number})", line(file)))
}

/// `3 checks`, `1 check`.
fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A line for each check, and below it what does not keep to it.
#[must_use]
pub fn checks(outcomes: &[Outcome], sources: &Sources, paint: Paint) -> String {
    if outcomes.is_empty() {
        return "There are no checks: a `[check.NAME]` table writes one.\n".to_owned();
    }
    let mut out = String::new();
    for Outcome { check, found, more } in outcomes {
        let word = match (found.is_empty(), check.is_warning()) {
            (true, _) => paint.green("pass"),
            (false, true) => paint.yellow("warn"),
            (false, false) => paint.red("fail"),
        };
        out.push_str(&format!("{word}  {}{}\n", line(&check.name), place_text(sources, check.at)));
        for one in found {
            let at = one.place.as_ref().map(|(file, number)| format!(" ({}:{number})", line(file))).unwrap_or_default();
            out.push_str(&format!("      {}{at} [{}]\n", line(&one.message), one.code.id));
            if let Some(help) = &one.help {
                out.push_str(&format!("        way out: {}\n", line(help)));
            }
        }
        if *more > 0 {
            out.push_str(&format!("      and {more} more\n"));
        }
    }
    let failed = outcomes.iter().filter(|o| !o.is_passed() && !o.check.is_warning()).count();
    let warned = outcomes.iter().filter(|o| !o.is_passed() && o.check.is_warning()).count();
    let passed = outcomes.len().saturating_sub(failed).saturating_sub(warned);
    let warns = if warned > 0 { format!(", {warned} warned") } else { String::new() };
    out.push_str(&format!("{}: {passed} passed{warns}, {failed} failed.\n", counted(outcomes.len(), "check")));
    out
}

/// The same as a document.
#[must_use]
pub fn checks_json(outcomes: &[Outcome], sources: &Sources) -> Json {
    let one = |o: &Outcome| {
        let found = |f: &crate::checks::Found| {
            json!({
                "code": f.code.id,
                "address": f.address.as_ref().map(|a| a.as_str()),
                "source": f.place.as_ref().map(|(file, line)| json!({ "file": file, "line": line })),
                "message": f.message,
                "way_out": f.help,
            })
        };
        json!({
            "name": o.check.name,
            "source": place(sources, o.check.at),
            "severity": if o.check.is_warning() { "warning" } else { "error" },
            "use": o.check.ready_made,
            "passed": o.is_passed(),
            "found": o.found.iter().map(found).collect::<Vec<_>>(),
            "more": o.more,
        })
    };
    json!({ "format_version": "1.0", "checks": outcomes.iter().map(one).collect::<Vec<_>>() })
}

/// A line for each test, and below it what was expected and is not so.
#[must_use]
pub fn tests(ran: &[Ran], sources: &Sources, paint: Paint) -> String {
    if ran.is_empty() {
        return "There are no tests: a `[[test]]` table writes one.\n".to_owned();
    }
    let mut out = String::new();
    for one in ran {
        let word = if one.is_passed() { paint.green("pass") } else { paint.red("fail") };
        out.push_str(&format!("{word}  {}{}\n", line(&one.name), place_text(sources, one.at)));
        for failure in &one.failures {
            out.push_str(&format!("      {}\n", line(failure)));
        }
    }
    let failed = ran.iter().filter(|r| !r.is_passed()).count();
    out.push_str(&format!("{}: {} passed, {failed} failed.\n", counted(ran.len(), "test"), ran.len().saturating_sub(failed)));
    out
}

/// The same as a document.
#[must_use]
pub fn tests_json(ran: &[Ran], sources: &Sources) -> Json {
    let one = |r: &Ran| json!({ "name": r.name, "source": place(sources, r.at), "passed": r.is_passed(), "came": r.came, "failures": r.failures });
    json!({ "format_version": "1.0", "tests": ran.iter().map(one).collect::<Vec<_>>() })
}

/// The same as JUnit has it: a suite for each file.
#[must_use]
pub fn junit(ran: &[Ran], sources: &Sources) -> String {
    let file = |r: &Ran| sources.line(r.at).map_or("", |(file, _)| file).to_owned();
    let failed = |all: &[&Ran]| all.iter().filter(|r| !r.is_passed()).count();
    let everything: Vec<&Ran> = ran.iter().collect();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"writ test\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        ran.len(),
        failed(&everything)
    );
    for suite in everything.chunk_by(|a, b| file(a) == file(b)) {
        let name = suite.first().map(|r| escaped(&file(r))).unwrap_or_default();
        let (count, wrong) = (suite.len(), failed(suite));
        out.push_str(&format!("  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{wrong}\" errors=\"0\">\n"));
        for one in suite {
            let number = sources.line(one.at).map_or(0, |(_, number)| number);
            let head = format!("    <testcase name=\"{}\" classname=\"{name}\" file=\"{name}\" line=\"{number}\"", escaped(&one.name));
            match one.failures.first() {
                None => out.push_str(&format!("{head}/>\n")),
                Some(first) => {
                    let all = escaped(&one.failures.join("\n"));
                    let first = escaped(first);
                    out.push_str(&format!("{head}>\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>\n"));
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// A text as XML takes it: what would be markup is written out, what XML cannot hold is a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceFile;

    #[test]
    fn junit_holds_whatever_a_test_is_called() {
        let sources = Sources::new(vec![SourceFile::new("a\"b.toml", "x\n\ny")]);
        let ran = |name: &str, failures: &[&str]| Ran {
            name: name.to_owned(),
            at: Span::new(0, 3..4),
            came: String::new(),
            failures: failures.iter().map(|f| (*f).to_owned()).collect(),
        };
        let text = junit(&[ran("a <b> & \"c\"\u{1}", &[]), ran("d", &["x < y", "and \u{ffff}"])], &sources);
        assert!(text.contains("<testsuites name=\"writ test\" tests=\"2\" failures=\"1\" errors=\"0\">"), "{text}");
        assert!(
            text.contains("name=\"a &lt;b&gt; &amp; &quot;c&quot;?\" classname=\"a&quot;b.toml\" file=\"a&quot;b.toml\" line=\"3\"/>"),
            "{text}"
        );
        assert!(text.contains("<failure message=\"x &lt; y\">x &lt; y&#10;and ?</failure>"), "{text}");
    }
}
