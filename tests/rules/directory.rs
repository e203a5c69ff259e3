//! Users, groups, applications, sites, organizations and settings: section 3 of the language, and R35, R36.

use crate::files::{CONTRACTS, GROUPS, GUESTS, NEW, ORGANIZATIONS, SETTINGS, SITES, USERS};
use crate::{Row, check, row};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("required: a site's `url`",
        &[(SITES, "[sharepoint_site.brand]\ndisplay_name = \"Brand library\"\nurl = \"https://contoso.example/sites/brand\"", "[sharepoint_site.brand] #~ E0018\ndisplay_name = \"Brand library\"")], "`url` is missing"),
    row("a user is a member or a guest",
        &[(GUESTS, "type = \"guest\"", "type = \"external\" #~ E0015")], "`external` is no `type` | \"guest\""),
    row("members belong to no organization, and have no sponsor",
        &[(GUESTS, "type = \"guest\"\norganization = \"fabrikam\"\nsponsor = \"mamta@contoso.example\"", "organization = \"fabrikam\" #~ E0407\nsponsor = \"mamta@contoso.example\"")],
        "`organization` is for guests | and so is `sponsor` | write `type = \"guest\"`"),
    row("and that is all that is told",
        &[(GUESTS, "type = \"guest\"\norganization = \"northwind\"", "organization = \"northwind\" #~ E0407")], "`organization` is for guests"),
    row("a group is security, microsoft_365 or distribution",
        &[(GROUPS, "type = \"microsoft_365\"", "type = \"team\" #~ E0015")], "\"microsoft_365\""),
    row("groups nest",
        &[(GROUPS, "members = [\"mamta@contoso.example\", \"nina@contoso.example\"]", "members = [\"group:legal\", \"group:finance\"]")], ""),
    row("a ring is an error naming the chain",
        &[(GROUPS, "members = [\"mamta@contoso.example\", \"nina@contoso.example\"]", "members = [\"group:deputies\"]"),
          (NEW, "", "[group.deputies]\nmembers = [\"group:stand-ins\"] #~ E0103\n\n[group.stand-ins]\nmembers = [\"group:marketing-leads\"]")],
        "group:deputies -> group:stand-ins -> group:marketing-leads -> group:deputies | take one of the links out"),
    row("a group does not hold itself",
        &[(GROUPS, "members = [\"mamta@contoso.example\", \"nina@contoso.example\"]", "members = [\"group:marketing-leads\"] #~ E0103")], "group:marketing-leads -> group:marketing-leads"),
    row("a `rule` stands instead of `members`",
        &[(GROUPS, "owners = [\"felix@contoso.example\"]\n\n[group.legal]", "owners = [\"felix@contoso.example\"]\nrule = \"user.department == 'Finance'\" #~ E0023\n\n[group.legal]")],
        "`members` and `rule` exclude each other | keep one of them"),
    row("a `rule` is CEL",
        &[(NEW, "", "[group.x]\nrule = \"user.department = 'Finance'\" #~ E0024")], "not an expression, at character"),
    row("a `rule` is over one user",
        &[(NEW, "", "[group.x]\nrule = \"group.key == 'x'\" #~ E0024")], "a rule speaks of `user`"),
    row("`owners` of a group are users",
        &[(GROUPS, "owners = [\"lena@contoso.example\"]", "owners = [\"group:finance\"] #~ E0102")], "`group:finance` is not the key of a user"),
    row("rings of managers are legal",
        &[(USERS, "department = \"Management\"", "department = \"Management\"\nmanager = \"mamta@contoso.example\"")], ""),
    row("required: an organization's `tenant_id` or `domains` (R35)",
        &[(ORGANIZATIONS, "[connected_organization.litware]", "[connected_organization.litware] #~ R35"), (ORGANIZATIONS, "domains = [\"litware.example\"]\n", "")],
        "`litware` names no users: neither `tenant_id` nor `domains`"),
    row("the domains of an organization are not empty",
        &[(ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [] #~ E0022")], "`domains` is empty"),
    row("an organization is configured or proposed",
        &[(ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\"]\nstate = \"vetted\" #~ E0015")], "\"proposed\""),
    row("a blocked domain: an organization against it is an error (R36)",
        &[(SETTINGS, "allowed_domains = [\"fabrikam.example\", \"litware.example\", \"northwind.example\"]", "blocked_domains = [\"litware.example\"]"),
          (ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\"] #~ R36")], "`litware.example` is not welcome | said here"),
    row("a domain that is not allowed (R36)",
        &[(ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\", \"litware.example.org\"] #~ R36")], "`litware.example.org` is not welcome"),
    row("a sub-domain of an allowed domain is allowed",
        &[(ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\", \"eu.litware.example\"]")], ""),
    row("blocked or allowed domains",
        &[(SETTINGS, "# Whoever adds", "blocked_domains = [\"competitor.example\"]\n# Whoever adds"),
          (SETTINGS, "\"northwind.example\"]", "\"northwind.example\"] #~ E0023")], "`blocked_domains` and `allowed_domains` exclude each other"),
    row("what becomes of guests is one of three words",
        &[(SETTINGS, "\"block_and_delete\"", "\"delete\" #~ E0015")], "\"block\""),
];

#[test]
fn directory() {
    check(ROWS);
}

/// A policy of an organization that only the store knows, against the settings (R36).
#[test]
fn a_policy_against_the_settings() {
    let whole = crate::accepted(&[]);
    let litware = writ::model::Address::root("connected_organization", "litware");
    let objects = whole.objects.into_iter().filter(|(a, _)| *a == litware).collect();
    let known = writ::config::Known { objects, ..Default::default() };
    let text = &crate::example("contoso")[ORGANIZATIONS];
    let start = text.find("[connected_organization.litware]").unwrap();
    let mut files = crate::edited(&[
        (SETTINGS, "\"litware.example\", ", ""),
        (CONTRACTS, "requestors = [\"connected_organization:litware\"]", "requestors = [\"connected_organization:litware\"] #~ R36"),
    ]);
    files.insert(ORGANIZATIONS.to_owned(), text[..start].to_owned());
    let sources = crate::sources(&files);
    let (_, found) = writ::config::configure(&sources, &known);
    assert_eq!(crate::places(&found, &sources), crate::marks(&files));
}

/// A ring of groups that goes through groups of the store is told at the one that is declared here.
#[test]
fn a_ring_across_the_border() {
    let mut known = crate::known(
        "[group.a]\nmembers = [\"group:legal\"]\n[group.b]\nmembers = [\"group:a\"]\n[group.c]\nmembers = [\"group:d\"]\n[group.d]",
    );
    // A ring that is the store's alone is not told.
    let other = crate::known("[group.c]\n[group.d]\nmembers = [\"group:c\"]");
    known.objects.extend(other.objects.into_iter().filter(|(a, _)| a.key() == "d"));
    let edits = &[(GROUPS, "  \"kofi@contoso.example\",", "  \"kofi@contoso.example\",\n  \"group:b\", #~ E0103")];
    let row = crate::Row {
        rule: "groups nest; a ring is an error naming the chain",
        edits,
        says: "group:legal -> group:b -> group:a -> group:legal",
    };
    assert_eq!(crate::fault(&row, &known), None);
}
