//! A workspace passing by, file by file: of each object that is declared its digest stays, and nothing else.
//!
//! In: one file after the other, in any order. Out: the digests of the objects, as [`super::digests`] has them of the whole; or nothing where
//! something is to be told, or files say more than objects: then the workspace has to be looked at as a whole. Nothing is held against
//! another object, nor against the store: that who declares just this has nothing to be told is for the caller to know.
//! Invariant: a file waits for the others only where its objects are not whole without them, by a template or by what they stand in.

use super::declared::{Declaration, Declared};
use super::settings::Settings;
use super::{Known, declare, document, sound, templates};
use crate::diag::{Diagnostics, SourceFile};
use crate::kinds::Default as Said;
use crate::model::{Address, Object, Raw};
use std::collections::BTreeSet;

/// The files so far.
#[derive(Debug)]
pub struct Passing<'s> {
    settings: &'s Settings,
    waiting: Vec<Declared>,
}

impl<'s> Passing<'s> {
    /// None yet.
    #[must_use]
    pub fn new(settings: &'s Settings) -> Passing<'s> {
        Passing { settings, waiting: Vec::new() }
    }

    /// The next file: what it declares, each with its digest, as far as that is whole.
    pub fn next(&mut self, file: &SourceFile) -> Option<Vec<(Address, Raw)>> {
        let mut found = Diagnostics::new();
        let document = document::parse(0, file, &mut found);
        let declared = declare::file(&document, self.settings.zone, &mut found);
        if !(document.whole && found.is_empty() && declared.is_plain()) {
            return None;
        }
        if stands_alone(&declared) {
            return self.digests(declared, &Known::default());
        }
        self.waiting.push(declared);
        Some(Vec::new())
    }

    /// Together with others that passed.
    #[must_use]
    pub fn with(mut self, others: Passing<'s>) -> Passing<'s> {
        self.waiting.extend(others.waiting);
        self
    }

    /// Those that waited, now that there are no more. What one of their objects leaves to what it stands in is asked of `above`, where that
    /// went by: its object, without what says the same as absence.
    pub fn last(mut self, above: impl Fn(&Address) -> Option<Object>) -> Option<Vec<(Address, Raw)>> {
        let mut found = Diagnostics::new();
        let waiting = Declared::join(std::mem::take(&mut self.waiting), &mut found);
        let outer: BTreeSet<Address> = waiting.objects.keys().filter_map(|address| inherits_from(&waiting, address)).collect();
        let known = outer.into_iter().map(|address| above(&address).map(|object| (address, object)));
        let known = Known { objects: known.collect::<Option<_>>()?, ..Known::default() };
        found.is_empty().then(|| self.digests(waiting, &known))?
    }

    fn digests(&self, mut declared: Declared, known: &Known) -> Option<Vec<(Address, Raw)>> {
        let mut found = Diagnostics::new();
        let (objects, _) = templates::expand(&mut declared, known, self.settings, &mut found);
        let mut text = String::new();
        let mut digest = |mut object: Object| {
            sound::check(&object, self.settings.zone, &mut found);
            sound::normalise(&mut object);
            let said = object.digest(&mut text);
            (object.address, said)
        };
        let digests = objects.into_values().map(&mut digest).collect();
        found.is_empty().then_some(digests)
    }
}

/// Whether its objects are whole without another file.
fn stands_alone(declared: &Declared) -> bool {
    let templates = !declared.templates.is_empty() || declared.objects.values().any(|declaration| !declaration.templates.is_empty());
    !templates && declared.objects.keys().all(|address| inherits_from(declared, address).is_none())
}

/// What an object stands in and leaves something to, where that is not here.
fn inherits_from(declared: &Declared, address: &Address) -> Option<Address> {
    let Declaration { kind, table, .. } = declared.objects.get(address)?;
    let mut inherited = kind.fields().filter(|field| field.default == Said::Inherited);
    let leaves = inherited.any(|field| !table.contains(field.name));
    address.parent().filter(|parent| leaves && !declared.objects.contains_key(parent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{configure, read_settings};
    use crate::diag::{Sources, Span};
    use crate::model::{Table, Value};
    use std::collections::BTreeMap;

    const SETTINGS: &str = "[workspace]\nname = \"w\"\n";
    const DIRECTORY: &str =
        "[group.g]\n[user.\"ann@contoso.example\"]\n[application.crm]\n[catalog.c.resource.r]\norigin = \"application:crm\"\n[catalog.c]\n";
    /// A policy and the package to which it leaves something.
    const TOGETHER: &str = "[access_package.p]\ncatalog = \"c\"\nexpiration = \"30d\"\nhidden = false\n\
                            [access_package.p.policy.q]\nrequestors = \"none\"\n";
    const TEMPLATE: &str = "[template.policy.t]\nrequestors = \"none\"\nexpiration = \"7d\"\n";
    const TEMPLATED: &str = "[access_package.a]\ncatalog = \"c\"\n[access_package.a.policy.q]\ntemplate = \"t\"\n";

    fn passed(texts: &[&str]) -> Option<Vec<Raw>> {
        let file = |text: &&str| SourceFile::new("a.toml", *text);
        let settings = Sources::new(vec![SourceFile::new("writ.toml", SETTINGS)]);
        let settings = read_settings(&settings, &mut Diagnostics::new()).unwrap();
        let mut passing = Passing::new(&settings);
        // As a store has it.
        let mut attributes = Table::new();
        attributes.insert("expiration", Value::text("30d", Span::NONE));
        let address = Address::root("access_package", "p");
        let above = BTreeMap::from([(address.clone(), Object { address, attributes, at: Span::NONE })]);
        let first = texts.iter().map(|text| passing.next(&file(text))).collect::<Option<Vec<_>>>()?;
        let mut all = [first.concat(), Passing::new(&settings).with(passing).last(|address| above.get(address).cloned())?].concat();
        all.sort_unstable_by_key(|(_, said)| *said);
        Some(all.into_iter().map(|(_, said)| said).collect())
    }

    fn whole(texts: &[&str]) -> Vec<Raw> {
        let mut files: Vec<SourceFile> = (0..).zip(texts).map(|(n, text)| SourceFile::new(format!("{n}.toml"), *text)).collect();
        files.push(SourceFile::new("writ.toml", SETTINGS));
        let (config, found) = configure(&Sources::new(files), &Known::default());
        assert!(found.is_empty(), "{found:?}");
        let mut all = config.unwrap().digests().to_vec();
        all.sort_unstable();
        all
    }

    #[test]
    fn digests_are_those_of_the_whole_in_whatever_order_files_come() {
        let all = [DIRECTORY, TOGETHER, TEMPLATE, TEMPLATED];
        let expected = whole(&all);
        assert_eq!(expected.len(), 9);
        assert_eq!(passed(&all), Some(expected.clone()));
        assert_eq!(passed(&[TEMPLATED, TOGETHER, TEMPLATE, DIRECTORY]), Some(expected));
    }

    #[test]
    fn what_an_object_leaves_to_another_file_is_asked_for() {
        for more in ["", "expiration = \"1d\"\n", "expiration = \"never\"\n"] {
            let policy = format!("[access_package.p.policy.more]\nrequestors = \"none\"\n{more}");
            let all = [&policy, DIRECTORY, TOGETHER];
            assert_eq!(passed(&all), Some(whole(&all)), "{more}");
        }
    }

    #[test]
    fn what_is_more_than_whole_objects_is_not_told() {
        for (text, why) in [
            ("[catalog.z", "no TOML"),
            ("", "no table"),
            ("[catalog.z]\nnonsense = 1\n", "an error"),
            ("[group.z]\nmembers = [\"group:g\", \"group:g\"]\n", "a warning"),
            ("[[moved]]\nfrom = \"catalog.c\"\nto = \"catalog.d\"\n", "a move"),
            ("[access_package.p.policy.more]\ntemplate = \"nowhere\"\n", "no such template"),
            ("[access_package.p.policy.more]\nexpiration = \"1d\"\n", "something is missing"),
            ("[access_package.other.policy.more]\nrequestors = \"none\"\n", "what it stands in is nowhere"),
        ] {
            assert_eq!(passed(&[DIRECTORY, TOGETHER, text]), None, "{why}");
        }
    }
}
