//! What one run tells: all faults at once and in order, the nearest known name, the header that a key slid under.

use crate::files::{AUDIT, CAMPAIGN, DELEGATIONS, GROUPS, MARKETING, MONTH_END, NEW, SETTINGS, TEMPLATES, USERS, WRIT};
use crate::{Row, check, edited, marks, places, row, sources};
use writ::config::{Known, configure};
use writ::diag::Severity;

#[rustfmt::skip]
const NEAREST: &[Row] = &[
    row("a key (row 24)",
        &[(TEMPLATES, "requestor_justification = true\nself_removal = true\non_behalf", "requestor_justifcation = true #~ E0007\nself_removal = true\non_behalf")], "there is no key `requestor_justifcation` here | did you mean `requestor_justification`?"),
    row("a key of a table inside",
        &[(CAMPAIGN, "approvers = [\"group:marketing-leads\"]", "approver = [\"group:marketing-leads\"] #~ E0007")], "did you mean `approvers`?"),
    row("a key that belongs to a table inside",
        &[(AUDIT, "requestors = [\"group:legal\"]", "requestors = [\"group:legal\"]\ntimeout = \"7d\" #~ E0007")], "`timeout` is a key of `approval`, a table inside"),
    row("a key that nothing is near to",
        &[(GROUPS, "[group.finance]", "[group.finance]\ncolour = \"green\" #~ E0007")], "known here: display_name, description, type, members"),
    row("a required key that is misspelt is not missing too",
        &[(MONTH_END, "requestors = [\"group:finance\"]", "requesters = [\"group:finance\"] #~ E0007")], "did you mean `requestors`?"),
    row("a key of a setting",
        &[(SETTINGS, "delete_after", "deleteafter"), (SETTINGS, "\"60d\"", "\"60d\" #~ E0007")], "did you mean `delete_after`?"),
    row("a kind",
        &[(DELEGATIONS, "[delegation.partner-desk]", "[delegations.partner-desk] #~ E0006")], "there is no kind `delegations` | did you mean `delegation`?"),
    row("a kind whose objects are referred to",
        &[(GROUPS, "[group.marketing-leads]", "[grupo.marketing-leads] #~ E0006")], "did you mean `group`?"),
    row("a kind that nothing is near to",
        &[(NEW, "", "[spaceship.x] #~ E0006")], "the kinds are user, group"),
    row("a kind of children",
        &[(CAMPAIGN, "[access_package.campaign.assignment.interns]", "[access_package.campaign.assignments.interns] #~ E0007")], "did you mean `assignment`?"),
    row("a kind of children that is referred to",
        &[(CAMPAIGN, "[access_package.campaign.policy.direct]", "[access_package.campaign.polic.direct] #~ E0007")], "did you mean `policy`?"),
    row("a reference",
        &[(AUDIT, "incompatible_with = [\"access_package:month-end\"]", "incompatible_with = [\"access_package:month-end\", \"access_package:campain\"] #~ E0101")], "there is no access package `campain` | did you mean `campaign`?"),
    row("a value",
        &[(MARKETING, "role = \"catalog_owner\"", "role = \"catalog-owner\" #~ E0015")], "`catalog-owner` is no `role` | did you mean `catalog_owner`?"),
    row("a key of a child whose header is lost",
        &[(MARKETING, "[catalog.marketing.resource.campaign-team]\norigin = \"group:campaign-team\"", "origin = \"group:campaign-team\" #~ E0007"), (CAMPAIGN, "resource_roles.campaign-team = \"Member\"", "")], "`origin` is a key of a resource: its header `[….resource.KEY]` is missing"),
    row("a list at no header",
        &[(USERS, "# The people these files name.", "incompatible_with = [\"group:finance\"] #~ E0007\n# The people these files name.")], "`incompatible_with` stands under no header"),
    row("a key at no header",
        &[(USERS, "# The people these files name.", "enabled = true #~ E0007\n# The people these files name.")], "`enabled` stands under no header"),
];

#[test]
fn did_you_mean() {
    check(NEAREST);
}

#[rustfmt::skip]
const SLID: &[Row] = &[
    row("a key of a package after the header of a policy",
        &[(CAMPAIGN, "[access_package.campaign.policy.direct]", "[access_package.campaign.policy.direct]\nhidden = true #~ E0008")],
        "`hidden` is a key of `access_package.campaign`, and slid under another header | this header takes all keys below it | move `hidden` up"),
    row("an attribute table of a package after the header of a policy",
        &[(CAMPAIGN, "[access_package.campaign.policy.direct]", "[access_package.campaign.policy.direct]\nresource_roles.ad-manager = \"Reader\" #~ E0008")], "`resource_roles` is a key of `access_package.campaign`"),
    row("a key of a policy after the header of its approval",
        &[(CAMPAIGN, "timeout = \"14d\"", "timeout = \"14d\"\nenabled = true #~ E0008")], "`enabled` is a key of `access_package.campaign.policy.employees`"),
    row("a required key of a policy after the header of its approval is not missing too",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]\n", ""), (CAMPAIGN, "timeout = \"14d\"", "timeout = \"14d\"\nrequestors = [\"group:marketing\"] #~ E0008")], "`requestors` is a key of"),
    row("nor is the expiration",
        &[(WRIT, "[defaults]\nexpiration = \"365d\"", ""),
          (NEW, "", "[access_package.campaign.policy.new]\nrequestors = [\"group:legal\"]\n[access_package.campaign.policy.new.approval]\napprovers = [\"group:finance\"]\ntimeout = \"7d\"\nexpiration = \"7d\" #~ E0008")], "`expiration` is a key of"),
    row("a key of a package after the header of an approval",
        &[(CAMPAIGN, "timeout = \"14d\"", "timeout = \"14d\"\nhidden = true #~ E0008")], "`hidden` is a key of `access_package.campaign`, and"),
    row("a key of a policy after a question",
        &[(CAMPAIGN, "pattern = \"[0-9]{4}\"", "pattern = \"[0-9]{4}\"\ncustom_schedule = true #~ E0008")], "`custom_schedule` is a key of `access_package.campaign.policy.employees`"),
    row("a key of an approval after a stage",
        &[(MONTH_END, "approver_justification = true", "approver_justification = true\nrequests = true #~ E0008")], "`requests` is a key of `approval`"),
    row("a key of a catalog after the header of a resource",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\nenabled = true #~ E0008")], "`enabled` is a key of `catalog.marketing`"),
    row("a key that every object has",
        &[(CAMPAIGN, "timeout = \"14d\"", "timeout = \"14d\"\nprevent_destroy = true #~ E0008")], "`prevent_destroy` is a key of `access_package.campaign.policy.employees`"),
    row("the templates of an object",
        &[(CAMPAIGN, "timeout = \"14d\"", "timeout = \"14d\"\ntemplate = \"partner\" #~ E0008")], "`template` is a key of `access_package.campaign.policy.employees`"),
    row("a key of an object under a bare kind header",
        &[(NEW, "", "[group]\nmembers = [\"ann@contoso.example\"] #~ E0008")], "`members` is a key of `group.KEY`, and stands under `[group]`"),
    row("a key of a package under a bare kind header of its children",
        &[(NEW, "", "[access_package.campaign.policy]\nhidden = true #~ E0008")], "`hidden` is a key of `access_package.campaign`, and stands under `[access_package.campaign.policy]`"),
    row("an attribute table under a bare kind header of its children",
        &[(NEW, "", "[access_package.campaign.policy]\nresource_roles.ad-manager = \"Reader\" #~ E0008")], "`resource_roles` is a key of `access_package.campaign`"),
    row("a key of a child under a bare kind header",
        &[(NEW, "", "[catalog.marketing.delegation]\nrole = \"catalog_owner\" #~ E0008")], "`role` is a key of `catalog.marketing.delegation.KEY`"),
    row("something else under a bare kind header",
        &[(NEW, "", "[group]\nhelpdesk = true #~ E0009")], "`group.helpdesk` would be an object, and an object is a table"),
    row("objects written with dots under a bare kind header are objects",
        &[(NEW, "", "[group]\nowners.members = [\"ann@contoso.example\"]\nhelpdesk = { owners = [\"ann@contoso.example\"] }")], ""),
    row("in a template too",
        &[(TEMPLATES, "approver_justification = true", "approver_justification = true\nself_removal = true #~ E0008")], "`self_removal` is a key of `template.policy.partner`"),
];

#[test]
fn slid_keys() {
    check(SLID);
}

/// Several faults in several files, of several phases, appear in one run, in the order of files and lines.
#[test]
fn all_at_once_and_sorted() {
    let files = edited(&[
        (WRIT, "max_access_lost = 10", "max_access_lost = \"ten\" #~ E0009"),
        (USERS, "manager = \"hana@contoso.example\"", "manager = \"hanna@contoso.example\" #~ E0101"),
        (AUDIT, "requestors = [\"group:legal\"]", "requestors = [\"group:legal\"]\nextension = \"sometimes\" #~ E0015"),
        (MONTH_END, "reviewers = \"manager\"\nfallback_reviewers = [\"felix@contoso.example\"]", "reviewers = \"manager\" #~ E0414"),
        (MONTH_END, "catalog = \"finance\"", "catalog = \"finance\"\nhiden = false #~ E0007"),
        (GROUPS, "owners = [\"lena@contoso.example\"]", "owners = [\"lena@contoso.example\", \"lena@contoso.example\"] #~ W0026"),
        (TEMPLATES, "approvers = [\"manager\"], ", "approvers = [], "),
        (TEMPLATES, "timeout = \"14d\" }", "timeout = \"14d\" } #~ R39"),
    ]);
    let all = sources(&files);
    let (config, found) = configure(&all, &Known::default());
    assert!(config.is_none());
    assert_eq!(places(&found, &all), marks(&files));
    let order: Vec<_> = found.iter().map(|d| (all.line(d.span).unwrap(), d.span.start)).collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(found.count(Severity::Error), 6);
    assert_eq!(found.count(Severity::Warning), 1);
}

/// A fault of syntax in one file hides no fault of another.
#[test]
fn a_file_that_is_not_toml_hides_no_other() {
    let files = edited(&[
        (GROUPS, "display_name = \"Legal\"", "display_name = Legal #~ E0001"),
        (AUDIT, "expiration = \"90d\"", "expiration = \"1y\" #~ E0019"),
        (
            MONTH_END,
            "timeout = \"7d\"\n\n",
            "timeout = \"7d\"\nescalation = { after = \"1h\", approvers = [\"carla@contoso.example\"] } #~ R122\n\n",
        ),
    ]);
    let all = sources(&files);
    let (_, found) = configure(&all, &Known::default());
    assert_eq!(places(&found, &all), marks(&files));
}

/// However the files are called and ordered, the same faults are told.
#[test]
fn the_order_of_tables_means_nothing() {
    let spoil: &[crate::Edit] = &[(AUDIT, "requestors = [\"group:legal\"]", "requestors = [\"group:nobody\"]")];
    let told = |files: &std::collections::BTreeMap<String, String>| {
        let all = sources(files);
        let (_, found) = configure(&all, &Known::default());
        found.iter().map(|d| (d.code.id, d.message.clone(), d.address.clone(), d.help.clone())).collect::<Vec<_>>()
    };
    let files = edited(spoil);
    let renamed = files.iter().map(|(name, text)| {
        let other = if name == WRIT {
            name.clone()
        } else {
            format!("{}.toml", name.chars().rev().filter(|c| c.is_alphanumeric()).collect::<String>())
        };
        (other, text.clone())
    });
    assert_eq!(told(&files), told(&renamed.collect()));
    assert_eq!(told(&files).len(), 1);
}

/// Whatever single line is lost: no panic, every finding has a place and a way forward, and the run says whether there is a
/// configuration.
#[test]
fn any_line_may_be_lost() {
    let whole = edited(&[]);
    for (name, text) in &whole {
        for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
            let mut files = whole.clone();
            let left = text.lines().enumerate().filter(|(n, _)| *n != number).map(|(_, l)| l).collect::<Vec<_>>().join("\n");
            files.insert(name.clone(), left);
            let all = sources(&files);
            let (config, found) = configure(&all, &Known::default());
            assert_eq!(config.is_none(), found.has_errors(), "{name}:{number} {line}");
            let mute = found.iter().find(|d| d.help.is_none() || all.get(d.span).is_none());
            assert!(mute.is_none(), "{name}: {line}: {mute:?}");
        }
    }
}
