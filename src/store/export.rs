//! A history as JSON lines, which can be verified where no store is.
//!
//! In: a store. Out: a head, then for each revision its events and the link that seals them, then a checkpoint of what was
//! written, so that a file that was cut is known for one. And back: the verdict on such a file.
//! Invariants: all that stands in a line is covered by a digest, and a line with anything more is a fault; the order is
//! that of the history; bodies are the very bytes that were digested.

use super::{
    Checkpoint, Fault, Reader, Revision, RevisionRow, StoreError, Verified,
    audit::{Audit, Checked, MANY, View, about, check_link},
    checkpoint::Form,
    error::Doing,
    line::quick,
    query::{self, Link},
};
use crate::model::{Digest, on_all, pipe};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::{self, BufRead, Write};

/// The version of this form.
const FORMAT: &str = "1.0";

/// How many lines are in memory at once.
const BATCH: usize = 2_048;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format_version: String,
    lineage: String,
    created_at: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventLine<'a> {
    serial: u64,
    seq: u64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    address: Option<Cow<'a, str>>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    body_digest: &'a str,
    digest: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkLine {
    serial: u64,
    at: String,
    actor: String,
    command: String,
    workspace: Option<String>,
    commit: Option<String>,
    plan_digest: Option<String>,
    changes_digest: Option<String>,
    summary: String,
    events: u64,
    previous: String,
    events_digest: String,
    hash: String,
}

/// One line: a table with one member, which says what it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Head(Head),
    #[serde(borrow)]
    Event(EventLine<'a>),
    Revision(LinkLine),
    End(Form),
}

impl LinkLine {
    fn of(link: &Link) -> LinkLine {
        let Revision { at, actor, command, workspace, commit, plan_digest, changes_digest, summary } = link.row.revision.clone();
        LinkLine {
            serial: link.row.serial,
            at,
            actor,
            command,
            workspace,
            commit,
            plan_digest,
            changes_digest,
            summary,
            events: link.row.events,
            previous: link.previous.to_string(),
            events_digest: link.events_digest.to_string(),
            hash: link.row.hash.to_string(),
        }
    }

    fn link(self) -> Link {
        let LinkLine { serial, at, actor, command, workspace, commit, plan_digest, changes_digest, summary, events, .. } = self;
        let revision = Revision { at, actor, command, workspace, commit, plan_digest, changes_digest, summary };
        let row = RevisionRow { serial, revision, events, hash: Digest::from_hex(self.hash) };
        Link { row, previous: Digest::from_hex(self.previous), events_digest: Digest::from_hex(self.events_digest) }
    }
}

impl<'a> EventLine<'a> {
    fn of(told: View<'a>) -> Result<EventLine<'a>, StoreError> {
        let View { serial, seq, kind, address, body, body_digest, digest } = told;
        let unfit = |why: String| StoreError::Corrupt(format!("what event {seq} of serial {serial} says has no line: {why}"));
        let body = body.map(|body| match serde_json::from_str::<&RawValue>(body) {
            Ok(raw) if raw.get() == body && !body.contains(['\n', '\r']) => Ok(raw),
            Ok(_) => Err(unfit("there are spaces around it".to_owned())),
            Err(error) => Err(unfit(error.to_string())),
        });
        Ok(EventLine { serial, seq, kind, address, body: body.transpose()?, body_digest, digest })
    }

    fn view(self) -> View<'a> {
        let EventLine { serial, seq, kind, address, body, body_digest, digest } = self;
        View { serial, seq, kind, address, body: body.map(RawValue::get), body_digest, digest }
    }
}

/// Writes the whole history, and returns where it ends.
///
/// # Errors
/// When the store cannot be read, or the output not be written to.
pub fn export(reader: &Reader, out: &mut dyn Write) -> Result<Checkpoint, StoreError> {
    let exporting = "exporting the history";
    let view = reader.connection.unchecked_transaction().doing(exporting)?;
    let lineage = query::lineage(&view)?;
    let created_at = view.query_row("SELECT created_at FROM meta", [], |row| row.get(0)).doing(exporting)?;
    let (serial, root) = query::tip(&view)?;
    let end = Checkpoint { origin: lineage.clone(), size: serial.saturating_add(1), serial, root };
    let mut put = |line: &Line<'_>| {
        serde_json::to_writer(&mut *out, line).map_err(io::Error::from).and_then(|()| out.write_all(b"\n")).doing(exporting)
    };
    put(&Line::Head(Head { format_version: FORMAT.to_owned(), lineage, created_at }))?;
    let mut links = query::links(&view)?.into_iter().peekable();
    query::each_event(&view, 0, u64::MAX, |told| {
        while let Some(link) = links.next_if(|link| link.row.serial < told.serial) {
            put(&Line::Revision(LinkLine::of(&link)))?;
        }
        put(&Line::Event(EventLine::of(told)?))
    })?;
    links.try_for_each(|link| put(&Line::Revision(LinkLine::of(&link))))?;
    put(&Line::End(Form::of(&end)))?;
    out.flush().doing(exporting)?;
    Ok(end)
}

/// What one line is, looked at by itself.
enum Read<'a> {
    Head(Head),
    Event(Checked<'a>),
    Link(Link),
    End(Checkpoint),
    Bad(String),
}

fn read_line(bytes: &[u8]) -> Read<'_> {
    if let Some((view, about)) = quick(bytes) {
        return Read::Event(check_link(view, about));
    }
    match serde_json::from_slice::<Line<'_>>(bytes) {
        Ok(Line::Head(head)) => Read::Head(head),
        Ok(Line::Event(line)) => {
            let view = line.view();
            let about = view.body.and_then(about);
            Read::Event(check_link(view, about))
        }
        Ok(Line::Revision(line)) => Read::Link(line.link()),
        Ok(Line::End(form)) => form.checked().map_or_else(Read::Bad, Read::End),
        Err(error) => Read::Bad(error.to_string()),
    }
}

/// Lines as they were read, many at once, one after the other.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    lengths: Vec<usize>,
    /// Why no more could be read.
    error: Option<io::Error>,
}

impl Lines {
    fn read(input: &mut impl BufRead) -> Lines {
        let mut lines = Lines::default();
        while !lines.full() {
            match input.read_until(b'\n', &mut lines.text) {
                Ok(0) => break,
                Ok(length) => lines.lengths.push(length),
                Err(error) => {
                    lines.error = Some(error);
                    break;
                }
            }
        }
        lines
    }

    /// Whether there may be more.
    fn full(&self) -> bool {
        self.lengths.len() >= BATCH
    }

    fn each(&self) -> Vec<&[u8]> {
        let mut rest = &*self.text;
        let mut line = |length: &usize| {
            let (line, after) = rest.split_at_checked(*length)?;
            rest = after;
            Some(line)
        };
        self.lengths.iter().map_while(&mut line).collect()
    }
}

/// Verifies an export; with a checkpoint, also that it is of the history that the checkpoint has seen.
///
/// # Errors
/// All faults found, in the order of the history; a file that cannot be read to its end is a fault too.
pub fn verify_export(mut input: impl BufRead, witness: Option<&Checkpoint>) -> Result<Verified, Vec<Fault>> {
    let bare = |what: String| vec![Fault { serial: None, seq: None, what }];
    let mut first = Vec::new();
    input.read_until(b'\n', &mut first).map_err(|error| bare(error.to_string()))?;
    let head = match read_line(&first) {
        Read::Head(head) if head.format_version == FORMAT => head,
        Read::Head(head) => return Err(bare(format!("it is of version {}, and this program knows {FORMAT}", head.format_version))),
        Read::Bad(why) => return Err(bare(format!("it is no export of a history: {why}"))),
        _ => return Err(bare("it is no export of a history: its head is missing".to_owned())),
    };
    let mut audit = Audit::new(&head.lineage, &head.created_at, witness);
    let (mut number, mut end) = (1_u64, None);
    let take = |lines: Lines| {
        for read in on_all(&lines.each(), MANY, |line| read_line(line)) {
            number = number.saturating_add(1);
            place(&mut audit, &mut end, number, read);
        }
        if let Some(error) = lines.error {
            audit.fault(None, None, error.to_string());
        }
    };
    let mut lines = Lines::read(&mut input);
    let pays = lines.full();
    let all = |give: &mut dyn FnMut(Lines)| {
        while lines.full() {
            give(std::mem::replace(&mut lines, Lines::read(&mut input)));
        }
        give(lines);
    };
    pipe(pays, all, take);
    audit.end();
    let found = audit.checkpoint();
    match end {
        None => audit.fault(Some(found.size), None, "the file is cut off: the line that tells where it ends is missing"),
        Some(end) if end != found => {
            audit.fault(Some(found.size), None, format!("the file ends here, and says that it ends at serial {}", end.serial))
        }
        Some(_) => {}
    }
    if !audit.faults.is_empty() {
        return Err(audit.faults);
    }
    // Nothing is added up here: whether the objects are what the events say, the store tells.
    let unchecked = Vec::new();
    Ok(Verified { lineage: found.origin, serial: found.serial, hash: found.root, events: audit.events, erased: audit.erased, unchecked })
}

/// Puts what one line said in its place in the history.
fn place(audit: &mut Audit<'_>, end: &mut Option<Checkpoint>, number: u64, read: Read<'_>) {
    let unsealed = Some(audit.expected);
    if end.is_some() {
        audit.fault(None, None, format!("line {number} stands after the end"));
        return;
    }
    match read {
        Read::Head(_) => audit.fault(unsealed, None, format!("line {number} is a second head")),
        Read::Bad(why) => audit.fault(unsealed, None, format!("line {number} cannot be read: {why}")),
        Read::End(checkpoint) => *end = Some(checkpoint),
        Read::Link(link) => audit.seal(&link),
        Read::Event(checked) => {
            // No digest covers the serial that an event bears: it is that of the link that seals it.
            if Some(checked.serial) != unsealed {
                audit.fault(unsealed, None, format!("line {number} bears another serial"));
            }
            audit.event(checked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{World, erase};
    use proptest::prelude::*;

    /// What serde reads in a line, if it is one of an event.
    fn slowly(line: &[u8]) -> Option<View<'_>> {
        if let Ok(Line::Event(line)) = serde_json::from_slice(line) { Some(line.view()) } else { None }
    }

    fn lines() -> Vec<String> {
        let world = World::new();
        erase(&world.path, 2, 1);
        let mut bytes = Vec::new();
        export(&Reader::open(&world.path).unwrap(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap().split_inclusive('\n').map(str::to_owned).collect()
    }

    #[test]
    fn an_event_as_we_write_it_needs_no_serde() {
        for line in lines() {
            assert_eq!(quick(line.as_bytes()).map(|(view, _)| view), slowly(line.as_bytes()), "{line}");
        }
    }

    /// What may come in place of a part of a line: what means something in JSON, or in a line of ours.
    const OTHER: &str = "[0{}\"\\\\,: \t\n]{0,2}|null|\",\"digest\":\"|\u{e9}";

    proptest! {
        #[test]
        fn what_is_read_quickly_is_what_serde_reads(
            line in proptest::sample::select(lines()),
            edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..3_usize, OTHER), 1..3),
        ) {
            let mut line = line;
            for (at, length, text) in edits {
                let at = at.index(line.len().saturating_add(1));
                let end = at.saturating_add(length).min(line.len());
                if line.is_char_boundary(at) && line.is_char_boundary(end) {
                    line.replace_range(at..end, &text);
                }
            }
            if let Some((view, about_it)) = quick(line.as_bytes()) {
                prop_assert_eq!(&about_it, &view.body.and_then(about));
                prop_assert_eq!(Some(view), slowly(line.as_bytes()), "{}", line);
            }
        }
    }
}
