//! `writ.toml`: how a workspace is read and applied.

use super::World;
use super::checks::Check;
use super::codeowners::{self, CODEOWNERS, CodeownersSettings};
use super::connectors::{self, CONNECTOR, CONNECTORS, ConnectorSettings};
use super::decode::Decoder;
use super::document;
use super::keys::{known_address, no_address};
use super::mail::{self, MAIL, MailSettings};
use super::urls::check_store_url;
use super::webhooks::{self, WEBHOOK, WEBHOOKS, WebhookSettings};
use crate::diag::{Diagnostic, Diagnostics, Sources, Span, codes, did_you_mean, shown};
use crate::kinds::{self, Default, Emptiness, Field, Form, Shape, Text};
use crate::model::{Address, Node, Table, Value, Zone};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The name of the file.
pub const WRIT_TOML: &str = "writ.toml";
/// Its tables.
pub(super) const SECTIONS: &[&str] = &["workspace", "store", "limits", "defaults", CONNECTOR, MAIL, WEBHOOK, CODEOWNERS];

/// What belongs to a workspace that does not say.
const EVERY_FILE: &str = "**/*.toml";

/// The key of `[workspace]` whose texts are addresses.
pub(super) const MANAGES: &str = "manages";

const LINES: Shape = Shape::Set(&Shape::Text(Text::Line), Emptiness::Allowed);
const SOME_LINES: Shape = Shape::Set(&Shape::Text(Text::Line), Emptiness::Refused);

static WORKSPACE: Form = Form {
    fields: &[
        Field::new("name", Shape::Text(Text::Key), "A store knows a workspace by it.").required(),
        Field::new("timezone", Shape::Text(Text::Line), "An IANA name; what local dates and times mean.").default(Default::Text("UTC")),
        Field::new("include", SOME_LINES, "Globs of the files that belong to it.").default(Default::Set(&[EVERY_FILE])),
        Field::new("exclude", LINES, "Globs of files that do not."),
        Field::new(
            MANAGES,
            SOME_LINES,
            "Addresses: these objects, all below them, and the packages of these catalogs are planned. Absent: everything.",
        )
        .limits(),
        Field::new("require_actor", Shape::Bool, "Plan and apply refuse to run without `--as` or WRIT_ACTOR.")
            .default(Default::Bool(false)),
        Field::new(
            "policy_priority",
            Shape::Choice(&["ask", "entra"]),
            "Several policies admit a person: the requestor picks, or Entra's classes P1 to P4 decide.",
        )
        .default(Default::Text("ask")),
    ],
    alternatives: &[],
};
static STORE: Form = Form {
    fields: &[
        Field::new(
            "url",
            Shape::Text(Text::Line),
            "`sqlite:PATH`, relative to the workspace; WRIT_STORE wins. Default: sqlite:.writ/NAME.db.",
        ),
        Field::new(
            "lineage",
            Shape::Text(Text::Line),
            "With it, a missing or foreign store is an error; `writ init` writes it, a first apply prints it.",
        ),
    ],
    alternatives: &[],
};
static LIMITS: Form = Form {
    fields: &[
        Field::new("max_deletes", Shape::Share, "A share or a number, for each kind of which more than 10 are managed.")
            .default(Default::Text("30%")),
        Field::new("max_access_lost", Shape::Count, "How many people may lose access in one apply; absent: no limit."),
        Field::new("allow_loosening", Shape::Bool, "Whether changes that loosen are applied.").default(Default::Bool(true)),
    ],
    alternatives: &[],
};
static DEFAULTS: Form = Form {
    fields: &[
        Field::new("expiration", Shape::Expiration, "For policies that say nothing, and whose package says nothing.").rule(&codes::R45)
    ],
    alternatives: &[],
};

/// The tables of `writ.toml`, for the schema and the reference page.
pub static SETTINGS: Form = Form {
    fields: &[
        Field::new("workspace", Shape::Table(&WORKSPACE), "What the workspace is.").required(),
        Field::new("store", Shape::Table(&STORE), "Where its state lives."),
        Field::new("limits", Shape::Table(&LIMITS), "Brakes, judged by the stricter of what was last applied and what is written now."),
        Field::new("defaults", Shape::Table(&DEFAULTS), "What policies inherit last."),
        Field::new(
            CONNECTOR,
            CONNECTORS,
            "A system into which the roles of resources are delivered; a resource says `connector = \"KEY\"`.",
        ),
        Field::new(MAIL, Shape::Table(&mail::FORM), "How notices reach people; absent: no mail is sent."),
        Field::new(WEBHOOK, WEBHOOKS, "Somebody who is told when something was applied, refused or drifted."),
        Field::new(CODEOWNERS, Shape::Table(&codeowners::FORM), "What `writ codeowners` writes, and where."),
    ],
    alternatives: &[],
};

/// How many objects of a kind one apply may delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletes {
    /// A share, in percent.
    Share(u32),
    /// A number.
    Count(u64),
}

/// Brakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For each kind of which more than 10 are managed.
    pub max_deletes: Deletes,
    /// People; `None`: no limit.
    pub max_access_lost: Option<u64>,
    /// Whether changes that loosen are applied.
    pub allow_loosening: bool,
}

impl std::default::Default for Limits {
    fn default() -> Limits {
        Limits { max_deletes: Deletes::Share(30), max_access_lost: None, allow_loosening: true }
    }
}

/// What `writ.toml` says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A store knows the workspace by it.
    pub name: String,
    /// What local dates and times mean.
    pub zone: Zone,
    /// Globs of its files.
    pub include: Vec<String>,
    /// Globs of files that are not its.
    pub exclude: Vec<String>,
    /// What it manages; `None`: everything.
    pub manages: Option<Vec<Address>>,
    /// Whether plan and apply need an actor.
    pub require_actor: bool,
    /// Where its state lives, as written.
    pub store_url: Option<String>,
    /// The store's lineage, if it is pinned.
    pub lineage: Option<String>,
    /// Brakes as written now.
    pub limits: Limits,
    /// The checks of the other files, once these were read: a store remembers them with the settings.
    pub checks: Vec<Check>,
    /// The systems into which roles are delivered, by name.
    connectors: BTreeMap<String, ConnectorSettings>,
    /// How mail is sent, if it is.
    mail: Option<MailSettings>,
    /// What a forge calls people.
    webhooks: BTreeMap<String, WebhookSettings>,
    codeowners: CodeownersSettings,
    /// Where each section and key stands.
    table: Table,
}

/// The part of the settings that the store remembers, and whose change is a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct AppliedSettings(pub serde_json::Value);

impl Settings {
    /// Whether it says which files belong to it.
    #[must_use]
    pub fn picks_files(&self) -> bool {
        self.include != [EVERY_FILE] || !self.exclude.is_empty()
    }

    /// What the store remembers: `[workspace]` but for `include` and `exclude`, `[limits]`, `[defaults]`, `[connector]`, with
    /// documented defaults left out; and the checks.
    #[must_use]
    pub fn applied(&self) -> AppliedSettings {
        let mut kept = Table::new();
        for section in SETTINGS.fields.iter().filter(|s| !matches!(s.name, "store" | MAIL | WEBHOOK | CODEOWNERS)) {
            let Some(table) = self.table.get(section.name).and_then(Value::as_table) else { continue };
            let inner = match (section.shape.form(), &section.shape) {
                (Some(form), _) => said(table, form),
                (None, Shape::Map(_, Shape::Table(form))) => {
                    let each = table.iter().filter_map(|(name, value)| Some((name, said(value.as_table()?, form))));
                    each.map(|(name, inner)| (Cow::Owned(name.to_owned()), Value::new(Node::Table(inner), Span::NONE))).collect()
                }
                (None, _) => continue,
            };
            if !inner.is_empty() {
                kept.insert(section.name, Value::new(Node::Table(inner), Span::NONE));
            }
        }
        AppliedSettings(serde_json::to_value(&kept).unwrap_or_default()).with_checks(&self.checks)
    }

    /// Who is told of what happens, by name.
    #[must_use]
    pub fn webhooks(&self) -> &BTreeMap<String, WebhookSettings> {
        &self.webhooks
    }

    /// The systems into which roles are delivered, by name.
    #[must_use]
    pub fn connectors(&self) -> &BTreeMap<String, ConnectorSettings> {
        &self.connectors
    }

    /// Whether there is a connector of a name; also when what it says is wrong, or could not be read.
    pub(super) fn declares_connector(&self, name: &str) -> bool {
        self.table.get(CONNECTOR).is_some_and(|all| all.is_unread() || all.as_table().is_some_and(|all| all.contains(name)))
    }

    /// The names of all connectors that are written.
    pub(super) fn connector_names(&self) -> impl Iterator<Item = &str> {
        self.table.get(CONNECTOR).and_then(Value::as_table).into_iter().flat_map(Table::iter).map(|(name, _)| name)
    }

    /// How mail is sent; `None`: it is not, since there is no `[mail]`, or it says `enabled = false`.
    #[must_use]
    pub fn mail(&self) -> Option<&MailSettings> {
        self.mail.as_ref()
    }

    /// What a forge calls people, and where it looks for the owners of files.
    #[must_use]
    pub fn codeowners(&self) -> &CodeownersSettings {
        &self.codeowners
    }

    /// Where a key of a section stands.
    #[must_use]
    pub fn at(&self, section: &str, key: &str) -> Span {
        self.table.get(section).and_then(Value::as_table).map_or(Span::NONE, |t| t.at(key))
    }

    /// What `[defaults]` says of an attribute.
    pub(super) fn default_of(&self, name: &str) -> Option<&Value> {
        self.table.get("defaults").and_then(Value::as_table).and_then(|t| t.get(name))
    }

    /// Whether this workspace manages an address, going by `manages` and, for packages, by their catalog.
    #[must_use]
    pub fn manages(&self, address: &Address, catalog_of: &dyn Fn(&Address) -> Option<Address>) -> bool {
        let Some(manages) = &self.manages else { return true };
        let root = address.lineage().last();
        let catalog = root.and_then(|root| catalog_of(&root));
        manages.iter().any(|m| address.is_within(m) || catalog.as_ref().is_some_and(|c| c.is_within(m)))
    }

    pub(super) fn manages_object(&self, address: &Address, world: &World<'_>) -> bool {
        self.manages(address, &|root| world.get(root).and_then(kinds::access_package::Package::of).map(|p| p.catalog()))
    }
}

/// Reads `writ.toml` out of the sources; `None` when what is wrong with it leaves no settings to go on with.
#[must_use]
pub fn read_settings(sources: &Sources, found: &mut Diagnostics) -> Option<Settings> {
    let Some((number, file)) = sources.iter().find(|(_, f)| f.name == WRIT_TOML) else {
        let finding = Diagnostic::new(&codes::E0025, Span::NONE, "there is no `writ.toml`").at("workspace");
        found.push(finding.help("`writ init` starts a workspace; `--chdir DIR` goes to one"));
        return None;
    };
    let document = document::parse(number, file, found);
    let root = document.root.get_ref();
    // Of a file that is not TOML only that is told: the rest may follow from it.
    let mut untold = Diagnostics::new();
    let found = if document.whole { found } else { &mut untold };
    for key in root.keys().filter(|k| !SECTIONS.contains(&k.get_ref().as_ref())) {
        let (name, at) = (key.get_ref().as_ref(), document.span(key.span()));
        let finding = if kinds::kind(name).is_some() || matches!(name, "template" | "moved" | "removed" | "import" | "check" | "test") {
            Diagnostic::new(&codes::E0013, at, "`writ.toml` holds settings only").help(format!("move `[{name}…]` to another file"))
        } else {
            let help = did_you_mean(name, SECTIONS.iter().copied()).unwrap_or_else(|| format!("its tables are {}", SECTIONS.join(", ")));
            Diagnostic::new(&codes::E0006, at, format!("`writ.toml` has no table `{name}`")).help(help)
        };
        found.push(finding.at(WRIT_TOML));
    }
    let mut table = Table::new();
    // The workspace comes first, since its zone says what the times of the others mean.
    let mut zone = Zone::UTC;
    for section in SETTINGS.fields {
        let Some(value) = root.get(section.name) else { continue };
        let at = document.span(value.span());
        let mut decoder = Decoder { document: &document, zone, address: section.name.to_owned(), found, around: Vec::new() };
        let value = decoder.value(&section.shape, value, section.name, None).unwrap_or_else(|| Value::unread(at));
        zone = value.as_table().and_then(|t| Zone::parse(t.text("timezone")?)).unwrap_or(zone);
        table.insert(section.name, value);
    }
    if !document.whole {
        let at = Span::new(number, 0..0);
        let unread = DEFAULTS.fields.iter().map(|f| (Cow::Borrowed(f.name), Value::unread(at))).collect();
        table.insert("defaults", Value::new(Node::Table(unread), at));
        table.insert(CONNECTOR, Value::unread(at));
    }
    settings(table, Span::new(number, 0..0), found)
}

fn settings(table: Table, head: Span, found: &mut Diagnostics) -> Option<Settings> {
    let empty = Table::new();
    let section = |name: &str| table.get(name).and_then(Value::as_table).unwrap_or(&empty);
    let (workspace, store, limits) = (section("workspace"), section("store"), section("limits"));
    let mut wrong = |at: Span, message: String, help: &str| {
        found.push(Diagnostic::new(&codes::E0025, at, message).at(WRIT_TOML).help(help));
    };
    let name = workspace.text("name").map(str::to_owned);
    let unread = table.get("workspace").is_some_and(Value::is_unread);
    if !unread && !workspace.contains("name") {
        let at = table.at("workspace").or(head);
        wrong(at, "`[workspace]` needs a `name`".to_owned(), "write `[workspace]` and `name = \"contoso\"`");
    }
    let zone = workspace.get("timezone").and_then(|v| Some((v.at, v.as_text()?))).map_or(Zone::UTC, |(at, text)| {
        Zone::parse(text).unwrap_or_else(|| {
            wrong(at, format!("`{}` is no IANA time zone", shown(text)), "write one such as `Europe/Amsterdam`");
            Zone::UTC
        })
    });
    for value in workspace.members("include").iter().chain(workspace.members("exclude")) {
        let text = value.as_text().unwrap_or("");
        let outside = text.starts_with('/') || text.contains("..") || text.contains('\\') || text.contains(':');
        if outside || globset::Glob::new(text).is_err() {
            wrong(
                value.at,
                format!("`{}` is no glob of files in the workspace", shown(text)),
                "write one such as `**/*.toml` or `drafts/**`",
            );
        }
    }
    // A misread one manages everything here, so that nothing more is said of it.
    let mut manages = workspace.get(MANAGES).filter(|v| !v.is_unread()).map(|_| Vec::new());
    for value in workspace.members(MANAGES) {
        let text = value.as_text().unwrap_or("");
        match known_address(text) {
            Ok(address) => manages.iter_mut().for_each(|all| all.push(address.clone())),
            Err(why) => {
                wrong(value.at, no_address(text, why), "write one such as `\"catalog.marketing\"`");
                manages = None;
            }
        }
    }
    if let Some((at, text)) = store.get("url").and_then(|v| Some((v.at, v.as_text()?)))
        && let Err((message, help)) = check_store_url(text)
    {
        wrong(at, message, help);
    }
    if let Some((at, text)) = store.get("lineage").and_then(|v| Some((v.at, v.as_text()?)))
        && kinds::text::check(Text::Guid, text).is_err()
    {
        let message = format!("`{}` is no lineage: a GUID that `writ init` wrote or a first apply printed", shown(text));
        wrong(at, message, "take it out, or write the lineage of the store");
    }
    let mail = table.get(MAIL).and_then(|v| mail::read(v.as_table()?, table.at(MAIL), &mut wrong));
    let codeowners = codeowners::read(table.get(CODEOWNERS).and_then(Value::as_table), &mut wrong);
    let connectors = connectors::read(table.get(CONNECTOR), found);
    let webhooks = webhooks::read(table.get(WEBHOOK), found);
    let limits = AppliedSettings(serde_json::json!({ "limits": serde_json::to_value(limits).unwrap_or_default() })).limits();
    Some(Settings {
        name: name?,
        zone,
        include: texts(workspace, "include").filter(|globs| !globs.is_empty()).unwrap_or_else(|| vec![EVERY_FILE.to_owned()]),
        exclude: texts(workspace, "exclude").unwrap_or_default(),
        manages,
        require_actor: workspace.flag("require_actor", false),
        store_url: store.text("url").map(str::to_owned),
        lineage: store.text("lineage").map(str::to_owned),
        limits,
        checks: Vec::new(),
        connectors,
        mail,
        webhooks,
        codeowners,
        table,
    })
}

/// What a table says beside what its absence would, but for the files that are read.
fn said(table: &Table, form: &Form) -> Table {
    let mut said = Table::new();
    for field in form.fields.iter().filter(|f| !matches!(f.name, "include" | "exclude")) {
        if let Some(value) = table.get(field.name).filter(|v| !kinds::is_default(field, v, "")) {
            said.insert(field.name, value.clone());
        }
    }
    said
}

fn texts(table: &Table, name: &str) -> Option<Vec<String>> {
    table.get(name).map(|v| v.members().iter().filter_map(Value::as_text).map(str::to_owned).collect())
}
