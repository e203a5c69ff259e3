//! What waits to leave the house is sent: roles and accounts into other systems, notices to people, applies to webhooks.
//!
//! Invariants: one process sends at a time, under a lock of its own that nobody else waits for; nothing is sent under the lock of the
//! store; what became of each try is recorded after it, so that a crash in between sends once more what the other side knows to be the
//! same: a membership that is there, a mail with the same Message-ID.

use super::{Done, write};
use crate::config::Settings;
use crate::connect::{self, Connector, Retry, Secret, Wish};
use crate::engine::{
    Account, Delivery, Draft, Event, Facts, Family, Notice, Person, Reach, Record, Request, Standing, Tell, Vain, Wanted, delivered, retry,
    sent,
};
use crate::kinds::display_name;
use crate::kinds::user::User;
use crate::notify::{Credentials, Mailer};
use crate::ops::{Context, Failure, claim, interrupt, load, webhooks};
use crate::store::{Lock, StoreError};
use crate::view::mail::{self, NoticeKind};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::time::Duration;

/// So many are sent before what became of them is recorded.
const AT_ONCE: u32 = 50;

/// What was sent, and how much of it in vain.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// What was recorded of it.
    pub done: Done,
    /// How many tries were in vain.
    pub failures: usize,
    /// Somebody else is sending.
    pub busy: bool,
    /// How many applies webhooks were told.
    pub told: usize,
}

/// What came of one try.
enum Outcome {
    Delivery(Delivery, Result<(), Vain>),
    Notice(Notice, Result<(), (String, bool)>),
}

/// Sends everything that is due; `again`: what waits for its next try, too, and what was given up of deliveries.
///
/// # Errors
/// When there is no store, or what became of it cannot be recorded. That something could not be sent is in [`Sent`].
pub fn send(context: &Context, environment: &dyn Fn(&str) -> Option<String>, again: bool) -> Result<Sent, Failure> {
    let mut all = Sent::default();
    if context.environment.simulated {
        return Ok(all);
    }
    let (settings, place) = load::settings_and_place(context)?;
    drop(super::there(&place)?);
    let sending = place.path.with_extension("outbox");
    let lock = Lock::acquire(&sending, Duration::ZERO, &claim::holder(context, "system", "deliver"), &interrupt::interrupted);
    let _lock = match lock {
        Err(StoreError::Locked(_)) => return Ok(Sent { busy: true, ..all }),
        lock => lock?,
    };
    let (told, untold) = webhooks::tell_applies(context, &settings, &place, environment)?;
    (all.told, all.failures) = (told, untold);
    let mut post = Post::new(&settings, environment);
    if again {
        all.done = write(context, "deliver", |desk, _, mint| {
            let mut draft = Draft::new(&desk.facts, mint);
            retry(&mut draft)?;
            Ok(draft.decided())
        })?;
    }
    loop {
        if interrupt::interrupted() {
            return if all.done.serial.is_some() { Ok(all) } else { Err(Failure::Interrupted) };
        }
        let outcomes = super::look_as(context, "deliver", |desk| {
            let due = desk.leaving(desk.facts.now, AT_ONCE)?;
            Ok(due.into_iter().filter_map(|record| post.attempt(&desk.facts, record, desk.workspace)).collect::<Vec<_>>())
        })?;
        if outcomes.is_empty() {
            return Ok(all);
        }
        let vain = |o: &Outcome| matches!(o, Outcome::Delivery(_, Err(_)) | Outcome::Notice(_, Err(_)));
        all.failures = all.failures.saturating_add(outcomes.iter().filter(|o| vain(o)).count());
        let done = write(context, "deliver", |desk, _, mint| {
            let mut draft = Draft::new(&desk.facts, mint);
            for outcome in outcomes {
                match outcome {
                    Outcome::Delivery(tried, result) => delivered(&mut draft, &tried, result)?,
                    Outcome::Notice(tried, result) => sent(&mut draft, &tried, result)?,
                }
            }
            crate::engine::conclude(&mut draft, &Reach::default(), desk.mail)?;
            Ok(draft.decided())
        })?;
        let nothing = done.serial.is_none();
        all.done.events.extend(done.events);
        all.done.records.extend(done.records);
        all.done.serial = done.serial.or(all.done.serial);
        if nothing {
            return Ok(all);
        }
    }
}

/// Where things are sent to, opened once.
struct Post<'p> {
    settings: &'p Settings,
    environment: &'p dyn Fn(&str) -> Option<String>,
    connectors: BTreeMap<String, Result<Connector, String>>,
    mailer: Option<Result<Mailer, String>>,
}

impl<'p> Post<'p> {
    fn new(settings: &'p Settings, environment: &'p dyn Fn(&str) -> Option<String>) -> Post<'p> {
        Post { settings, environment, connectors: BTreeMap::new(), mailer: None }
    }

    fn attempt(&mut self, facts: &Facts<'_>, record: Record, workspace: &str) -> Option<Outcome> {
        match record {
            Record::Delivery(delivery) => {
                let result = self.deliver(facts, &delivery);
                Some(Outcome::Delivery(*delivery, result))
            }
            Record::Notice(notice) => {
                let result = self.tell(facts, &notice, workspace);
                Some(Outcome::Notice(*notice, result))
            }
            _ => None,
        }
    }

    fn deliver(&mut self, facts: &Facts<'_>, delivery: &Delivery) -> Result<(), Vain> {
        let later = |wait: Duration| TimeDelta::from_std(wait).ok().and_then(|w| facts.now.checked_add_signed(w));
        let tried = delivery.attempts.saturating_add(1);
        let wait = later(connect::backoff(tried));
        let connector = match self.connector(&delivery.connector) {
            Ok(connector) => connector.clone(),
            Err(why) => return Err(Vain { why: why.clone(), retry: wait, untried: true }),
        };
        connect::deliver(&connector, &self.wish(facts, delivery)).map(drop).map_err(|undelivered| {
            let retry = match undelivered.retry {
                Retry::After(at_least) => later(at_least.max(connect::backoff(tried))),
                Retry::Later => wait,
                Retry::Never => None,
            };
            Vain { why: undelivered.what, retry, untried: false }
        })
    }

    /// What the other system is asked for.
    fn wish(&self, facts: &Facts<'_>, delivery: &Delivery) -> Wish {
        let person = |account: &Account| connect::Person {
            user_name: account.user_name.clone(),
            display_name: account.display_name.clone(),
            mail: Some(account.mail.clone()),
            active: account.standing == Standing::Awake,
            id: delivery.person.id.clone(),
            attributes: [("department".to_owned(), account.department.clone())].into(),
        };
        match &delivery.wanted {
            Wanted::Membership { group, held } => Wish::Membership {
                person: person(&Account::known(facts, &delivery.person)),
                group: group.clone(),
                held: *held,
                stays: if *held { Vec::new() } else { self.stays(facts, delivery) },
            },
            Wanted::Account { account } => match account.standing {
                Standing::Awake => Wish::Account { person: person(account), active: true },
                Standing::Asleep => Wish::Account { person: person(account), active: false },
                Standing::Gone => Wish::NoAccount { person: person(account) },
            },
        }
    }

    /// The groups that somebody is to be in, by this connector or another one that leads to the same place.
    fn stays(&self, facts: &Facts<'_>, delivery: &Delivery) -> Vec<String> {
        let url = |connector: &str| self.settings.connectors().get(connector).map(|c| c.url.trim_end_matches('/'));
        let there = url(&delivery.connector);
        let all = facts.records.of_person(Family::Delivery, &delivery.person.id);
        let held = |record: &Record| match record {
            Record::Delivery(d) if url(&d.connector) == there => d.group_held().map(str::to_owned),
            _ => None,
        };
        all.iter().filter_map(held).collect()
    }

    fn connector(&mut self, name: &str) -> &Result<Connector, String> {
        let (settings, environment) = (self.settings, self.environment);
        self.connectors.entry(name.to_owned()).or_insert_with(|| {
            let declared = settings.connectors().get(name).ok_or_else(|| {
                format!("writ.toml has no `[connector.{name}]`: it waits until that is declared again, with the `url` where it led")
            })?;
            let token = environment(&declared.token_env).ok_or_else(|| format!("{} is not set", declared.token_env))?;
            Connector::new(name, &declared.url, Secret::new(&token), declared.timeout).map_err(|e| e.to_string())
        })
    }

    fn tell(&mut self, facts: &Facts<'_>, notice: &Notice, workspace: &str) -> Result<(), (String, bool)> {
        let Some(settings) = self.settings.mail() else { return Err(("writ.toml has no `[mail]`".to_owned(), true)) };
        let environment = self.environment;
        let opened = self.mailer.get_or_insert_with(|| {
            let open = || Mailer::open(settings.clone(), Credentials::read(settings, environment)?);
            open().map_err(|unsent| unsent.what)
        });
        let mailer = match opened {
            Ok(mailer) => mailer,
            Err(why) => return Err((why.clone(), true)),
        };
        let Some(told) = words(facts, notice, workspace, settings.portal.as_deref()) else {
            return Err(("what it is about is not there any more".to_owned(), false));
        };
        let Some(to) = crate::config::Mailbox::parse(&told.to) else {
            return Err((format!("`{}` is no address that mail can be sent to", told.to), false));
        };
        mailer.send(&mail::mail(&told), &to, &notice.id, facts.now).map_err(|unsent| (unsent.what, unsent.retry))
    }
}

/// A notice in full, with what it is about as it is now.
fn words(facts: &Facts<'_>, notice: &Notice, workspace: &str, portal: Option<&str>) -> Option<mail::Notice> {
    let kind = match notice.kind {
        Tell::ActionNeeded => NoticeKind::ActionNeeded,
        Tell::Forwarded => NoticeKind::ActionNeededForwarded,
        Tell::Reminder => NoticeKind::Reminder,
        Tell::ExpiredToApprover => NoticeKind::RequestExpiredToApprover,
        Tell::Approved => NoticeKind::Approved,
        Tell::StageApproved => NoticeKind::StageApproved,
        Tell::Denied => NoticeKind::Denied,
        Tell::Expired => NoticeKind::RequestExpired,
        Tell::Ready => NoticeKind::AccessReady,
        Tell::Extend14 => NoticeKind::ExtendBefore14Days,
        Tell::Extend1 => NoticeKind::ExtendBefore1Day,
        Tell::Ended => NoticeKind::AccessEnded,
        Tell::Changed => NoticeKind::PackageChanged,
        Tell::ReviewOpened => NoticeKind::ReviewOpened,
        Tell::ReviewReminder => NoticeKind::ReviewReminder,
    };
    let person = Person::of_named(facts, &notice.to);
    let name = |p: &Person<'_>| p.object.map_or_else(|| p.named.name.clone(), |o| display_name(o).0.to_owned());
    let mail_of = |p: &Person<'_>| p.object.and_then(User::of).map_or_else(|| p.named.name.clone(), |u| u.mail().to_owned());
    let mut told = mail::Notice::new(kind, mail_of(&person));
    told.user = Some(person.named.name.clone());
    told.to_name = Some(name(&person));
    told.tenant = Some(workspace.to_owned());
    told.zone = facts.zone;
    told.stage = u8::try_from(notice.stage).unwrap_or(u8::MAX);
    told.gained.clone_from(&notice.gained);
    told.lost.clone_from(&notice.lost);
    let package = |id: &str| facts.package(id).map(|p| display_name(p.0).0.to_owned());
    match (facts.records.get(Family::Request, &notice.about), facts.records.get(Family::Assignment, &notice.about)) {
        (Some(Record::Request(r)), _) => request(facts, &mut told, &r, notice, &name, package(&r.package.id)),
        (_, Some(Record::Assignment(a))) => {
            told.package = package(&a.package.id).or_else(|| Some(a.package.name.clone()));
            told.starts = Some(a.start);
            told.ends = a.end;
            told.reference = Some(a.id.clone());
        }
        _ => match facts.records.get(Family::Review, &notice.about)? {
            Record::Review(r) => {
                told.package = package(&r.package.id).or_else(|| Some(r.package.name.clone()));
                told.submitted = Some(r.opened);
                told.deadline = Some(r.closes);
                told.reference = Some(r.id.clone());
            }
            _ => return None,
        },
    }
    told.link = portal.map(|portal| mail::link(portal, kind, &notice.about));
    Some(told)
}

fn request(
    facts: &Facts<'_>,
    told: &mut mail::Notice,
    r: &Request,
    notice: &Notice,
    name: &dyn Fn(&Person<'_>) -> String,
    package: Option<String>,
) {
    let (requestor, target) = (Person::of_named(facts, &r.requestor), Person::of_named(facts, &r.target));
    told.package = package.or_else(|| Some(r.package.name.clone()));
    told.requestor = Some(name(&requestor));
    told.on_behalf_of = (!target.is(&r.requestor) && !target.is(&notice.to)).then(|| name(&target));
    told.organization = target.organization(facts).map(|o| display_name(o).0.to_owned());
    told.justification.clone_from(&r.justification);
    let questions = facts.policy(&r.policy.id).map(|p| p.questions()).unwrap_or_default();
    let text = |key: &str| questions.iter().find(|q| q.key() == key).map_or_else(|| key.to_owned(), |q| q.text().to_owned());
    told.answers = r.answers.iter().map(|(key, answer)| (text(key), answer.join(", "))).collect();
    told.extension = r.kind == crate::engine::RequestKind::Extend;
    told.starts = r.start;
    told.ends = r.end;
    told.submitted = Some(r.submitted);
    told.stages = u8::try_from(r.terms.stages.len().max(1)).unwrap_or(u8::MAX);
    if let Some(stage) = &r.stage {
        told.deadline = Some(stage.deadline);
        told.forward_at = stage.escalates.filter(|_| !stage.escalated);
    }
    if let Some(verdict) = r.verdicts.iter().rfind(|v| v.stage == notice.stage || notice.kind == Tell::Denied) {
        told.decided_by = Some(name(&Person::of_named(facts, &verdict.by)));
        told.reason.clone_from(&verdict.justification);
    } else {
        told.reason.clone_from(&r.cause);
    }
    told.reference = Some(r.id.clone());
}

/// How many of these events tell of something that could not be sent and is not tried again.
#[must_use]
pub fn given_up(events: &[Event]) -> usize {
    events.iter().filter(|e| matches!(e, Event::DeliveryFailed { retry: None, .. } | Event::NoticeFailed { retry: None, .. })).count()
}
