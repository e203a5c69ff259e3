//! A policy in the words of the azuread provider, as Microsoft Graph would have told it.

use super::left::Leftovers;
use super::piece::Piece;
use serde_json::{Value as Json, json};

/// The answer that is told by these attributes; `None`, where the id or the package is missing.
pub(super) fn policy(piece: &mut Piece<'_>, left: &mut Leftovers) -> Option<Json> {
    let (id, package) = (piece.text("id")?, piece.text("access_package_id")?);
    let days = piece.number("duration_in_days").filter(|d| *d > 0);
    let expiration = match (days, piece.text("expiration_date")) {
        (Some(days), _) => json!({ "type": "afterDuration", "duration": format!("P{days}D") }),
        (None, Some(date)) => json!({ "type": "afterDateTime", "endDateTime": date }),
        // The provider leaves both out where access does not end.
        (None, None) => json!({ "type": "noExpiration" }),
    };
    let (scope, targets, accepts) = requestors(piece, left);
    let extends = piece.flag("extension_enabled");
    let value = json!({
        "id": id, "accessPackage": { "id": package }, "displayName": piece.text("display_name"), "description": piece.text("description"),
        "allowedTargetScope": scope, "specificAllowedTargets": targets, "expiration": expiration,
        "requestorSettings": { "enableTargetsToSelfAddAccess": accepts, "enableTargetsToSelfUpdateAccess": extends },
        "requestApprovalSettings": approval(piece, left), "reviewSettings": review(piece, left), "questions": questions(piece, left),
    });
    Some(value)
}

/// The one block of a name: the provider keeps a block as a list of one.
fn block<'a>(piece: &mut Piece<'a>, name: &str, left: &mut Leftovers) -> Option<Piece<'a>> {
    piece.pieces(name, left).into_iter().next()
}

fn requestors(piece: &mut Piece<'_>, left: &mut Leftovers) -> (String, Vec<Json>, bool) {
    let Some(mut settings) = block(piece, "requestor_settings", left) else { return ("notSpecified".to_owned(), Vec::new(), false) };
    let said = settings.text("scope_type").unwrap_or("NoSubjects").to_owned();
    let scope = match said.as_str() {
        "NoSubjects" => "notSpecified",
        "SpecificDirectorySubjects" => "specificDirectoryUsers",
        "SpecificConnectedOrganizationSubjects" => "specificConnectedOrganizationUsers",
        "AllExistingDirectoryMemberUsers" => "allMemberUsers",
        "AllExistingDirectorySubjects" => "allDirectoryUsers",
        "AllConfiguredConnectedOrganizationSubjects" | "AllExistingConnectedOrganizationSubjects" => {
            "allConfiguredConnectedOrganizationUsers"
        }
        "AllExternalSubjects" => "allExternalUsers",
        // Told by whoever reads it.
        other => other,
    };
    let targets = settings.pieces("requestor", left).into_iter().map(|one| subject(one, left)).collect();
    let accepts = settings.flag("requests_accepted").unwrap_or(false);
    settings.rest("`requestor_settings`", left);
    (scope.to_owned(), targets, accepts)
}

/// Somebody, in the words of Graph.
fn subject(mut one: Piece<'_>, left: &mut Leftovers) -> Json {
    let (kind, id) = (one.text("subject_type").unwrap_or("").to_owned(), one.text("object_id"));
    let _ = one.take("backup");
    let property = match kind.as_str() {
        "singleUser" => "userId",
        "groupMembers" => "groupId",
        "connectedOrganizationMembers" => "connectedOrganizationId",
        _ => "id",
    };
    one.rest("a subject", left);
    json!({ "@odata.type": format!("#microsoft.graph.{kind}"), property: id })
}

/// Those who stand first, and those who stand in for them.
fn subjects(piece: &mut Piece<'_>, name: &str, left: &mut Leftovers) -> (Vec<Json>, Vec<Json>) {
    let (mut first, mut backup) = (Vec::new(), Vec::new());
    for one in piece.pieces(name, left) {
        let spare = one.peek("backup") == Some(&Json::Bool(true));
        if spare { &mut backup } else { &mut first }.push(subject(one, left));
    }
    (first, backup)
}

fn approval(piece: &mut Piece<'_>, left: &mut Leftovers) -> Option<Json> {
    let mut settings = block(piece, "approval_settings", left)?;
    let mut stages = Vec::new();
    for mut stage in settings.pieces("approval_stage", left) {
        let (primary, fallback) = subjects(&mut stage, "primary_approver", left);
        let (alternates, fallback_alternates) = subjects(&mut stage, "alternative_approver", left);
        let days = |n: Option<i64>| n.filter(|n| *n > 0).map(|n| format!("P{n}D"));
        stages.push(json!({
            "durationBeforeAutomaticDenial": days(stage.number("approval_timeout_in_days")),
            "isApproverJustificationRequired": stage.flag("approver_justification_required"),
            "isEscalationEnabled": stage.flag("alternative_approval_enabled"),
            "durationBeforeEscalation": days(stage.number("enable_alternative_approval_in_days")),
            "primaryApprovers": primary, "fallbackPrimaryApprovers": fallback,
            "escalationApprovers": alternates, "fallbackEscalationApprovers": fallback_alternates,
        }));
        stage.rest("`approval_stage`", left);
    }
    let value = json!({
        "isApprovalRequiredForAdd": settings.flag("approval_required"),
        "isApprovalRequiredForUpdate": settings.flag("approval_required_for_extension"),
        "isRequestorJustificationRequired": settings.flag("requestor_justification_required"), "stages": stages,
    });
    settings.rest("`approval_settings`", left);
    Some(value)
}

fn review(piece: &mut Piece<'_>, left: &mut Leftovers) -> Option<Json> {
    let mut settings = block(piece, "assignment_review_settings", left)?;
    let pattern = match settings.text("review_frequency").unwrap_or("") {
        "weekly" => json!({ "type": "weekly", "interval": 1 }),
        "monthly" => json!({ "type": "absoluteMonthly", "interval": 1 }),
        "quarterly" => json!({ "type": "absoluteMonthly", "interval": 3 }),
        "halfyearly" => json!({ "type": "absoluteMonthly", "interval": 6 }),
        "annual" => json!({ "type": "absoluteYearly", "interval": 1 }),
        other => json!({ "type": other }),
    };
    let (mut reviewers, fallback) = subjects(&mut settings, "reviewer", left);
    let kind = settings.text("review_type").unwrap_or("");
    if kind == "Manager" {
        reviewers.push(json!({ "@odata.type": "#microsoft.graph.requestorManager", "managerLevel": 1 }));
    }
    let days = settings.number("duration_in_days").unwrap_or(0);
    let value = json!({
        "isEnabled": settings.flag("enabled"), "expirationBehavior": settings.text("access_review_timeout_behavior"),
        "isRecommendationEnabled": settings.flag("access_recommendation_enabled"),
        "isReviewerJustificationRequired": settings.flag("approver_justification_required"), "isSelfReview": kind == "Self",
        "primaryReviewers": reviewers, "fallbackReviewers": fallback,
        "schedule": {
            "startDateTime": settings.text("starting_on"), "expiration": { "type": "afterDuration", "duration": format!("P{days}D") },
            "recurrence": { "pattern": pattern },
        },
    });
    settings.rest("`assignment_review_settings`", left);
    Some(value)
}

fn questions(piece: &mut Piece<'_>, left: &mut Leftovers) -> Vec<Json> {
    let mut all = Vec::new();
    for mut question in piece.pieces("question", left) {
        let (text, localizations) = localized(&mut question, "text", left);
        let mut choices = Vec::new();
        for mut choice in question.pieces("choice", left) {
            let (text, localizations) = localized(&mut choice, "display_value", left);
            choices.push(json!({ "actualValue": choice.text("actual_value"), "text": text, "localizations": localizations }));
            choice.rest("`choice`", left);
        }
        all.push(json!({
            "text": text, "localizations": localizations, "isRequired": question.flag("required"),
            "sequence": question.number("sequence"), "choices": choices,
        }));
        question.rest("`question`", left);
    }
    all
}

fn localized(piece: &mut Piece<'_>, name: &str, left: &mut Leftovers) -> (Option<String>, Vec<Json>) {
    let Some(mut block) = block(piece, name, left) else { return (None, Vec::new()) };
    let text = block.text("default_text").map(str::to_owned);
    let all = block.pieces("localized_text", left).into_iter();
    let all = all.map(|mut l| json!({ "languageCode": l.text("language_code"), "text": l.text("content") })).collect();
    block.rest("a text", left);
    (text, all)
}
