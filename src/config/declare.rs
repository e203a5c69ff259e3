//! The shape a person may write: which tables declare which objects.

use super::Known;
use super::checks::{self, CHECK};
use super::declared::{Declaration, Declared};
use super::decode::Decoder;
use super::document::Document;
use super::keys;
use super::ownership::{Moved, Moves};
use super::resolve::SUGGESTIONS;
use super::settings::SECTIONS;
use super::slips::Around;
use super::tolerance::TOLERATE_WORD;
use super::trials::{self, TEST};
use crate::diag::{Diagnostic, Diagnostics, Span, codes, did_you_mean, shown, suggest};
use crate::kinds::{self, Field, Kind, TEMPLATE};
use crate::model::{Address, Zone};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads the tables of one file.
pub(super) fn file(document: &Document<'_>, zone: Zone, found: &mut Diagnostics) -> Declared {
    let mut declared = Declared::default();
    let mut tables = 0usize;
    for (key, value) in document.root.get_ref() {
        let name = key.get_ref().as_ref();
        let at = document.span(key.span());
        let mut reader = Reader { document, zone, declared: &mut declared, found: &mut *found };
        match name {
            "template" => reader.templates(value),
            "moved" | "removed" | "import" | TOLERATE_WORD => reader.ownership(name, value),
            CHECK => reader.checks(value),
            TEST => reader.tests(value),
            _ if SECTIONS.contains(&name) => {
                let message = format!("`[{name}]` is a setting, and settings stand in `writ.toml`");
                reader.found.push(Diagnostic::new(&codes::E0013, at, message).at(name).help("move the table to `writ.toml`"));
            }
            _ => match kinds::kind(name).filter(|k| k.at_top()) {
                Some(kind) => reader.objects(kind, None, value),
                None => {
                    reader.unknown_top(name, at, value);
                    continue;
                }
            },
        }
        tables = tables.saturating_add(1);
    }
    let said_already = found.iter().any(|d| d.span.file == document.file);
    if tables == 0 && !said_already {
        let at = document.span(0..0);
        let help = "a file that is no configuration is left out by `exclude = [\"…\"]` in `[workspace]` of writ.toml";
        found.push(Diagnostic::new(&codes::E0003, at, "this file has no table of Writ's").at("workspace").help(help));
    }
    declared
}

struct Reader<'r> {
    document: &'r Document<'r>,
    zone: Zone,
    declared: &'r mut Declared,
    found: &'r mut Diagnostics,
}

impl Reader<'_> {
    fn span(&self, value: &Spanned<DeValue<'_>>) -> Span {
        self.document.span(value.span())
    }

    fn decoder(&mut self, address: &str) -> Decoder<'_, '_> {
        Decoder { document: self.document, zone: self.zone, address: address.to_owned(), found: self.found, around: Vec::new() }
    }

    fn unknown_top(&mut self, name: &str, at: Span, value: &Spanned<DeValue<'_>>) {
        let mut meant = None;
        let finding = if let Some(kind) = kinds::kind(name) {
            let parent = kind.parents.iter().flatten().next().copied().unwrap_or("catalog");
            let message = format!("{} stands in {}", kinds::article(name), kinds::article(parent));
            Diagnostic::new(&codes::E0006, at, message).help(format!("write `[{parent}.KEY.{name}.KEY]`"))
        } else if holds_tables(value) {
            let known = kinds::LIST.iter().filter(|k| k.at_top()).map(|k| k.name);
            let others = ["template", "moved", "removed", "import", TOLERATE_WORD, CHECK, TEST];
            let near = suggest(name, known.clone().chain(others));
            meant = near.and_then(kinds::kind);
            let all = || format!("the kinds are {}", known.collect::<Vec<_>>().join(", "));
            let help = near.map_or_else(all, |near| format!("did you mean `{near}`?"));
            Diagnostic::new(&codes::E0006, at, format!("there is no kind `{}`", shown(name))).help(help)
        } else {
            let help = "attributes stand under the header of their object, such as `[catalog.marketing]`";
            Diagnostic::new(&codes::E0007, at, format!("`{}` stands under no header", shown(name))).help(help)
        };
        self.found.push(finding.at(shown(name)));
        // Read on as the kind that was meant, so that what refers to its objects is not at fault too.
        if let Some(kind) = meant {
            self.objects(kind, None, value);
        }
    }

    fn checks(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(table) = self.table_of(CHECK, value) else { return };
        for (key, body) in table {
            let (name, at) = (key.get_ref().as_ref(), self.span(body));
            let Some(table) = self.body_of(&format!("{CHECK}.{}", shown(name)), body) else { continue };
            let decoder =
                &mut Decoder { document: self.document, zone: self.zone, address: CHECK.to_owned(), found: self.found, around: Vec::new() };
            checks::read(name, self.document.span(key.span()), table, at, decoder, self.declared);
        }
    }

    fn tests(&mut self, value: &Spanned<DeValue<'_>>) {
        self.list_of(TEST, value, trials::read);
    }

    /// The table of keys below a kind's word, or a finding.
    fn table_of<'v, 'd>(&mut self, word: &str, value: &'v Spanned<DeValue<'d>>) -> Option<&'v DeTable<'d>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let at = self.span(value);
            let message = format!("`{word}` is followed by a key: `[{word}.KEY]`");
            self.found.push(Diagnostic::new(&codes::E0009, at, message).at(word).help("one table an object, with single brackets"));
        }
        table
    }

    /// The table of one object, or a finding.
    fn body_of<'v, 'd>(&mut self, address: &str, value: &'v Spanned<DeValue<'d>>) -> Option<&'v DeTable<'d>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let message = format!("`{address}` would be an object, and an object is a table");
            let finding = Diagnostic::new(&codes::E0009, self.span(value), message).at(address);
            self.found.push(finding.help(format!("write the header `[{address}]`, in single brackets, with its keys below it")));
        }
        table
    }

    fn objects(&mut self, kind: &'static Kind, parent: Option<&Address>, value: &Spanned<DeValue<'_>>) {
        let Some(table) = self.table_of(kind.name, value) else { return };
        for (key, body) in table {
            let at = self.document.span(key.span());
            let written = key.get_ref().as_ref();
            if let Some((owner, header)) = self.slid(kind, parent, written, body) {
                let message = format!("`{written}` is a key of `{owner}`, and stands under `[{header}]`, which takes keys of objects");
                let finding = Diagnostic::new(&codes::E0008, at, message).at(header).label(format!("belongs to `{owner}`"));
                self.found.push(finding.help(format!("move it below the header of its object: `[{owner}]`")));
                continue;
            }
            let Some(folded) = keys::object_key(kind, written, at, self.found) else { continue };
            let address = match parent {
                Some(parent) => parent.child(kind.name, &folded),
                None => Address::root(kind.name, &folded),
            };
            self.object(kind, address, body);
        }
    }

    /// Whose key slid under a bare kind header, such as `members` under `[group]`, and that header.
    fn slid(&self, kind: &'static Kind, parent: Option<&Address>, written: &str, body: &Spanned<DeValue<'_>>) -> Option<(String, String)> {
        let has = |kind: &'static Kind, name: &str| name == TEMPLATE || kind.field(name).is_some();
        if let Some(table) = body.get_ref().as_table() {
            // `approval.timeout = "14d"` is an attribute, unless it says what an object of this kind says.
            let child = |name: &str| kind.children().any(|c| c.name == name);
            if self.document.is_explicit(body) || table.keys().any(|k| has(kind, k.get_ref()) || child(k.get_ref())) {
                return None;
            }
        }
        let header = parent.map_or_else(|| kind.name.to_owned(), |p| format!("{p}.{}", kind.name));
        let above = parent.filter(|p| kinds::kind(p.kind()).is_some_and(|k| has(k, written)));
        match above {
            _ if has(kind, written) => Some((format!("{header}.KEY"), header)),
            Some(parent) => Some((parent.to_string(), header)),
            None => None,
        }
    }

    fn object(&mut self, kind: &'static Kind, address: Address, body: &Spanned<DeValue<'_>>) {
        let Some(table) = self.body_of(address.as_str(), body) else { return };
        let at = self.span(body);
        let children: Vec<&'static Kind> = kind.children().collect();
        let is_child = |name: &str| children.iter().any(|c| c.name == name);
        let own = table.keys().any(|k| !is_child(k.get_ref()));
        if own || self.document.is_explicit(body) {
            let declaration = self.declaration(kind, address.as_str(), address.parent(), table, at);
            self.declared.declare(address.clone(), declaration, self.found);
        }
        for (key, value) in table {
            let written = key.get_ref().as_ref();
            // A misspelt kind has been told: read on as the one that was meant, so that references to its objects hold.
            let known = || kind.fields().map(|f| f.name).chain(children.iter().map(|c| c.name)).chain([TEMPLATE]);
            let misspelt = || value.get_ref().is_table() && !known().any(|k| k == written);
            let near = || if misspelt() { suggest(written, known()) } else { None };
            let child = children.iter().find(|c| c.name == written).or_else(|| {
                let near = near()?;
                children.iter().find(|c| c.name == near)
            });
            if let Some(child) = child {
                self.objects(child, Some(&address), value);
            }
        }
    }

    fn declaration(&mut self, kind: &'static Kind, address: &str, parent: Option<Address>, table: &DeTable<'_>, at: Span) -> Declaration {
        let fields: Vec<&'static Field> = kind.fields().collect();
        let mut others: Vec<&str> = kind.children().map(|k| k.name).collect();
        others.push(TEMPLATE);
        let mut decoder = self.decoder(address);
        if let Some(parent) = parent
            && let Some(kind) = kinds::kind(parent.kind())
        {
            decoder.around.push(Around::new(parent.to_string(), &kind.form, true));
        }
        let templates = decoder.templates(table);
        let table = decoder.table(address, &kind.form, &fields, table, at, &others);
        Declaration { kind, table, at, templates, whole: self.document.whole }
    }

    fn templates(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(kinds_table) = self.table_of("template", value) else { return };
        for (key, names) in kinds_table {
            let word = key.get_ref().as_ref();
            let at = self.document.span(key.span());
            let Some(kind) = kinds::kind(word) else {
                let all = || format!("the kinds are {}", kinds::LIST.iter().map(|k| k.name).collect::<Vec<_>>().join(", "));
                let help = did_you_mean(word, kinds::LIST.iter().map(|k| k.name)).unwrap_or_else(all);
                let finding = Diagnostic::new(&codes::E0006, at, format!("there is no kind `{}` to have templates", shown(word)));
                self.found.push(finding.at("template").help(help));
                continue;
            };
            let Some(names) = self.table_of(&format!("template.{word}"), names) else { continue };
            for (key, body) in names {
                self.template(kind, key.get_ref(), self.document.span(key.span()), body);
            }
        }
    }

    fn template(&mut self, kind: &'static Kind, name: &str, key_at: Span, body: &Spanned<DeValue<'_>>) {
        let address = format!("template.{}.{name}", kind.name);
        if !crate::model::is_key(name) {
            let finding = Diagnostic::new(&codes::E0010, key_at, format!("`{}` is not the name of a template", shown(name)));
            self.found.push(finding.at("template").help("names are lower-case letters, digits, `-` and `_`"));
            return;
        }
        let Some(table) = self.body_of(&address, body) else { return };
        let at = self.span(body);
        for child in kind.children() {
            if let Some(value) = table.get(child.name) {
                let finding =
                    Diagnostic::new(&codes::E0203, self.span(value), format!("a template has no children, and `{}` is one", child.name));
                self.found.push(finding.at(&address).help(format!("write a template of its own: `[template.{}.NAME]`", child.name)));
            }
        }
        let declaration = self.declaration(kind, &address, None, table, at);
        self.declared.declare_template((kind.name.to_owned(), name.to_owned()), &address, declaration, self.found);
    }

    fn ownership(&mut self, word: &str, value: &Spanned<DeValue<'_>>) {
        self.list_of(word, value, |table, at, decoder, declared| super::ownership::read(word, table, at, decoder, declared));
    }

    /// Every table of `[[word]]`, or findings.
    fn list_of(
        &mut self,
        word: &str,
        value: &Spanned<DeValue<'_>>,
        read: impl Fn(&DeTable<'_>, Span, &mut Decoder<'_, '_>, &mut Declared),
    ) {
        let single = |at: Span| {
            let finding = Diagnostic::new(&codes::E0009, at, format!("`{word}` is a list of tables")).at(word);
            finding.help(format!("write it with double brackets: `[[{word}]]`"))
        };
        let at = self.span(value);
        let Some(items) = value.get_ref().as_array() else { return self.found.push(single(at)) };
        for item in items.iter() {
            let at = self.span(item);
            let Some(table) = item.get_ref().as_table() else {
                self.found.push(single(at));
                continue;
            };
            let decoder =
                &mut Decoder { document: self.document, zone: self.zone, address: word.to_owned(), found: self.found, around: Vec::new() };
            read(table, at, decoder, self.declared);
        }
    }
}

/// Whether a value is made of tables, as the word of a kind would be, and not of values, as an attribute is.
fn holds_tables(value: &Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::Table(table) => table.is_empty() || table.values().any(|v| v.get_ref().is_table()),
        DeValue::Array(items) => items.iter().any(|v| v.get_ref().is_table()),
        _ => false,
    }
}

/// Children whose parent is declared nowhere: told once for each parent, with the places. `at` says where something is declared.
pub(super) fn parents<T>(
    declared: &BTreeMap<Address, T>,
    at: impl Fn(&T) -> Span,
    moves: &[Moved],
    known: &Known,
    found: &mut Diagnostics,
) {
    let mut orphans: BTreeMap<Address, Vec<(&Address, Span)>> = BTreeMap::new();
    for address in Address::without_parents(declared.keys()) {
        let Some((parent, child)) = address.parent().zip(declared.get(address)) else { continue };
        if !known.tells(&parent) && !kinds::is_builtin(&parent) {
            orphans.entry(parent).or_default().push((address, at(child)));
        }
    }
    let moves = Moves::new(moves);
    for (told, (parent, children)) in orphans.into_iter().enumerate() {
        let Some((address, at)) = children.iter().min_by_key(|(_, at)| *at) else { continue };
        let finding = match moves.applied(&parent) {
            Some(new) => {
                let message = format!("`{parent}` was renamed to `{new}`, and `{address}` stands in it");
                Diagnostic::new(&codes::E0303, *at, message).help("write the new name; `writ fmt --moves` does it everywhere")
            }
            None => {
                let message = format!("`{parent}` is declared nowhere, and `{address}` stands in it");
                let candidates = declared.keys().filter(|a| a.kind() == parent.kind()).map(Address::key);
                let near = (told < SUGGESTIONS).then(|| did_you_mean(parent.key(), candidates)).flatten();
                let help = near.unwrap_or_else(|| format!("declare it: `[{parent}]`"));
                Diagnostic::new(if known.unread { &codes::W0105 } else { &codes::E0012 }, *at, message).help(help)
            }
        };
        let others = children.iter().filter(|(a, _)| a != address).take(PLACES);
        found.push(others.fold(finding.at(address), |f, (other, at)| f.related(*at, format!("and `{other}`"))));
    }
}

/// How many further places one finding shows.
const PLACES: usize = 5;
