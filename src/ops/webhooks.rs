//! Webhooks are told what happened.
//!
//! An apply is told out of the history: its revision is there with all the rest of the apply or not at all, so nothing is lost when the other
//! side is down, and an apply needs no secret. How far each webhook was told stands in a file beside the store; whoever loses that file is told
//! the last apply once more. A refusal and drift commit nothing, so they are told at once, in a few tries, or not.
//!
//! Invariants: what is told is told in order, again until it is taken, and never written into the store; that it could not be told
//! changes nothing of what was done.

use super::{Context, Failure, Place};
use crate::config::{Happening, Settings, WebhookSettings};
use crate::connect::{Secret, Webhook};
use crate::store::{Reader, RevisionRow};
use crate::view::webhook::{Revision, Told, applied};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use std::{fs, io};

/// What one try may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The waits between the tries of what is told at once.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// A longer file is none of ours.
const LONGEST: u64 = 1024 * 1024;

/// Gives what a variable of the environment holds.
pub type Variables<'v> = &'v dyn Fn(&str) -> Option<String>;

/// How far each webhook was told.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Of which store.
    lineage: String,
    /// By the names of webhooks: the last revision that they were told, or need not be told.
    told: BTreeMap<String, u64>,
}

/// Tells every webhook the applies that it was not told yet, in order. Gives how many were told, and how many webhooks could not
/// be; each of these is noted. Whoever calls holds the lock of who sends.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn tell_applies(
    context: &Context,
    settings: &Settings,
    place: &Place,
    variables: Variables<'_>,
) -> Result<(usize, usize), Failure> {
    let hooks: Vec<&WebhookSettings> = settings.webhooks().values().filter(|w| w.on.contains(&Happening::Apply)).collect();
    if hooks.is_empty() {
        return Ok((0, 0));
    }
    let reader = Reader::open(&place.path)?;
    let head = reader.head()?;
    let file = place.path.with_extension("told");
    let mut progress = read(&file).filter(|p| p.lineage == head.lineage).unwrap_or_default();
    // A store that was restored may have come less far.
    progress.told.retain(|_, serial| *serial <= head.serial);
    if hooks.iter().all(|w| progress.told.get(&w.name) == Some(&head.serial)) {
        return Ok((0, 0));
    }
    let is_apply = |row: &RevisionRow| row.revision.changes_digest.is_some() && row.revision.workspace.as_ref() == Some(&settings.name);
    let applies: Vec<RevisionRow> = reader.revisions()?.into_iter().filter(is_apply).collect();
    let (mut count, mut failures) = (0_usize, 0_usize);
    progress.lineage.clone_from(&head.lineage);
    for hook in hooks {
        // One that is new is told the last apply, and what follows.
        let last = applies.last().map_or(head.serial, |row| row.serial.saturating_sub(1));
        let from = progress.told.get(&hook.name).copied().unwrap_or(last);
        let mut came_to = from;
        let outcome = open(hook, variables).and_then(|webhook| {
            for row in applies.iter().filter(|row| row.serial > from) {
                post(&webhook, &applied(&settings.name, &head.lineage, of(row)))?;
                (came_to, count) = (row.serial, count.saturating_add(1));
            }
            Ok(())
        });
        match outcome {
            Ok(()) => came_to = head.serial,
            Err(why) => {
                failures = failures.saturating_add(1);
                (context.note)(&format!("{why}; it is told by the next run"));
            }
        }
        progress.told.insert(hook.name.clone(), came_to);
    }
    if let Err(error) = write(&file, &progress) {
        failures = failures.saturating_add(1);
        (context.note)(&format!("how far webhooks were told cannot be kept in `{}`, so it is told again: {error}", file.display()));
    }
    Ok((count, failures))
}

/// Tells at once what commits nothing, to all who asked for it. Gives how many asked, and how many of them could not be told; each
/// of these is noted.
#[must_use]
pub fn tell(context: &Context, settings: &Settings, told: &Told, variables: Variables<'_>) -> (usize, usize) {
    let hooks = settings.webhooks().values().filter(|w| w.on.contains(&told.what) && !context.environment.simulated);
    let (mut asked, mut failures) = (0_usize, 0_usize);
    for hook in hooks {
        asked = asked.saturating_add(1);
        let outcome = open(hook, variables).and_then(|webhook| {
            let mut tried = post(&webhook, told);
            for wait in WAITS {
                if tried.is_err() && !super::interrupt::interrupted() {
                    sleep(wait);
                    tried = post(&webhook, told);
                }
            }
            tried
        });
        if let Err(why) = outcome {
            failures = failures.saturating_add(1);
            (context.note)(&format!("{why}; it is not told that"));
        }
    }
    (asked, failures)
}

fn open(hook: &WebhookSettings, variables: Variables<'_>) -> Result<Webhook, String> {
    let failed = |why: String| format!("webhook {}: {why}", hook.name);
    let secret = variables(&hook.secret_env).ok_or_else(|| failed(format!("{} is not set", hook.secret_env)))?;
    Webhook::new(&hook.name, &hook.url, Secret::new(&secret), TIMEOUT).map_err(|e| failed(e.to_string()))
}

fn post(webhook: &Webhook, told: &Told) -> Result<(), String> {
    webhook.post(told.what.word(), &told.id, &told.body, Utc::now()).map_err(|undelivered| undelivered.what)
}

fn of(row: &RevisionRow) -> Revision<'_> {
    Revision {
        serial: row.serial,
        at: &row.revision.at,
        actor: &row.revision.actor,
        command: &row.revision.command,
        commit: row.revision.commit.as_deref(),
        changes: row.revision.changes_digest.as_deref().unwrap_or_default(),
        summary: &row.revision.summary,
    }
}

/// What was kept; nothing where it is missing, or not what we write.
fn read(file: &Path) -> Option<Progress> {
    let length = fs::symlink_metadata(file).ok().filter(fs::Metadata::is_file)?.len();
    if length > LONGEST { None } else { serde_json::from_slice(&fs::read(file).ok()?).ok() }
}

/// Keeps it: all of it or what was there. Its draft has one name, so one that a crash left is the next one's place.
fn write(file: &Path, progress: &Progress) -> io::Result<()> {
    let draft = file.with_extension("told.new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&draft)?;
    io::Write::write_all(&mut open, serde_json::to_string(progress)?.as_bytes())?;
    open.sync_all()?;
    fs::rename(&draft, file)
}
