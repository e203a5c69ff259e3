//! Saying things once: section 4 of the language.

use crate::files::{APPLICATIONS, AUDIT, CAMPAIGN, CONTRACTS, MONTH_END, NEW, TEMPLATES, WRIT};
use crate::{Row, accepted, check, row};
use writ::model::Address;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("a template that is not there",
        &[(CAMPAIGN, "template = \"partner\"", "template = \"guest-house\" #~ E0201")], "there is no template `guest-house` for a policy | write it: `[template.policy.guest-house]`"),
    row("a misspelt one",
        &[(AUDIT, "template = [\"employee-request\", \"manager-approves\"]", "template = [\"employee-request\", \"manger-approves\"] #~ E0201")], "did you mean `manager-approves`?"),
    row("one of another kind",
        &[(APPLICATIONS, "[application.ledger]", "[application.ledger]\ntemplate = \"partner\" #~ E0201")], "for an application | `partner` is a template of policy"),
    row("a template that a template names is told once",
        &[(TEMPLATES, "[template.policy.employee-request]", "[template.policy.employee-request]\ntemplate = \"house\" #~ E0201")], "there is no template `house`"),
    row("a ring of templates",
        &[(TEMPLATES, "[template.policy.employee-request]", "[template.policy.employee-request]\ntemplate = \"manager-approves\" #~ E0202"),
          (TEMPLATES, "[template.policy.manager-approves]", "[template.policy.manager-approves]\ntemplate = \"employee-request\"")], "employee-request -> manager-approves -> employee-request"),
    row("a template does not name itself",
        &[(TEMPLATES, "[template.policy.partner]", "[template.policy.partner]\ntemplate = \"partner\" #~ E0202")], "partner -> partner"),
    row("a template has no children",
        &[(NEW, "", "[template.catalog.internal]\nenabled = true\n\n[template.catalog.internal.delegation.owners] #~ E0203\nrole = \"catalog_owner\"")], "a template has no children, and `delegation` is one | `[template.delegation.NAME]`"),
    row("`[template.KIND.NAME]`, for every kind that there is",
        &[(NEW, "", "[template.polcy.x] #~ E0006\nexpiration = \"1d\"")], "there is no kind `polcy` to have templates | did you mean `policy`?"),
    row("a template is named by a key",
        &[(NEW, "", "[template.policy.\"Ninety Days\"] #~ E0010\nexpiration = \"90d\"")], "`Ninety Days` is not the name of a template"),
    row("a template is declared once",
        &[("written-later.toml", "", "[template.policy.partner] #~ E0011\nexpiration = \"90d\"")], "`template.policy.partner` is declared twice | declared here"),
    row("and neither is missed then",
        &[("before.toml", "", "[template.policy.partner]\nexpiration = \"90d\""), (TEMPLATES, "[template.policy.partner]", "[template.policy.partner] #~ E0011")], "declared twice"),
    row("a template is named once",
        &[(AUDIT, "template = [\"employee-request\", \"manager-approves\"]", "template = [\"employee-request\", \"manager-approves\", \"manager-approves\"] #~ W0026")], "`manager-approves` stands in `template` twice"),
    row("a template that nobody uses is read all the same",
        &[(NEW, "", "[template.policy.x]\nexpiration = \"1y\" #~ E0019")], "count in days"),
    row("an unknown key of a template",
        &[(TEMPLATES, "self_removal = true\non_behalf", "self_remove = true #~ E0007\non_behalf")], "did you mean `self_removal`?"),
    row("a template may lack what is required",
        &[(NEW, "", "[template.policy.x]\n[template.sharepoint_site.y]")], ""),
    row("what a template says wrong is said once, with those that use it",
        &[(TEMPLATES, "timeout = \"7d\"\napprover_justification", "escalation = { after = \"2h\", approvers = [\"group:legal\"] } #~ R122\ntimeout = \"7d\"\napprover_justification"),
          (CONTRACTS, "approval = { timeout = \"2d\" }", "")], "for `access_package.audit.policy.northwind` and 2 more"),
    row("alternatives displace each other: a template's approvers by stages, its table by none",
        &[(MONTH_END, "template = \"employee-request\"", "template = [\"employee-request\", \"manager-approves\"]"),
          (CAMPAIGN, "template = \"employee-request\"", "template = [\"employee-request\", \"manager-approves\"]\nextension = \"none\""),
          (CAMPAIGN, "[access_package.campaign.policy.employees.approval]\napprovers = [\"group:marketing-leads\"]\ntimeout = \"14d\"\nescalation = { after = \"7d\", approvers = [\"carla@contoso.example\"] }", "approval = \"none\"")], ""),
];

#[test]
fn templates() {
    check(ROWS);
}

/// The first that says something wins: the object, its templates (last named first), their templates, for `expiration`
/// the package and then `[defaults]`, the documented default.
#[test]
fn the_first_that_says_something_wins() {
    let expiration = |edits: &[crate::Edit]| {
        let mut all = vec![(NEW, "", NESTED)];
        all.extend_from_slice(edits);
        let config = accepted(&all);
        let policy = Address::parse("access_package.campaign.policy.new").unwrap();
        config.objects[&policy].attributes.text("expiration").unwrap().to_owned()
    };
    assert_eq!(expiration(&[]), "1d");
    assert_eq!(expiration(&[(NEW, "expiration = \"1d\"", "")]), "2d");
    assert_eq!(expiration(&[(NEW, "expiration = \"1d\"", ""), (NEW, "expiration = \"2d\"", "")]), "3d");
    let silent = [
        (NEW, "expiration = \"1d\"", ""),
        (NEW, "expiration = \"2d\"", ""),
        (NEW, "expiration = \"3d\"", ""),
        (NEW, "expiration = \"4d\"", ""),
    ];
    let package = (CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketing\"\nexpiration = \"5d\"");
    assert_eq!(expiration(&[silent[0], silent[1], silent[2], package]), "4d");
    assert_eq!(expiration(&[silent[0], silent[1], silent[2], silent[3], package]), "5d");
    assert_eq!(expiration(&silent), "365d");
    assert_eq!(expiration(&[silent[0], silent[1], silent[2], silent[3], (WRIT, "365d", "366d")]), "366d");
}

const NESTED: &str = r#"[access_package.campaign.policy.new]
template = ["early", "late"]
requestors = "none"
expiration = "1d"

[template.policy.late]
template = "below-late"
expiration = "2d"

[template.policy.below-late]
expiration = "3d"

[template.policy.early]
expiration = "4d"
"#;

/// Tables merge key by key, lists replace.
#[test]
fn tables_merge_and_lists_replace() {
    let config = accepted(&[(
        CONTRACTS,
        "approval = { timeout = \"2d\" }",
        "approval = { timeout = \"2d\", fallback_approvers = [\"uma@contoso.example\"] }",
    )]);
    let policy = &config.objects[&Address::parse("access_package.contract-review.policy.litware").unwrap()];
    let approval = policy.attributes.get("approval").and_then(|v| v.as_table()).unwrap();
    assert_eq!(approval.text("timeout"), Some("2d"));
    assert_eq!(approval.texts("approvers").collect::<Vec<_>>(), ["internal_sponsors"]);
    assert_eq!(approval.texts("fallback_approvers").collect::<Vec<_>>(), ["uma@contoso.example"]);
    assert!(approval.flag("approver_justification", false));
    // Where each came from is known.
    assert_eq!(config.templates.get(&approval.at("approvers")).map(String::as_str), Some("partner"));
    assert_eq!(config.templates.get(&approval.at("timeout")), None);
}

/// Templates that share their templates are expanded once each, however many ways lead to them.
#[test]
fn many_ways_to_one_template() {
    let mut text = String::from("[template.policy.a0]\nexpiration = \"1d\"\n[template.policy.b0]\nexpiration = \"2d\"\n");
    for i in 1..200 {
        for name in ["a", "b"] {
            let (from, below) = (format!("{name}{i}"), i - 1);
            text += &format!("[template.policy.{from}]\ntemplate = [\"a{below}\", \"b{below}\"]\n");
        }
    }
    text += "[access_package.campaign.policy.new]\ntemplate = [\"a199\", \"b199\"]\nrequestors = \"none\"\n";
    let mut files = crate::edited(&[]);
    files.insert(NEW.to_owned(), text);
    let expiration = |files: &std::collections::BTreeMap<String, String>| {
        let sources = crate::sources(files);
        let (config, found) = writ::config::configure(&sources, &writ::config::Known::default());
        assert_eq!(crate::places(&found, &sources), crate::marks(files));
        let policy = Address::parse("access_package.campaign.policy.new").unwrap();
        config.map(|c| c.objects[&policy].attributes.text("expiration").unwrap().to_owned())
    };
    assert_eq!(expiration(&files).as_deref(), Some("2d"));
    // A ring below them is told once, at the template with the smallest name, and nothing else is missed for it.
    let ring = "[template.policy.a0]\ntemplate = \"b9\" #~ E0202";
    let text = files[NEW].replace("[template.policy.a0]", ring);
    files.insert(NEW.to_owned(), text);
    assert_eq!(expiration(&files), None);
}
