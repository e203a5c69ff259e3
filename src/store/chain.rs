//! The digests that link revisions. Changing, dropping or reordering anything in the past changes every later hash.
//!
//! body → event → events of a revision → revision → next revision. An event is linked by the digest of its body, so that
//! a body can be erased and the chain still holds.

use super::{Revision, line::means_itself};
use crate::model::{Digest, Hasher, canonical, digest_of};
use serde::Serialize;
use std::fmt::Write as _;

/// What the first revision is linked to, so that a chain belongs to one lineage.
pub(super) fn root(lineage: &str) -> Digest {
    Digest::of(lineage.as_bytes())
}

/// Of one event in its place.
pub(super) fn event(seq: u64, kind: &str, address: Option<&str>, body_digest: &str) -> Digest {
    Digest::of(&event_form(seq, kind, address, body_digest))
}

/// Whether `told` is the digest of an event.
pub(super) fn is_event(told: &str, seq: u64, kind: &str, address: Option<&str>, body_digest: &str) -> bool {
    Digest::is(told, &event_form(seq, kind, address, body_digest))
}

fn event_form(seq: u64, kind: &str, address: Option<&str>, body_digest: &str) -> Vec<u8> {
    // The names are sorted, so that what is written is canonical as it is.
    #[derive(Serialize)]
    struct Form<'a> {
        address: Option<&'a str>,
        body_digest: &'a str,
        kind: &'a str,
        seq: u64,
    }
    if ![kind, body_digest, address.unwrap_or_default()].into_iter().all(means_itself) {
        return canonical(&Form { address, body_digest, kind, seq }).into_bytes();
    }
    // Of millions nearly all are written as they are.
    let (open, close) = if address.is_some() { ("\"", "\"") } else { ("null", "") };
    let address = [r#"{"address":"#, open, address.unwrap_or_default(), close];
    let rest = [r#","body_digest":""#, body_digest, r#"","kind":""#, kind, r#"","seq":"#];
    let mut form = String::with_capacity(256);
    address.into_iter().chain(rest).for_each(|part| form.push_str(part));
    let _ = write!(form, "{seq}}}");
    form.into_bytes()
}

/// Of the events of one revision: over their digests, in hex, one after the other.
#[derive(Default)]
pub(super) struct Events {
    digests: Hasher,
    /// How many there are.
    pub(super) count: u64,
}

impl Events {
    /// The next one.
    pub(super) fn push(&mut self, digest: &str) {
        self.digests.update(digest.as_bytes());
        self.count = self.count.saturating_add(1);
    }

    /// Of all of them.
    pub(super) fn digest(&self) -> Digest {
        self.digests.digest()
    }
}

/// Of a revision: one link.
pub(super) fn link(previous: &Digest, serial: u64, revision: &Revision, events: u64, events_digest: &Digest) -> Digest {
    #[derive(Serialize)]
    struct Form<'a> {
        previous: &'a Digest,
        serial: u64,
        #[serde(flatten)]
        revision: &'a Revision,
        events: u64,
        events_digest: &'a Digest,
    }
    digest_of(&Form { previous, serial, revision, events, events_digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_digested_in_its_canonical_form() {
        let body = Digest::of(b"{}");
        for address in [None, Some(""), Some("catalog.a"), Some("user.\"ann@contoso.example\""), Some("\u{e9}\u{7f}"), Some("\n\\")] {
            let form = serde_json::json!({ "seq": 7, "kind": "object.moved", "address": address, "body_digest": body });
            assert_eq!(event(7, "object.moved", address, body.as_str()), digest_of(&form));
        }
    }
}
