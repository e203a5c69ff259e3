//! Random hostile text, in every place where somebody else's words can stand, through every renderer: what Markdown lets through as HTML
//! is looked at, too. Past 400 lines: the world they render, and what each of them is held to.
//!
//! `WRIT_RENDERED` says how many renderings; 100,000 is what CI does.

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError, TestRunner};
use pulldown_cmark::{Event, Options, Parser, Tag};
use regex_lite::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use writ::config::AppliedSettings;
use writ::diag::{Diagnostic, Diagnostics, Severity, SourceFile, Sources, Span, codes};
use writ::kinds::text::is_hostile;
use writ::model::{
    Action, Address, Cause, Change, Delta, Digest, Members, Node, Object, Origin, Places, Stored, Table, Value, Zone, canonical,
};
use writ::plan::authority::{Authority, Decision, Through};
use writ::plan::{Base, Basis, Flag, LeftOut, Lift, Plan, Refusal, Relied, SettingsChange, Why, document};
use writ::reconcile::{Edge, Hint, State};
use writ::view::annotations::{Annotation, Notation, of_findings, text as annotations};
use writ::view::how::How;
use writ::view::impact::Names;
use writ::view::paint::Paint;
use writ::view::{csv, diagnostics, graph, html, markdown, object, plan as terminal, toml};

type Told = Result<(), TestCaseError>;

/// What does harm somewhere.
const PIECES: &[&str] = &[
    "\u{1b}[2J",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]8;;https://x.example\u{1b}\\",
    "\u{1b}[1A\u{1b}[2K",
    "\u{9b}2J",
    "\u{90}q",
    "\u{7f}",
    "\u{0}",
    "\u{8}",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{200f}",
    "\u{61c}",
    "\u{200b}",
    "\u{feff}",
    "\u{301}",
    "\u{e0041}",
    "`",
    "``",
    "```",
    "````````````````````",
    "~~~",
    "\n```\n",
    "\n~~~\n",
    "</details>",
    "<details>",
    "-->",
    "<!--",
    "<img src=x onerror=alert(1)>",
    "<script>",
    "&#x3c;b&gt;",
    "@contoso/team",
    "@ann",
    "#1",
    "contoso/writ#7",
    "GH-1",
    "4f2a9c14f2a9c14f2a9c14f2a9c14f2a9c14f2a9c",
    "https://x.example/",
    "www.x.example",
    "[a](http://x.example)",
    "![a](http://x.example/i.png)",
    "[a]: http://x.example",
    "<http://x.example>",
    "ann@contoso.example",
    ":tada:",
    "**b**",
    "__b__",
    "|",
    "\\",
    "\"",
    "'",
    "$(id)",
    "$x$",
    "{{7*7}}",
    "\n# H",
    "\n- x",
    "\n    code",
    "\n> q",
    "\n---\n",
    "\n===\n",
    "Plan: 0 to add, 0 to change, 0 to destroy.",
    "\nNo changes.",
    "Error: ",
    "\n  # catalog.x will be destroyed",
    "+ grant",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "-1",
    "@SUM(A1)",
    "＝1",
    ";=1",
    ",",
    ";",
    "%s%n",
    " ",
    "  ",
    "x",
    "Marketing",
    "é",
    "שיווק",
    "営業",
    "🎉",
];

/// A text that means harm, seldom of 100,000 characters.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![6 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    let short = prop::collection::vec(piece, 0..6).prop_map(|p| p.concat());
    let long = (prop::sample::select(PIECES), 0..100_000_usize).prop_map(|(p, n)| p.chars().cycle().take(n).collect());
    prop_oneof![60_000 => short, 1 => long]
}

/// A key that a user may have: everything that is printable in ASCII, but quotes and backslashes.
fn user() -> impl Strategy<Value = String> {
    let part = || {
        prop_oneof![
            Just("a"),
            Just("``"),
            Just("```"),
            Just("<img/src=x>"),
            Just("#1"),
            Just("-->"),
            Just("]("),
            Just("~~"),
            Just("&lt;"),
            Just("$x$"),
            Just("www.x.example"),
            Just("|")
        ]
    };
    prop::collection::vec(part(), 1..5).prop_map(|parts| format!("{}@x.example", parts.concat()))
}

/// What a rendering is made of.
#[derive(Debug, Clone)]
struct Words {
    texts: Vec<String>,
    user: String,
    colour: bool,
}

fn words() -> impl Strategy<Value = Words> {
    let all = (prop::collection::vec(text(), 12), user(), any::<bool>());
    all.prop_map(|(texts, user, colour)| Words { texts, user, colour })
}

impl Words {
    /// Words that mean no harm, to compare with.
    fn harmless() -> Words {
        Words { texts: vec!["x".to_owned(); 12], user: "a@x.example".to_owned(), colour: false }
    }

    fn get(&self, n: usize) -> String {
        self.texts[n % self.texts.len()].clone()
    }

    fn value(&self, n: usize) -> Value {
        Value::text(self.get(n), Span::NONE)
    }

    fn user(&self) -> Address {
        Address::root("user", &self.user)
    }

    fn origin(&self) -> Origin {
        let places = [("description".to_owned(), self.get(4)), ("display_name".to_owned(), format!("{}:3", self.get(5)))];
        Origin::of(&Places { attributes: BTreeMap::from(places), commit: self.get(7), file: self.get(6), line: 7 })
    }

    fn change(&self, address: Address, action: Action, deltas: Vec<(String, Delta)>) -> Change {
        let object = |n: usize| Object { address: address.clone(), attributes: self.attributes(n), at: Span::NONE };
        let stood = vec![("description".to_owned(), self.origin())];
        // What comes or goes as a whole says it by itself.
        let said = |object: Object| {
            let mut attributes = object.attributes.clone();
            for (name, delta) in &deltas {
                if let Delta::Added(value) | Delta::Removed(value) = delta {
                    attributes.insert(name.clone(), value.clone());
                }
            }
            Object { attributes, ..object }
        };
        let (before, after) = match action {
            Action::Create => (None, Some(said(object(1)))),
            Action::Delete => (Some(said(object(0))), None),
            Action::Forget => (Some(object(0)), None),
            _ => (Some(object(0)), Some(object(1))),
        };
        let deltas = if matches!(action, Action::Create | Action::Delete) { Vec::new() } else { deltas };
        Change {
            previous: (action == Action::Move).then(|| Address::root("user", "b@x.example")),
            action,
            before,
            after,
            deltas,
            replaced_by: Vec::new(),
            cause: Cause { at: Span::NONE, place: Some((self.get(8), 3)), stood, template: Some("t".to_owned()) },
            import_id: (action == Action::Import).then(|| self.get(9)),
            origin: self.origin(),
            address,
        }
    }

    fn attributes(&self, n: usize) -> Table {
        let mut table = Table::new();
        table.insert("display_name", self.value(n));
        table.insert("description", self.value(n + 1));
        table
    }

    fn plan(&self) -> Plan {
        let two = |a: usize, b: usize| Delta::Changed(self.value(a), self.value(b));
        let texts = |n: usize| Value::set(vec![self.value(n), self.value(n + 1), Value::text(self.user.clone(), Span::NONE)], Span::NONE);
        let mut question = Table::new();
        question.insert("text", self.value(2));
        question.insert("choices", texts(3));
        let questions = Value::new(Node::List(Box::new([Value::new(Node::Table(question.clone()), Span::NONE)])), Span::NONE);
        let other = Value::new(Node::List(Box::new([Value::new(Node::Table(self.attributes(5)), Span::NONE)])), Span::NONE);
        let members = Members { added: vec![self.value(6)], removed: vec![self.value(7)], unchanged: vec![self.value(8)] };
        let table = Delta::Table(vec![("nl".to_owned(), two(0, 1)), ("de".to_owned(), Delta::Added(self.value(2)))]);
        let time = Value::new(Node::Time(self.get(3).into()), Span::NONE);
        let package = Address::root("access_package", "p");
        let named = |name: &str, delta: Delta| (name.to_owned(), delta);
        let changes = vec![
            self.change(self.user(), Action::Delete, vec![named("display_name", Delta::Removed(self.value(9)))]),
            self.change(package.child("policy", "q"), Action::Replace, vec![named("question", Delta::Changed(questions.clone(), other))]),
            self.change(
                package,
                Action::Update,
                vec![named("display_name", two(0, 1)), named("description", two(1, 2)), named("translations", table)],
            ),
            self.change(
                Address::root("group", "g"),
                Action::Update,
                vec![named("members", Delta::Members(members)), named("description", Delta::Changed(time, self.value(4)))],
            ),
            self.change(
                Address::root("catalog", "c"),
                Action::Create,
                vec![
                    named("description", Delta::Added(self.value(3))),
                    named("question", Delta::Added(questions)),
                    named("owners", Delta::Added(texts(0))),
                ],
            ),
            self.change(Address::root("group", "i"), Action::Import, Vec::new()),
            self.change(Address::root("user", "m@x.example"), Action::Move, Vec::new()),
            self.change(Address::root("group", "f"), Action::Forget, Vec::new()),
        ];
        let refusal = |lift: Option<Lift>| Refusal {
            code: &codes::R15,
            why: Why::Rule,
            address: Some(self.user()),
            message: format!("the display name `{}` is taken by `{}`", self.get(10), self.user()),
            way_out: format!("take `{}` out", self.get(11)),
            lift,
            at: Span::NONE,
            place: Some((self.get(0), 4)),
        };
        let settings =
            |n: usize| AppliedSettings(serde_json::json!({ "workspace": { "zone": self.get(n) }, "limits": { "x": self.get(n + 1) } }));
        Plan {
            workspace: self.get(5),
            changes_digest: Digest::of(b""),
            base: Base { lineage: Some(self.get(2)), serial: 3, config_digest: self.get(3) },
            commit: Some(self.get(4)),
            authority: self.authority(),
            actor: self.get(6),
            changes,
            rewritten: Vec::new(),
            settings_change: Some(SettingsChange { before: Some(settings(0)), after: settings(1) }),
            settings: settings(1),
            basis: Basis::told(Relied::default()),
            refusals: vec![refusal(None), refusal(Some(Lift { flag: Flag::Deletes, value: 12 }))],
            hints: vec![Hint { from: self.user().to_string(), to: self.get(1) }],
            people_losing_access: 7,
            impact: writ::plan::Impact::default(),
            unmanaged: 1,
            destroy: false,
            complete: true,
            left_out: LeftOut::default(),
            zone: Zone::default(),
        }
    }

    /// One thing that somebody may, and one that they may not, in the words of others.
    fn authority(&self) -> Authority {
        let through =
            Through { role: Some(self.get(1)), group: Some(self.get(2)), file: Some(self.get(3)), line: Some(4), ..Through::default() };
        let decision = |through| Decision {
            action: self.get(5),
            administrators: vec![self.get(6)],
            catalog: Some(self.get(7)),
            instead: vec![self.get(8)],
            needs: vec![self.get(9)],
            owned: Some(self.get(10)),
            steps: vec![self.get(11)],
            through,
        };
        Authority { beyond: false, decisions: vec![decision(Some(through)), decision(None)], operator: false }
    }

    fn how(&self) -> How {
        How { chdir: Some(self.get(1)), acting: Some(self.get(2)), saved: Some(self.get(3)) }
    }
}

/// Colour as we write it, and nothing else that a terminal obeys but line breaks.
fn is_calm(text: &str, colour: bool) -> Told {
    static OURS: LazyLock<Regex> = LazyLock::new(|| Regex::new("\u{1b}\\[[0-9;]{0,12}m").unwrap());
    // What is plain ASCII is calm, and quickly told.
    if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
        return Ok(());
    }
    let text = if colour { OURS.replace_all(text, "") } else { text.into() };
    match text.chars().find(|c| *c != '\n' && is_hostile(*c, false)) {
        None => Ok(()),
        Some(c) => Err(TestCaseError::fail(format!("a raw U+{:04X} in {text:?}", u32::from(c)))),
    }
}

fn ensure(what: bool, why: impl Fn() -> String) -> Told {
    if what { Ok(()) } else { Err(TestCaseError::fail(why())) }
}

/// Lines that begin in the first column, and headlines: both are ours alone.
fn frame(text: &str) -> Vec<String> {
    let ours = |l: &&str| (!l.is_empty() && !l.starts_with(' ')) || (l.starts_with("  # ") && !l.starts_with("  # ("));
    text.lines().filter(ours).map(|l| l.chars().take(12).collect()).collect()
}

fn in_a_terminal(words: &Words, plan: &Plan, calm: &Frames) -> Told {
    let text = terminal::text(plan, Paint { on: words.colour });
    is_calm(&text, words.colour)?;
    let plain = if words.colour { terminal::text(plan, Paint { on: false }) } else { text };
    // A user's key stands in a headline.
    let frame = frame(&plain);
    let expected = calm.terminal.iter().zip(&frame).all(|(a, b)| a.split('"').next() == b.split('"').next());
    ensure(expected && frame.len() == calm.terminal.len(), || format!("{frame:?}\n{plain}"))?;
    ensure(plain.lines().all(|l| l.chars().count() <= 2_000 || !l.starts_with("   ")), || format!("too wide: {plain}"))?;
    is_calm(&terminal::difference(plan, Paint { on: words.colour }), words.colour)?;
    let command = writ::view::how::command(plan, &words.how()).unwrap_or_default();
    is_calm(&command, false)?;
    ensure(!command.contains('\n'), || format!("{command:?} is several lines"))
}

/// What a reader of Markdown makes of a text: its code blocks, its HTML, and what stands outside of code.
#[derive(Debug, Default, PartialEq)]
struct Read {
    blocks: usize,
    headings: usize,
    items: usize,
    html: Vec<String>,
    prose: String,
}

fn read(text: &str) -> Result<Read, TestCaseError> {
    let mut read = Read::default();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut in_block = false;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                read.blocks += 1;
                in_block = true;
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_block = false,
            Event::Start(Tag::Heading { .. }) => read.headings += 1,
            Event::Start(Tag::Item) => read.items += 1,
            Event::Start(
                tag @ (Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::FootnoteDefinition(_)
                | Tag::BlockQuote(_)
                | Tag::Strikethrough
                | Tag::Emphasis),
            ) => {
                return Err(TestCaseError::fail(format!("{tag:?} in\n{text}")));
            }
            Event::Html(html) | Event::InlineHtml(html) => read.html.push(html.trim().to_owned()),
            Event::Text(prose) if !in_block => read.prose.push_str(&prose),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => return Err(TestCaseError::fail(text.to_owned())),
            _ => {}
        }
    }
    // The first line names the workspace, which is somebody's word.
    if let Some(first) = read.html.first_mut() {
        ensure(Regex::new(r"^<!-- writ plan [A-Za-z0-9._-]{0,100} -->$").unwrap().is_match(first), || first.clone())?;
        first.clear();
    }
    read.prose = read.prose.replace("base @3", "");
    Ok(read)
}

fn in_a_review(words: &Words, plan: &Plan, calm: &Frames) -> Told {
    let text = markdown::text(plan, Some(&words.how()));
    is_calm(&text, false)?;
    ensure(text.chars().count() <= markdown::LONGEST, || format!("{} characters", text.chars().count()))?;
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    ensure(longest <= 17, || format!("{longest} backticks in a row"))?;
    let read = read(&text)?;
    let (a, b) = (&calm.review, &read);
    ensure((a.blocks, a.headings, a.items, &a.html) == (b.blocks, b.headings, b.items, &b.html), || format!("{b:?}\n{text}"))?;
    let lively = ["@", "#", "://", "www.", "4f2a9c1", ":tada"].iter().find(|word| read.prose.contains(**word));
    ensure(lively.is_none(), || format!("{lively:?} outside of code: {text}"))
}

fn for_programs(_: &Words, plan: &Plan, _: &Frames) -> Told {
    let text = canonical(&document(plan, &State::empty(), true));
    ensure(!text.contains('\n'), || "a document of several lines".to_owned())?;
    ensure(!text.chars().any(|c| c < ' '), || format!("a raw control character in {text:?}"))?;
    let again: serde_json::Value = serde_json::from_str(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
    ensure(canonical(&again) == text, || text.clone())?;
    Ok(())
}

fn in_findings(words: &Words, _: &Plan, _: &Frames) -> Told {
    let file = SourceFile::new(words.get(0), format!("[group.a]\n{}\nx = \"{}\"\n", words.get(1), words.get(2)));
    let length = file.text.len();
    let sources = Sources::new(vec![file.clone()]);
    let mut all = Diagnostics::new();
    for at in
        [0, length / 3, length / 2, length.saturating_sub(1)].map(|at| (0..=at).rev().find(|i| file.text.is_char_boundary(*i)).unwrap())
    {
        let end = (at + 1..=length).find(|i| file.text.is_char_boundary(*i)).unwrap_or(at);
        let finding = Diagnostic::new(&codes::E0401, Span::new(0, at..end), format!("`{}` is taken", words.get(3)));
        all.push(finding.label(words.get(4)).related(Span::new(0, 0..length), words.get(5)).help(words.get(6)).at(words.get(7)));
        all.push(Diagnostic::new(&codes::W0412, Span::NONE, words.get(8)).help(words.get(9)).at(words.get(10)));
    }
    let text = diagnostics::text(&all, &sources, words.colour);
    is_calm(&text, words.colour)?;
    let json = serde_json::Value::Array(diagnostics::json(&all, &sources)).to_string();
    ensure(!json.chars().any(|c| c < ' '), || json.clone())?;
    let first_column = |l: &&str| !l.starts_with(' ') && !l.is_empty() && !l.contains('|');
    let plain = if words.colour { diagnostics::text(&all, &sources, false) } else { text };
    let titles = plain.lines().filter(first_column).filter(|l| !l.starts_with("...") && !l.starts_with(|c: char| c.is_ascii_digit()));
    let foreign: Vec<&str> = titles.filter(|l| !l.starts_with("Error[E0401]") && !l.starts_with("Warning[W0412]")).collect();
    ensure(foreign.is_empty(), || format!("{foreign:?} in\n{plain}"))
}

fn as_toml(words: &Words, _: &Plan, _: &Frames) -> Told {
    for word in &words.texts {
        let quoted = toml::quoted(word);
        is_calm(&quoted, false)?;
        ensure(!quoted.contains('\n'), || quoted.clone())?;
        let read: ::toml::Table = format!("a = {quoted}\n").parse().map_err(|e| TestCaseError::fail(format!("{e}: {quoted}")))?;
        ensure(read["a"].as_str() == Some(word), || quoted.clone())?;
    }
    Ok(())
}

fn as_blocks_and_lists(words: &Words, _: &Plan, _: &Frames) -> Told {
    let attributes = words.attributes(0);
    let stored = Stored {
        object: Object { address: words.user(), attributes, at: Span::NONE },
        id: words.get(3),
        workspace: Some(words.get(8).into()),
        version: 3,
        origin: words.origin(),
    };
    let block = object::block(&stored, Paint { on: words.colour });
    is_calm(&block, words.colour)?;
    let calm = 2 + if object::block(&stored, Paint { on: false }).contains("description =") { 2 } else { 1 };
    ensure(block.lines().count() == calm, || block.clone())?;
    let rows = vec![words.texts[..4].to_vec(), words.texts[4..8].to_vec()];
    let list = object::table(&["A", "B", "C", "D"], &rows);
    is_calm(&list, false)?;
    ensure(list.lines().count() == 3, || list.clone())
}

/// A reader of CSV that is not ours finds the same cells, but for an apostrophe before what would be a formula.
fn as_csv(words: &Words, _: &Plan, _: &Frames) -> Told {
    let rows: Vec<Vec<String>> = words.texts.chunks(3).map(<[String]>::to_vec).collect();
    let text = csv::text(&["a", "b", "c"], &rows);
    is_calm(&text.replace("\r\n", "").replace('\t', ""), false)?;
    let mut reader = ::csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    ensure(reader.headers().is_ok_and(|h| h == vec!["a", "b", "c"]), || text.clone())?;
    let read: Vec<Vec<String>> = reader
        .records()
        .map(|record| record.map(|cells| cells.iter().map(str::to_owned).collect()))
        .collect::<Result<_, _>>()
        .map_err(|e| TestCaseError::fail(format!("{e}: {text:?}")))?;
    ensure(read.len() == rows.len(), || format!("{} rows of {}: {text:?}", read.len(), rows.len()))?;
    for (cell, written) in read.iter().flatten().zip(rows.iter().flatten()) {
        let calm: String =
            written.chars().map(|c| if is_hostile(c, true) { c.escape_unicode().to_string() } else { c.to_string() }).collect();
        ensure(*cell == calm || *cell == format!("'{calm}"), || format!("{written:?} became {cell:?}"))?;
        ensure(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']), || format!("{cell:?} is a formula"))?;
        let harmless = cell.chars().all(|c| c.is_alphanumeric() || c == ' ') && !cell.is_empty();
        ensure(!harmless || *cell == *written, || format!("{written:?} needs no apostrophe: {cell:?}"))?;
    }
    Ok(())
}

fn as_graphs(words: &Words, _: &Plan, _: &Frames) -> Told {
    let edges = vec![Edge { from: words.user(), to: Address::root("group", "g"), attribute: Some("members"), strong: true }];
    let (dot, mermaid) = (graph::dot(&edges), graph::mermaid(&edges));
    is_calm(&dot, false)?;
    is_calm(&mermaid, false)?;
    ensure(dot.lines().count() == 5 && mermaid.lines().count() == 4, || format!("{dot}{mermaid}"))?;
    ensure(!mermaid.contains(['<', '`', '&']) && !mermaid.replace("-->", "").contains("->"), || mermaid.clone())
}

/// The page of a plan, without its style and its script, which have to be as they are.
fn page(words: &Words, plan: &Plan) -> String {
    let mut text = String::new();
    html::write(plan, Some(&words.how()), Names::All, &mut |part| text.push_str(part));
    text
}

/// Every tag of a page as it stands, in order; what stands between them means nothing to a browser, or is told.
fn tags(page: &str) -> Result<Vec<String>, TestCaseError> {
    let cut = |page: &str, name: &str| {
        let (head, rest) = page.split_once(&format!("<{name}>")).unwrap_or_default();
        let (body, tail) = rest.split_once(&format!("</{name}>")).unwrap_or_default();
        (body.to_owned(), format!("{head}<{name}>{tail}"))
    };
    let (style, page) = cut(page, "style");
    let (script, page) = cut(&page, "script");
    let mut all = vec![style, script];
    let mut rest = page.as_str();
    while let Some((text, after)) = rest.split_once('<') {
        is_text(text)?;
        let Some((tag, after)) = after.split_once('>') else {
            return Err(TestCaseError::fail(format!("a tag that does not end in {page}")));
        };
        all.push(tag.to_owned());
        rest = after;
    }
    is_text(rest)?;
    Ok(all)
}

/// Nothing in it is markup, and each `&` is one of ours.
fn is_text(text: &str) -> Told {
    let ours = ["amp;", "lt;", "gt;", "quot;", "#39;", "#96;"];
    let spelled = text.split('&').skip(1).all(|rest| ours.iter().any(|name| rest.starts_with(name)));
    ensure(spelled && !text.contains(['<', '>', '"', '\'', '`']), || format!("markup in {text:?}"))
}

fn in_a_browser(words: &Words, plan: &Plan, calm: &Frames) -> Told {
    let text = page(words, plan);
    is_calm(&text, false)?;
    let found = tags(&text)?;
    let (ours, theirs): (Vec<&String>, Vec<&String>) = found.iter().partition(|tag| calm.page.contains(tag));
    // Of a step lines are shown or none; a sentence may be code, or none of it.
    let loose = |tag: &&&String| {
        ["code", "div", "span", "ins", "del", "wbr"].iter().any(|name| tag.trim_start_matches('/').split(' ').next() == Some(name))
    };
    let firm = |all: &[&String]| all.iter().filter(|tag| !loose(tag)).map(|t| (*t).clone()).collect::<Vec<_>>();
    ensure(firm(&ours) == firm(&calm.page.iter().collect::<Vec<_>>()), || format!("{:?}\n{text}", firm(&ours)))?;
    let strange = theirs.iter().find(|tag| {
        let line = tag.split_once(" class=\"").and_then(|(name, class)| Some((name, class.split_once(" d")?.0)));
        let is_line = line.is_some_and(|(name, class)| {
            ["ins", "del", "span"].contains(&name) && ["add", "remove", "alter", "note", "plain"].contains(&class)
        });
        !is_line && tag.as_str() != "span class=\"theirs\""
    });
    ensure(strange.is_none(), || format!("{strange:?} in {text}"))
}

/// Each annotation is one line that begins as ours do, and whoever reads it finds its end where we put it.
fn in_a_pipeline(words: &Words, _: &Plan, _: &Frames) -> Told {
    let file = SourceFile::new(words.get(0), format!("[group.a]\nx = \"{}\"\n", words.get(2)));
    let sources = Sources::new(vec![file]);
    let mut found = Diagnostics::new();
    let finding = Diagnostic::new(&codes::E0401, Span::new(0, 0..7), words.get(3)).related(Span::new(0, 1..2), words.get(5));
    found.push(finding.help(words.get(6)).at(words.get(7)));
    found.push(Diagnostic::new(&codes::W0412, Span::NONE, words.get(8)).help(words.get(9)).at(words.get(10)));
    let mut all = of_findings(&found, &sources);
    all.push(Annotation::of_the_run(Severity::Error, words.get(11), Some(words.get(1))));
    let github = annotations(Notation::Github, &all, "team/", 1);
    is_calm(&github, false)?;
    ensure(github.lines().count() == 3, || github.clone())?;
    for (line, word) in github.lines().zip(["error file=team/", "warning title=W0412 ", "error title=Writ"]) {
        let properties = line.strip_prefix("::").and_then(|l| l.split_once("::")).map(|(head, _)| head);
        let sound = properties.is_some_and(|p| p.starts_with(word) && p.contains("title=") && !p.contains(':'));
        ensure(sound, || github.clone())?;
    }
    let azure = annotations(Notation::Azure, &all, "team/", 1);
    is_calm(&azure, false)?;
    ensure(azure.lines().count() == 3, || azure.clone())?;
    for (line, end) in azure.lines().zip(["code=E0401;", "code=W0412;", "type=error;"]) {
        let properties = line.strip_prefix("##vso[task.logissue ").and_then(|l| l.split_once(']')).map(|(head, _)| head);
        ensure(properties.is_some_and(|p| p.ends_with(end) && p.split(';').count() <= 6), || azure.clone())?;
    }
    for notation in [Notation::Sarif, Notation::Gitlab] {
        let text = annotations(notation, &all, "team/", 1);
        ensure(text.lines().count() == 1 && text.chars().filter(|c| *c < ' ').eq(['\n']), || text.clone())?;
        let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
        let count = json.as_array().map_or_else(|| json["runs"][0]["results"].as_array().map_or(0, Vec::len) + 1, Vec::len);
        ensure(count == 3, || text.clone())?;
    }
    Ok(())
}

/// What the same plan is made of when nobody means harm.
struct Frames {
    terminal: Vec<String>,
    review: Read,
    page: Vec<String>,
}

const RENDERERS: &[fn(&Words, &Plan, &Frames) -> Told] =
    &[in_a_terminal, in_a_review, in_a_browser, in_a_pipeline, for_programs, in_findings, as_toml, as_blocks_and_lists, as_csv, as_graphs];

#[test]
fn no_text_of_others_breaks_out_of_its_place() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let renderings = number("WRIT_RENDERED").unwrap_or(100_000);
    let cases = u32::try_from(renderings.div_ceil(2 * RENDERERS.len() as u64)).unwrap_or(u32::MAX);
    let seed = number("PROPTEST_RNG_SEED").unwrap_or(1);
    let calm = Words::harmless();
    let plan = calm.plan();
    let frames = Frames {
        terminal: frame(&terminal::text(&plan, Paint { on: false })),
        review: read(&markdown::text(&plan, Some(&calm.how()))).unwrap(),
        page: tags(&page(&calm, &plan)).unwrap(),
    };
    assert!(frames.terminal.len() > 10 && frames.review.blocks > 5, "{:?} {:?}", frames.terminal, frames.review);
    let run = |seed: u64| {
        let config = ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::default() };
        TestRunner::new(config)
            .run(&words(), |words| {
                let plan = words.plan();
                RENDERERS.iter().try_for_each(|render| render(&words, &plan, &frames))
            })
            .map_err(|e| e.to_string())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = [seed, seed.wrapping_add(1 << 32)].map(|seed| scope.spawn(move || run(seed))).into_iter().collect();
        all.into_iter().for_each(|one| one.join().unwrap().unwrap_or_else(|e| panic!("{e}")));
    });
}
