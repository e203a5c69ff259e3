//! The lifecycle: what people ask for, what others decide, what time brings.
//!
//! In: a [`Command`], or the coming of an instant ([`due`]), and [`Facts`]: the objects as applied, the records so far, now.
//! Out: [`Event`]s, or a [`Refusal`] that names its rule. Invariants: nothing is read or written here; what was decided follows
//! from the facts alone; each event changes one [`Record`], and [`fold`] is what it means; nobody decides on a request of their own
//! or for themselves; an empty set of approvers grants nothing; nothing outlives its end by more than one look at the clock.
//!
//! ```text
//! Command ──► decide ──► request, decision, extension, removal, assignment     a file for each thing that people do
//! instant ──► due    ──► timers                                                what happens by itself
//!                          │ ask
//!                          ▼
//!             people, policies, terms, access      who somebody is, what admits whom, until when, who holds what and why
//!                          │
//!                          ▼
//!             Draft ──► Event ──► fold ──► Record   what happened, and what is so afterwards
//! ```

mod access;
mod account;
mod actor;
mod approval;
mod assign;
mod carried;
mod command;
mod decision;
mod draft;
mod event;
mod extension;
mod facts;
mod fold;
mod hold;
mod notices;
mod nouns;
mod outbox;
mod people;
mod policies;
mod reach;
mod record;
mod refusal;
mod removal;
mod reprocess;
mod request;
mod retention;
mod review;
mod settle;
mod sight;
mod terms;
mod timers;
mod ways;

pub use access::{Giving, Held, Reason, giving, held_by, holders_of, live_in, live_of};
pub use account::{Account, Standing};
pub use actor::{Actor, roles};
pub use approval::{Seat, deciders, would_approve};
pub use carried::{Carried, Until, carry};
pub use command::{Ask, Command, decide};
pub use draft::Draft;
pub use event::{Cause, Event};
pub use facts::Facts;
pub use fold::{Misfit, fold};
pub use hold::Hold;
pub use notices::{Notice, Tell, notify_change, roles_in_words, sent};
pub use nouns::{Assignment, AssignmentState, Guest, GuestState, Named, Request, RequestKind, RequestState, Source, Stage, Verdict};
pub use outbox::{Delivery, SendState, Vain, Wanted, conclude, delivered, retry, targets};
pub use people::{Person, people as people_of};
pub use policies::{Offer, incompatible, offers, welcomes};
pub use reach::Reach;
pub use record::{Family, Ledger, Record, Records};
pub use refusal::{Refusal, Rule};
pub use request::hindrance;
pub use review::{Answer, Answered, Item, Review, ReviewState, Series, asked_of};
pub use settle::{Changed, settle, spent};
pub use sight::Sight;
pub use terms::{StageTerms, Terms, Who};
pub use timers::catch_up;
pub use ways::{Joined, Way, ways_into};
