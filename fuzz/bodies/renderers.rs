//! Any text in every place where people write one, in findings and in plans, in every form that they are shown in.

use super::{Choices, assert_harmless, plans};
use writ::config::AppliedSettings;
use writ::diag::{CODES, Diagnostic, Diagnostics, SourceFile, Sources, Span};
use writ::kinds::LIST;
use writ::model::{Action, Address, Cause, Change, Digest, Object, Origin, Places, Stored, Table, Value, Zone};
use writ::plan::authority::{Authority, Decision, Through};
use writ::plan::{Base, Basis, Flag, LeftOut, Lift, Plan, Refusal, Relied, SettingsChange, Why};
use writ::reconcile::{Hint, deltas};
use writ::view::{csv, object, paint::Paint, toml as values};

pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    match choices.byte() % 3 {
        0 => findings(&mut choices),
        1 => plan(&mut choices),
        _ => values_and_lists(&mut choices),
    }
}

/// Findings at any place of any text.
fn findings(choices: &mut Choices<'_>) {
    let name = choices.text();
    let text = choices.text();
    let sources = Sources::new(vec![SourceFile::new(if name.is_empty() { "a.toml" } else { &name }, text.as_str())]);
    let mut found = Diagnostics::new();
    for _ in 0..3 {
        if choices.is_empty() {
            break;
        }
        let finding = Diagnostic::new(choices.pick(CODES), place(choices, &text), choices.text())
            .label(choices.text())
            .help(choices.text())
            .at(choices.text());
        let related = place(choices, &text);
        found.push(finding.related(related, choices.text()));
    }
    found.sort(&sources);
    assert_harmless(&writ::view::diagnostics::text(&found, &sources, false), false);
    assert_harmless(&writ::view::diagnostics::text(&found, &sources, true), true);
    assert_eq!(writ::view::diagnostics::json(&found, &sources).len(), found.iter().count());
}

/// A place that begins and ends between characters, or none.
fn place(choices: &mut Choices<'_>, text: &str) -> Span {
    if choices.one_in(8) {
        return Span::NONE;
    }
    let boundary = |n: usize| (0..=n).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let (a, b) = (boundary(choices.below(text.len() + 1)), boundary(choices.below(text.len() + 1)));
    Span::new(0, a.min(b)..a.max(b))
}

fn table(choices: &mut Choices<'_>, address: &Address) -> Table {
    let mut table = Table::new();
    let kind = writ::kinds::kind(address.kind()).expect("a kind of ours");
    for _ in 0..choices.below(4) {
        let fields: Vec<_> = kind.fields().collect();
        let field = choices.pick(&fields);
        let value = value(choices, 2);
        table.insert(field.name, value);
    }
    table
}

fn value(choices: &mut Choices<'_>, depth: usize) -> Value {
    use writ::model::Node::{Bool, Int, List, Table as Inner, Time};
    let at = Span::NONE;
    match choices.byte() % 8 {
        0 => Value::new(Bool(true), at),
        1 => Value::new(Int(i64::from(choices.byte())), at),
        2 => Value::new(Time(choices.text().into()), at),
        3 if depth > 0 => Value::set((0..choices.below(4)).map(|_| value(choices, depth - 1)).collect(), at),
        4 if depth > 0 => Value::new(List((0..choices.below(4)).map(|_| value(choices, depth - 1)).collect()), at),
        5 if depth > 0 => {
            let inner = (0..choices.below(4)).map(|_| (choices.text().into(), value(choices, depth - 1))).collect();
            Value::new(Inner(inner), at)
        }
        _ => Value::text(choices.text(), at),
    }
}

/// An address of ours: keys are what a configuration lets through, since they are checked before anything is shown.
fn address(choices: &mut Choices<'_>) -> Address {
    let kind = choices.pick(LIST);
    let keys = ["a", "ann@contoso.example", "b-2"];
    let root = Address::root(kind.name, choices.pick(&keys));
    if kind.at_top() { root } else { Address::root("catalog", "c").child(kind.name, choices.pick(&keys)) }
}

fn origin(choices: &mut Choices<'_>) -> Origin {
    let attributes = [(choices.text(), choices.text())].into_iter().collect();
    Origin::of(&Places { file: choices.text(), line: u32::from(choices.byte()), attributes, commit: choices.text() })
}

fn change(choices: &mut Choices<'_>) -> Change {
    let actions = [Action::Create, Action::Update, Action::Delete, Action::Replace, Action::Move, Action::Import, Action::Forget];
    let action = choices.pick(&actions);
    let address = address(choices);
    let object = |attributes: Table| Object { address: address.clone(), attributes, at: Span::NONE };
    let (before, after) = (table(choices, &address), table(choices, &address));
    let deltas = deltas(&before, &after);
    let gone = matches!(action, Action::Delete | Action::Forget);
    Change {
        previous: (action == Action::Move || choices.one_in(4)).then(|| self::address(choices)),
        action,
        replaced_by: deltas.iter().map(|(name, _)| name.clone()).filter(|_| action == Action::Replace).collect(),
        deltas,
        before: (action != Action::Create).then(|| object(before)),
        after: (!gone).then(|| object(after)),
        cause: Cause {
            at: Span::NONE,
            place: choices.one_in(2).then(|| (choices.text(), 7)),
            stood: vec![(choices.text(), origin(choices))],
            template: choices.one_in(2).then(|| choices.text()),
        },
        import_id: (action == Action::Import).then(|| choices.text()),
        origin: origin(choices),
        address,
    }
}

fn plan(choices: &mut Choices<'_>) {
    let flags = choices.byte();
    let settings = AppliedSettings(serde_json::json!({ "workspace": { choices.text(): choices.text() } }));
    let refusal = |choices: &mut Choices<'_>| Refusal {
        code: choices.pick(CODES),
        why: Why::Rule,
        address: None,
        message: choices.text(),
        way_out: choices.text(),
        lift: choices.one_in(2).then_some(Lift { flag: Flag::Deletes, value: 12 }),
        at: Span::NONE,
        place: choices.one_in(2).then(|| (choices.text(), 1)),
    };
    let decision = |choices: &mut Choices<'_>| Decision {
        action: choices.text(),
        administrators: vec![choices.text()],
        catalog: Some(choices.text()),
        instead: vec![choices.text()],
        needs: vec![choices.text()],
        owned: choices.one_in(2).then(|| choices.text()),
        steps: vec![choices.text(), choices.text()],
        through: choices.one_in(2).then(|| Through {
            role: Some(choices.text()),
            group: Some(choices.text()),
            file: Some(choices.text()),
            line: Some(3),
            ..Through::default()
        }),
    };
    let plan = Plan {
        // As `writ.toml` and a plan file let it through.
        workspace: "w".to_owned(),
        base: Base { lineage: (flags & 1 == 0).then(|| "L".to_owned()), serial: 3, config_digest: String::new() },
        commit: (flags & 2 == 0).then(|| choices.text()),
        actor: choices.text(),
        authority: Authority {
            beyond: false,
            decisions: (0..choices.below(3)).map(|_| decision(choices)).collect(),
            operator: choices.one_in(4),
        },
        changes: (0..choices.below(4)).map(|_| change(choices)).collect(),
        rewritten: Vec::new(),
        changes_digest: Digest::of(b""),
        settings_change: (flags & 4 == 0).then(|| SettingsChange { before: None, after: settings.clone() }),
        settings,
        basis: Basis::told(Relied::default()),
        refusals: (0..choices.below(3)).map(|_| refusal(choices)).collect(),
        hints: (0..choices.below(2)).map(|_| Hint { from: choices.text(), to: choices.text() }).collect(),
        people_losing_access: usize::from(flags & 8),
        impact: writ::plan::Impact {
            breaches: vec![writ::plan::impact::Breach { package: address(choices), other: address(choices), person: choices.text() }],
            ..writ::plan::Impact::default()
        },
        unmanaged: usize::from(flags & 16),
        destroy: flags & 32 != 0,
        complete: flags & 64 == 0,
        left_out: LeftOut::default(),
        zone: Zone::default(),
    };
    plans::assert_rendered(&plan, choices.byte());
}

fn values_and_lists(choices: &mut Choices<'_>) {
    let address = address(choices);
    let attributes = table(choices, &address);
    for (name, value) in attributes.iter() {
        let line = format!("{} = {}", values::key(name), values::inline(value));
        assert!(!line.contains('\n'));
        assert_harmless(&line, false);
    }
    let text = choices.text();
    let read: toml::Table = format!("{} = {}", values::key(&text), values::quoted(&text)).parse().expect("what is quoted is TOML");
    assert_eq!(read.get(&text).and_then(toml::Value::as_str), Some(text.as_str()));
    let list = csv::text(&["a", "b"], &[vec![text.clone(), choices.text()]]);
    assert_harmless(&list.replace("\r\n", "\n").replace('\t', " "), false);

    let object = Object { address, attributes, at: Span::NONE };
    let stored = Stored { object, id: choices.text(), workspace: Some("w".into()), version: 1, origin: origin(choices) };
    assert_harmless(&object::block(&stored, Paint { on: false }), false);
    assert_harmless(&object::block(&stored, Paint { on: true }), true);
}
