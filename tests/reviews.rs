//! Reviews through the real program: on schedule and by an administrator, by holders, managers and named people.
#![expect(clippy::indexing_slicing, reason = "a test")]

mod support;

use serde_json::Value as Json;
use support::Workspace;

/// Three who hold `crm`: Ann, led by Mia; Bo, led by nobody; Cy, who may not sign in any more. Olga may administer.
fn workspace(review: &str) -> Workspace {
    let w = Workspace::of(&format!(
        "[user.\"ann@contoso.example\"]\nmanager = \"mia@contoso.example\"\n[user.\"bo@contoso.example\"]\n[user.\"cy@contoso.example\"]\n\
         [user.\"mia@contoso.example\"]\n[user.\"olga@contoso.example\"]\n[delegation.admins]\nrole = \"administrator\"\nmembers = [\"olga@contoso.example\"]\n\
         [application.crm]\nroles = [\"User\"]\n[catalog.sales]\n[catalog.sales.resource.crm]\norigin = \"application:crm\"\n\
         [access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n\
         [access_package.crm.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n{review}"
    ));
    w.apply();
    w.expect(0, &["assign", "crm", "ann@contoso.example", "bo@contoso.example", "cy@contoso.example"]);
    w
}

fn policy(reviewers: &str, if_no_answer: &str) -> String {
    format!(
        "[access_package.crm.policy.direct.review]\nevery = \"quarter\"\nstarts = 2090-01-31\nduration = \"14d\"\nreviewers = {reviewers}\nif_no_answer = \"{if_no_answer}\"\n"
    )
}

fn holders(w: &Workspace) -> Vec<String> {
    let json = w.expect(0, &["assignments", "--json"]).json();
    let mut names: Vec<String> =
        json["assignments"].as_array().into_iter().flatten().map(|a| a["target"]["name"].as_str().unwrap_or("").to_owned()).collect();
    names.sort();
    names
}

fn open(w: &Workspace) -> Json {
    w.expect(0, &["review", "list", "--json"]).json()["reviews"].clone()
}

#[test]
fn a_self_review_opens_on_its_day_and_silence_follows_the_policy() {
    let w = workspace(&policy("\"self\"", "remove"));
    w.expect(0, &["tick", "--now", "2090-01-30T23:59:59Z"]);
    assert_eq!(open(&w).as_array().map(Vec::len), Some(0));
    w.expect(0, &["tick", "--now", "2090-01-31T00:00:00Z"]).says(&["3 holders to look at"]);
    w.expect(0, &["review", "decide", "crm", "deny", "--as", "ann@contoso.example"]);
    w.expect(0, &["review", "decide", "crm", "approve", "--as", "ann@contoso.example"]);
    w.expect(0, &["review", "decide", "crm", "deny", "--as", "bo@contoso.example"]);
    // Nobody answers for others, nothing is applied before the end (R157), and an employee ends no review.
    w.expect(5, &["review", "decide", "crm", "approve", "--for", "cy@contoso.example", "--as", "ann@contoso.example"]);
    w.expect(5, &["review", "decide", "crm", "approve", "--as", "mia@contoso.example"]);
    w.expect(5, &["review", "complete", "crm", "--as", "ann@contoso.example"]).says(&["R55"]);
    assert_eq!(holders(&w).len(), 3);
    w.expect(0, &["tick", "--now", "2090-02-14T00:00:00Z"]);
    assert_eq!(holders(&w), ["ann@contoso.example"]);
    let gone = w.expect(0, &["assignments", "--all", "--for", "bo@contoso.example", "--json"]).json();
    assert!(gone["assignments"][0]["cause"]["review"].is_string(), "{gone}");
    // Once: the next quarter is another review.
    w.expect(0, &["tick", "--now", "2090-02-15T00:00:00Z"]).says(&["Nothing is due."]);
    w.expect(5, &["review", "decide", "crm", "deny", "--as", "ann@contoso.example"]);
    w.expect(0, &["tick", "--now", "2090-04-30T00:00:00Z"]).says(&["1 holder to look at"]);
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn managers_review_and_a_fallback_where_there_is_none() {
    let w = workspace(&policy("\"manager\"\nfallback_reviewers = [\"olga@contoso.example\"]", "keep"));
    w.expect(0, &["tick", "--now", "2090-01-31T00:00:00Z"]);
    w.expect(0, &["review", "decide", "crm", "deny", "-j", "moved on", "--as", "mia@contoso.example"]);
    w.expect(5, &["review", "decide", "crm", "deny", "--for", "bo@contoso.example", "--as", "mia@contoso.example"]);
    w.expect(0, &["review", "decide", "crm", "dont-know", "--for", "bo@contoso.example", "--as", "olga@contoso.example"]);
    w.expect(0, &["review", "complete", "crm", "--as", "olga@contoso.example"]);
    assert_eq!(holders(&w), ["bo@contoso.example", "cy@contoso.example"]);
    let status = w.expect(0, &["report", "reviews", "--json"]).json();
    assert!(status.to_string().contains("taken_away"), "{status}");
    let told = w.expect(0, &["report", "review-history", "--for", "ann@contoso.example", "--format", "csv"]).out;
    assert!(told.contains("ann@contoso.example,deny,mia@contoso.example,") && told.contains(",moved on,taken away"), "{told}");
    assert!(!told.contains("bo@contoso.example"), "{told}");
    w.expect(5, &["report", "reviews", "--as", "ann@contoso.example"]);
    let rows = w.expect(0, &["review", "list", "--all", "--format", "csv"]).out;
    assert!(rows.starts_with("AccessReviewId,AccessReviewSeriesId,ReviewType,"), "{rows}");
    for line in ["ann@contoso.example,ann@contoso.example,user,", ",Deny,moved on,", ",DontKnow,", ",NotReviewed,", "AppliedSuccessfully"] {
        assert!(rows.contains(line), "{line} in {rows}");
    }
}

#[test]
fn an_administrator_opens_a_review_of_any_package() {
    let w = workspace("");
    w.expect(5, &["review", "start", "crm", "--as", "ann@contoso.example"]);
    w.expect(0, &["review", "start", "crm", "--as", "olga@contoso.example"]);
    w.expect(0, &["review", "decide", "crm", "deny", "--as", "ann@contoso.example"]);
    w.expect(0, &["review", "show", "crm", "--as", "olga@contoso.example"]).says(&[
        "ann@contoso.example",
        "deny",
        "who is not answered for: keep",
    ]);
    w.expect(0, &["review", "complete", "crm", "--as", "olga@contoso.example"]);
    assert_eq!(holders(&w), ["bo@contoso.example", "cy@contoso.example"]);
    w.expect(0, &["remove", "crm", "--all"]);
    w.expect(5, &["review", "start", "crm"]).says(&["nobody holds"]);
}

#[test]
fn a_recommendation_keeps_who_can_sign_in() {
    let w = workspace(&policy("\"self\"", "recommendation"));
    w.replace("all.toml", "[user.\"cy@contoso.example\"]\n", "[user.\"cy@contoso.example\"]\nenabled = false\n");
    w.apply();
    w.expect(0, &["tick", "--now", "2090-01-31T00:00:00Z"]);
    w.expect(0, &["tick", "--now", "2090-02-14T00:00:00Z"]);
    assert_eq!(holders(&w), ["ann@contoso.example", "bo@contoso.example"]);
}

#[test]
fn a_policy_without_reviews_has_none_to_come() {
    let w = workspace(&policy("\"self\"", "remove"));
    let text = w.read("all.toml");
    let cut = text.find("[access_package.crm.policy.direct.review]").unwrap_or(text.len());
    w.write("all.toml", text.get(..cut).unwrap_or(""));
    w.apply();
    let run = w.expect(0, &["tick", "--now", "2091-01-01T00:00:00Z"]);
    assert_eq!(run.out, "3 requests are not kept any longer.\n");
    assert_eq!(holders(&w).len(), 3);
}
