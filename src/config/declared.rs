//! What files declare, put together: each object and template once.
//!
//! In: what each file declares by itself. Out: what all of them do. A second declaration of the same is told, with both places.

use super::checks::Check;
use super::ownership::{Import, Moved, Removed};
use super::tolerance::Tolerance;
use super::trials::Trial;
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::Kind;
use crate::model::{Address, MANY_OBJECTS, Table, sort_all};
use std::collections::BTreeMap;

/// One declared object or template, before templates are expanded.
#[derive(Debug, Clone)]
pub(super) struct Declaration {
    pub kind: &'static Kind,
    pub table: Table,
    /// Its header.
    pub at: Span,
    /// The templates it names, in order.
    pub templates: Vec<(String, Span)>,
    /// Whether its file could be read whole, so that what it does not say is not said.
    pub whole: bool,
}

impl Declaration {
    /// Takes over what a second declaration of the same object says beyond this one: that there are two has been told, and
    /// neither counts as saying nothing.
    fn join(&mut self, other: &mut Declaration) {
        for (name, value) in other.table.iter().filter(|(name, _)| !self.table.contains(name)).collect::<Vec<_>>() {
            self.table.insert(name.to_owned(), value.clone());
        }
        self.templates.append(&mut other.templates);
        self.whole &= other.whole;
    }
}

/// Everything the files declare.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub objects: BTreeMap<Address, Declaration>,
    /// By kind and name.
    pub templates: BTreeMap<(String, String), Declaration>,
    pub moves: Vec<Moved>,
    pub removals: Vec<Removed>,
    pub imports: Vec<Import>,
    pub tolerances: Vec<Tolerance>,
    /// `[check.NAME]`, several of a name included.
    pub checks: Vec<Check>,
    /// `[[test]]`.
    pub tests: Vec<Trial>,
}

impl Declared {
    /// Whether it says nothing of ownership, tolerates nothing, and checks or tests nothing.
    pub(super) fn is_plain(&self) -> bool {
        let Declared { objects: _, templates: _, moves, removals, imports, tolerances, checks, tests } = self;
        let unowned = moves.is_empty() && removals.is_empty() && imports.is_empty() && tolerances.is_empty();
        unowned && checks.is_empty() && tests.is_empty()
    }

    /// What several files declare, in their order; objects and templates that two of them declare are told.
    pub(super) fn join(parts: Vec<Declared>, found: &mut Diagnostics) -> Declared {
        let mut all = Declared::default();
        let mut objects = Vec::with_capacity(parts.iter().map(|p| p.objects.len()).sum());
        for part in parts {
            objects.extend(part.objects);
            for (slot, template) in part.templates {
                let address = format!("template.{}.{}", slot.0, slot.1);
                all.declare_template(slot, &address, template, found);
            }
            all.moves.extend(part.moves);
            all.removals.extend(part.removals);
            all.imports.extend(part.imports);
            all.tolerances.extend(part.tolerances);
            all.checks.extend(part.checks);
            all.tests.extend(part.tests);
        }
        // Sorted once, rather than put into their places one by one; two of the same address stay in the order of files.
        sort_all(&mut objects, MANY_OBJECTS, |(a, _), (b, _)| a.cmp(b));
        objects.dedup_by(|(address, again), (first_address, first)| {
            let same = address == first_address;
            if same {
                twice(address.as_str(), first, again, ONE_FILE, found);
            }
            same
        });
        all.objects = objects.into_iter().collect();
        all
    }

    pub(super) fn declare(&mut self, address: Address, mut declaration: Declaration, found: &mut Diagnostics) {
        match self.objects.get_mut(&address) {
            Some(first) => twice(address.as_str(), first, &mut declaration, ONE_FILE, found),
            None => {
                self.objects.insert(address, declaration);
            }
        }
    }

    pub(super) fn declare_template(
        &mut self,
        slot: (String, String),
        address: &str,
        mut declaration: Declaration,
        found: &mut Diagnostics,
    ) {
        match self.templates.get_mut(&slot) {
            Some(first) => twice(address, first, &mut declaration, "give one of them another name", found),
            None => {
                self.templates.insert(slot, declaration);
            }
        }
    }
}

const ONE_FILE: &str = "an object and its attribute tables stand in one file; only children may stand in others";

/// Tells a second declaration of the same, and takes over what it says beyond the first.
fn twice(address: &str, first: &mut Declaration, again: &mut Declaration, help: &str, found: &mut Diagnostics) {
    let finding = Diagnostic::new(&codes::E0011, again.at, format!("`{address}` is declared twice")).at(address);
    found.push(finding.related(first.at, "declared here").help(help));
    first.join(again);
}
