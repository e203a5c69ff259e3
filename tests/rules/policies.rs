//! Policies: section 3 of the language, and the rules of the field about requests, approval, time and review.

use crate::files::{AUDIT, CAMPAIGN, CONTRACTS, MONTH_END, NEW, TEMPLATES, WRIT};
use crate::{Row, check, row};

/// A policy that lacks nothing but what is added.
macro_rules! policy {
    ($($text:literal),*) => { concat!("[access_package.campaign.policy.new]\n", $($text),*) };
}

#[rustfmt::skip]
const REQUESTORS: &[Row] = &[
    row("required: a policy's `requestors` or `automatic`",
        &[(NEW, "", "[access_package.campaign.policy.new] #~ R34")], "`requestors` (or `automatic`) is missing"),
    row("R34: an in-directory policy names users or groups",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = [] #~ R34")], "`requestors` is empty | name somebody or something"),
    row("R34: or a word that is known",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = \"all_member\" #~ R34")], "`all_member` is no `requestors` | did you mean `all_members`?"),
    row("R34: and nothing else",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = true #~ R34")], "not true or false"),
    row("a list of users and groups, even of one",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = \"joe@contoso.example\"")], ""),
    row("`\"all_members\"`",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = \"all_members\"")], ""),
    row("`\"all_directory_users\"`",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = \"all_directory_users\"")], ""),
    row("`\"all_connected_organizations\"`",
        &[(CAMPAIGN, "requestors = [\"connected_organization:fabrikam\"]", "requestors = \"all_connected_organizations\"")], ""),
    row("`\"all_external_users\"`",
        &[(CAMPAIGN, "requestors = [\"connected_organization:fabrikam\"]", "requestors = \"all_external_users\"")], ""),
    row("a population is a word and stands alone",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = [\"all_members\"] #~ E0102")], "`all_members` cannot stand in `requestors`"),
    row("R64: an organization is set up before a policy uses it",
        &[(CAMPAIGN, "requestors = [\"connected_organization:fabrikam\"]", "requestors = [\"connected_organization:adatum\"] #~ R64")], "there is no connected organization `adatum` | declare it: `[connected_organization.adatum]`"),
    row("R114: in-directory and outside populations never mix in one policy",
        &[(CAMPAIGN, "requestors = [\"connected_organization:fabrikam\"]", "requestors = [\"connected_organization:fabrikam\", \"group:marketing\"] #~ R114")],
        "`group:marketing` is in the directory and `connected_organization:fabrikam` is outside it | write two policies"),
    row("`automatic` stands in place of `requestors`",
        &[(NEW, "", policy!("requestors = \"none\"\nautomatic = { rule = \"user.enabled\", add = true, remove = true } #~ E0023"))], "`requestors` and `automatic` exclude each other"),
    row("required: `rule`, `add` and `remove`",
        &[(NEW, "", policy!("automatic = { grace = \"7d\" } #~ E0018 E0018 E0018"))], "`automatic.rule` is missing | `automatic.add` is missing | `automatic.remove` is missing"),
    row("an automatic rule is CEL over one user",
        &[(NEW, "", policy!("automatic = { rule = \"department == 'x'\", add = true, remove = true } #~ E0024"))], "`department` is not known here"),
    row("R134: at most one automatic policy in a package",
        &[(NEW, "", "[access_package.campaign.policy.first]\nautomatic = { rule = \"user.enabled\", add = true, remove = true }\n\n[access_package.campaign.policy.second]\nautomatic = { rule = \"user.enabled\", add = true, remove = true } #~ R134")],
        "`first` is automatic already | first here | join the two rules with `||`"),
    row("R49: an automatic policy takes what `\"none\"` takes",
        &[(NEW, "", policy!("automatic = { rule = \"user.enabled\", add = true, remove = true }\nextension = \"allowed\" #~ R49"))], "an automatic policy takes no `extension`"),
    row("R49: a direct-only policy takes no approval",
        &[(NEW, "", policy!("requestors = \"none\"\napproval = { approvers = [\"group:finance\"], timeout = \"7d\" } #~ R49"))], "`requestors = \"none\"` takes no `approval`"),
    row("R49: nor extension, question, justification, custom schedule or requests on behalf",
        &[(NEW, "", policy!("requestors = \"none\"\nextension = \"allowed\" #~ R49\nquestion = [{ key = \"a\", text = \"A?\" }] #~ R49\nrequestor_justification = true #~ R49\ncustom_schedule = true #~ R49\non_behalf = \"manager\" #~ R49"))],
        "takes no `extension` | takes no `question` | takes no `requestor_justification` | takes no `custom_schedule` | takes no `on_behalf`"),
    row("R49: what says no is no setting",
        &[(NEW, "", policy!("requestors = \"none\"\napproval = \"none\"\nextension = \"none\"\nrequestor_justification = false\ncustom_schedule = false\non_behalf = \"none\"\nself_removal = false"))], ""),
    row("a policy's `display_name` is unique in its package",
        &[(CAMPAIGN, "display_name = \"Fabrikam\"", "display_name = \"assigned directly\" #~ E0401")], "the display name `assigned directly` is taken in the package by `access_package.campaign.policy.direct`"),
    row("`extension` is none, allowed or approval",
        &[(TEMPLATES, "extension = \"approval\"", "extension = \"aproval\" #~ E0015")], "did you mean `approval`?"),
    row("`on_behalf` is none or manager",
        &[(TEMPLATES, "on_behalf = \"manager\"", "on_behalf = \"managers\" #~ E0015")], "did you mean `manager`?"),
];

#[test]
fn requestors() {
    check(REQUESTORS);
}

#[rustfmt::skip]
const EXPIRATION: &[Row] = &[
    row("R45: what ends access has no default",
        &[(WRIT, "[defaults]\nexpiration = \"365d\"", ""), (NEW, "", "[access_package.campaign.policy.new] #~ R45\nrequestors = \"none\"")],
        "`new` does not say when its access ends | here, on the package or in `[defaults]`"),
    row("R45: here",
        &[(WRIT, "[defaults]\nexpiration = \"365d\"", ""), (NEW, "", policy!("requestors = \"none\"\nexpiration = \"never\""))], ""),
    row("R45: on the package",
        &[(WRIT, "[defaults]\nexpiration = \"365d\"", ""), (CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketing\"\nexpiration = 2027-12-31"), (NEW, "", policy!("requestors = \"none\""))], ""),
    row("R45: a number is no duration",
        &[(AUDIT, "expiration = \"90d\"", "expiration = 90 #~ R45")], "write `\"90d\"` for days"),
    row("R45: a word that is not `never`",
        &[(AUDIT, "expiration = \"90d\"", "expiration = \"none\" #~ R45")], "`none`: not a duration"),
    row("R129: an expiration between one hour and 3,660 days",
        &[(AUDIT, "expiration = \"90d\"", "expiration = \"P523W\" #~ R129")], "not P523W"),
    row("a misread expiration is not missing too",
        &[(WRIT, "[defaults]\nexpiration = \"365d\"", ""), (AUDIT, "expiration = \"90d\"", "expiration = \"3m\" #~ R129")], "not 3m"),
];

#[test]
fn expiration() {
    check(EXPIRATION);
}

#[rustfmt::skip]
const APPROVAL: &[Row] = &[
    row("approval is required where people can request",
        &[(NEW, "", "[access_package.campaign.policy.new] #~ E0408\nrequestors = [\"group:legal\"]")], "`new` does not say who approves | `approval = \"none\"`"),
    row("a table, or `approval = \"none\"`",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval = \"nobody\" #~ E0015"))], "`nobody` is no `approval`"),
    row("`approval = \"none\"`",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval = \"none\""))], ""),
    row("R39: approval names at least one approver (row 25)",
        &[(CAMPAIGN, "approvers = [\"group:marketing-leads\"]", "approvers = [] #~ R39")], "`approvers` is empty"),
    row("R39: by name",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval = { timeout = \"7d\" } #~ R39"))], "`approval.approvers` (or `stage`) is missing"),
    row("R39: stages are not empty",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval = { stage = [] } #~ R39"))], "`stage` is empty"),
    row("required: of an approval `timeout`",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval = { approvers = [\"group:finance\"] } #~ E0018"))], "`approval.timeout` is missing"),
    row("required: of a stage `approvers` and `timeout`",
        &[(MONTH_END, "[[access_package.month-end.policy.employees.approval.stage]]\napprovers = [\"manager\"]\nfallback_approvers = [\"group:department-managers\"]\ntimeout = \"7d\"", "[[access_package.month-end.policy.employees.approval.stage]] #~ R39 E0018")],
        "`approval.stage.approvers` is missing | `approval.stage.timeout` is missing"),
    row("required: of an escalation both keys",
        &[(CAMPAIGN, "escalation = { after = \"7d\", approvers = [\"carla@contoso.example\"] }", "escalation = {} #~ R39 R122")], "`approval.escalation.after` is missing | `approval.escalation.approvers` is missing"),
    row("stages stand instead of `approvers` and its companions",
        &[(CAMPAIGN, "escalation = { after = \"7d\", approvers = [\"carla@contoso.example\"] }", "stage = [{ approvers = [\"carla@contoso.example\"], timeout = \"7d\" }] #~ E0023")], "`approvers` and `stage` exclude each other"),
    row("lists of approvers are never `[]`: fallbacks",
        &[(TEMPLATES, "fallback_approvers = [\"group:department-managers\"]\n", "fallback_approvers = [] #~ E0022\n")], "`fallback_approvers` is empty"),
    row("R47: an approved extension needs approvers",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval = \"none\"\nextension = \"approval\" #~ R47"))], "nobody is named to give it | `requests = false`"),
    row("R47: approval that only extensions need",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval = { approvers = [\"group:finance\"], timeout = \"7d\", requests = false }\nextension = \"approval\""))], ""),
    row("R116: up to three stages",
        &[(NEW, "", policy!("requestors = [\"group:legal\"]\napproval.stage = [ #~ R116\n  { approvers = [\"uma@contoso.example\"], timeout = \"7d\" },\n  { approvers = [\"uma@contoso.example\"], timeout = \"7d\" },\n  { approvers = [\"uma@contoso.example\"], timeout = \"7d\" },\n  { approvers = [\"uma@contoso.example\"], timeout = \"7d\" },\n]"))], "4 stages | up to three stages"),
    row("R118: fallbacks are required with `\"manager\"`",
        &[(MONTH_END, "approvers = [\"manager\"]\nfallback_approvers = [\"group:department-managers\"]", "approvers = [\"manager\"] #~ R118")], "`manager` needs `fallback_approvers`"),
    row("R118: and with sponsors",
        &[(TEMPLATES, "approvers = [\"internal_sponsors\"]\nfallback_approvers = [\"group:department-managers\"]", "approvers = [\"internal_sponsors\"] #~ R118")], "`internal_sponsors` needs `fallback_approvers` | for `access_package.audit.policy.northwind` and 2 more"),
    row("R119: manager and sponsors in one stage each",
        &[(MONTH_END, "approvers = [\"felix@contoso.example\", \"grace@contoso.example\"]", "approvers = [\"manager\"] #~ R119\nfallback_approvers = [\"group:department-managers\"]")], "`manager` decides in more than one stage"),
    row("R120: `\"manager\"` in in-directory policies",
        &[(CAMPAIGN, "requestors = [\"connected_organization:fabrikam\"]", "requestors = [\"connected_organization:fabrikam\"]\napproval = { approvers = [\"manager\"], fallback_approvers = [\"group:department-managers\"], timeout = \"7d\" } #~ R120")], "people from outside have no manager"),
    row("R120: sponsors in outside policies",
        &[(MONTH_END, "approvers = [\"manager\"]", "approvers = [\"external_sponsors\"] #~ R120")], "people of the directory have no `external_sponsors`"),
    row("R122: an escalation comes a day after the stage began, at the earliest",
        &[(CAMPAIGN, "escalation = { after = \"7d\", approvers = [\"carla@contoso.example\"] }", "escalation = { after = \"23h\", approvers = [\"carla@contoso.example\"] } #~ R122")], "write `after = \"1d\"` or more"),
    row("R122: and needs a timeout of four days",
        &[(CAMPAIGN, "timeout = \"14d\"\nescalation = { after = \"7d\"", "timeout = \"3d\" #~ R122\nescalation = { after = \"1d\"")], "a timeout of four days or more"),
    row("R122: and comes before the timeout",
        &[(CAMPAIGN, "escalation = { after = \"7d\", approvers = [\"carla@contoso.example\"] }", "escalation = { after = \"14d\", approvers = [\"carla@contoso.example\"] } #~ R122")], "has timed out already"),
    row("R123: `\"manager:2\"` where the stage has `\"manager\"`",
        &[(CAMPAIGN, "escalation = { after = \"7d\", approvers = [\"carla@contoso.example\"] }", "escalation = { after = \"7d\", approvers = [\"manager:2\"] } #~ R123")], "stands behind `\"manager\"`"),
    row("R123: there it is welcome",
        &[(MONTH_END, "approvers = [\"manager\"]", "escalation = { after = \"2d\", approvers = [\"manager:2\"] }\napprovers = [\"manager\"]")], ""),
    row("R123: in an escalation only",
        &[(MONTH_END, "approvers = [\"felix@contoso.example\", \"grace@contoso.example\"]", "approvers = [\"manager:2\"] #~ R123")], "`manager:2` cannot stand in `approvers`"),
    row("R120: nobody from outside has a manager's manager",
        &[(CAMPAIGN, "requestors = [\"connected_organization:fabrikam\"]", "requestors = [\"connected_organization:fabrikam\"]\napproval = { timeout = \"7d\", escalation = { after = \"2d\", approvers = [\"manager:2\"] } } #~ R120")], "have no manager"),
    row("a group that a package gives may not approve that package",
        &[(CAMPAIGN, "approvers = [\"group:marketing-leads\"]", "approvers = [\"group:campaign-team\"] #~ E0403")], "the package gives this group, so it may not approve it: group:campaign-team"),
    row("nor through another group",
        &[(GROUPS, "members = [\"mamta@contoso.example\", \"nina@contoso.example\"]", "members = [\"group:campaign-team\"]"),
          (CAMPAIGN, "approvers = [\"group:marketing-leads\"]", "approvers = [\"group:marketing-leads\"] #~ E0403")], "group:marketing-leads -> group:campaign-team"),
    row("nor as a fallback or after an escalation",
        &[(CAMPAIGN, "approvers = [\"carla@contoso.example\"] }", "approvers = [\"group:campaign-team\"] } #~ E0403")], "may not approve it"),
];

const GROUPS: &str = crate::files::GROUPS;

#[test]
fn approval() {
    check(APPROVAL);
}

#[rustfmt::skip]
const REVIEW: &[Row] = &[
    row("required: of a review `every`, `starts`, `duration`, `reviewers`, `if_no_answer`",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = [\"group:marketing\"]\nreview = {} #~ E0018 E0018 E0018 E0018 E0018")],
        "`review.every` is missing | `review.starts` is missing | `review.duration` is missing | `review.reviewers` is missing | `review.if_no_answer` is missing"),
    row("`every` is one of six words",
        &[(TEMPLATES, "every = \"quarter\"", "every = \"quarterly\" #~ E0015")], "did you mean `quarter`?"),
    row("`if_no_answer` is keep, remove or recommendation",
        &[(TEMPLATES, "if_no_answer = \"remove\"", "if_no_answer = \"delete\" #~ E0015")], "\"recommendation\""),
    row("`reviewers` are self, manager or principals",
        &[(TEMPLATES, "reviewers = \"self\"", "reviewers = \"owners\" #~ E0015")], "`owners` is no `reviewers`"),
    row("fallbacks are required with `\"manager\"`",
        &[(MONTH_END, "reviewers = \"manager\"\nfallback_reviewers = [\"felix@contoso.example\"]", "reviewers = \"manager\" #~ E0414")], "`reviewers = \"manager\"` needs a fallback"),
    row("a review lasts a day at least",
        &[(TEMPLATES, "duration = \"14d\"", "duration = \"12h\" #~ E0020")], "`duration` is between 1d and 3660d"),
    row("`review = \"none\"`",
        &[(CAMPAIGN, "display_name = \"Fabrikam\"", "display_name = \"Fabrikam\"\nreview = \"none\"")], ""),
];

#[test]
fn review() {
    check(REVIEW);
}

#[rustfmt::skip]
const QUESTIONS: &[Row] = &[
    row("required: a question's `key` and `text`",
        &[(CAMPAIGN, "key = \"cost-center\"\ntext = \"Which cost centre pays for the seat?\"\n", ""),
          (CAMPAIGN, "[[access_package.campaign.policy.employees.question]]", "[[access_package.campaign.policy.employees.question]] #~ E0018 E0018")], "`question.key` is missing | `question.text` is missing"),
    row("a question's key is a key",
        &[(CAMPAIGN, "key = \"cost-center\"", "key = \"Cost Center\" #~ E0016")], "lower-case letters"),
    row("each question has a key of its own",
        &[(CONTRACTS, "# Privileged papers", "[[access_package.contract-review.policy.employees.question]]\nkey = \"reason\" #~ E0410\ntext = \"Why?\"\n\n# Privileged papers")], "the question `reason` is there already"),
    row("a pattern, or choices",
        &[(CONTRACTS, "choices = [\"Negotiation\", \"Dispute\", \"Archive work\"]", "choices = [\"Negotiation\", \"Dispute\", \"Archive work\"] #~ E0023\npattern = \".*\"")], "`pattern` and `choices` exclude each other"),
    row("choices are not empty",
        &[(CONTRACTS, "choices = [\"Negotiation\", \"Dispute\", \"Archive work\"]", "choices = [] #~ E0022")], "`choices` is empty"),
    row("`multiple` belongs to `choices`",
        &[(CONTRACTS, "choices = [\"Negotiation\", \"Dispute\", \"Archive work\"]", "multiple = true #~ E0410")], "`multiple` belongs to `choices`"),
    row("each choice once",
        &[(CONTRACTS, "choices = [\"Negotiation\", \"Dispute\", \"Archive work\"]", "choices = [\"Dispute\", \"Dispute\"] #~ W0026")], "`Dispute` stands in `choices` twice"),
];

#[test]
fn questions() {
    check(QUESTIONS);
}
