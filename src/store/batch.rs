//! Events as they were read, many at once.
//!
//! In: events, each for as long as its row is looked at. Out: the same events, for as long as the batch is kept.
//! Their texts stand one after the other in one text, so that to keep an event allocates nothing.

use super::audit::View;
use std::{borrow::Cow, ops::Range};

/// Some events, in their order.
#[derive(Default)]
pub(super) struct Batch {
    text: String,
    pub(super) rows: Vec<Row>,
}

/// An event, its texts as places in that of the batch.
pub(super) struct Row {
    serial: u64,
    seq: u64,
    kind: Range<usize>,
    address: Option<Range<usize>>,
    body: Option<Range<usize>>,
    body_digest: Range<usize>,
    digest: Range<usize>,
}

impl Batch {
    /// The next one.
    pub(super) fn push(&mut self, told: &View<'_>) {
        let mut keep = |text: &str| {
            let start = self.text.len();
            self.text.push_str(text);
            start..self.text.len()
        };
        let row = Row {
            serial: told.serial,
            seq: told.seq,
            kind: keep(&told.kind),
            address: told.address.as_deref().map(&mut keep),
            body: told.body.map(&mut keep),
            body_digest: keep(told.body_digest),
            digest: keep(told.digest),
        };
        self.rows.push(row);
    }

    /// One of its rows.
    pub(super) fn view(&self, row: &Row) -> View<'_> {
        let text = |place: &Range<usize>| self.text.get(place.clone()).unwrap_or_default();
        View {
            serial: row.serial,
            seq: row.seq,
            kind: text(&row.kind).into(),
            address: row.address.as_ref().map(|place| Cow::from(text(place))),
            body: row.body.as_ref().map(text),
            body_digest: text(&row.body_digest),
            digest: text(&row.digest),
        }
    }
}
