//! What other systems are to know of a person: their account there, as it is to be.
//!
//! It is told with the first role over there, and again whenever it is otherwise; also to those who hold nothing there any more.

use super::assign::{guest_of, is_lifted};
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{GuestState, Named};
use super::outbox::{Delivery, Wanted};
use super::people::Person;
use super::record::{Family, Record};
use super::refusal::Refusal;
use crate::kinds::display_name;
use crate::kinds::user::User;
use crate::model::Address;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How an account is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The person can sign in.
    Awake,
    /// They cannot: they are disabled, blocked (R151), or not in the directory any more.
    Asleep,
    /// The guest was deleted (R151).
    Gone,
}

/// An account, as another system is to have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The user principal name.
    pub user_name: String,
    /// The name that people see.
    pub display_name: String,
    /// Where mail goes.
    pub mail: String,
    /// Empty, where nothing is said.
    pub department: String,
    /// How it is to be.
    pub standing: Standing,
}

impl Account {
    /// What is known of a person now.
    #[must_use]
    pub fn known(facts: &Facts<'_>, person: &Named) -> Account {
        let person = who(facts, person);
        let user = person.object.and_then(User::of);
        let name = &person.named.name;
        Account {
            user_name: name.clone(),
            display_name: person.object.map_or_else(|| name.clone(), |o| display_name(o).0.to_owned()),
            mail: user.map_or_else(|| name.clone(), |u| u.mail().to_owned()),
            department: user.map_or_else(String::new, |u| u.department().to_owned()),
            standing: match user {
                Some(user) if !user.is_enabled() => Standing::Asleep,
                _ => Standing::Awake,
            },
        }
    }
}

/// The person of a record. A name that they left may be another's by now.
fn who<'a>(facts: &Facts<'a>, named: &Named) -> Person<'a> {
    match facts.of_id(&named.id) {
        None if named.id != named.name => Person { named: named.clone(), address: Address::root("user", &named.name), object: None },
        _ => Person::of_named(facts, named),
    }
}

/// Queues what the accounts of a person are to be, wherever they have one or get one, and it is not what is wanted already.
pub(super) fn want(draft: &mut Draft<'_>, person: &Named, connectors: &BTreeSet<String>) -> Result<(), Refusal> {
    for connector in connectors {
        if let Some(delivery) = wanted(draft, person, connector, false) {
            draft.push(Event::DeliveryWanted { delivery: Box::new(delivery) })?;
        }
    }
    Ok(())
}

/// The delivery that tells an account; `None`: it is wanted so already, and need not be told `again`.
pub(super) fn wanted(draft: &Draft<'_>, person: &Named, connector: &str, again: bool) -> Option<Delivery> {
    let id = format!("{}|{connector}", person.id);
    let before = match draft.record(Family::Delivery, &id) {
        Some(Record::Delivery(d)) => {
            if let Wanted::Account { account } = d.wanted {
                Some(account)
            } else {
                None
            }
        }
        _ => None,
    };
    let facts = draft.facts();
    let standing = standing(draft, person);
    let account = match &before {
        // Of who is not there any more nothing is known but what was.
        Some(before) if standing != Standing::Awake && who(&facts, person).object.is_none() => Account { standing, ..before.clone() },
        _ => Account { standing, ..Account::known(&facts, person) },
    };
    if before.as_ref() == Some(&account) && !again {
        return None;
    }
    let (person, connector) = (person.clone(), connector.to_owned());
    Some(Delivery::new(id, person, connector, Wanted::Account { account }, draft.now))
}

/// How the accounts of a person are to be by what was decided so far; the object of a guest follows only after it.
fn standing(draft: &Draft<'_>, person: &Named) -> Standing {
    let facts = draft.facts();
    let known = who(&facts, person);
    let deleted_before = matches!(draft.before(Family::Guest, &person.id), Some(Record::Guest(g)) if g.state == GuestState::Deleted);
    match guest_of(&facts, person).map(|guest| guest.state) {
        Some(GuestState::Blocked) if !is_lifted(draft, &person.id) => Standing::Asleep,
        Some(GuestState::Deleted) if known.object.is_none() || !deleted_before => Standing::Gone,
        Some(GuestState::Active) if known.object.is_none() => Standing::Awake,
        _ if known.object.is_none() => Standing::Asleep,
        _ => Account::known(&facts, person).standing,
    }
}
