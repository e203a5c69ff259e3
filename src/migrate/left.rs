//! What has no counterpart: where it stood, what it is, and why nothing comes of it.

use std::collections::BTreeMap;

/// One thing that nothing comes of, or less than there was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// What it is: the same words for all of its sort.
    pub what: String,
    /// Why nothing comes of it, or what comes of it instead.
    pub why: String,
    /// Where it stood: the document, `#`, and the JSON pointer in it.
    pub at: String,
}

/// Everything that has no counterpart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers(Vec<Left>);

impl Leftovers {
    /// One more.
    pub fn push(&mut self, at: impl Into<String>, what: impl Into<String>, why: impl Into<String>) {
        self.0.push(Left { what: what.into(), why: why.into(), at: at.into() });
    }

    /// How much there is.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What somebody else has left as well.
    pub fn extend(&mut self, other: Leftovers) {
        self.0.extend(other.0);
    }

    /// All of it, in order; what was told twice stands once.
    #[must_use]
    pub fn sorted(&self) -> Vec<Left> {
        let mut all = self.0.clone();
        all.sort();
        all.dedup();
        all
    }

    /// The same, each sort once with all its places.
    #[must_use]
    pub fn by_sort(&self) -> BTreeMap<(String, String), Vec<String>> {
        let mut sorts: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for Left { what, why, at } in self.sorted() {
            sorts.entry((what, why)).or_default().push(at);
        }
        sorts
    }
}
