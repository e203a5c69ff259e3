//! A workspace in memory for the tests of this room: objects as files say them, records as commands make them.

use super::{Asked, Cell, Made, Report, Row, Told, What};
use crate::config::{Known, configure};
use crate::diag::{SourceFile, Sources};
use crate::engine::{Actor, Ask, Command, Draft, Event, Facts, Ledger, decide, fold};
use crate::kinds::builtins;
use crate::model::{Address, Holdings, Origin, Places, Stored, Zone};
use chrono::{DateTime, Utc};
use std::cell::Cell as Counter;

/// The files: a department with an approver, an outsider, two packages of which one excludes the other.
pub const FILES: &str = r#"
[user."ann@contoso.example"]
display_name = "Ann Dubois"
[user."bo@contoso.example"]
[user."cy@contoso.example"]
[user."root@contoso.example"]
[user."eve@fabrikam.example"]
type = "guest"
organization = "fabrikam"
[connected_organization.fabrikam]
domains = ["fabrikam.example"]
internal_sponsors = ["cy@contoso.example"]
[group.staff]
members = ["ann@contoso.example", "bo@contoso.example", "group:inner"]
[group.inner]
members = ["cy@contoso.example"]
[group.team]
[application.crm]
roles = ["Reader", "Writer"]
[catalog.sales]
externally_visible = true
[catalog.sales.resource.crm]
origin = "application:crm"
[catalog.sales.resource.team]
origin = "group:team"
[catalog.sales.delegation.managers]
role = "access_package_manager"
members = ["group:inner"]
[catalog.other]
[delegation.administrators]
role = "administrator"
members = ["root@contoso.example"]
[access_package.sell]
catalog = "sales"
incompatible_with = ["access_package:audit"]
resource_roles.crm = "Writer"
resource_roles.team = "Member"
[access_package.sell.policy.staff]
requestors = ["group:staff"]
expiration = "30d"
approval = { approvers = ["cy@contoso.example"], timeout = "7d" }
[access_package.sell.policy.direct]
requestors = "none"
expiration = "30d"
[access_package.sell.policy.fabrikam]
requestors = ["connected_organization:fabrikam"]
expiration = "10d"
approval = "none"
[access_package.audit]
catalog = "sales"
resource_roles.crm = "Reader"
[access_package.audit.policy.staff]
requestors = ["group:staff"]
expiration = "30d"
approval = "none"
[access_package.alone]
catalog = "other"
[access_package.alone.policy.staff]
requestors = ["group:staff"]
expiration = "30d"
approval = "none"
"#;

/// A world that commands change.
pub struct World {
    /// What was applied.
    pub objects: Holdings,
    /// What came of commands.
    pub ledger: Ledger,
    /// What happened.
    pub told: Vec<Told>,
    /// The time.
    pub now: DateTime<Utc>,
    minted: Counter<u64>,
}

/// Who is meant by a first name.
pub fn person(name: &str) -> Actor {
    Actor::Person(full(name))
}

fn full(name: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@contoso.example") }
}

impl World {
    /// The files, applied, on a day in spring.
    pub fn new() -> World {
        World::of(FILES)
    }

    /// Other files.
    pub fn of(text: &str) -> World {
        let files = vec![SourceFile::new("writ.toml", "[workspace]\nname = \"w\"\n"), SourceFile::new("all.toml", text)];
        let sources = Sources::new(files);
        let (config, found) = configure(&sources, &Known::default());
        let said: Vec<String> = found.iter().map(|f| f.message.clone()).collect();
        let config = config.unwrap_or_else(|| panic!("{said:?}"));
        let declared = config.objects.into_values().chain(builtins());
        let stored = |(n, object): (usize, crate::model::Object)| {
            let line = sources.get(object.at).map_or(0, |f| f.line_of(object.at.start));
            let origin = Origin::of(&Places { file: "all.toml".to_owned(), line, ..Places::default() });
            Stored { id: format!("o{n}"), workspace: Some("w".into()), version: 1, origin, object }
        };
        let objects = declared.enumerate().map(stored).collect();
        let now = "2027-03-01T09:00:00Z".parse().unwrap();
        World { objects, ledger: Ledger::default(), told: Vec::new(), now, minted: Counter::new(0) }
    }

    /// The facts of now.
    pub fn facts(&self) -> Facts<'_> {
        Facts::new(&self.objects, &self.ledger, self.now, Zone::UTC, false)
    }

    /// Somebody does something.
    pub fn act(&mut self, actor: &Actor, command: &Command) {
        let mint = || {
            self.minted.set(self.minted.get().saturating_add(1));
            format!("r{:03}", self.minted.get())
        };
        let facts = self.facts();
        let mut draft = Draft::new(&facts, &mint);
        decide(&mut draft, actor, command).unwrap();
        let events = draft.events();
        let serial = self.told.last().map_or(2, |t| t.serial.saturating_add(1));
        for event in events {
            let (family, id) = event.record();
            let key = (family, id.to_owned());
            let after = fold(self.ledger.0.get(&key).cloned(), &event).unwrap().unwrap();
            self.ledger.0.insert(key, after);
            let actor = actor.word().to_owned();
            self.told.push(Told { serial, at: self.now, actor, command: "test".to_owned(), what: What::Life(Box::new(event)) });
        }
    }

    /// Somebody asks for a package.
    pub fn request(&mut self, who: &str, package: &str, why: &str) {
        let ask = self.ask(package, why, None);
        self.act(&person(who), &Command::Request(ask));
    }

    /// An administrator gives a package.
    pub fn assign(&mut self, who: &str, package: &str) {
        let ask = self.ask(package, "", Some(full(who)));
        self.act(&Actor::Operator("operator:olga@host".to_owned()), &Command::Assign(ask));
    }

    fn ask(&self, package: &str, why: &str, target: Option<String>) -> Ask {
        let justification = Some(why.to_owned()).filter(|w| !w.is_empty());
        let policy = target.as_ref().map(|_| "direct".to_owned());
        let package = Address::root("access_package", package);
        Ask { package, policy, target, justification, answers: Default::default(), start: None, end: None }
    }

    /// Somebody decides the only request that waits.
    pub fn approve(&mut self, who: &str, why: &str) {
        let waits = |t: &&Told| matches!(t.life(), Some(Event::StageStarted { .. }));
        let request = self.told.iter().rfind(waits).and_then(Told::life).unwrap().record().1.to_owned();
        self.act(&person(who), &Command::Decide { request, approve: true, justification: Some(why.to_owned()) });
    }

    /// What is asked of it.
    pub fn ask_as<T>(&self, actor: &Actor, change: impl FnOnce(&mut Asked<'_>), made: impl FnOnce(&Asked<'_>) -> T) -> T {
        let facts = self.facts();
        let mut asked = Asked {
            facts: &facts,
            today: &facts,
            actor,
            package: None,
            person: None,
            states: Vec::new(),
            from: None,
            to: None,
            request: None,
            told: self.told.clone(),
        };
        change(&mut asked);
        made(&asked)
    }

    /// The rows of a report, as texts: only these columns; or the rule that refuses it.
    pub fn rows(&self, report: &Report, columns: &[&str], actor: &str, change: impl FnOnce(&mut Asked<'_>)) -> Vec<String> {
        let (Made::Facts(make) | Made::History(make)) = report.made else { panic!("not made") };
        let rows = match self.ask_as(&person(actor), change, make) {
            Err(refusal) => return vec![format!("{} {}", refusal.rule.0, refusal.help)],
            Ok(rows) => rows,
        };
        assert!(rows.iter().all(|r| r.len() == report.columns.len()), "{}", report.name);
        let at = |name: &&str| report.columns.iter().position(|c| c.name == *name).unwrap();
        let places: Vec<usize> = columns.iter().map(at).collect();
        rows.iter().map(|row| said(row, &places)).collect()
    }
}

fn said(row: &Row, places: &[usize]) -> String {
    let text = |cell: &Cell| match cell {
        Cell::None => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Number(n) => n.to_string(),
        Cell::Flag(is) => is.to_string(),
        Cell::Instant(at) => at.format("%m-%d").to_string(),
        Cell::List(all) => format!("[{}]", all.join(", ")),
    };
    places.iter().map(|n| text(&row[*n])).collect::<Vec<_>>().join(" | ")
}
