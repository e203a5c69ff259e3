//! Inert nouns that all rooms share: addresses, values, objects, changes, durations, expirations, instants, digests.
//!
//! In: nothing. Out: types without behaviour beyond reading, comparing and printing themselves.
//! Invariants: no clock, no file, no environment; no kind is named here; equal values have equal canonical bytes.

mod address;
mod canonical;
mod change;
mod digest;
mod duration;
mod expiration;
mod holdings;
mod instant;
mod many;
mod object;
mod value;
mod zone;

pub use address::{Address, BadAddress, is_key, is_user_key};
pub use change::{Action, Cause, Change, Delta, Members};
pub use digest::{Digest, Hasher, Raw, canonical, canonical_into, digest_of, raw};
pub use duration::{BadDuration, Minutes};
pub use expiration::Expiration;
pub use holdings::Holdings;
pub use instant::{Edge, ZoneError, instant, is_date};
pub use many::{Ahead, Awaited, MANY_OBJECTS, beside, discard, in_turn, meanwhile, on_all, on_each, pipe, sort_all, to_all};
pub use object::{Object, Origin, Places, Stored};
pub use value::{Node, Table, Value};
pub use zone::Zone;

/// The version of Writ, as recorded in plans and stores.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
