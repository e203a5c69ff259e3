//! Reviews, for people and for a spreadsheet.

use super::lifecycle::instant;
use super::object::table;
use super::paint::line;
use crate::engine::{Answer, Item, Review};
use crate::kinds::counted;

/// Reviews, one in a line; beside each the accesses that whoever looks is asked about.
#[must_use]
pub fn list(reviews: &[(Review, Vec<Item>)]) -> String {
    if reviews.is_empty() {
        return "No reviews.\n".to_owned();
    }
    let row = |(r, mine): &(Review, Vec<Item>)| {
        let answered = r.items.iter().filter(|i| i.answered.is_some()).count();
        vec![
            r.id.clone(),
            r.policy.name.clone(),
            r.state.word().to_owned(),
            instant(r.closes),
            format!("{answered} of {}", r.items.len()),
            mine.iter().filter(|i| i.answered.is_none()).count().to_string(),
        ]
    };
    table(&["REVIEW", "POLICY", "STATE", "CLOSES", "ANSWERED", "WAIT FOR YOU"], &reviews.iter().map(row).collect::<Vec<_>>())
}

/// One review with every answer.
#[must_use]
pub fn text(r: &Review, mine: &[Item]) -> String {
    let mut text = format!("Review {} of {}\n", r.id, r.policy.name);
    text.push_str(&format!(
        "  {} since {}, closes at {}; who is not answered for: {}\n",
        r.state.word(),
        instant(r.opened),
        instant(r.closes),
        r.if_no_answer
    ));
    if !mine.is_empty() {
        text.push_str(&format!("  You are asked about {}.\n", counted(mine.len(), "holder")));
    }
    let row = |i: &Item| {
        let by: Vec<&str> = i.reviewers.iter().map(|n| n.name.as_str()).collect();
        let (answer, who, why) = match &i.answered {
            Some(a) => (a.answer.word(), a.by.name.clone(), a.justification.clone().unwrap_or_default()),
            None => ("-", String::new(), String::new()),
        };
        let result = match i.removed {
            Some(true) => "taken away",
            Some(false) => "stays",
            None => "-",
        };
        vec![i.target.name.clone(), by.join(", "), answer.to_owned(), who, line(&why), result.to_owned()]
    };
    let rows: Vec<_> = r.items.iter().map(row).collect();
    text + &table(&["HOLDER", "REVIEWERS", "ANSWER", "BY", "REASON", "RESULT"], &rows)
}

/// The columns of the history of reviews, as the field has them (section 6.2).
pub const HISTORY: [&str; 30] = [
    "AccessReviewId",
    "AccessReviewSeriesId",
    "ReviewType",
    "ResourceDisplayName",
    "ResourceId",
    "ReviewName",
    "CreatedDateTime",
    "ReviewStartDate",
    "ReviewEndDate",
    "ReviewStatus",
    "OwnerId",
    "OwnerName",
    "OwnerUPN",
    "PrincipalId",
    "PrincipalName",
    "PrincipalUPN",
    "PrincipalType",
    "ReviewDate",
    "ReviewResult",
    "Justification",
    "ReviewerId",
    "ReviewerName",
    "ReviewerUPN",
    "ReviewerEmailAddress",
    "AppliedByName",
    "AppliedByUPN",
    "AppliedByEmailAddress",
    "AppliedDate",
    "AccessRecommendation",
    "SubmissionResult",
];

/// A row for each access of a review. What nobody here knows is empty: who owns a review, and what is recommended.
#[must_use]
pub fn history(r: &Review) -> Vec<Vec<String>> {
    let row = |i: &Item| {
        let a = i.answered.as_ref();
        let result = match a.map(|a| a.answer) {
            Some(Answer::Approve) => "Approve",
            Some(Answer::Deny) => "Deny",
            Some(Answer::DontKnow) => "DontKnow",
            None => "NotReviewed",
        };
        let by = |f: fn(&crate::engine::Named) -> String| a.map(|a| f(&a.by)).unwrap_or_default();
        let applied = r.completed.map(instant).unwrap_or_default();
        let submitted = if r.completed.is_some() { "AppliedSuccessfully" } else { "New" };
        [
            r.id.clone(),
            r.policy.id.clone(),
            "AccessPackageAssignment".to_owned(),
            r.package.name.clone(),
            r.package.id.clone(),
            r.policy.name.clone(),
            instant(r.opened),
            instant(r.opened),
            instant(r.closes),
            r.state.word().to_owned(),
            String::new(),
            String::new(),
            String::new(),
            i.target.id.clone(),
            i.target.name.clone(),
            i.target.name.clone(),
            "user".to_owned(),
            a.map(|a| instant(a.at)).unwrap_or_default(),
            result.to_owned(),
            a.and_then(|a| a.justification.clone()).unwrap_or_default(),
            by(|n| n.id.clone()),
            by(|n| n.name.clone()),
            by(|n| n.name.clone()),
            by(|n| n.name.clone()),
            if applied.is_empty() { String::new() } else { "system".to_owned() },
            String::new(),
            String::new(),
            applied,
            String::new(),
            submitted.to_owned(),
        ]
        .to_vec()
    };
    r.items.iter().map(row).collect()
}
