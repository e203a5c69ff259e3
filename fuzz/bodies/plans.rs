//! Plans to start from, and what has to hold of every plan that can be shown.

use super::{assert_fenced, assert_harmless, assert_tagged};
use std::sync::{Arc, LazyLock};
use writ::config::{Config, Known, configure};
use writ::diag::{Diagnostics, SourceFile, Sources, Span};
use writ::model::{Object, Origin, Places, Stored, canonical};
use writ::plan::{Input, Plan, SavedPlan, document};
use writ::reconcile::{State, WorkspaceState};
use writ::view::{how::How, html, impact::Names, markdown, paint::Paint, plan as text};

/// The usual `writ.toml`.
pub const SETTINGS: &str = "[workspace]\nname = \"w\"\n";

/// The same workspace before and after some work.
const BEFORE: &str = r#"
[user."ann@contoso.example"]
[catalog.a]
[catalog.a.resource.wiki]
type = "application"
origin = "wiki/prod"
roles = ["Editor", "Reader"]
[access_package.old]
catalog = "a"
resource_roles.wiki = "Reader"
[access_package.old.policy.p]
requestors = "all_members"
expiration = "90d"
approval = { approvers = ["ann@contoso.example"], timeout = "14d" }
"#;
const AFTER: &str = r#"
[user."ann@contoso.example"]
[catalog.a]
[catalog.a.resource.wiki]
type = "application"
origin = "wiki/next"
roles = ["Editor", "Reader"]
[access_package.new]
catalog = "a"
description = "All\nthere is"
resource_roles.wiki = ["Editor", "Reader"]
[access_package.new.policy.p]
requestors = "all_members"
expiration = "30d"
approval = { stage = [{ approvers = ["ann@contoso.example"], timeout = "7d" }] }
[[moved]]
from = "access_package.old"
to = "access_package.new"
"#;
const SMALL: &str = "[catalog.a]\n[group.b]\ndescription = \"x\"\n";
const LEFT: &str = "[catalog.a]\ndisplay_name = \"A\"\n[[removed]]\nfrom = \"group.b\"\ndestroy = false\n";
const PEOPLE: &str = "[user.\"ann@contoso.example\"]\n[group.g]\nmembers = [\"ann@contoso.example\"]\n";
const PEOPLE_LATER: &str = "[user.\"ann@contoso.example\"]\ndisplay_name = \"Ann\"\n[group.g]\n";

/// A saved plan, and the state that it was made on.
pub struct Made {
    pub document: serde_json::Value,
    pub state: State,
    pub config: Config,
}

/// Things are made, changed, left alone, destroyed and moved; the last is large.
pub static PLANS: LazyLock<Vec<Made>> = LazyLock::new(|| {
    vec![
        made(SMALL, State::empty(), false),
        made(PEOPLE, State::empty(), false),
        made(PEOPLE_LATER, stored(PEOPLE), false),
        made(LEFT, stored(SMALL), false),
        made(PEOPLE, stored(PEOPLE), true),
        made(AFTER, stored(BEFORE), false),
    ]
});

fn read(texts: &str, known: &Known) -> (Config, Sources) {
    let sources = Sources::new(vec![SourceFile::new("all.toml", texts), SourceFile::new("writ.toml", SETTINGS)]);
    let (config, found) = configure(&sources, known);
    (config.unwrap_or_else(|| panic!("{found:#?}")), sources)
}

fn made(texts: &str, state: State, destroy: bool) -> Made {
    let (config, sources) = read(texts, &state.known_to("w"));
    let plan = planned(&config, &sources, &state, destroy).expect("a plan");
    let mut document = document(&plan, &state, false);
    for unread in ["planned_values", "prior_state", "steps", "summary"] {
        document[unread] = serde_json::Value::Null;
    }
    Made { document, state, config }
}

/// The state after these texts were applied.
fn stored(texts: &str) -> State {
    let (config, _) = read(texts, &Known::default());
    let mut state = State { lineage: Some("L".to_owned()), serial: 1, ..State::default() };
    state.workspaces.insert("w".to_owned(), WorkspaceState { settings: config.settings.applied(), version: 1 });
    let one = |(object, n): (Object, u32)| {
        let object = Object { attributes: object.attributes.without_places(), at: Span::NONE, ..object };
        let origin = Origin::of(&Places { file: "all.toml".to_owned(), line: n, ..Places::default() });
        Stored { object, id: format!("id-{n}"), workspace: Some("w".into()), version: 1, origin }
    };
    state.objects = Arc::new(config.objects.into_values().zip(1..).map(one).collect());
    state
}

/// The plan of a configuration, if nothing in it is wrong.
pub fn plan(config: &Config, sources: &Sources, state: &State) -> Option<Plan> {
    planned(config, sources, state, false)
}

fn planned(config: &Config, sources: &Sources, state: &State, destroy: bool) -> Option<Plan> {
    let actor = writ::plan::By::Operator("operator:ann@build");
    let input = Input {
        config,
        sources,
        state,
        commit: Some("4f2a9c1"),
        now: now(),
        actor,
        destroy,
        targets: &[],
        excludes: &[],
        since: None,
        only: None,
    };
    let mut found = Diagnostics::new();
    let plan = writ::plan::plan(&input, &mut found);
    super::toml_to_model::assert_told(&found, sources);
    (!found.has_errors()).then_some(plan)
}

/// When everything happens.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
}

/// A saved plan is shown in every form, harms nobody, and is the same when it is saved again.
pub fn assert_shown(saved: &SavedPlan) {
    let plan = saved.as_saved();
    let again = canonical(&saved.document);
    let read = writ::plan::read(&again).expect("what was read can be read again");
    assert_eq!(canonical(&read.document), again);
    assert_eq!(plan.changes_digest, saved.digests.changes);
    (0..FORMS).for_each(|form| assert_rendered(&plan, form));
}

/// In so many forms a plan is shown.
const FORMS: u8 = 5;

/// A plan is shown in a form, and harms nobody.
pub fn assert_rendered(plan: &Plan, form: u8) {
    match form % FORMS {
        0 => assert_harmless(&text::text(plan, Paint { on: false }), false),
        1 => assert_harmless(&text::text(plan, Paint { on: true }), true),
        2 => assert_harmless(&text::difference(plan, Paint { on: false }), false),
        3 => {
            let mut page = String::new();
            html::write(plan, Some(&How::default().saved("team.plan")), Names::All, &mut |part| page.push_str(part));
            assert_tagged(&page);
        }
        _ => {
            let markdown = markdown::text(plan, Some(&How::default().saved("team.plan")));
            assert!(markdown.chars().count() <= markdown::LONGEST);
            assert_fenced(&markdown);
        }
    }
}
