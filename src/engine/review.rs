//! Reviews: who holds a package is asked about, on schedule or by an administrator; what was decided is applied once, when the review
//! is over (section 2.4, R157 to R162).

mod nouns;

pub use nouns::{Answer, Answered, Item, Review, ReviewState, Series};

use super::access::live_in;
use super::actor::Actor;
use super::draft::Draft;
use super::event::{Cause, Event};
use super::facts::Facts;
use super::nouns::Named;
use super::people::{Person, people};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::removal;
use super::terms::{Who, later};
use crate::authority::Action;
use crate::kinds::policy::{Policy, ReviewTerms};
use crate::model::{Address, Edge, Minutes, Stored, Zone, instant};
use chrono::{DateTime, Days, Months, NaiveDate, Utc};

/// The first opening after an instant: `starts`, and so on in the rhythm of `every`. A 31st falls on a month's last day.
fn next_after(starts: &str, every: &str, zone: Zone, after: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let first: NaiveDate = starts.parse().ok()?;
    let day = |n: u32| -> Option<NaiveDate> {
        let months = match every {
            "month" => 1,
            "quarter" => 3,
            "half_year" => 6,
            "year" => 12,
            "week" => return first.checked_add_days(Days::new(u64::from(n).saturating_mul(7))),
            _ => return (n == 0).then_some(first),
        };
        first.checked_add_months(Months::new(n.checked_mul(months)?))
    };
    let at = |n: u32| instant(&day(n)?.to_string(), zone, Edge::Start).ok();
    // 200 years of weeks are 10,400.
    (0..10_500).map_while(at).find(|at| after.is_none_or(|after| *at > after))
}

/// Plans, or plans anew, the reviews of the policies that changed; a policy without reviews, or that is gone, has none to come.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub(super) fn schedule(draft: &mut Draft<'_>, policy: &Stored, gone: bool) -> Result<(), Refusal> {
    let now = draft.now;
    let (id, address) = (policy.id.as_str(), &policy.object.address);
    let series = {
        let facts = draft.facts();
        let known = match facts.records.get(Family::Series, id) {
            Some(Record::Series(s)) => Some(*s),
            _ => None,
        };
        let terms = Policy::of(&policy.object).filter(|_| !gone).and_then(Policy::review);
        let next = terms.and_then(|t| next_after(t.starts, t.every, facts.zone, Some(now)).or_else(|| missed(t, &facts, known.as_ref())));
        match (known, next) {
            (None, None) => return Ok(()),
            (Some(known), next) if known.next == next => return Ok(()),
            (Some(known), next) => Series { next, ..known },
            (None, next) => {
                let Some(package) = address.parent().and_then(|p| facts.named(&p)) else { return Ok(()) };
                let policy = Named { id: id.to_owned(), name: address.to_string() };
                Series { id: id.to_owned(), package, policy, next }
            }
        }
    };
    Ok(draft.push(Event::SeriesPlanned { series: Box::new(series) })?)
}

/// The only review of a policy whose day was before it was applied: it opens now, once.
fn missed(terms: ReviewTerms<'_>, facts: &Facts<'_>, known: Option<&Series>) -> Option<DateTime<Utc>> {
    (terms.every == "once" && known.is_none()).then_some(facts.now)
}

/// The day of a series came: a review opens, if anybody holds anything, and the next one is planned.
pub(super) fn series_due(draft: &mut Draft<'_>, series: &Series, at: DateTime<Utc>) -> Result<(), Refusal> {
    let next = {
        let facts = draft.facts();
        let terms = facts.policy(&series.policy.id).and_then(Policy::review);
        terms.and_then(|t| next_after(t.starts, t.every, facts.zone, Some(at)))
    };
    draft.push(Event::SeriesPlanned { series: Box::new(Series { next, ..series.clone() }) })?;
    open(draft, &series.policy.id, at).map(|_| ())
}

/// Opens a review of all who hold a package through a policy; none, where nobody does, or the policy has no review.
fn open(draft: &mut Draft<'_>, policy: &str, at: DateTime<Utc>) -> Result<Option<String>, Refusal> {
    let review = {
        let facts = draft.facts();
        let (Some(governs), Some(stored)) = (facts.policy(policy), facts.of_id(policy)) else { return Ok(None) };
        // Without a review of its own: the holders themselves, for two weeks, and nothing follows from silence.
        let terms = governs.review().unwrap_or(ReviewTerms {
            every: "once",
            starts: "",
            duration: Minutes::days(14),
            reviewers: vec!["self"],
            fallback: Vec::new(),
            if_no_answer: "keep",
            justification: false,
        });
        let Some(package) = stored.object.address.parent().and_then(|p| facts.named(&p)) else { return Ok(None) };
        let those = |all: &[&str]| all.iter().map(|text| Who::of(&facts, text)).collect::<Vec<_>>();
        let (reviewers, fallback) = (those(&terms.reviewers), those(&terms.fallback));
        let held = live_in(&facts, &package.id).into_iter().filter(|a| a.policy.id == policy);
        let item = |a: super::Assignment| Item {
            reviewers: asked(&facts, &reviewers, &fallback, &a.target),
            assignment: a.id,
            target: a.target,
            answered: None,
            removed: None,
        };
        let items: Vec<Item> = held.map(item).collect();
        if items.is_empty() {
            return Ok(None);
        }
        let Minutes(minutes) = terms.duration;
        Review {
            id: draft.mint(),
            package,
            policy: Named { id: policy.to_owned(), name: stored.object.address.to_string() },
            reviewers,
            fallback,
            if_no_answer: terms.if_no_answer.to_owned(),
            justification: terms.justification,
            opened: at,
            closes: later(at, minutes),
            reminds: Some(later(at, minutes.checked_div(2).unwrap_or(0))),
            state: ReviewState::InProgress,
            completed: None,
            items,
        }
    };
    let id = review.id.clone();
    draft.push(Event::ReviewOpened { review: Box::new(review) })?;
    Ok(Some(id))
}

/// Who is asked about somebody's access. Nobody reviews their own but where the policy says `self`.
fn asked(facts: &Facts<'_>, reviewers: &[Who], fallback: &[Who], target: &Named) -> Vec<Named> {
    let person = Person::of_named(facts, target);
    let able = |p: &Person<'_>| p.object.is_some() && p.is_enabled();
    let others = |all: &[Who]| -> Vec<Named> {
        let names = Who::all_now(all, facts);
        let found = people(facts, names.iter().map(String::as_str)).into_iter().map(|name| facts.person(&name));
        found.filter(|p| able(p) && !p.is(target)).map(|p| p.named).collect()
    };
    match reviewers {
        [one] if one.written() == "self" => vec![person.named],
        [one] if one.written() == "manager" => match person.manager(facts).filter(|m| !m.is(target)) {
            Some(manager) => vec![manager.named],
            None => others(fallback),
        },
        names => others(names),
    }
}

/// A review that is there and open to somebody: they are asked about something in it, or may finish it.
fn find(facts: &Facts<'_>, id: &str) -> Result<Review, Refusal> {
    match facts.records.get(Family::Review, id) {
        Some(Record::Review(review)) => Ok(*review),
        _ => Err(absent(id)),
    }
}

fn absent(id: &str) -> Refusal {
    Refusal::by("R71", format!("there is no review `{id}` that is open"), "`writ review list` lists them")
}

/// The items of a review that somebody is asked about now.
#[must_use]
pub fn asked_of<'r>(facts: &Facts<'_>, review: &'r Review, person: &str) -> Vec<&'r Item> {
    let person = facts.person(person);
    let is_asked = |i: &&Item| asked(facts, &review.reviewers, &review.fallback, &i.target).iter().any(|r| person.is(r));
    review.items.iter().filter(is_asked).collect()
}

/// A reviewer answers for these holders, or for all whom they are asked about. Answers may change until the review closes.
pub(super) fn answer(
    draft: &mut Draft<'_>,
    actor: &Actor,
    id: &str,
    targets: &[String],
    answer: Answer,
    justification: Option<&str>,
) -> Result<(), Refusal> {
    let at = draft.now;
    let (items, by) = {
        let facts = draft.facts();
        let person = actor.person(&facts, "answer a review")?;
        let review = find(&facts, id)?;
        let mine: Vec<Item> = asked_of(&facts, &review, &person.named.name).into_iter().cloned().collect();
        if mine.is_empty() || !person.is_enabled() {
            return Err(absent(id));
        }
        if review.state != ReviewState::InProgress || review.closes <= at {
            return Err(Refusal::by("R157", "the review is over", "what came of it was applied"));
        }
        if review.justification && justification.is_none_or(|j| j.trim().is_empty()) {
            return Err(Refusal::by("R71", "this review wants a reason for an answer", "give one: `--justification TEXT`"));
        }
        let chosen: Vec<Item> = match targets {
            [] => mine,
            names => {
                let of = |name: &String| mine.iter().find(|i| facts.person(name).is(&i.target)).cloned();
                let missing = names.iter().find(|n| of(n).is_none());
                if let Some(name) = missing {
                    let message = format!("{} is not asked about the access of {name}", person.named.name);
                    return Err(Refusal::by("R71", message, "`writ review show` lists whose access it is"));
                }
                names.iter().filter_map(of).collect()
            }
        };
        (chosen, person.named)
    };
    for item in items {
        let answered = Answered { answer, by: by.clone(), at, justification: justification.map(str::to_owned) };
        draft.push(Event::ReviewAnswered { review: id.to_owned(), assignment: item.assignment, answered })?;
    }
    Ok(())
}

/// An administrator opens a review of a package, of one policy or of each (R71).
pub(super) fn start(draft: &mut Draft<'_>, actor: &Actor, package: &Address, policy: Option<&str>) -> Result<(), Refusal> {
    let at = draft.now;
    let policies: Vec<String> = {
        let facts = draft.facts();
        let found = facts.object(package).and_then(crate::kinds::access_package::Package::of);
        let found =
            found.ok_or_else(|| Refusal::by("R61", format!("there is no `{package}`"), "`writ packages` lists those that there are"))?;
        actor.may(&facts, Action::FinishReview, found)?;
        let all: Vec<_> = facts.policies(package).filter(|(p, _)| policy.is_none_or(|key| p.0.address.key() == key)).collect();
        if all.is_empty() {
            return Err(Refusal::by("R71", format!("`{package}` has no such policy"), "`writ packages` shows its policies"));
        }
        all.into_iter().map(|(_, s)| s.id.clone()).collect()
    };
    let mut opened = 0_usize;
    for policy in policies {
        opened = opened.saturating_add(usize::from(open(draft, &policy, at)?.is_some()));
    }
    if opened == 0 {
        return Err(Refusal::by("R71", format!("nobody holds `{package}`"), "there is nothing to review"));
    }
    Ok(())
}

/// An administrator ends a review early.
pub(super) fn complete(draft: &mut Draft<'_>, actor: &Actor, id: &str) -> Result<(), Refusal> {
    let at = draft.now;
    {
        let facts = draft.facts();
        let review = find(&facts, id)?;
        let package = facts.package(&review.package.id).ok_or_else(|| absent(id))?;
        actor.may(&facts, Action::FinishReview, package)?;
        if review.state != ReviewState::InProgress {
            return Err(Refusal::by("R157", "the review is over", "what came of it was applied"));
        }
    }
    close(draft, id, at)
}

/// What became due of a review.
pub(super) fn review_due(draft: &mut Draft<'_>, review: &Review, at: DateTime<Utc>) -> Result<(), Refusal> {
    if review.closes == at {
        return close(draft, &review.id, at);
    }
    Ok(draft.push(Event::ReviewReminded { review: review.id.clone(), at })?)
}

/// The review is over: what was denied goes, what nobody answered follows `if_no_answer`, once.
fn close(draft: &mut Draft<'_>, id: &str, at: DateTime<Utc>) -> Result<(), Refusal> {
    let mut removed = Vec::new();
    {
        let facts = draft.facts();
        let review = find(&facts, id)?;
        for item in &review.items {
            let live = matches!(facts.records.get(Family::Assignment, &item.assignment), Some(Record::Assignment(a)) if a.is_live(at));
            if live && goes(&facts, &review, item) {
                removed.push(item.assignment.clone());
            }
        }
    }
    draft.push(Event::ReviewApplied { review: id.to_owned(), at, removed: removed.clone() })?;
    for assignment in removed {
        removal::end(draft, &assignment, at, Cause::Review(id.to_owned()))?;
    }
    Ok(())
}

fn goes(facts: &Facts<'_>, review: &Review, item: &Item) -> bool {
    match item.answered.as_ref().map(|a| a.answer) {
        Some(Answer::Deny) => true,
        Some(Answer::Approve | Answer::DontKnow) => false,
        None => match review.if_no_answer.as_str() {
            "remove" => true,
            // Nobody here knows when somebody signed in last; who cannot sign in needs no access (R161).
            "recommendation" => !Person::of_named(facts, &item.target).is_enabled(),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reviews_open_in_the_rhythm_of_their_policy() {
        let zone = Zone::parse("Europe/Amsterdam").unwrap();
        let after = |every, text: &str| {
            let next = next_after("2027-01-31", every, zone, Some(text.parse().unwrap()));
            next.map_or_else(|| "none".to_owned(), |n| n.format("%FT%RZ").to_string())
        };
        // A day begins in its zone; a 31st falls on a month's last day.
        assert_eq!(after("month", "2026-01-01T00:00:00Z"), "2027-01-30T23:00Z");
        assert_eq!(after("month", "2027-01-30T23:00:00Z"), "2027-02-27T23:00Z");
        assert_eq!(after("month", "2027-03-01T00:00:00Z"), "2027-03-30T22:00Z");
        assert_eq!(after("quarter", "2027-02-01T00:00:00Z"), "2027-04-29T22:00Z");
        assert_eq!(after("half_year", "2027-02-01T00:00:00Z"), "2027-07-30T22:00Z");
        assert_eq!(after("year", "2027-02-01T00:00:00Z"), "2028-01-30T23:00Z");
        assert_eq!(after("week", "2027-02-01T00:00:00Z"), "2027-02-06T23:00Z");
        assert_eq!(after("once", "2027-01-30T23:00:00Z"), "none");
    }
}
