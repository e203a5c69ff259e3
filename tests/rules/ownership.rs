//! Changing names and ownership: section 5 of the language.

use crate::files::{APPLICATIONS, CAMPAIGN, FINANCE, GROUPS, MARKETING, MONTH_END, NEW};
use crate::{Row, check, row};

#[rustfmt::skip]
const MOVES: &[Row] = &[
    row("a move to a name that is declared",
        &[(NEW, "", "[[moved]]\nfrom = \"access_package.ads\"\nto = \"access_package.campaign\"")], ""),
    row("a parent's own move takes its children along, and their own moves are legal beside it",
        &[(NEW, "", "[[moved]]\nfrom = \"catalog.sales\"\nto = \"catalog.marketing\"\n\n[[moved]]\nfrom = \"catalog.sales.resource.ads\"\nto = \"catalog.marketing.resource.ad-manager\"")], ""),
    row("chains are allowed",
        &[(NEW, "", "[[moved]]\nfrom = \"group.a\"\nto = \"group.b\"\n\n[[moved]]\nfrom = \"group.b\"\nto = \"group.legal\"")], ""),
    row("rings are not",
        &[(NEW, "", "[[moved]] #~ E0302\nfrom = \"group.a\"\nto = \"group.b\"\n\n[[moved]]\nfrom = \"group.b\"\nto = \"group.a\"")], "group.a -> group.b -> group.a | by way of a third name"),
    row("nor are swaps of names that are declared",
        &[(NEW, "", "[[moved]] #~ E0302\nfrom = \"group.finance\"\nto = \"group.legal\"\n\n[[moved]]\nfrom = \"group.legal\"\nto = \"group.finance\"")], "group.finance -> group.legal -> group.finance"),
    row("same kind only",
        &[(NEW, "", "[[moved]] #~ E0301\nfrom = \"group.ads\"\nto = \"application.ad-manager\"")], "a group cannot become an application"),
    row("same parent only",
        &[(NEW, "", "[[moved]] #~ E0301\nfrom = \"catalog.finance.resource.ads\"\nto = \"catalog.marketing.resource.ad-manager\"")], "cannot move into another parent"),
    row("not to the same name",
        &[(NEW, "", "[[moved]] #~ E0301\nfrom = \"group.ads\"\nto = \"group.ads\"")], "moves to itself"),
    row("one move for each address",
        &[(NEW, "", "[[moved]]\nfrom = \"group.ads\"\nto = \"group.legal\"\n\n[[moved]] #~ E0301\nfrom = \"group.ads\"\nto = \"group.finance\"")], "`group.ads` moves twice | first here"),
    row("one new name for one object",
        &[(NEW, "", "[[moved]]\nfrom = \"group.ads\"\nto = \"group.legal\"\n\n[[moved]] #~ E0301\nfrom = \"group.law\"\nto = \"group.legal\"")], "`group.ads` and `group.law` cannot both become `group.legal`"),
    row("the old name is not declared any more",
        &[(NEW, "", "[[moved]] #~ E0301\nfrom = \"group.finance\"\nto = \"group.controllers\"\n\n[group.controllers]")], "`group.finance` is still declared | declared here"),
    row("old names left in files are errors that offer `writ fmt --moves`: a reference",
        &[(GROUPS, "[group.finance]", "[group.controllers]"), (NEW, "", "[[moved]]\nfrom = \"group.finance\"\nto = \"group.controllers\""),
          (MONTH_END, "requestors = [\"group:finance\"]", "requestors = [\"group:finance\"] #~ E0303"),
          ("catalogs/legal/contract-review.toml", "\"group:finance\", ", "\"group:controllers\", ")], "`group:finance` was renamed to `controllers` | `writ fmt --moves`"),
    row("old names: along a chain the last is told",
        &[(GROUPS, "[group.finance]", "[group.books]"), (NEW, "", "[[moved]]\nfrom = \"group.finance\"\nto = \"group.controllers\"\n\n[[moved]]\nfrom = \"group.controllers\"\nto = \"group.books\""),
          (MONTH_END, "requestors = [\"group:finance\"]", "requestors = [\"group:finance\"] #~ E0303"),
          ("catalogs/legal/contract-review.toml", "\"group:finance\", ", "\"group:books\", ")], "was renamed to `books`"),
    row("old names: a resource in a package",
        &[(MARKETING, "[catalog.marketing.resource.ad-manager]", "[catalog.marketing.resource.ads]"),
          (NEW, "", "[[moved]]\nfrom = \"catalog.marketing.resource.ad-manager\"\nto = \"catalog.marketing.resource.ads\""),
          (CAMPAIGN, "resource_roles.ad-manager = [\"Editor\", \"Reader\"]", "resource_roles.ad-manager = [\"Editor\", \"Reader\"] #~ E0303")], "`ad-manager` was renamed to `ads`"),
    row("old names: the header of a child",
        &[(NEW, "", "[[moved]]\nfrom = \"access_package.ads\"\nto = \"access_package.campaign\"\n\n[access_package.ads.policy.new] #~ E0303\nrequestors = \"none\"")], "`access_package.ads` was renamed to `access_package.campaign`"),
    row("an address names kinds that there are",
        &[(NEW, "", "[[moved]]\nfrom = \"grup.ads\" #~ E0102\nto = \"group.legal\"")], "`grup.ads` is no address"),
    row("and that stand in each other",
        &[(NEW, "", "[[moved]]\nfrom = \"group.x.policy.y\" #~ E0102\nto = \"group.x.policy.z\" #~ E0102")], "`group.x.policy.y` is no address"),
    row("and keys of their kind: a user's is a user principal name",
        &[(NEW, "", "[[moved]]\nfrom = \"user.\\\"bob@contoso.example\\\"\"\nto = \"user.bo\" #~ E0102")], "`user.bo` is no address: the key of a user is a user principal name"),
    row("and no other kind's is",
        &[(NEW, "", "[[removed]]\nfrom = \"group.\\\"x@y.z\\\"\" #~ E0102\ndestroy = true")], "the key of a group is lower-case letters"),
    row("what always exists keeps its name",
        &[(NEW, "", "[[moved]] #~ E0301\nfrom = \"catalog.general\"\nto = \"catalog.legal\"")], "`catalog.general` has its name for good"),
    row("and nothing else takes it",
        &[(NEW, "", "[[moved]] #~ E0301\nfrom = \"catalog.old\"\nto = \"catalog.general\"")], "`catalog.general` has its name for good"),
    row("a move has `from` and `to`",
        &[(NEW, "", "[[moved]] #~ E0018\nfrom = \"group.ads\"")], "`to` is missing | `[[moved]]` has `from` and `to`"),
    row("a misspelt key is not missing too",
        &[(NEW, "", "[[moved]]\nform = \"group.ads\" #~ E0007\nto = \"group.legal\"")], "did you mean `from`?"),
];

#[test]
fn moves() {
    check(MOVES);
}

#[rustfmt::skip]
const OTHERS: &[Row] = &[
    row("`destroy` is required",
        &[(NEW, "", "[[removed]] #~ E0018\nfrom = \"catalog.legacy\"")], "`destroy` is missing"),
    row("`destroy` is true or false",
        &[(NEW, "", "[[removed]]\nfrom = \"catalog.legacy\"\ndestroy = \"no\" #~ E0009")], "`destroy` is `true` or `false`"),
    row("what is removed is not declared",
        &[(NEW, "", "[[removed]] #~ E0304\nfrom = \"catalog.finance\"\ndestroy = false")], "`catalog.finance` is still declared | declared here"),
    row("nor removed twice",
        &[(NEW, "", "[[removed]]\nfrom = \"catalog.legacy\"\ndestroy = false\n\n[[removed]] #~ E0304\nfrom = \"catalog.legacy\"\ndestroy = true")], "`catalog.legacy` is removed twice | first here"),
    row("what is imported is declared",
        &[(NEW, "", "[[import]] #~ E0305\nto = \"catalog.sales\"\nid = \"01928c3e-0000-7000-8000-000000000000\"")], "`catalog.sales` is declared nowhere"),
    row("one object has one address",
        &[(NEW, "", "[[import]]\nto = \"catalog.finance\"\nid = \"01928c3e-0000-7000-8000-000000000000\"\n\n[[import]] #~ E0305\nto = \"catalog.legal\"\nid = \"01928c3e-0000-7000-8000-000000000000\"")], "is imported twice | first here"),
    row("one address is one object",
        &[(NEW, "", "[[import]]\nto = \"catalog.finance\"\nid = \"01928c3e-0000-7000-8000-000000000000\"\n\n[[import]] #~ E0305\nto = \"catalog.finance\"\nid = \"01928c3e-0000-7000-8000-000000000001\"")], "`catalog.finance` is imported twice"),
    row("an object is tolerated once",
        &[(NEW, "", "[[tolerate]]\naddress = \"catalog.finance\"\nuntil = 2027-03-31\n\n[[tolerate]] #~ E0309\naddress = \"catalog.finance\"\nuntil = 2027-06-30")], "`catalog.finance` is tolerated twice | first here"),
    row("and until a day",
        &[(NEW, "", "[[tolerate]] #~ E0018\naddress = \"catalog.finance\"")], "`until` is missing"),
    row("`prevent_destroy` may stand on any object",
        &[(MARKETING, "[catalog.marketing.resource.brand-site]", "[catalog.marketing.resource.brand-site]\nprevent_destroy = true"), (FINANCE, "prevent_destroy = true", "prevent_destroy = false")], ""),
];

#[test]
fn removals_and_imports() {
    check(OTHERS);
}

/// What the store knows beside the files: a package of another workspace, its policies and an assignment.
const BESIDE: &str = r#"
[access_package.ads]
catalog = "marketing"
resource_roles.ad-manager = "Editor"
resource_roles.campaign-team = "Member"

[access_package.ads.policy.agency]
requestors = ["connected_organization:fabrikam"]
expiration = "30d"
approval = { approvers = ["group:marketing-leads"], timeout = "14d" }

[access_package.campaign.policy.beside]
automatic = { rule = "user.department == 'Marketing'", add = true, remove = true }
expiration = "never"

[access_package.campaign.assignment.zoe]
policy = "direct"
users = ["zoe@contoso.example"]

[user."zoe@contoso.example"]
"#;

#[rustfmt::skip]
const BESIDE_ROWS: &[Row] = &[
    row("the files and the store agree", &[], ""),
    row("an application keeps a role that a known package gives (E0402)",
        &[(APPLICATIONS, "roles = [\"Editor\", \"Reader\"]", "roles = [\"Author\", \"Reader\"] #~ E0402"), (CAMPAIGN, "[\"Editor\", \"Reader\"]", "\"Reader\"")], "has no role `Editor`, and `access_package.ads` gives it"),
    row("one that names no roles any more (R109)",
        &[(APPLICATIONS, "[application.ad-manager]", "[application.ad-manager] #~ R109"), (APPLICATIONS, "roles = [\"Editor\", \"Reader\"]\n", ""),
          (CAMPAIGN, "resource_roles.ad-manager = [\"Editor\", \"Reader\"]\n", "")], "and `access_package.ads` gives it"),
    row("a group that becomes dynamic (R108)",
        &[(GROUPS, "type = \"microsoft_365\"", "rule = \"user.enabled\" #~ R108"), (CAMPAIGN, "resource_roles.campaign-team = \"Member\"\n", "")], "`campaign-team` is a dynamic group, so `Member` cannot be given, and `access_package.ads` gives it"),
    row("a catalog with a known outside policy stays visible (R104)",
        &[(MARKETING, "externally_visible = true", "externally_visible = false #~ R104"),
          (CAMPAIGN, "[access_package.campaign.policy.fabrikam]\ntemplate = \"partner\"\ndisplay_name = \"Fabrikam\"\nrequestors = [\"connected_organization:fabrikam\"]\n", "")],
        "`access_package.ads.policy.agency` is for them"),
    row("a package has one automatic policy (R134)",
        &[(NEW, "", "[access_package.campaign.policy.all]\nautomatic = { rule = \"user.enabled\", add = true, remove = true } #~ R134\nexpiration = \"never\"")], "`beside` is automatic already"),
    row("a person stands in one assignment of a package (E0404)",
        &[(CAMPAIGN, "users = [\"pia@contoso.example\"]", "users = [\"pia@contoso.example\", \"zoe@contoso.example\"] #~ E0404")], "stands in `zoe` of this package already"),
    row("who approves a known package does not come in by it (E0403)",
        &[(GROUPS, "[group.marketing-leads]", "[group.marketing-leads] #~ E0403"), (GROUPS, "members = [\"mamta@contoso.example\", \"nina@contoso.example\"]", "members = [\"mamta@contoso.example\", \"group:campaign-team\"]"),
          (CAMPAIGN, "approvers = [\"group:marketing-leads\"]", "approvers = [\"mamta@contoso.example\"]")], "`access_package.ads.policy.agency` is approved by people whom its package lets in"),
];

#[test]
fn what_the_store_knows_takes_part() {
    let known = crate::known(BESIDE);
    let failures: Vec<String> = BESIDE_ROWS.iter().filter_map(|row| crate::fault(row, &known)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let known = crate::known("[catalog.beside]\n[catalog.beside.resource.books]\norigin = \"group:finance\"\n");
    let synced = row(
        "a group that a known resource is about is not synced (R107)",
        &[(GROUPS, "[group.finance]", "[group.finance]\nsynced = true #~ R107")],
        "`catalog.beside.resource.books` is about it",
    );
    assert_eq!(crate::fault(&synced, &known), None);
    let known = crate::known("[catalog.marketing.resource.books]\norigin = \"group:finance\"\n");
    let twice = row(
        "an origin is in a catalog once (E0409)",
        &[(NEW, "", "[catalog.marketing.resource.accounts]\norigin = \"group:finance\" #~ E0409")],
        "is in the catalog already, as `books`",
    );
    assert_eq!(crate::fault(&twice, &known), None);
}

#[test]
fn what_always_exists_is_imported_under_its_name_only() {
    let mut known = writ::config::Known::default();
    known.ids.insert("general".to_owned(), writ::model::Address::root("catalog", "general"));
    let rows = [
        row("under another", &[(NEW, "", "[[import]] #~ E0305\nto = \"catalog.finance\"\nid = \"general\"")], "has its name for good"),
        row("under its own", &[(NEW, "", "[[import]]\nto = \"catalog.general\"\nid = \"general\"\n\n[catalog.general]")], ""),
    ];
    assert_eq!(rows.iter().filter_map(|row| crate::fault(row, &known)).collect::<Vec<_>>(), Vec::<String>::new());
}
