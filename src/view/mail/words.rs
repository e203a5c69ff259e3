//! What a mail says.

use super::page::{Block, Line, Piece, lines, one_line, ours, said, some, theirs};
use super::{Notice, NoticeKind};
use crate::model::Zone;
use crate::view::how::word;
use chrono::{DateTime, Utc};

/// No name in a subject is longer, in characters: what is asked, and by when, is still to be seen behind it.
const LONGEST_NAME: usize = 50;

/// The subject: what it is about, first what is asked of the reader.
pub(super) fn subject(notice: &Notice) -> String {
    let package = package(notice);
    let mut line: Line = Vec::new();
    if let Some(tenant) = given(notice.tenant.as_deref()) {
        line.extend([ours("["), tenant, ours("] ")]);
    }
    let by = |word: &str, at: Option<DateTime<Utc>>| at.map(|at| ours(format!(", {word} {}", day(at, notice.zone))));
    match notice.kind {
        NoticeKind::ActionNeeded | NoticeKind::Reminder => {
            line.push(ours(if notice.kind == NoticeKind::Reminder { "Reminder: " } else { "Action needed: " }));
            line.extend(asks(notice));
            line.extend(by("to be forwarded on", notice.forward_at).or_else(|| by("to be decided by", notice.deadline)));
        }
        NoticeKind::ActionNeededForwarded => {
            line.push(ours("Action needed, forwarded to you: "));
            line.extend(asks(notice));
            line.extend(by("to be decided by", notice.deadline));
        }
        NoticeKind::RequestExpiredToApprover => {
            line.push(ours("Expired: "));
            line.extend(request_of(notice));
        }
        NoticeKind::Approved => {
            line.push(ours("Approved: "));
            line.extend(request_of(notice));
        }
        NoticeKind::StageApproved => {
            line.push(ours(format!("Approved in {}: ", stage(notice))));
            line.extend(request_of(notice));
        }
        NoticeKind::Denied => line.extend(subject_of("Denied: ", your_request(notice))),
        NoticeKind::RequestExpired => line.extend(subject_of("Expired: ", your_request(notice))),
        NoticeKind::AccessReady => line.extend(subject_of("Ready: ", access(notice))),
        NoticeKind::ExtendBefore14Days => line.extend(sentence(access(notice), " ends in 14 days")),
        NoticeKind::ExtendBefore1Day => line.extend(sentence(access(notice), " ends in 1 day")),
        NoticeKind::AccessEnded => line.extend(subject_of("Ended: ", access(notice))),
        NoticeKind::ReviewOpened | NoticeKind::ReviewReminder => {
            line.push(ours(if notice.kind == NoticeKind::ReviewReminder { "Reminder: review of " } else { "Action needed: review of " }));
            line.push(package);
            line.extend(by("to be answered by", notice.deadline));
        }
        NoticeKind::PackageChanged => line.extend([ours("Changed: what "), package, ours(" gives you")]),
    }
    for piece in &mut line {
        if let Piece::Theirs(name) = piece
            && let Some((end, _)) = name.char_indices().nth(LONGEST_NAME)
        {
            name.truncate(end);
            name.push('…');
        }
    }
    said(&line)
}

/// The body, from the greeting to what is said last.
pub(super) fn body(notice: &Notice) -> Vec<Block> {
    let greeting = match given(notice.to_name.as_deref()) {
        Some(name) => vec![ours("Hello "), name, ours(",")],
        None => vec![ours("Hello,")],
    };
    let mut blocks = vec![Block::Paragraph(greeting), Block::Paragraph(lead(notice))];
    let facts = facts(notice);
    if !facts.is_empty() {
        blocks.push(Block::Facts(facts));
    }
    let asker = given(notice.requestor.as_deref());
    blocks.extend(quote("Justification", asker, notice.justification.as_deref()));
    if !notice.answers.is_empty() {
        let answer = |(question, answer): &(String, String)| {
            let question = one_line(question);
            let colon = if question.ends_with([':', '?']) { " " } else { ": " };
            vec![theirs(&question), ours(colon), theirs(answer)]
        };
        blocks.push(Block::List("Answers", some(notice.answers.iter().map(answer))));
    }
    blocks.extend(quote("Reason", given(notice.decided_by.as_deref()), notice.reason.as_deref()));
    for (name, roles) in [("Added", &notice.gained), ("Taken away", &notice.lost)] {
        if !roles.is_empty() {
            blocks.push(Block::List(name, some(roles.iter().map(|role| vec![theirs(role)]))));
        }
    }
    blocks.extend(after(notice).map(Block::Paragraph));
    blocks.extend(way(notice));
    blocks.push(Block::Small(last(notice)));
    blocks
}

/// What happened.
fn lead(notice: &Notice) -> Line {
    let mut line: Line = Vec::new();
    match notice.kind {
        NoticeKind::ActionNeeded => {
            line.extend(asks(notice));
            line.push(ours(". You are among those who can decide."));
        }
        NoticeKind::ActionNeededForwarded => {
            line.extend(asks(notice));
            line.push(ours(". Nobody decided in time, so it was forwarded: you can decide now."));
        }
        NoticeKind::Reminder => {
            line.extend(asks(notice));
            line.push(ours(". Nobody has decided yet, and you can."));
        }
        NoticeKind::RequestExpiredToApprover => {
            line.push(ours("Nobody decided in time on the request of "));
            line.extend(request_by(notice));
            line.push(ours(". It ended, and there is nothing left to decide."));
        }
        NoticeKind::Approved => {
            line.push(ours("The request of "));
            line.extend(request_by(notice));
            line.push(ours(" was approved. There is nothing left to decide."));
        }
        NoticeKind::StageApproved => {
            line.push(ours("The request of "));
            line.extend(request_by(notice));
            line.push(ours(format!(" was approved in {}. It goes on to the next stage.", stage(notice))));
        }
        NoticeKind::Denied => line.extend(sentence(your_request(notice), " was denied.")),
        NoticeKind::RequestExpired => {
            line.extend(sentence(your_request(notice), " was not decided in time, so it ended. You can ask again."));
        }
        NoticeKind::AccessReady => line.extend(sentence(access(notice), " is ready.")),
        NoticeKind::ExtendBefore14Days | NoticeKind::ExtendBefore1Day => {
            let days = if notice.kind == NoticeKind::ExtendBefore1Day { "1 day" } else { "14 days" };
            let text = format!(" ends in {days}. It can be extended before that; otherwise it ends by itself.");
            line.extend(sentence(access(notice), &text));
        }
        NoticeKind::AccessEnded => line.extend(sentence(access(notice), " has ended.")),
        NoticeKind::ReviewOpened => {
            line.extend([ours("A review of access to "), package(notice), ours(" began, and your answer is needed.")]);
        }
        NoticeKind::ReviewReminder => {
            line.extend([ours("The review of access to "), package(notice), ours(" still waits for your answer.")]);
        }
        NoticeKind::PackageChanged => line.extend([ours("What "), package(notice), ours(" gives has changed, and you hold it.")]),
    }
    line
}

/// What is known, each with its name.
fn facts(notice: &Notice) -> Vec<(&'static str, Line)> {
    let zone = notice.zone;
    let text = |text: &Option<String>| given(text.as_deref()).map(|piece| vec![piece]);
    let time = |at: Option<DateTime<Utc>>| at.map(|at| vec![ours(instant(at, zone))]);
    let decided = if notice.kind.reviews() { "Answer by" } else { "Decide by" };
    let open = notice.kind.decides() || notice.kind.reviews();
    let staged = notice.stages > 1 && !notice.kind.is_of_access() && !notice.kind.reviews();
    let all = [
        ("Package", text(&notice.package)),
        ("Requested by", text(&notice.requestor)),
        ("For", text(&notice.on_behalf_of)),
        ("Organization", text(&notice.organization)),
        ("Submitted", time(notice.submitted)),
        ("Access from", time(notice.starts)),
        ("Access until", time(notice.ends)),
        ("Stage", staged.then(|| vec![ours(format!("{} of {}", notice.stage, notice.stages))])),
        (decided, time(notice.deadline.filter(|_| open))),
        ("Forwarded on", time(notice.forward_at.filter(|_| open))),
        ("Decided by", text(&notice.decided_by)),
        ("Reference", text(&notice.reference)),
    ];
    all.into_iter().filter_map(|(name, line)| Some((name, line?))).collect()
}

/// A text of somebody, if there is one.
fn quote(name: &str, who: Option<Piece>, text: Option<&str>) -> Option<Block> {
    let lines = lines(text?);
    let label = match who {
        Some(who) => vec![ours(format!("{name}, in the words of ")), who, ours(":")],
        None => vec![ours(format!("{name}:"))],
    };
    (!lines.is_empty()).then_some(Block::Quote(label, lines))
}

/// What comes next if nobody does anything. The whole times stand above.
fn after(notice: &Notice) -> Option<Line> {
    let on = |at: Option<DateTime<Utc>>| at.map(|at| day(at, notice.zone));
    let text = if notice.kind.decides() {
        match (on(notice.forward_at), on(notice.deadline)) {
            (Some(forward), Some(end)) => format!("Undecided on {forward}, others may decide too; undecided by {end}, it ends."),
            (Some(forward), None) => format!("Undecided on {forward}, others may decide too."),
            (None, Some(end)) => format!("Undecided by {end}, it ends."),
            (None, None) => return None,
        }
    } else if notice.kind.reviews() {
        format!("Without your answer by {}, the rule of the review decides.", on(notice.deadline)?)
    } else {
        return None;
    };
    Some(vec![ours(text)])
}

/// The page to open, or the commands to run.
fn way(notice: &Notice) -> Vec<Block> {
    let kind = notice.kind;
    let what = match kind {
        kind if kind.decides() => "decide",
        kind if kind.reviews() => "answer",
        kind if kind.extends() => "extend it",
        _ => "look at it",
    };
    if let Some(link) = notice.link.as_deref().filter(|link| is_link(link)) {
        let text = format!("To {what}, open this page and sign in. Opening it changes nothing:");
        return vec![Block::Paragraph(vec![ours(text)]), Block::Link(link.to_owned())];
    }
    let user = word(&one_line(notice.user.as_deref().unwrap_or(&notice.to)));
    let id = given(notice.reference.as_deref()).map(|id| word(&said(&[id])));
    let commands = match id {
        Some(id) if kind.decides() => vec![format!("writ approve {id} --as {user}"), format!("writ deny {id} --as {user}")],
        Some(id) if kind.reviews() => vec![format!("writ review {id} --as {user}")],
        Some(id) if kind.extends() => vec![format!("writ extend {id} --as {user}")],
        _ if kind.is_of_access() => vec![format!("writ assignments --as {user}")],
        _ => vec![format!("writ requests --as {user}")],
    };
    let text = if commands.len() > 1 { format!("To {what}, run one of these commands:") } else { format!("To {what}, run this command:") };
    vec![Block::Paragraph(vec![ours(text)]), Block::Commands(commands)]
}

/// An address that a browser opens, and nothing else.
fn is_link(link: &str) -> bool {
    link.len() <= 2_000 && link.starts_with("https://") && link.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\`".contains(&b))
}

/// Who says all this.
fn last(notice: &Notice) -> Line {
    let mut line = vec![ours("Writ")];
    if let Some(tenant) = given(notice.tenant.as_deref()) {
        line.extend([ours(", for "), tenant]);
    }
    line.push(ours(notice.code().map_or_else(|| ".".to_owned(), |code| format!(". Notice {code}."))));
    line
}

/// `Joe asks for Campaign`.
fn asks(notice: &Notice) -> Line {
    let asker = given(notice.requestor.as_deref()).unwrap_or_else(|| ours("Somebody"));
    let mut line = vec![asker];
    if notice.extension {
        line.extend([ours(" asks to keep "), package(notice), ours(" longer")]);
    } else {
        line.extend([ours(" asks for "), package(notice)]);
    }
    line.extend(for_whom(notice));
    line
}

/// `Campaign for Joe`.
fn request_of(notice: &Notice) -> Line {
    let holder = given(notice.on_behalf_of.as_deref()).or_else(|| given(notice.requestor.as_deref()));
    let mut line = vec![package(notice)];
    line.extend(holder.into_iter().flat_map(|holder| [ours(" for "), holder]));
    line
}

/// `Joe for Campaign`, after `the request of`.
fn request_by(notice: &Notice) -> Line {
    let asker = given(notice.requestor.as_deref()).unwrap_or_else(|| ours("somebody"));
    let mut line = vec![asker];
    line.extend(wanted(notice));
    line
}

/// `your request for Campaign`.
fn your_request(notice: &Notice) -> Line {
    let mut line = vec![ours("your request")];
    line.extend(wanted(notice));
    line
}

fn wanted(notice: &Notice) -> Line {
    let mut line =
        if notice.extension { vec![ours(" to keep "), package(notice), ours(" longer")] } else { vec![ours(" for "), package(notice)] };
    line.extend(for_whom(notice));
    line
}

fn for_whom(notice: &Notice) -> Line {
    given(notice.on_behalf_of.as_deref()).map_or_else(Vec::new, |whom| vec![ours(", on behalf of "), whom])
}

/// `your access to Campaign`, or whose it is.
fn access(notice: &Notice) -> Line {
    let mut line = match given(notice.on_behalf_of.as_deref()) {
        Some(name) => vec![ours("access of "), name, ours(" to ")],
        None => vec![ours("your access to ")],
    };
    line.push(package(notice));
    line
}

fn subject_of(word: &str, rest: Line) -> Line {
    let mut line = vec![ours(word)];
    line.extend(rest);
    line
}

/// A line of which the first word is ours, as a sentence.
fn sentence(mut line: Line, end: &str) -> Line {
    if let Some(Piece::Ours(first)) = line.first_mut() {
        let mut letters = first.chars();
        *first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
    }
    line.push(ours(end));
    line
}

fn package(notice: &Notice) -> Piece {
    given(notice.package.as_deref()).unwrap_or_else(|| ours("a package"))
}

fn stage(notice: &Notice) -> String {
    format!("stage {} of {}", notice.stage, notice.stages.max(notice.stage))
}

/// What others wrote, if there is anything to see of it.
fn given(text: Option<&str>) -> Option<Piece> {
    let piece = theirs(text?);
    (!said(std::slice::from_ref(&piece)).is_empty()).then_some(piece)
}

/// A time in the zone, and in UTC where that is another.
fn instant(at: DateTime<Utc>, zone: Zone) -> String {
    let utc = at.format("%Y-%m-%d %H:%M UTC");
    if zone == Zone::UTC { utc.to_string() } else { format!("{} {zone} ({utc})", zone.local(at).format("%Y-%m-%d %H:%M")) }
}

fn day(at: DateTime<Utc>, zone: Zone) -> String {
    zone.local(at).format("%Y-%m-%d").to_string()
}
