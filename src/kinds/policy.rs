//! A policy: who may request a package, who decides, when access ends, and who reviews it.
//!
//! Past 400 lines, since it is the field's largest noun: its form, the typed view that all rooms read it through, and
//! the rules that one policy decides alone.

mod reading;
mod seen;

pub use reading::{Automatic, ReviewTerms};
pub use seen::{DERIVED, derive};

use super::{Acts, Alternative, Default, Emptiness, Field, Form, KeyForm, Keys, Kind, Principal, Shape, Text, Tone};
use crate::diag::{Code, Diagnostic, Diagnostics, Span, codes};
use crate::kinds::group::principal;
use crate::model::{Address, Minutes, Node, Object, Table, Value};

/// Populations that are said in a word.
const POPULATIONS: &[&str] = &["none", "all_members", "all_directory_users", "all_connected_organizations", "all_external_users"];
/// Who may request.
static REQUESTOR: Principal = Principal {
    rules: &[("connected_organization", &codes::R64)],
    ..Principal::of(&["user", "group", "connected_organization"])
};
/// Who may decide.
static APPROVER: Principal = Principal {
    rules: &[("manager", &codes::R123)],
    ..Principal::of(&["user", "group"]).or(&["manager", "internal_sponsors", "external_sponsors"])
};
/// Who may decide when others did not.
static ALTERNATE: Principal = Principal::of(&["user", "group"]).or(&["manager:2", "internal_sponsors", "external_sponsors"]);
/// People with names.
static SOMEBODY: Principal = Principal::of(&["user", "group"]);

/// The longest time that anything but access may take.
const LONGEST: Minutes = Minutes::days(3660);
static SOMEBODIES: Shape = Shape::Set(&Shape::Principal(&SOMEBODY), Emptiness::Refused);
static TIMEOUT: Shape = Shape::Duration(Minutes(Minutes::HOUR), LONGEST);

static ESCALATION: Form = Form {
    fields: &[
        Field::new("after", TIMEOUT, "How long after the stage began; at least a day (R122).").required().rule(&codes::R122),
        Field::new("approvers", Shape::Set(&Shape::Principal(&ALTERNATE), Emptiness::Refused), "Who may decide from then on, beside the others (R121).")
            .required()
            .rule(&codes::R39),
    ],
    alternatives: &[],
};

static AN_APPROVER: Shape = Shape::Principal(&APPROVER);
const APPROVERS: Field = Field::new("approvers", Shape::Set(&AN_APPROVER, Emptiness::Refused), "Any one of them decides (R39, R40).")
    .required()
    .rule(&codes::R39);
const STAGE_TIMEOUT: Field = Field::new("timeout", TIMEOUT, "Undecided by then, the request ends as timed out (R44).").required();
const APPROVER_JUSTIFICATION: Field =
    Field::new("approver_justification", Shape::Bool, "Whether a decision needs a reason (R43).").default(Default::Bool(false));
const FALLBACK: Field =
    Field::new("fallback_approvers", SOMEBODIES, "Who decides when a manager or sponsor cannot be resolved; required with these (R118).");
const ESCALATE: Field = Field::new("escalation", Shape::Table(&ESCALATION), "Who else may decide after a while (R122).");

static STAGE: Form = Form { fields: &[APPROVERS, STAGE_TIMEOUT, APPROVER_JUSTIFICATION, FALLBACK, ESCALATE], alternatives: &[] };

static APPROVAL: Form = Form {
    fields: &[
        APPROVERS,
        STAGE_TIMEOUT,
        APPROVER_JUSTIFICATION,
        FALLBACK,
        ESCALATE,
        Field::new("requests", Shape::Bool, "`false`: only extensions need the approval.").default(Default::Bool(true)),
        Field::new("stage", Shape::List(&Shape::Table(&STAGE)), "Up to three stages, one after the other (R116), instead of `approvers` and its companions."),
    ],
    alternatives: &[Alternative {
        left: &["approvers", "timeout", "approver_justification", "fallback_approvers", "escalation"],
        right: &["stage"],
    }],
};

static REVIEW: Form = Form {
    fields: &[
        Field::new("every", Shape::Choice(&["once", "week", "month", "quarter", "half_year", "year"]), "How often.").required(),
        Field::new("starts", Shape::Date, "The first day of the first review; a 31st falls on a month's last day.").required(),
        Field::new("duration", Shape::Duration(Minutes::days(1), LONGEST), "How long reviewers have.").required(),
        Field::new("reviewers", Shape::Either(&Shape::Choice(&["self", "manager"]), &SOMEBODIES), "Who reviews.").required(),
        Field::new("fallback_reviewers", SOMEBODIES, "Who reviews when a manager cannot be resolved; required with `\"manager\"`."),
        Field::new("if_no_answer", Shape::Choice(&["keep", "remove", "recommendation"]), "What follows when nobody answers (R160).").required(),
        Field::new("justification", Shape::Bool, "Whether a decision needs a reason.").default(Default::Bool(false)),
    ],
    alternatives: &[],
};

static QUESTION: Form = Form {
    fields: &[
        Field::new("key", Shape::Text(Text::Key), "What answers are kept under.").required(),
        Field::new("text", Shape::Text(Text::Block), "What people are asked.").required(),
        Field::new("required", Shape::Bool, "Whether it must be answered.").default(Default::Bool(false)),
        Field::new("pattern", Shape::Text(Text::Pattern), "A regular expression that the whole answer matches."),
        Field::new("choices", Shape::List(&Shape::Text(Text::Line)), "The answers to choose from, in this order; or `pattern`."),
        Field::new("multiple", Shape::Bool, "With `choices`: whether several may be chosen.").default(Default::Bool(false)),
        Field::new("long", Shape::Bool, "Whether to offer a text area.").default(Default::Bool(false)),
        Field::new("translations", Shape::Map(Keys::Language, &Shape::Text(Text::Block)), "The text in other languages, by language tag."),
    ],
    alternatives: &[Alternative { left: &["pattern", "long"], right: &["choices", "multiple"] }],
};

static AUTOMATIC: Form = Form {
    fields: &[
        Field::new("rule", Shape::Rule, "Whom it takes in: a CEL expression over one user.").required(),
        Field::new("grace", Shape::Duration(Minutes(0), LONGEST), "How long access stays after the rule stopped matching."),
        Field::new("add", Shape::Bool, "Whether people come in by themselves.").required(),
        Field::new("remove", Shape::Bool, "Whether people go out by themselves.").required(),
    ],
    alternatives: &[],
};

static NONE: Shape = Shape::Choice(&["none"]);

/// The attributes that say whom it lets in.
pub const ADMITTING: [&str; 3] = ["automatic", "enabled", "requestors"];

/// The kind.
pub static KIND: Kind = Kind {
    name: "policy",
    doc: "Who may request a package, who decides, and when access ends. A package may carry several (R32).",
    parents: &[Some("access_package")],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("display_name", Shape::Text(Text::Name), "Unique in its package.").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "What it is for."),
            Field::new("enabled", Shape::Bool, "While `false`, nobody can request through it (R48).").default(Default::Bool(true)),
            Field::new(
                "requestors",
                Shape::Either(&Shape::Choice(POPULATIONS), &Shape::Set(&Shape::Principal(&REQUESTOR), Emptiness::Refused)),
                "Who may request: a word, or users and groups (R34), or connected organizations (R35); never both (R114).",
            )
            .required()
            .rule(&codes::R34),
            Field::new("automatic", Shape::Table(&AUTOMATIC), "Assigns by a rule, in place of `requestors` (R134).").needs("create_automatic_policy"),
            Field::new("expiration", Shape::Expiration, "When access ends: a duration from approval, a date, or `\"never\"` (R45).")
                .rule(&codes::R45)
                .default(Default::Inherited),
            Field::new("extension", Shape::Choice(&["none", "allowed", "approval"]), "Whether holders may extend (R47).")
                .default(Default::Text("none")),
            Field::new("requestor_justification", Shape::Bool, "Whether a request needs a reason (R42).").default(Default::Bool(false)),
            Field::new("custom_schedule", Shape::Bool, "Whether the requestor may pick start and end (R132).").default(Default::Bool(false)),
            Field::new("self_removal", Shape::Bool, "Whether holders may give the access up.").default(Default::Bool(true)),
            Field::new("on_behalf", Shape::Choice(&["none", "manager"]), "Whether a manager may request for a direct report (R167).")
                .default(Default::Text("none")),
            Field::new("approval", Shape::Either(&NONE, &Shape::Table(&APPROVAL)), "Who decides; required where people can request (R39, R41)."),
            Field::new("review", Shape::Either(&NONE, &Shape::Table(&REVIEW)), "Recertification.").default(Default::Text("none")).needs("configure_review"),
            Field::new("question", Shape::List(&Shape::Table(&QUESTION)), "What requestors are asked, in this order."),
        ],
        alternatives: &[Alternative { left: &["requestors"], right: &["automatic"] }],
    },
    tones: &[("approval", Tone::Hurdle), ("automatic", Tone::Either), ("custom_schedule", Tone::More), ("enabled", Tone::More), ("expiration", Tone::More), ("extension", Tone::Order(&["none", "approval", "allowed"])), ("on_behalf", Tone::Order(&["none", "manager"])), ("question", Tone::Hurdle), ("requestor_justification", Tone::Less), ("requestors", Tone::More), ("review", Tone::Hurdle)],
    schema: 1,
    builtin: &[],
    check,
    needs: |change| Acts::all("change_policies").of(change),
    example: "[access_package.campaign.policy.employees]\nrequestors = [\"group:marketing\"]\nexpiration = \"90d\"\nextension = \"approval\"\n\n[access_package.campaign.policy.employees.approval]\napprovers = [\"mamta@contoso.example\"]\ntimeout = \"14d\"\n",
};

/// Whom a policy serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Nobody can request; assigned directly (R49).
    Direct,
    /// A rule assigns (R134).
    Automatic,
    /// People of the directory.
    Inside,
    /// People of other organizations.
    Outside,
}

/// What the other rooms read of a policy.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a>(pub &'a Object);

/// Whether something follows by itself from a policy of these attributes, which are canonical JSON: by a rule, or by reviews. It may be
/// said of one from which nothing does.
#[must_use]
pub fn acts_by_itself(attributes: &str) -> bool {
    attributes.contains("\"automatic\":") || attributes.contains("\"review\":{")
}

impl<'a> Policy<'a> {
    /// The object as a policy, if it is one.
    #[must_use]
    pub fn of(object: &'a Object) -> Option<Policy<'a>> {
        (object.address.kind() == KIND.name).then_some(Policy(object))
    }

    /// The package it stands in.
    #[must_use]
    pub fn package(self) -> Option<Address> {
        self.0.address.parent()
    }

    /// Who may request, as written.
    #[must_use]
    pub fn requestors(self) -> Option<&'a Value> {
        self.0.attributes.get("requestors")
    }

    /// Whom it serves; a policy that mixes populations counts as outside.
    #[must_use]
    pub fn population(self) -> Population {
        match self.requestors().map(|v| &v.node) {
            None => Population::Automatic,
            Some(Node::Text(word)) => match &**word {
                "none" => Population::Direct,
                "all_connected_organizations" | "all_external_users" => Population::Outside,
                _ => Population::Inside,
            },
            Some(node) => {
                let outside = |v: &Value| v.as_text().is_some_and(|t| t.starts_with("connected_organization:"));
                let members = if let Node::Set(members) = node { &**members } else { &[] };
                if members.iter().any(outside) { Population::Outside } else { Population::Inside }
            }
        }
    }

    /// The connected organizations that it names, with their places.
    pub fn organizations(self) -> impl Iterator<Item = (Address, Span)> + 'a {
        let members = self.requestors().map_or(&[][..], Value::members).iter();
        members.filter_map(|v| Some((principal(v.as_text()?)?, v.at))).filter(|(a, _)| a.kind() == "connected_organization")
    }

    /// The word for its population, if it is said in a word.
    #[must_use]
    pub fn population_word(self) -> Option<&'a str> {
        self.requestors().and_then(Value::as_text)
    }

    /// When access through it ends, what is inherited included.
    #[must_use]
    pub fn expiration(self) -> Option<&'a Value> {
        self.0.attributes.get("expiration")
    }

    /// Whether a rule assigns, and where that is written.
    #[must_use]
    pub fn automatic(self) -> Option<&'a Value> {
        self.0.attributes.get("automatic")
    }

    /// Its approval, if it has one other than `"none"`.
    #[must_use]
    pub fn approval(self) -> Option<&'a Table> {
        self.0.attributes.get("approval").and_then(Value::as_table)
    }

    /// The stages of its approval with their places, however they are written.
    #[must_use]
    pub fn stages(self) -> Vec<Stage<'a>> {
        let Some(approval) = self.0.attributes.get("approval") else { return Vec::new() };
        let Some(table) = approval.as_table() else { return Vec::new() };
        match table.get("stage") {
            Some(list) => list.members().iter().filter_map(|v| Some(Stage { table: v.as_table()?, at: v.at })).collect(),
            None => vec![Stage { table, at: approval.at }],
        }
    }

    /// Its questions.
    #[must_use]
    pub fn questions(self) -> Vec<Question<'a>> {
        self.0.attributes.members("question").iter().filter_map(|v| Some(Question { table: v.as_table()?, at: v.at })).collect()
    }
}

/// `2 stages`, of a table that is an approval.
#[must_use]
pub fn stages_in(approval: &Table) -> Option<String> {
    let stages = approval.get("stage").map(|list| list.members().len());
    match stages.or_else(|| approval.contains("timeout").then_some(1))? {
        1 => Some("1 stage".to_owned()),
        n => Some(format!("{n} stages")),
    }
}

/// One stage of an approval.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    table: &'a Table,
    at: Span,
}

impl<'a> Stage<'a> {
    /// Everybody who may come to decide, by name, with the places.
    pub fn named_approvers(self) -> impl Iterator<Item = (Address, Span)> + 'a {
        let escalation = self.escalation().map_or(&[][..], |e| e.members("approvers"));
        let all = self.table.members("approvers").iter().chain(self.table.members("fallback_approvers")).chain(escalation);
        all.filter_map(|v| Some((principal(v.as_text()?)?, v.at)))
    }

    fn escalation(self) -> Option<&'a Table> {
        self.table.get("escalation").and_then(Value::as_table)
    }

    fn word(self, word: &str) -> Option<&'a Value> {
        self.table.members("approvers").iter().find(|v| v.as_text() == Some(word))
    }

    fn alternate(self, word: &str) -> Option<&'a Value> {
        self.escalation()?.members("approvers").iter().find(|v| v.as_text() == Some(word))
    }
}

/// One question of a policy.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    table: &'a Table,
    /// Where it stands.
    pub at: Span,
}

impl<'a> Question<'a> {
    /// What its answers are kept under.
    #[must_use]
    pub fn key(self) -> &'a str {
        self.table.text("key").unwrap_or("")
    }

    /// Whether it must be answered.
    #[must_use]
    pub fn is_required(self) -> bool {
        self.table.flag("required", false)
    }

    /// Why these answers do not do, if so.
    #[must_use]
    pub fn refuses(self, answers: &[&str]) -> Option<String> {
        if answers.len() > 1 && !self.table.flag("multiple", false) {
            return Some("it takes one answer".to_owned());
        }
        if let Some(choices) = self.table.get("choices") {
            let known = |a: &str| choices.members().iter().any(|c| c.as_text() == Some(a));
            return answers.iter().find(|a| !known(a)).map(|a| format!("`{a}` is not among its choices"));
        }
        let pattern = self.table.text("pattern")?;
        let regex = regex_lite::Regex::new(&format!("^(?:{pattern})$")).ok()?;
        answers.iter().find(|a| !regex.is_match(a)).map(|a| format!("`{a}` does not match `{pattern}`"))
    }
}

/// The rules that one policy decides alone.
fn check(object: &Object, found: &mut Diagnostics) {
    let policy = Policy(object);
    let mut report = |code: &'static Code, at: Span, message: String, help: &str| {
        found.push(Diagnostic::new(code, at.or(object.at), message).at(&object.address).help(help));
    };
    let attributes = &object.attributes;
    let key = object.address.key();
    let unread = |v: Option<&Value>| v.is_none_or(Value::is_unread);
    if unread(policy.requestors()) && unread(policy.automatic()) {
        return; // said already: one of the two is required
    }
    if policy.expiration().is_none() {
        let message = format!("`{key}` does not say when its access ends");
        let help = "write `expiration = \"90d\"`, a date or `\"never\"`, here, on the package or in `[defaults]` of writ.toml";
        report(&codes::R45, object.at, message, help);
    }
    let mixed = policy.requestors().map_or(&[][..], Value::members).iter().find(|v| {
        v.as_text().and_then(principal).is_some_and(|a| a.kind() != "connected_organization")
    });
    if let (Some(inside), Some((outside, _))) = (mixed, policy.organizations().next()) {
        let message = format!("`{}` is in the directory and `{}` is outside it", inside.as_text().unwrap_or(""), outside.reference());
        report(&codes::R114, inside.at, message, "write two policies, one for each");
    }
    match policy.population() {
        Population::Direct | Population::Automatic => check_without_requests(policy, &mut report),
        Population::Inside | Population::Outside => {
            if !attributes.contains("approval") {
                let message = format!("`{key}` does not say who approves");
                report(&codes::E0408, object.at, message, "write an `[….approval]` table, or `approval = \"none\"`");
            }
        }
    }
    if attributes.text("extension") == Some("approval") && attributes.text("approval") == Some("none") {
        let message = "extensions need approval, and nobody is named to give it".to_owned();
        let help = "name approvers; `requests = false` in the approval leaves new requests without it";
        report(&codes::R47, attributes.at("extension"), message, help);
    }
    check_stages(policy, &mut report);
    if let Some(review) = attributes.get("review").and_then(Value::as_table)
        && review.text("reviewers") == Some("manager")
        && !review.contains("fallback_reviewers")
    {
        let help = "add `fallback_reviewers`, for people without a manager";
        report(&codes::E0414, review.at("reviewers"), "`reviewers = \"manager\"` needs a fallback".to_owned(), help);
    }
    check_questions(policy, &mut report);
}

/// How the checks below report: code, place, message, help.
type Report<'r> = dyn FnMut(&'static Code, Span, String, &str) + 'r;

/// A policy through which nobody can request takes nothing that belongs to requests (R49).
fn check_without_requests(policy: Policy<'_>, report: &mut Report<'_>) {
    let what = if policy.population() == Population::Direct { "`requestors = \"none\"`" } else { "an automatic policy" };
    let idle = |value: &Value| matches!(&value.node, Node::Bool(false)) || value.is_unread() || value.as_text() == Some("none");
    let request_settings = ["approval", "extension", "question", "requestor_justification", "custom_schedule", "on_behalf"];
    for name in request_settings {
        if let Some(value) = policy.0.attributes.get(name).filter(|v| !idle(v)) {
            let message = format!("{what} takes no `{name}`, since nobody can request through it");
            report(&codes::R49, value.at, message, "take it out, or say who may request");
        }
    }
}

fn check_stages(policy: Policy<'_>, report: &mut Report<'_>) {
    let stages = policy.stages();
    if let Some(list) = policy.approval().and_then(|a| a.get("stage")).filter(|v| !v.is_unread()) {
        match list.members().len() {
            0 => report(&codes::R39, list.at, "`stage` is empty".to_owned(), "write `approval = \"none\"`, or a stage"),
            1..=3 => {}
            n => report(&codes::R116, list.at, format!("{n} stages"), "an approval has up to three stages"),
        }
    }
    let outside = policy.population() == Population::Outside;
    for word in ["manager", "internal_sponsors", "external_sponsors"] {
        let uses: Vec<&Value> = stages.iter().filter_map(|s| s.word(word)).collect();
        if let [_, again, ..] = uses.as_slice() {
            report(&codes::R119, again.at, format!("`{word}` decides in more than one stage"), "choose one stage for it");
        }
        let misplaced = if word == "manager" { outside } else { !outside };
        let in_escalation = stages.iter().filter_map(|s| s.alternate(if word == "manager" { "manager:2" } else { word }));
        for value in uses.into_iter().chain(in_escalation).filter(|_| misplaced) {
            let message = match word {
                "manager" => "people from outside have no manager in the directory".to_owned(),
                _ => format!("people of the directory have no `{word}`"),
            };
            report(&codes::R120, value.at, message, "managers decide for in-directory policies, sponsors for outside ones");
        }
    }
    for stage in stages {
        check_stage(stage, outside, report);
    }
}

fn check_stage(stage: Stage<'_>, outside: bool, report: &mut Report<'_>) {
    let resolved = ["manager", "internal_sponsors", "external_sponsors"].into_iter().find_map(|w| stage.word(w));
    let has_fallback = stage.table.contains("fallback_approvers");
    if let Some(value) = resolved.filter(|_| !has_fallback) {
        let message = format!("`{}` needs `fallback_approvers`, for when it cannot be resolved", value.as_text().unwrap_or(""));
        report(&codes::R118, value.at.or(stage.at), message, "name users or groups who decide then");
    }
    // Outside, R120 has been told; a missing fallback, R118.
    let second = stage.alternate("manager:2").filter(|_| !outside);
    if let Some(value) = second.filter(|_| stage.word("manager").is_none()) {
        let message = "`manager:2` stands behind `\"manager\"` with `fallback_approvers`, in the same stage".to_owned();
        report(&codes::R123, value.at, message, "let `approvers` hold `\"manager\"` and name a fallback, or name somebody here");
    }
    let Some(escalation) = stage.escalation() else { return };
    let minutes = |table: &Table, name: &str| table.text(name).and_then(|t| Minutes::parse(t).ok());
    let (after, timeout) = (minutes(escalation, "after"), minutes(stage.table, "timeout"));
    let at = escalation.at("after").or(stage.at);
    if after.is_some_and(|a| a < Minutes::days(1)) {
        report(&codes::R122, at, "an escalation comes a day after the stage began, at the earliest".to_owned(), "write `after = \"1d\"` or more");
    }
    if timeout.is_some_and(|t| t < Minutes::days(4)) {
        let at = stage.table.at("timeout").or(at);
        report(&codes::R122, at, "an escalation needs a timeout of four days or more".to_owned(), "write `timeout = \"4d\"` or more, or no escalation");
    } else if let (Some(after), Some(timeout)) = (after, timeout)
        && after >= timeout
    {
        report(&codes::R122, at, "the escalation comes when the request has timed out already".to_owned(), "write an `after` below `timeout`");
    }
}

fn check_questions(policy: Policy<'_>, report: &mut Report<'_>) {
    let questions = policy.questions();
    for (i, question) in questions.iter().enumerate() {
        let key = question.table.get("key");
        let at = key.map_or(question.at, |k| k.at);
        if questions.iter().take(i).any(|earlier| !question.key().is_empty() && earlier.key() == question.key()) {
            report(&codes::E0410, at, format!("the question `{}` is there already", question.key()), "give each question a key of its own");
        }
        let choices = question.table.get("choices");
        if let Some(choices) = choices.filter(|c| c.members().is_empty() && !c.is_unread()) {
            report(&codes::E0022, choices.at, "`choices` is empty".to_owned(), "list the answers to choose from");
        }
        if let Some(multiple) = question.table.get("multiple").filter(|_| choices.is_none()) {
            report(&codes::E0410, multiple.at, "`multiple` belongs to `choices`".to_owned(), "add `choices`, or take it out");
        }
    }
}
