//! `writ apply`.

use super::deliver::variable;
use super::plan::{Scope, open, print, show};
use super::session::Session;
use super::signals::{at_prompt, on_signals};
use super::{Exit, Format};
use crate::config::Settings;
use crate::model::Minutes;
use crate::ops::apply::{Applied, ApplyOptions, Consent, apply, apply_saved, judge_saved, permit, unlifted};
use crate::ops::plan::Planned;
use crate::ops::{Failure, plan, settings_and_place, webhooks};
use crate::plan::{BadPlan, Plan, Refusal, SavedPlan, Why, document};
use crate::reconcile::State;
use crate::view::plan as text;
use crate::view::webhook::refused;
use clap::Args as ClapArgs;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

/// What apply and destroy both take.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct Agreement {
    /// Agree without being asked; for `--destroy` give --confirm as well
    #[arg(long)]
    pub auto_approve: bool,
    /// The workspace's name, to destroy without being asked for it
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
    /// Apply only if the changes have this digest, as the plan printed it; at least 16 digits
    #[arg(long, value_name = "DIGEST")]
    pub expect: Option<String>,
    /// Allow up to this many deletions in all
    #[arg(long, value_name = "N")]
    pub allow_deletes: Option<u64>,
    /// Allow up to this many people to lose access
    #[arg(long, value_name = "N")]
    pub allow_access_lost: Option<u64>,
    /// Apply what loosens, where `allow_loosening = false`
    #[arg(long)]
    pub allow_loosening: bool,
    /// How long to wait for the lock, such as 90s or 5m
    #[arg(long, value_name = "D", default_value = "0s")]
    pub lock_timeout: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A plan that `writ plan -o` saved
    plan: Option<PathBuf>,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    agreement: Agreement,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Markdown])?;
    match &args.plan {
        Some(path) => run_saved(path, args, session),
        None => run_planned(&args.scope, &args.agreement, session),
    }
}

/// Plans, shows, asks, applies.
pub(super) fn run_planned(scope: &Scope, agreement: &Agreement, session: &mut Session) -> Result<Exit, Failure> {
    let options = agreement.options(scope)?;
    let planned = plan::plan_whole(&session.context, &options.plan)?;
    show(session, &planned, scope, None, false);
    scope.check(&planned.plan.changes_digest)?;
    apply_shown(planned, &options, agreement, scope, session)
}

/// Asks about a plan that was shown, and applies it.
pub(super) fn apply_shown(
    mut planned: Planned,
    options: &ApplyOptions,
    agreement: &Agreement,
    scope: &Scope,
    session: &mut Session,
) -> Result<Exit, Failure> {
    let changed = !planned.plan.is_empty();
    let mut prompt = Prompt::new(session, agreement, false);
    let applied = permit(&planned.plan, options)
        .and_then(|()| on_signals(|| apply(&session.context, options, &mut planned, &mut prompt)))
        .inspect_err(|failure| tell_refused(session, failure, &planned.plan, &planned.settings))?;
    finish(session, &applied);
    // The program ends here; taking a large plan apart first would only take time.
    std::mem::forget(planned);
    Ok(if scope.detailed_exitcode && changed { Exit::Changes } else { Exit::Success })
}

/// Applies a plan that was shown and agreed to already.
pub(super) fn apply_agreed(mut planned: Planned, options: &ApplyOptions, session: &mut Session) -> Result<(), Failure> {
    let mut prompt = Prompt { auto: true, confirm: None, never: true, unseen: false, destroys: false };
    let applied = on_signals(|| apply(&session.context, options, &mut planned, &mut prompt))?;
    finish(session, &applied);
    Ok(())
}

/// Tells webhooks of an apply that was refused. That they cannot be told changes nothing of the refusal.
fn tell_refused(session: &Session, failure: &Failure, plan: &Plan, settings: &Settings) {
    if matches!(failure, Failure::Refused(_) | Failure::Plan(_, BadPlan::Refused)) {
        let _ = webhooks::tell(&session.context, settings, &refused(plan), &variable);
    }
}

fn run_saved(path: &std::path::Path, args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let Scope { destroy, target, exclude, since, compare, full, detailed_exitcode: _, names } = &args.scope;
    if *destroy || !target.is_empty() || !exclude.is_empty() || since.is_some() || compare.is_some() || *full {
        let help = "give such flags to `writ plan -o FILE`, which decides what is in the plan";
        return Err(Failure::Usage("a saved plan says what it does; this flag would mean nothing".to_owned(), help.to_owned()));
    }
    let saved = open(path)?;
    let options = args.agreement.options(&args.scope)?;
    let mut shown = saved.as_saved();
    // That somebody else may not apply it is no matter: who applies it is asked.
    let refused = shown.authority.beyond || shown.refused().any(|r| r.why != Why::Authority);
    let judged = (!refused).then(|| judge(&saved, session));
    if let Some(Ok((now, _))) = &judged {
        decided_for(&mut shown, now);
    }
    session.digest = Some(saved.digests.changes.to_string());
    if !session.is_json() {
        let how = session.how.saved(&path.display().to_string());
        print(session, &shown, &how, *names);
    }
    session.document(saved.document.clone());
    let Some(judged) = judged else {
        let failure = Failure::Plan(path.to_owned(), BadPlan::Refused);
        tell_refused(session, &failure, &shown, &settings_and_place(&session.context)?.0);
        return Err(failure);
    };
    let (now, state) = judged?;
    if now.actor != saved.as_saved().actor {
        session.document(document(&now, &state, false));
    }
    unforeseen(&now, &state, &shown, &options, session);
    // A saved plan is its own consent, but for one that empties a workspace.
    let agreement = Agreement { auto_approve: true, ..args.agreement.clone() };
    let mut prompt = Prompt::new(session, &agreement, saved.destroy);
    let applied = on_signals(|| apply_saved(&session.context, &options, &saved, &mut prompt));
    if let Err(failure @ Failure::Refused(_)) = &applied {
        tell_refused(session, failure, &now, &settings_and_place(&session.context)?.0);
    }
    let (applied, findings) = applied?;
    session.findings(&findings, &crate::diag::Sources::default());
    finish(session, &applied);
    Ok(if args.scope.detailed_exitcode && !shown.is_empty() { Exit::Changes } else { Exit::Success })
}

/// A saved plan, as it is for who applies it now.
fn judge(saved: &SavedPlan, session: &Session) -> Result<(Plan, State), Failure> {
    let (settings, place) = settings_and_place(&session.context)?;
    judge_saved(&session.context, saved, &settings, &place).map(|(plan, state, _)| (plan, state))
}

/// Who may is told of who applies it, and not of who made it.
fn decided_for(shown: &mut Plan, now: &Plan) {
    let is_authority = |r: &Refusal| r.why == Why::Authority;
    shown.actor.clone_from(&now.actor);
    shown.authority = now.authority.clone();
    shown.refusals.retain(|r| !is_authority(r));
    shown.refusals.splice(0..0, now.refusals.iter().filter(|r| is_authority(r)).cloned());
}

/// Shows what stands in the way of a saved plan now and is not told in it: an apply judges anew.
fn unforeseen(now: &Plan, state: &State, shown: &Plan, options: &ApplyOptions, session: &mut Session) {
    let told = |new: &Refusal| shown.refusals.iter().any(|old| (old.code.id, &old.message) == (new.code.id, &new.message));
    if unlifted(now, options).into_iter().all(told) {
        return;
    }
    session.document(document(now, state, false));
    session.say(&format!("\nSince the plan was saved, the answer changed:\n\n{}", text::verdict(now, session.paint)));
}

fn finish(session: &mut Session, applied: &Applied) {
    session.committed = applied.serial.is_some();
    session.serial = applied.serial.or(session.serial);
    session.digest = Some(applied.digest.to_string());
    session.say(&format!("\n{}\n", text::completed(&applied.summary)));
    if let Some(serial) = applied.serial {
        session.say(&format!("The store {} is at @{serial}.\n", applied.store));
    }
    if let Some(lineage) = &applied.created {
        let advice =
            format!("It is new. To be told when it is missing or another, add to writ.toml:\n\n  [store]\n  lineage = \"{lineage}\"\n");
        session.say(&advice);
    }
}

impl Agreement {
    pub(super) fn options(&self, scope: &Scope) -> Result<ApplyOptions, Failure> {
        if let Some(expected) = &self.expect
            && (expected.len() < 16 || expected.len() > 64 || !expected.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(Failure::Usage(
                format!("`{expected}` is no digest"),
                "`--expect` takes at least 16 of the digits that the plan printed".to_owned(),
            ));
        }
        Ok(ApplyOptions {
            plan: scope.options()?,
            expect: self.expect.clone(),
            allow_deletes: self.allow_deletes,
            allow_access_lost: self.allow_access_lost,
            allow_loosening: self.allow_loosening,
            lock_timeout: timeout(&self.lock_timeout)?,
            ..ApplyOptions::default()
        })
    }
}

/// `90s`, or a duration as the language has it.
pub(super) fn timeout(text: &str) -> Result<Duration, Failure> {
    let seconds = text.strip_suffix('s').and_then(|n| n.parse::<u64>().ok());
    let minutes = || Minutes::parse(text).ok().and_then(|Minutes(m)| u64::try_from(m).ok()?.checked_mul(60));
    let help = || Failure::Usage(format!("`{text}` is no duration"), "write one such as `90s`, `5m` or `1h`".to_owned());
    seconds.or_else(minutes).map(Duration::from_secs).ok_or_else(help)
}

/// Asks on stderr, reads one line from whatever stands on stdin.
struct Prompt {
    auto: bool,
    confirm: Option<String>,
    never: bool,
    /// The plan that stands on stdout is for programs: whoever is asked has to be shown it.
    unseen: bool,
    /// A plan whose approval is in its being saved.
    destroys: bool,
}

impl Prompt {
    fn new(session: &Session, agreement: &Agreement, destroys: bool) -> Prompt {
        Prompt {
            auto: agreement.auto_approve,
            confirm: agreement.confirm.clone(),
            never: session.context.environment.never_prompt,
            unseen: session.is_json(),
            destroys,
        }
    }

    fn read(&self, question: &str) -> Result<String, Failure> {
        if self.never {
            return Err(Failure::Declined("nobody is asked, since WRIT_INPUT is 0"));
        }
        let _ = std::io::stderr().lock().write_all(question.as_bytes());
        let mut line = String::new();
        let read = at_prompt(|| std::io::stdin().lock().read_line(&mut line))?;
        if !std::io::stdin().is_terminal() {
            // An answer from a pipe is not echoed, and neither is the end of its line.
            let _ = std::io::stderr().lock().write_all(b"\n");
        }
        match read {
            Ok(0) => Err(Failure::Declined("declined: the input ended")),
            Ok(_) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
            Err(e) => Err(Failure::Io("cannot read the answer".to_owned(), e)),
        }
    }
}

/// Asks a question that only `yes` answers, unless that was said already.
///
/// # Errors
/// [`Failure::Declined`].
pub(super) fn agreed(session: &Session, auto: bool, question: &str) -> Result<(), Failure> {
    let never = session.context.environment.never_prompt;
    let prompt = Prompt { auto, confirm: None, never, unseen: false, destroys: false };
    if auto || prompt.read(question)? == "yes" { Ok(()) } else { Err(Failure::Declined("declined")) }
}

impl Consent for Prompt {
    fn ask(&mut self, plan: &Plan, again: bool) -> Result<(), Failure> {
        let mut question = if again { "\nThe state moved meanwhile. The plan is now:\n\n".to_owned() } else { String::new() };
        if again || self.unseen {
            question.push_str(&text::text(plan, crate::view::paint::Paint { on: false }));
        }
        if plan.destroy || self.destroys {
            let name = match &self.confirm {
                Some(name) if !again => name.clone(),
                _ => {
                    let workspace = &plan.workspace;
                    let demand = format!("\nThis deletes everything that `{workspace}` manages. Type the workspace's name to go on: ");
                    self.read(&format!("{question}{demand}"))?
                }
            };
            return if name == plan.workspace { Ok(()) } else { Err(Failure::Declined("declined: that is not the workspace's name")) };
        }
        if self.auto {
            return if again { Err(Failure::Moved) } else { Ok(()) };
        }
        question.push_str("\nApply this plan? Only `yes` is taken: ");
        match self.read(&question)?.as_str() {
            "yes" => Ok(()),
            _ => Err(Failure::Declined("declined")),
        }
    }
}
