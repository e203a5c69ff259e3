//! The objects of a store, by address.

use super::{Address, Stored};

/// What a store holds, in the order of addresses, each once. A list in order takes half of what a map does, and it is put
/// together once and then looked into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings(Vec<Stored>);

impl Holdings {
    /// The object of an address.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Stored> {
        let found = self.0.binary_search_by(|stored| stored.object.address.cmp(address)).ok()?;
        self.0.get(found)
    }

    /// Whether there is an object of an address.
    #[must_use]
    pub fn contains_key(&self, address: &Address) -> bool {
        self.get(address).is_some()
    }

    /// Every object.
    pub fn values(&self) -> std::slice::Iter<'_, Stored> {
        self.0.iter()
    }

    /// The object of an address and all that stand in it.
    #[must_use]
    pub fn within(&self, address: &Address) -> &[Stored] {
        let first = self.0.partition_point(|stored| stored.object.address < *address);
        let rest = self.0.get(first..).unwrap_or_default();
        let count = rest.iter().take_while(|stored| stored.object.address.is_within(address)).count();
        rest.get(..count).unwrap_or_default()
    }

    /// The objects of one kind that stand at the top, and all that stand in them.
    #[must_use]
    pub fn within_kind(&self, kind: &str) -> &[Stored] {
        let first = self.0.partition_point(|stored| stored.object.address.root_kind() < kind);
        let rest = self.0.get(first..).unwrap_or_default();
        rest.get(..rest.partition_point(|stored| stored.object.address.root_kind() == kind)).unwrap_or_default()
    }

    /// Every object, to change what it says; addresses stay as they are.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, Stored> {
        self.0.iter_mut()
    }

    /// Every address.
    pub fn keys(&self) -> impl Iterator<Item = &Address> + Clone {
        self.0.iter().map(|stored| &stored.object.address)
    }

    /// Every address with its object.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Stored)> + Clone {
        self.0.iter().map(|stored| (&stored.object.address, stored))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Holdings {
    /// Of objects that stand in the order of their addresses already, each once.
    #[must_use]
    pub fn in_order(all: Vec<Stored>) -> Holdings {
        debug_assert!(all.is_sorted_by(|a, b| a.object.address < b.object.address), "the objects stand in their order");
        Holdings(all)
    }
}

impl From<Vec<Stored>> for Holdings {
    /// Of two with one address one stays.
    fn from(mut all: Vec<Stored>) -> Holdings {
        // In place: a second list would be the most that a plan without changes ever holds.
        all.sort_unstable_by(|a, b| a.object.address.cmp(&b.object.address));
        all.dedup_by(|a, b| a.object.address == b.object.address);
        Holdings(all)
    }
}

impl FromIterator<Stored> for Holdings {
    fn from_iter<I: IntoIterator<Item = Stored>>(all: I) -> Holdings {
        all.into_iter().collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;
    use crate::model::{Object, Origin, Table};

    #[test]
    fn in_the_order_of_addresses_each_once() {
        let stored = |text: &str, version| {
            let object = Object { address: Address::parse(text).unwrap(), attributes: Table::new(), at: Span::NONE };
            Stored { object, id: text.to_owned(), workspace: None, version, origin: Origin::default() }
        };
        let all = [("catalog.b", 4), ("catalog.a-b", 2), ("catalog.a.resource.x", 3), ("catalog.b", 4), ("catalog.a", 5)];
        let holdings: Holdings = all.into_iter().map(|(text, version)| stored(text, version)).collect();
        let held: Vec<(&str, u64)> = holdings.iter().map(|(a, s)| (a.as_str(), s.version)).collect();
        assert_eq!(held, [("catalog.a", 5), ("catalog.a.resource.x", 3), ("catalog.a-b", 2), ("catalog.b", 4)]);
        assert!(holdings.keys().all(|a| holdings.get(a).is_some_and(|s| s.object.address == *a)));
        assert!(!holdings.contains_key(&Address::parse("catalog.c").unwrap()));
    }
}
