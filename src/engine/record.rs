//! Records: what is so in the lifecycle, each being what its events made of it.
//!
//! In: nothing. Out: [`Record`], and [`Records`], the way to ask for them; [`Ledger`] holds them in memory.

use super::hold::Hold;
use super::notices::Notice;
use super::nouns::{Assignment, AssignmentState, Guest, GuestState, Request};
use super::outbox::{Delivery, SendState};
use super::review::{Review, ReviewState, Series};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The families of records, in the order of their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// [`Assignment`].
    Assignment,
    /// [`Delivery`].
    Delivery,
    /// [`Guest`].
    Guest,
    /// [`Notice`].
    Notice,
    /// [`Request`].
    Request,
    /// [`Review`].
    Review,
    /// [`Series`].
    Series,
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 7] =
        [Family::Assignment, Family::Delivery, Family::Guest, Family::Notice, Family::Request, Family::Review, Family::Series];

    /// Its word, in events and in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Family::Assignment => "assignment",
            Family::Delivery => "delivery",
            Family::Guest => "guest",
            Family::Notice => "notice",
            Family::Request => "request",
            Family::Review => "review",
            Family::Series => "series",
        }
    }

    /// Whether what is due of it is done by a look at the clock; the others have to leave the house.
    #[must_use]
    pub fn is_timed(self) -> bool {
        !matches!(self, Family::Delivery | Family::Notice)
    }

    /// The family of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.word() == word)
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Somebody asks.
    Request(Box<Request>),
    /// Somebody holds.
    Assignment(Box<Assignment>),
    /// Somebody came from outside.
    Guest(Box<Guest>),
    /// Something is to be so in another system.
    Delivery(Box<Delivery>),
    /// Somebody is to be told.
    Notice(Box<Notice>),
    /// Access is looked at again.
    Review(Box<Review>),
    /// Reviews are to come.
    Series(Box<Series>),
}

impl Record {
    /// Its family.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Record::Request(_) => Family::Request,
            Record::Assignment(_) => Family::Assignment,
            Record::Guest(_) => Family::Guest,
            Record::Delivery(_) => Family::Delivery,
            Record::Notice(_) => Family::Notice,
            Record::Review(_) => Family::Review,
            Record::Series(_) => Family::Series,
        }
    }

    /// Its id, one of a kind in its family.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Record::Request(r) => &r.id,
            Record::Assignment(a) => &a.id,
            Record::Guest(g) => &g.id,
            Record::Delivery(d) => &d.id,
            Record::Notice(n) => &n.id,
            Record::Review(r) => &r.id,
            Record::Series(s) => &s.id,
        }
    }

    /// The id of the package that it is about.
    #[must_use]
    pub fn package(&self) -> Option<&str> {
        match self {
            Record::Request(r) => Some(&r.package.id),
            Record::Assignment(a) => Some(&a.package.id),
            Record::Review(r) => Some(&r.package.id),
            Record::Series(s) => Some(&s.package.id),
            Record::Guest(_) | Record::Delivery(_) | Record::Notice(_) => None,
        }
    }

    /// The id of the person whom it is about; empty, where it is about many.
    #[must_use]
    pub fn person(&self) -> &str {
        match self {
            Record::Request(r) => &r.target.id,
            Record::Assignment(a) => &a.target.id,
            Record::Guest(g) => &g.id,
            Record::Delivery(d) => &d.person.id,
            Record::Notice(n) => &n.to.id,
            Record::Review(_) | Record::Series(_) => "",
        }
    }

    /// Whether it is done with: nothing of it is open, live or to come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Record::Request(r) => !r.state.is_open(),
            Record::Assignment(a) => a.state == AssignmentState::Expired,
            Record::Guest(g) => g.state == GuestState::Deleted,
            // Who is in a group over there, or has an account, has to be known until they are out of it.
            Record::Delivery(d) => d.is_over(),
            Record::Notice(n) => n.state != SendState::Pending,
            Record::Review(r) => r.state == ReviewState::Applied,
            Record::Series(s) => s.next.is_none(),
        }
    }

    /// When something comes of it by itself.
    #[must_use]
    pub fn due(&self) -> Option<DateTime<Utc>> {
        match self {
            Record::Request(r) => r.due(),
            Record::Assignment(a) => a.due(),
            Record::Guest(g) => g.deletes.filter(|_| g.state == GuestState::Blocked),
            Record::Delivery(d) => (d.state == SendState::Pending).then_some(d.due),
            Record::Notice(n) => (n.state == SendState::Pending).then_some(n.due),
            Record::Review(r) => (r.state == ReviewState::InProgress).then(|| r.reminds.map_or(r.closes, |at| at.min(r.closes))),
            Record::Series(s) => s.next,
        }
    }
}

/// The way to ask for records. What cannot be read is told by who reads, not here.
pub trait Records {
    /// One record.
    fn get(&self, family: Family, id: &str) -> Option<Record>;
    /// Those of a person that are not over.
    fn of_person(&self, family: Family, person: &str) -> Vec<Record>;
    /// Those of a package that are not over.
    fn of_package(&self, family: Family, package: &str) -> Vec<Record>;
    /// All of a family, over or not, in the order of their ids, which is that of their making.
    fn all(&self, family: Family) -> Vec<Record>;

    /// Whether there is any of a family, over or not.
    fn any(&self, family: Family) -> bool {
        !self.all(family).is_empty()
    }

    /// Whether anybody holds, or is given, a package.
    fn is_held(&self, package: &str) -> bool {
        !self.of_package(Family::Assignment, package).is_empty()
    }

    /// Shows each assignment of these packages and of these people that is not over, once and in no order that counts. Who holds one of the
    /// packages is one of the people from here on.
    fn held(&self, packages: &BTreeSet<String>, people: &mut BTreeSet<String>, look: &mut dyn FnMut(&Hold<'_>)) {
        let glance = |records: Vec<Record>, look: &mut dyn FnMut(&Hold<'_>)| {
            let all = records.iter().filter_map(|r| if let Record::Assignment(a) = r { Some(Hold::of(a)) } else { None });
            all.for_each(|hold| look(&hold));
        };
        for package in packages {
            glance(self.of_package(Family::Assignment, package), &mut |hold| {
                people.insert(hold.target.id.clone().into_owned());
                look(hold);
            });
        }
        for person in &*people {
            glance(self.of_person(Family::Assignment, person), &mut |hold| {
                if !packages.contains(&*hold.package.id) {
                    look(hold);
                }
            });
        }
    }
}

/// Records in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger(pub BTreeMap<(Family, String), Record>);

impl Ledger {
    fn of(&self, family: Family) -> impl Iterator<Item = &Record> {
        self.0.range((family, String::new())..).take_while(move |((f, _), _)| *f == family).map(|(_, r)| r)
    }

    fn those(&self, family: Family, which: impl Fn(&Record) -> bool) -> Vec<Record> {
        self.of(family).filter(|r| !r.is_over() && which(r)).cloned().collect()
    }
}

impl Records for Ledger {
    fn get(&self, family: Family, id: &str) -> Option<Record> {
        self.0.get(&(family, id.to_owned())).cloned()
    }

    fn of_person(&self, family: Family, person: &str) -> Vec<Record> {
        self.those(family, |r| r.person() == person)
    }

    fn of_package(&self, family: Family, package: &str) -> Vec<Record> {
        self.those(family, |r| r.package() == Some(package))
    }

    fn all(&self, family: Family) -> Vec<Record> {
        self.of(family).cloned().collect()
    }
}
