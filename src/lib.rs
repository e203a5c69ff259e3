//! Writ: access governance, in writing.
//!
//! # The route of a plan
//!
//! ```text
//!  *.toml ─► source ─► Sources      names and bytes, read inside the workspace only, sorted
//!                         │
//!            config       ▼
//!              document  Document     TOML syntax, each table and key with its place
//!              declare   Declaration  the shape a person may write, unknown keys refused
//!  store ─► rows ─► Known             what the files may refer to without declaring it
//!              templates Object       whole: templates, package and [defaults] have spoken
//!              rules     Config       every reference exists, every rule passed; or all findings at once
//!                         │
//!  store ─► rows ─► State             lineage, serial, objects as last applied
//!                         │
//!            reconcile    ▼
//!              moves     PriorMoves   the state under its new names
//!              diff      Changes      per address: action, what differs, why
//!              order     Steps        nothing is made before what it needs, or deleted before what needs it
//!                         │
//!            plan         ▼
//!              authority Authority    what each step takes, and whether who applies has it
//!              guards    Plan         with what it relied on, what stands in its way, and its digests
//!                         │
//!            view ◄───────┤           terminal, Markdown, HTML, JSON, CSV
//!                         ▼
//!            ops       Consent ─► Claim ─► events ─► one transaction of the store, one link of its chain
//! ```
//!
//! Every value on this route certifies what the last column says, so what comes later need not look again. There is one way past all
//! of it: what is as it was after the last apply has nothing to do, and after an edit of few files that does nothing to people these and
//! what is near them take the route alone (`ops/settled`).
//! `docs/following-a-package.md` walks the route with one object in hand.
//!
//! # What always holds
//!
//! - **Reading, deciding and doing never mix.** `ops` reads, the pure rooms decide, `ops` does.
//! - **Planning cannot write.** It holds no handle that could: it is given what was read.
//! - **The pure rooms read no clock, no file, no environment.** Time is an argument; the same input gives the same bytes.
//! - **A kind is one place**: a file in `kinds` and a word in its list. Nobody else spells its attribute names, except
//!   through the typed view that the file exports.
//! - **An apply is one transaction**, with the events that tell it. The tables equal the fold of the events, and the
//!   revisions form a hash chain.
//! - **Errors are told together.** The author's faults are [`diag::Diagnostic`]s with a place and a code; the world's are
//!   typed errors of the room that met them; ours are panics.
//!
//! # The rooms
//!
//! A room imports rooms that stand above it in this list, and no others; `tests/rooms.rs` holds them to it.
//!
//! | Room | Is |
//! | --- | --- |
//! | [`diag`] | places in texts, codes, findings, "did you mean" |
//! | [`model`] | nouns that all share: address, value, object, change, duration, instant, digest; canonical bytes; work on many things |
//! | [`expr`] | CEL, the language of rules and checks |
//! | [`kinds`] | the kinds of objects, a file each, and what is derived from them |
//! | [`config`] | from texts to a sound configuration, or all that is wrong with it; its `rules` are a file for each concern |
//! | [`authority`] | who may do what, where: one matrix of actions and roles, and what gives a person a role |
//! | [`reconcile`] | from two sets of objects to ordered changes |
//! | [`engine`] | the lifecycle: commands and time to events, events to records; who holds what, and why |
//! | [`checks`] | rules about the rules: what the checks of a workspace come to, and what its tests do |
//! | [`plan`] | changes with who may make them, what they do to people, what stands in their way, digests and what they rely on; its `guards` are a file for each concern, and so is its `impact` |
//! | [`report`] | who holds what, why, since when, and what happened: a file for each report, and the answers |
//! | [`view`] | values to terminal text, Markdown, HTML, JSON, CSV, annotations, mails, schemas, the reference page: the only room that escapes |
//! | [`source`] | reads the workspace, and git's commit |
//! | [`store`] | durable facts in SQLite: the only room that speaks SQL |
//! | [`migrate`] | what another system holds, as a workspace: declarations, who holds what, and what has no counterpart |
//! | [`connect`] | delivers resource roles into other systems, over SCIM |
//! | [`notify`] | mail, sent: the only room that speaks SMTP |
//! | [`ops`] | the use cases, a file each |
//! | [`cli`] | the first door: a file for each verb, and the exit codes |
//!
//! `CONTRIBUTING.md` says where to change what.
#![forbid(unsafe_code)]
pub mod authority;
pub mod checks;
pub mod cli;
pub mod config;
pub mod connect;
pub mod diag;
pub mod engine;
pub mod expr;
pub mod kinds;
pub mod migrate;
pub mod model;
pub mod notify;
pub mod ops;
pub mod plan;
pub mod reconcile;
pub mod report;
pub mod source;
pub mod store;
pub mod view;
