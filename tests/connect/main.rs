//! What is delivered over SCIM is delivered once, and shown: against a real server, and against one that does everything wrong.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

mod accounts;
mod elsewhere;
mod faults;
mod faulty;
mod real;
#[path = "../support/mod.rs"]
mod support;
mod through;

use std::time::Duration;
use writ::connect::{Connector, Person, Secret, Wish};

/// What no text may hold.
pub const TOKEN: &str = "s3cret-t0ken";

/// A connector with the right token.
pub fn connector(url: &str, timeout: Duration) -> Connector {
    Connector::new("crm", url, Secret::new(TOKEN), timeout).unwrap()
}

/// Ann, or somebody else.
pub fn person(user_name: &str) -> Person {
    Person {
        user_name: user_name.to_owned(),
        display_name: "Ann Lee".to_owned(),
        mail: Some("ann@contoso.example".to_owned()),
        active: true,
        id: format!("id-of-{user_name}"),
        attributes: [("department".to_owned(), "Marketing".to_owned()), ("title".to_owned(), "Lead".to_owned())].into(),
    }
}

/// That somebody is in a group, or not.
pub fn membership(user_name: &str, group: &str, held: bool) -> Wish {
    Wish::Membership { person: person(user_name), group: group.to_owned(), held, stays: Vec::new() }
}

/// That somebody's account is active, or not.
pub fn account(user_name: &str, active: bool) -> Wish {
    Wish::Account { person: person(user_name), active }
}
