//! The many ways of writing a world down. Past 400 lines: every key of the language stands here once.

use super::{Body, CATALOG_ROLES, Dice, End, Id, Origin, Policy, Serves, Settings, Stage, TENANT_ROLES, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A value, before it is decided how to write it.
enum Text {
    Plain(String),
    Days(usize),
    Set(Vec<String>),
    List(Vec<Text>),
    Table(Vec<(String, Text)>),
}

fn string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn said(text: &str) -> Text {
    Text::Plain(string(text))
}

fn flag(b: bool) -> Text {
    Text::Plain(b.to_string())
}

impl End {
    fn text(self) -> Text {
        match self {
            End::Days(n) => Text::Days(n),
            End::Date(n) => Text::Plain(format!("2029-03-{:02}", n + 1)),
            End::Never => said("never"),
        }
    }
}

impl Text {
    fn inline(&self, dice: &mut Dice) -> String {
        match self {
            Text::Plain(text) => text.clone(),
            Text::Days(n) => match dice.below(3) {
                0 => format!("\"{n}d\""),
                1 => format!("\"P{n}D\""),
                _ => format!("\"{}h\"", n * 24),
            },
            Text::Set(members) => {
                let mut members = members.clone();
                dice.shuffle(&mut members);
                match members.as_slice() {
                    [one] if dice.chance(50) => one.clone(),
                    all => format!("[{}]", all.join(", ")),
                }
            }
            Text::List(items) => format!("[{}]", items.iter().map(|i| i.inline(dice)).collect::<Vec<_>>().join(", ")),
            Text::Table(rows) => {
                let rows: Vec<String> = rows.iter().map(|(k, v)| format!("{k} = {}", v.inline(dice))).collect();
                format!("{{ {} }}", rows.join(", "))
            }
        }
    }
}

/// Files by name.
pub type Files = Vec<(String, String)>;

const PLACES: &[&str] = &["a.toml", "b.toml", "catalogs/c.toml", "catalogs/deep/er/d.toml", "z-last.toml"];

impl World {
    /// The texts of the workspace: which table stands where, in which order and in which of its spellings, the dice say.
    pub fn files(&self, dice: &mut Dice) -> Files {
        let mut blocks: Vec<String> = Vec::new();
        for id in self.managed_ids() {
            self.block(id, &mut blocks, dice);
        }
        blocks.extend(self.moved.iter().map(|(from, to)| format!("[[moved]]\nfrom = {}\nto = {}\n", string(from), string(to))));
        blocks.extend(self.removed.iter().map(|(from, destroy)| format!("[[removed]]\nfrom = {}\ndestroy = {destroy}\n", string(from))));
        for (to, id) in &self.imports {
            blocks.push(format!("[[import]]\nto = {}\nid = {}\n", string(&self.address(*to)), string(id)));
        }
        dice.shuffle(&mut blocks);
        let places = 1 + dice.below(PLACES.len());
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        for block in blocks {
            let file = files.entry(PLACES[dice.below(places)]).or_default();
            file.push_str(&block);
            file.push('\n');
        }
        let mut files: Files = files.into_iter().map(|(n, t)| (n.to_owned(), t)).collect();
        files.push(("writ.toml".to_owned(), self.settings.text()));
        dice.shuffle(&mut files);
        files
    }

    /// The tables of one thing, and the template that says a part of it.
    fn block(&self, id: Id, blocks: &mut Vec<String>, dice: &mut Dice) {
        let address = self.address(id);
        let thing = &self.things[&id];
        let mut rows = self.rows(id);
        dice.shuffle(&mut rows);
        if !rows.is_empty() && dice.chance(10) {
            let hoisted = rows.split_off(dice.below(rows.len()));
            let name = format!("t{id}");
            rows.push(("template".to_owned(), Text::Set(vec![string(&name)])));
            blocks.push(written(&format!("template.{}.{name}", thing.body.kind()), hoisted, dice));
        }
        blocks.push(written(&address, rows, dice));
    }

    fn names(&self, ids: &BTreeSet<Id>) -> Text {
        Text::Set(ids.iter().map(|id| string(&self.reference(*id))).collect())
    }

    /// What a thing says, row by row; defaults now and then stand there in words.
    fn rows(&self, id: Id) -> Vec<(String, Text)> {
        let thing = &self.things[&id];
        let mut rows: Vec<(String, Text)> = Vec::new();
        let mut row = |name: &str, text: Text| rows.push((name.to_owned(), text));
        let key = |id: &Id| said(&self.things[id].key);
        let nameless = matches!(thing.body, Body::Delegation { .. } | Body::Settings { .. } | Body::Assignment { .. });
        if let Some(display) = thing.display.as_ref().filter(|_| !nameless) {
            row("display_name", said(display));
        }
        if let Some(text) = thing.description.as_ref().filter(|_| !nameless && thing.body.kind() != "user") {
            row("description", said(text));
        }
        if thing.protected || id.is_multiple_of(7) {
            row("prevent_destroy", flag(thing.protected));
        }
        match &thing.body {
            Body::User { department, mail, manager, enabled, organization, sponsor } => {
                if *department {
                    row("department", said("Sales"));
                }
                if *mail {
                    row("mail", said(&format!("mail{id}@contoso.example")));
                }
                if !enabled || id.is_multiple_of(3) {
                    row("enabled", flag(*enabled));
                }
                if let Some(manager) = manager {
                    row("manager", key(manager));
                }
                if let Some(organization) = organization {
                    row("type", said("guest"));
                    row("organization", key(organization));
                }
                if let Some(sponsor) = sponsor {
                    row("sponsor", key(sponsor));
                }
            }
            Body::Group { form, members, owners, rule, synced, .. } => {
                match form {
                    4 => row("type", said("microsoft_365")),
                    5 => row("type", said("distribution")),
                    3 => row("type", said("security")),
                    _ => {}
                }
                if *rule {
                    row("rule", said("user.department == 'Sales'"));
                } else if !members.is_empty() || id.is_multiple_of(2) {
                    row("members", self.names(members));
                }
                if !owners.is_empty() {
                    row("owners", self.names(owners));
                }
                if *synced {
                    row("synced", flag(true));
                }
            }
            Body::Application { owners, roles } | Body::Site { owners, roles } => {
                if thing.body.kind() == "sharepoint_site" {
                    row("url", said(&format!("https://contoso.example/{id}")));
                }
                if !owners.is_empty() {
                    row("owners", self.names(owners));
                }
                if !roles.is_empty() {
                    row("roles", Text::Set(roles.iter().map(|r| string(r)).collect()));
                }
            }
            Body::Organization { domain, tenant, sponsors, proposed } => {
                row("domains", Text::Set(vec![string(&format!("o{domain}.example"))]));
                if *tenant {
                    row("tenant_id", said(&format!("5f2c81d4-0a51-4c0e-9f0e-{domain:012}")));
                }
                if !sponsors.is_empty() {
                    row(if id.is_multiple_of(2) { "internal_sponsors" } else { "external_sponsors" }, self.names(sponsors));
                }
                if *proposed {
                    row("state", said("proposed"));
                }
            }
            Body::Settings { blocks, after, what } => {
                row("on_last_assignment_lost", said(["none", "block", "block_and_delete"][what % 3]));
                row("delete_after", Text::Days(*after));
                if *blocks {
                    row("blocked_domains", Text::Set(vec![string("competitor.example")]));
                }
            }
            Body::Catalog { enabled, external } => {
                if !enabled {
                    row("enabled", flag(false));
                }
                if *external || id.is_multiple_of(2) {
                    row("externally_visible", flag(*external));
                }
            }
            Body::Resource { origin: Origin::Known(origin) } => row("origin", said(&self.reference(*origin))),
            Body::Resource { origin: Origin::Own(n) } => {
                row("type", said("application"));
                row("origin", said(&format!("crm/{n}")));
                row("roles", Text::Set(vec![string("Reader"), string("User")]));
            }
            Body::Delegation { role, members } => {
                let roles = if thing.parent.is_some() { CATALOG_ROLES } else { TENANT_ROLES };
                row("role", said(roles[role % roles.len()]));
                row("members", self.names(members));
            }
            Body::Package { catalog, expiration, hidden, excludes, roles } => {
                if let Some(catalog) = catalog {
                    row("catalog", key(catalog));
                }
                if let Some(end) = expiration {
                    row("expiration", end.text());
                }
                if *hidden {
                    row("hidden", flag(true));
                }
                if !excludes.is_empty() {
                    row("incompatible_with", self.names(excludes));
                }
                if !roles.is_empty() {
                    let each = |(r, given): (&Id, &BTreeSet<&str>)| {
                        (self.things[r].key.clone(), Text::Set(given.iter().map(|g| string(g)).collect()))
                    };
                    row("resource_roles", Text::Table(roles.iter().map(each).collect()));
                }
            }
            Body::Policy(policy) => self.policy_rows(policy, &mut rows),
            Body::Assignment { policy, users, start, end, reason } => {
                row("policy", key(policy));
                row("users", self.names(users));
                let day = |n: &usize| Text::Plain(format!("2028-{:02}-{:02}", 1 + n / 28, 1 + n % 28));
                if let Some(start) = start {
                    row("start", day(start));
                }
                if let Some(end) = end {
                    row("end", day(end));
                }
                if *reason {
                    row("justification", said("for the season"));
                }
                if let Some(Body::Policy(Policy { questions: 1.., .. })) = self.things.get(policy).map(|t| &t.body) {
                    row("answers", Text::Table(vec![("q0".to_owned(), Text::Set(vec![string("1234")]))]));
                }
            }
        }
        rows
    }

    fn policy_rows(&self, policy: &Policy, rows: &mut Vec<(String, Text)>) {
        let mut row = |name: &str, text: Text| rows.push((name.to_owned(), text));
        match &policy.serves {
            Serves::Nobody => row("requestors", said("none")),
            Serves::Word(word) => row("requestors", said(word)),
            Serves::These(ids) | Serves::Organizations(ids) => row("requestors", self.names(ids)),
            Serves::Rule => {
                let rule = [
                    ("rule", said("user.enabled")),
                    ("add", flag(true)),
                    ("remove", flag(false)),
                    ("grace", Text::Days(policy.extension + 2)),
                ];
                row("automatic", Text::Table(rule.map(|(k, v)| (k.to_owned(), v)).into()));
            }
        }
        if !policy.enabled {
            row("enabled", flag(false));
        }
        if let Some(end) = policy.expiration {
            row("expiration", end.text());
        }
        if policy.extension > 0 {
            row("extension", said(["none", "allowed", "approval"][policy.extension]));
        }
        for (name, on) in ["requestor_justification", "custom_schedule", "on_behalf", "self_removal"].iter().zip(policy.flags) {
            match *name {
                "on_behalf" if on => row(name, said("manager")),
                "self_removal" if on => row(name, flag(false)),
                "on_behalf" | "self_removal" => {}
                _ if on => row(name, flag(true)),
                _ => {}
            }
        }
        let outside = policy.serves.is_outside();
        let stages: Vec<Vec<(String, Text)>> = policy.stages.iter().map(|s| self.stage_rows(s, outside)).collect();
        match stages.len() {
            0 if matches!(policy.serves, Serves::Nobody | Serves::Rule) => {}
            0 => row("approval", said("none")),
            1 => row("approval", Text::Table(stages.into_iter().flatten().collect())),
            _ => {
                let list = Text::List(stages.into_iter().map(Text::Table).collect());
                row("approval", Text::Table(vec![("requests".to_owned(), flag(policy.extension != 2)), ("stage".to_owned(), list)]));
            }
        }
        if let Some(reviewers) = &policy.review {
            let review = [
                ("every", said("quarter")),
                ("starts", Text::Plain("2028-01-31".to_owned())),
                ("duration", Text::Days(14)),
                ("reviewers", if policy.flags[3] { said("self") } else { self.names(reviewers) }),
                ("if_no_answer", said("remove")),
            ];
            row("review", Text::Table(review.map(|(k, v)| (k.to_owned(), v)).into()));
        }
        let question = |n: usize| {
            let mut question = vec![("key".to_owned(), said(&format!("q{n}"))), ("text".to_owned(), said("Why?"))];
            match n {
                0 => question.extend([("required".to_owned(), flag(true)), ("pattern".to_owned(), said("[0-9]{4}"))]),
                1 => question.push(("choices".to_owned(), Text::List(vec![said("B"), said("A")]))),
                _ => question.push(("long".to_owned(), flag(true))),
            }
            Text::Table(question)
        };
        if policy.questions > 0 {
            row("question", Text::List((0..policy.questions).map(question).collect()));
        }
    }

    fn stage_rows(&self, stage: &Stage, outside: bool) -> Vec<(String, Text)> {
        let mut rows: Vec<(String, Text)> = vec![("timeout".to_owned(), Text::Days(stage.days))];
        let mut row = |name: &str, text: Text| rows.push((name.to_owned(), text));
        if stage.word {
            row("approvers", Text::Set(vec![string(if outside { "internal_sponsors" } else { "manager" })]));
            row("fallback_approvers", self.names(&stage.approvers));
        } else {
            row("approvers", self.names(&stage.approvers));
        }
        if stage.escalates {
            let who = if stage.word && !outside { Text::Set(vec![string("manager:2")]) } else { self.names(&stage.approvers) };
            row("escalation", Text::Table(vec![("after".to_owned(), Text::Days(2)), ("approvers".to_owned(), who)]));
        }
        if stage.justified {
            row("approver_justification", flag(true));
        }
        rows
    }
}

/// A table with its rows: tables inside it in place, by dotted keys, or under headers of their own.
fn written(address: &str, rows: Vec<(String, Text)>, dice: &mut Dice) -> String {
    let mut head = format!("[{address}]\n");
    let mut tail = String::new();
    for (name, text) in &rows {
        match text {
            Text::Table(inner) if dice.chance(40) => {
                let plain = inner.iter().filter(|(_, v)| !matches!(v, Text::List(_)) || dice.chance(50)).map(|(k, _)| k.clone());
                let plain: BTreeSet<String> = plain.collect();
                let _ = writeln!(tail, "[{address}.{name}]");
                for (k, v) in inner.iter().filter(|(k, _)| plain.contains(k)) {
                    let _ = writeln!(tail, "{k} = {}", v.inline(dice));
                }
                for (k, v) in inner.iter().filter(|(k, _)| !plain.contains(k)) {
                    listed(&format!("{address}.{name}.{k}"), v, &mut tail, dice);
                }
            }
            Text::Table(inner) if dice.chance(40) => {
                for (k, v) in inner {
                    let _ = writeln!(head, "{name}.{k} = {}", v.inline(dice));
                }
            }
            Text::List(items) if items.iter().all(|i| matches!(i, Text::Table(_))) && dice.chance(50) => {
                listed(&format!("{address}.{name}"), text, &mut tail, dice);
            }
            other => {
                let _ = writeln!(head, "{name} = {}", other.inline(dice));
            }
        }
    }
    head + &tail
}

fn listed(path: &str, list: &Text, tail: &mut String, dice: &mut Dice) {
    let Text::List(items) = list else { return };
    for item in items {
        let Text::Table(rows) = item else { continue };
        let _ = writeln!(tail, "[[{path}]]");
        for (k, v) in rows {
            let _ = writeln!(tail, "{k} = {}", v.inline(dice));
        }
    }
}

impl Settings {
    fn text(&self) -> String {
        let mut text = String::from("[workspace]\nname = \"w\"\n");
        if self.zone {
            text.push_str("timezone = \"Europe/Amsterdam\"\n");
        }
        if self.entra {
            text.push_str("policy_priority = \"entra\"\n");
        }
        if self.limit {
            text.push_str("\n[limits]\nmax_deletes = 1\nmax_access_lost = 1\n");
        }
        if let Some(End::Days(days)) = self.defaults {
            let _ = write!(text, "\n[defaults]\nexpiration = \"{days}d\"\n");
        }
        text
    }
}
