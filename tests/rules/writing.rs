//! Files, tables, keys, references, texts and times: section 1 of the language.

use crate::files::{APPLICATIONS, AUDIT, CAMPAIGN, DELEGATIONS, GROUPS, GUESTS, MARKETING, MONTH_END, NEW, TEMPLATES, USERS, WRIT};
use crate::{Row, check, row};

#[rustfmt::skip]
const FILES: &[Row] = &[
    row("`writ.toml` holds settings only: an object is refused in it",
        &[(WRIT, "[limits]", "[group.x] #~ E0013\n\n[limits]")], "`writ.toml` holds settings only | move `[group…]` to another file"),
    row("settings stand in `writ.toml`: a setting is refused elsewhere",
        &[(NEW, "", "[defaults] #~ E0013\nexpiration = \"30d\"")], "settings stand in `writ.toml`"),
    row("a matching file without a single Writ table is an error that names `exclude`",
        &[(NEW, "", "# nothing here #~ E0003")], "no table of Writ's | `exclude = "),
    row("a child whose parent is declared nowhere is an error that shows the places",
        &[(NEW, "", "[access_package.campain.policy.vendors] #~ E0012\nrequestors = \"none\"\n\n[access_package.campain.policy.others]\nrequestors = \"none\"")],
        "`access_package.campain` is declared nowhere | did you mean `campaign`? | and `access_package.campain.policy"),
    row("an address declared twice is an error that shows the places (row 23)",
        &[(NEW, "", "[group.finance] #~ E0011\nowners = []")], "`group.finance` is declared twice | declared here"),
    row("an attribute table stands in the file of its object",
        &[(NEW, "", "[access_package.campaign.policy.direct.review] #~ E0011\nevery = \"year\"\nstarts = 2027-01-01\nduration = \"7d\"\nreviewers = \"self\"\nif_no_answer = \"keep\"")], "attribute tables stand in one file"),
    row("and what the object says is not missed then",
        &[("a.toml", "", "[access_package.campaign.policy.direct.review]\nevery = \"year\"\nstarts = 2027-01-01\nduration = \"7d\"\nreviewers = \"self\"\nif_no_answer = \"keep\""),
          (CAMPAIGN, "[access_package.campaign.policy.direct]", "[access_package.campaign.policy.direct] #~ E0011")], "declared twice"),
    row("the same table twice in a file (row 22)",
        &[(GROUPS, "[group.finance]", "[group.finance]\n\n[group.finance] #~ E0011")], "`group.finance` is declared twice | first here"),
    row("the same key twice in a table (row 22)",
        &[(GROUPS, "display_name = \"Finance\"", "display_name = \"Finance\"\ndisplay_name = \"Finances\" #~ E0001")],
        "the key `display_name` is there already | first here"),
    row("a table whose keys were written with dots is not opened again (row 22)",
        &[(CAMPAIGN, "# The leads decide", "[access_package.campaign.resource_roles] #~ E0011\n\n# The leads decide")], "declared twice"),
    row("children may stand in other files",
        &[(NEW, "", "[access_package.campaign.policy.vendors]\nrequestors = \"none\"")], ""),
    row("an object's own header even if empty declares the object",
        &[(NEW, "", "[group.nobody]")], ""),
    row("a file that is not TOML",
        &[(GROUPS, "display_name = \"Finance\"", "display_name = \"Finance #~ E0001")], "invalid basic string"),
    row("a list that is not closed is one fault",
        &[(GROUPS, "  \"uma@contoso.example\",\n]\n", "  \"uma@contoso.example\",\n"), (GROUPS, "owners = [\"lena@contoso.example\"]", "owners = [\"lena@contoso.example\"] #~ E0001")], "a bracket is missing"),
    row("a list that is not opened is one fault",
        &[(GROUPS, "members = [\n  \"kofi@contoso.example\",", "  \"kofi@contoso.example\", #~ E0001")], "expected"),
    row("`null` does not exist",
        &[(GROUPS, "display_name = \"Finance\"", "display_name = null #~ E0001")], "absent means the default"),
    row("an array of tables is no object",
        &[(NEW, "", "[[group.x]] #~ E0009\ndisplay_name = \"X\"")], "an object is a table | `[group.x]`, in single brackets"),
    row("an ownership table has double brackets",
        &[(NEW, "", "[removed] #~ E0009\nfrom = \"group.x\"\ndestroy = true")], "`[[removed]]`"),
    row("checks and tests are not there yet",
        &[(NEW, "", "[check.x] #~ E0014\nassert = \"true\"\n\n[[test]] #~ E0014\nname = \"x\"")], "`check` tables are not supported yet | `test` tables"),
    row("two objects are never told apart by case alone (row 49)",
        &[(NEW, "", "[user.\"TOM@contoso.example\"] #~ E0011")], "declared twice"),
];

#[test]
fn files() {
    check(FILES);
}

#[rustfmt::skip]
const KEYS: &[Row] = &[
    row("keys are lower-case letters, digits, `-` and `_`",
        &[(NEW, "", "[group.Helpdesk] #~ E0010")], "`Helpdesk` is not the key of a group | write `helpdesk`"),
    row("what refers to a key in the wrong case is not at fault too",
        &[(GROUPS, "[group.marketing-leads]", "[group.Marketing-Leads] #~ E0010")], "write `marketing-leads`"),
    row("keys start with a letter or digit",
        &[(NEW, "", "[group.-x] #~ E0010")], "starting with a letter or digit"),
    row("keys have 64 characters at most",
        &[(NEW, "", "[group.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] #~ E0010")], "64 at most"),
    row("64 characters are a key",
        &[(NEW, "", "[group.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]")], ""),
    row("paths and blanks are no keys (row 48)",
        &[(NEW, "", "[group.\"\"] #~ E0010\n[group.\"..\"] #~ E0010\n[group.\"*\"] #~ E0010\n[group.\"a b\"] #~ E0010")], "`..` is not the key"),
    row("keys are ASCII (row 50)",
        &[(NEW, "", "[group.\"a\u{2010}b\"] #~ E0010")], "is not the key of a group"),
    row("a user key is a user principal name with one `@`",
        &[(NEW, "", "[user.ann] #~ E0010\n[user.\"a@b@contoso.example\"] #~ E0010")], "one `@`, in quotes"),
    row("a user key is ASCII (row 43)",
        &[(NEW, "", "[user.\"ın@contoso.example\"] #~ E0010")], "is not the key of a user"),
    row("user keys are quoted",
        &[(NEW, "", "[user.nils@contoso.example] #~ E0001")], "so they are quoted"),
    row("user keys are compared and kept in lower case",
        &[(USERS, "[user.\"uma@contoso.example\"]", "[user.\"Uma@Contoso.example\"]")], ""),
    row("settings have the keys that are known",
        &[(NEW, "", "[settings.guests] #~ E0010")], "external_users"),
    row("the keys of answers and roles are keys",
        &[(CAMPAIGN, "resource_roles.brand-site = \"Member\"", "resource_roles.brand-site = \"Member\"\nresource_roles.\"Brand Site\" = \"Member\" #~ E0010")], "`Brand Site` is not a key of `resource_roles`"),
];

#[test]
fn keys() {
    check(KEYS);
}

#[rustfmt::skip]
const REFERENCES: &[Row] = &[
    row("where the kind is fixed, the bare key",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"catalog:marketing\" #~ E0102")], "the kind is fixed here: write `\"marketing\"`"),
    row("elsewhere `kind:key`",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = [\"marketing\"] #~ E0102")], "`marketing` cannot stand in `requestors` | `group:KEY`"),
    row("a text with `@` is a user, and `user:` before it is accepted",
        &[(CAMPAIGN, "users = [\"pia@contoso.example\"]", "users = [\"user:Pia@contoso.example\"]")], ""),
    row("a kind that cannot stand there is refused",
        &[(GROUPS, "members = [\"mamta@contoso.example\", \"nina@contoso.example\"]", "members = [\"application:ledger\", \"nina@contoso.example\"] #~ E0102")], "cannot stand in `members`"),
    row("a user where only groups and packages can stand",
        &[(MONTH_END, "incompatible_with = [\"access_package:audit\"]", "incompatible_with = [\"access_package:audit\", \"tom@contoso.example\"] #~ E0102")], "`access_package:KEY`"),
    row("a misspelt kind is told",
        &[(CAMPAIGN, "requestors = [\"group:marketing\"]", "requestors = [\"grup:marketing\"] #~ E0102")], "did you mean `group`?"),
    row("dangling: the catalog of a package",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketting\" #~ E0101")], "there is no catalog `marketting` | did you mean `marketing`?"),
    row("dangling: a user in a list of users",
        &[(APPLICATIONS, "owners = [\"felix@contoso.example\"]", "owners = [\"felxi@contoso.example\"] #~ E0101")], "did you mean `felix@contoso.example`?"),
    row("dangling: a member of a group",
        &[(GROUPS, "members = [\"mamta@contoso.example\", \"nina@contoso.example\"]", "members = [\"group:deputies\"] #~ E0101")], "there is no group `deputies` | declare it: `[group.deputies]`"),
    row("dangling: a manager (weak references must exist)",
        &[(USERS, "manager = \"hana@contoso.example\"", "manager = \"hanna@contoso.example\" #~ E0101")], "did you mean `hana@contoso.example`?"),
    row("dangling: an organization of a guest",
        &[(GUESTS, "organization = \"northwind\"", "organization = \"northwinds\" #~ E0101")], "did you mean `northwind`?"),
    row("dangling: a sponsor of a guest",
        &[(GUESTS, "sponsor = \"felix@contoso.example\"", "sponsor = \"feliz@contoso.example\" #~ E0101")], "did you mean"),
    row("dangling: a sponsor of an organization",
        &[(crate::files::ORGANIZATIONS, "internal_sponsors = [\"lena@contoso.example\"]", "internal_sponsors = [\"group:counsel\"] #~ E0101")], "there is no group `counsel`"),
    row("dangling: an incompatible package",
        &[(MONTH_END, "incompatible_with = [\"access_package:audit\"]", "incompatible_with = [\"access_package:audit\", \"access_package:audits\"] #~ E0101")], "did you mean `audit`?"),
    row("dangling: an origin in the directory",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manger\" #~ E0101")], "did you mean `ad-manager`?"),
    row("dangling: a member of a delegation",
        &[(DELEGATIONS, "members = [\"ben@contoso.example\"]", "members = [\"bob@contoso.example\"] #~ E0101")], "there is no user `bob@contoso.example`"),
    row("dangling: a requestor",
        &[(AUDIT, "requestors = [\"group:legal\"]", "requestors = [\"group:legals\"] #~ E0101")], "did you mean `legal`?"),
    row("dangling: an approver",
        &[(CAMPAIGN, "approvers = [\"group:marketing-leads\"]", "approvers = [\"group:marketing-lead\"] #~ E0101")], "did you mean `marketing-leads`?"),
    row("dangling: an approver after an escalation",
        &[(CAMPAIGN, "approvers = [\"carla@contoso.example\"] }", "approvers = [\"carl@contoso.example\"] } #~ E0101")], "did you mean `carla@contoso.example`?"),
    row("dangling: a fallback in a template is told once, for all that use it",
        &[(TEMPLATES, "fallback_approvers = [\"group:department-managers\"], timeout", "fallback_approvers = [\"group:department-manager\"], timeout"),
          (TEMPLATES, "timeout = \"14d\" }", "timeout = \"14d\" } #~ E0101")], "did you mean `department-managers`? | and 1 more"),
    row("dangling: a reviewer",
        &[(MONTH_END, "fallback_reviewers = [\"felix@contoso.example\"]", "fallback_reviewers = [\"group:controllers\"] #~ E0101")], "there is no group `controllers`"),
    row("dangling: a person of an assignment",
        &[(CAMPAIGN, "users = [\"pia@contoso.example\"]", "users = [\"pias@contoso.example\"] #~ E0101")], "did you mean `pia@contoso.example`?"),
    row("a name of another kind is told",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"ledger\" #~ E0101")], "`ledger` is an application"),
];

#[test]
fn references() {
    check(REFERENCES);
}

#[rustfmt::skip]
const VALUES: &[Row] = &[
    row("`[]` means empty",
        &[(GROUPS, "[group.month-end-close]", "[group.month-end-close]\nmembers = []")], ""),
    row("collections are sets: `\"Member\"` equals `[\"Member\"]`",
        &[(CAMPAIGN, "resource_roles.brand-site = \"Member\"", "resource_roles.brand-site = [\"Member\"]")], ""),
    row("a member twice is a warning",
        &[(GROUPS, "  \"tom@contoso.example\",", "  \"tom@contoso.example\",\n  \"Tom@contoso.example\", #~ W0026")], "stands in `members` twice | first here | one of them is enough"),
    row("no coercion: a quoted truth value (row 26)",
        &[(MARKETING, "externally_visible = true", "externally_visible = \"true\" #~ E0009")], "write `true` without quotes"),
    row("no coercion: a number for a truth value (row 26)",
        &[(FINANCE_CATALOG, "prevent_destroy = true", "prevent_destroy = 1 #~ E0009")], "`prevent_destroy` is `true` or `false`, not a number"),
    row("no coercion: a number for a text (row 26)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = 7 #~ E0009")], "`display_name` is a text, not a number"),
    row("no fractions anywhere (row 28)",
        &[(WRIT, "max_access_lost = 10", "max_access_lost = 1e3 #~ E0009")], "not a number with a fraction"),
    row("not even these (row 28)",
        &[(WRIT, "max_access_lost = 10", "max_access_lost = nan #~ E0009")], "a whole number"),
    row("no negative numbers (row 28)",
        &[(WRIT, "max_access_lost = 10", "max_access_lost = -1 #~ E0009")], "not a number below zero"),
    row("a table where a list belongs",
        &[(GROUPS, "owners = [\"lena@contoso.example\"]", "owners = { lead = \"lena@contoso.example\" } #~ E0009")], "write a list in brackets"),
    row("a list where a table belongs",
        &[(CAMPAIGN, "escalation = { after = \"7d\", approvers = [\"carla@contoso.example\"] }", "escalation = [\"carla@contoso.example\"] #~ E0009")], "`escalation` is a table"),
];

const FINANCE_CATALOG: &str = crate::files::FINANCE;

#[test]
fn values() {
    check(VALUES);
}

#[rustfmt::skip]
const TEXTS: &[Row] = &[
    row("control characters are refused, with the position (row 47)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\\u0000ployees\" #~ E0004")], "holds U+0000 as its character 3"),
    row("control characters are refused in descriptions too",
        &[(CAMPAIGN, "description = \"Everything", "description = \"\\u001b[2JEverything"),
          (CAMPAIGN, "brand library\"", "brand library\" #~ E0004")], "holds U+001B as its character 1"),
    row("LF and TAB are allowed in a description",
        &[(CAMPAIGN, "description = \"Everything", "description = \"A\\n\\tlist: everything")], ""),
    row("LF and TAB are allowed in a justification",
        &[(CAMPAIGN, "justification = \"Summer", "justification = \"A\\n\\tlist: summer")], ""),
    row("LF and TAB are allowed in the text of a question",
        &[(CAMPAIGN, "text = \"Which", "text = \"Pay\\n\\tWhich")], ""),
    row("LF is not allowed in a name",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\\nployees\" #~ E0004")], "holds U+000A"),
    row("TAB is not allowed in a department",
        &[(USERS, "department = \"Management\"", "department = \"Manage\\tment\" #~ E0004")], "holds U+0009"),
    row("bidirectional overrides are refused, with the position (row 32)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\\u202eployees\" #~ E0004")], "holds U+202E as its character 3"),
    row("isolates are refused as well (row 32)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\\u2066ployees\" #~ E0004")], "holds U+2066"),
    row("a raw override in a text is told once (row 32)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\u{202e}ployees\" #~ E0004")], "character 19 of the line is U+202E"),
    row("a bidirectional override in a comment (row 33)",
        &[(CAMPAIGN, "# Seats in the ad accounts", "#~ E0004 \u{2067}\n# Seats in the ad accounts")], "hides or reorders text"),
    row("a raw control character",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\u{1}ployees\" #~ E0004")], "U+0001"),
    row("mixed scripts within one word of a name are refused (row 37)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"The \u{0430}dmins\" #~ E0005")], "`\u{0430}dmins` mixes scripts"),
    row("several scripts in several words are not",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Employees Сотрудники (営業チーム)\"")], ""),
    row("right-to-left names are names (row 46)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"עובדים 🎉\"")], ""),
    row("invisible characters are no part of a name (row 34)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\\u200bployees\" #~ E0016")], "without invisible characters"),
    row("nor are fillers, tags and variation selectors (row 35)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\\u3164ployees\" #~ E0016"),
          (CAMPAIGN, "display_name = \"Fabrikam\"", "display_name = \"Fab\\U000E0041rikam\" #~ E0016"),
          (CAMPAIGN, "display_name = \"Assigned directly\"", "display_name = \"Assigned\\uFE0F directly\" #~ E0016")], "without invisible characters"),
    row("a name is not blank (row 36)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"\u{a0}\" #~ E0016"),
          (CAMPAIGN, "display_name = \"Fabrikam\"", "display_name = \"\" #~ E0016"),
          (CAMPAIGN, "display_name = \"Assigned directly\"", "display_name = \"Assigned \" #~ E0016")], "without spaces around it"),
    row("a name has 120 characters at most (row 42)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012\" #~ E0016")], "120 characters"),
    row("a letter carries four marks at most (row 41)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Q\u{302}\u{303}\u{304}\u{305}\u{306}uery\" #~ E0016")], "four marks"),
    row("full-width and mathematical letters are no letters of a name (row 44)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Ｅmployees\" #~ E0016"),
          (CAMPAIGN, "display_name = \"Fabrikam\"", "display_name = \"𝐅abrikam\" #~ E0016")], "plain letters"),
    row("private and unassigned code points are no characters of a name (row 45)",
        &[(CAMPAIGN, "display_name = \"Employees\"", "display_name = \"Em\\uE000ployees\" #~ E0016"),
          (CAMPAIGN, "display_name = \"Fabrikam\"", "display_name = \"Fab\\uFFFFrikam\" #~ E0016"),
          (CAMPAIGN, "display_name = \"Assigned directly\"", "display_name = \"Assigned\\U0010FFFD directly\" #~ E0016")], "private or unassigned"),
    row("a site's address is an https address without a password in it",
        &[(crate::files::SITES, "url = \"https://contoso.example/sites/brand\"", "url = \"https://u:p@contoso.example/sites/brand\" #~ E0016")], "without a user or password"),
    row("a tenant is a GUID",
        &[(crate::files::ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\"]\ntenant_id = \"litware\" #~ E0016")], "a GUID such as"),
    row("a domain is a domain",
        &[(crate::files::ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\"]\ninitial_domain = \"litware\" #~ E0016")], "a domain such as"),
    row("a mail address has one `@`",
        &[(USERS, "department = \"Management\"", "mail = \"carla\" #~ E0016")], "a mail address with one `@`"),
    row("a pattern is a regular expression",
        &[(CAMPAIGN, "pattern = \"[0-9]{4}\"", "pattern = \"[0-9\" #~ E0016")], "a regular expression"),
    row("a language is a language tag",
        &[(CAMPAIGN, "translations.nl =", "translations.Dutch ="),
          (CAMPAIGN, "de licentie?\"", "de licentie?\" #~ E0010")], "a language tag such as `nl`"),
];

#[test]
fn texts() {
    check(TEXTS);
}

#[rustfmt::skip]
const TIMES: &[Row] = &[
    row("ISO 8601 with weeks, days, hours and minutes",
        &[(TEMPLATES, "timeout = \"7d\"", "timeout = \"P1DT12H30M\""), (CAMPAIGN, "timeout = \"14d\"", "timeout = \"P2W\"")], ""),
    row("months are refused",
        &[(TEMPLATES, "timeout = \"7d\"", "timeout = \"P1M\" #~ E0019")], "months, years and seconds | count in days"),
    row("years are refused",
        &[(TEMPLATES, "expiration = \"180d\"", "expiration = \"1y\" #~ E0019")], "count in days"),
    row("a duration is one number and unit (row 27)",
        &[(TEMPLATES, "timeout = \"7d\"", "timeout = \"-1d\" #~ E0019")], "`-1d`: not a duration"),
    row("nothing but digits is a number (row 27)",
        &[(TEMPLATES, "timeout = \"7d\"", "timeout = \"1_0d\" #~ E0019")], "one number and unit"),
    row("a duration is a text (row 27)",
        &[(TEMPLATES, "timeout = \"7d\"", "timeout = 9223372036854775807 #~ E0009")], "write `\"9223372036854775807d\"` for days"),
    row("a duration without quotes",
        &[(TEMPLATES, "timeout = \"7d\"", "timeout = 7d #~ E0001")], "durations stand in quotes"),
    row("no duration is longer than 3,660 days (row 27)",
        &[(TEMPLATES, "timeout = \"7d\"", "timeout = \"9999999999d\" #~ E0020")], "`timeout` is between 1h and 3660d"),
    row("a local date-time that the zone has twice is refused",
        &[(CAMPAIGN, "end = 2027-08-31", "end = 2027-10-31T02:30:00 #~ E0021")], "has this local time twice (Europe/Amsterdam) | write an offset"),
    row("a local date-time that the zone skips is refused",
        &[(CAMPAIGN, "start = 2027-06-01", "start = 2027-03-28T02:30:00 #~ E0021")], "skips this local time"),
    row("an offset date-time says which of the two it is",
        &[(CAMPAIGN, "start = 2027-06-01\nend = 2027-08-31", "start = 2027-05-31T02:30:00+01:00\nend = 2027-10-31T02:30:00+01:00")], ""),
    row("the zone of the workspace holds for its defaults too",
        &[(WRIT, "expiration = \"365d\"", "expiration = 2027-10-31T02:30:00 #~ E0021")], "Europe/Amsterdam"),
    row("years are 1970 to 2199 (row 29)",
        &[(CAMPAIGN, "end = 2027-08-31", "end = 0000-01-01 #~ E0021"), (AUDIT, "expiration = 2027-06-30", "expiration = 9999-12-31T23:59:59Z #~ E0021")], "the years 1970 to 2199"),
    row("a day has to exist (row 29)",
        &[(CAMPAIGN, "end = 2027-08-31", "end = 2027-02-29 #~ E0001")], "the day has to exist"),
    row("an offset has to exist (row 29)",
        &[(CAMPAIGN, "end = 2027-08-31", "end = 2027-08-31T00:00:00+99:99 #~ E0001")], "invalid offset"),
    row("a date in quotes is a text",
        &[(CAMPAIGN, "end = 2027-08-31", "end = \"2027-08-31\" #~ R52")], "dates stand without quotes"),
    row("a time is no date",
        &[(CAMPAIGN, "end = 2027-08-31", "end = 18:00:00 #~ R52")], "not a time without a date"),
    row("a review starts on a day",
        &[(TEMPLATES, "starts = 2027-03-01", "starts = 2027-03-01T08:00:00 #~ E0009")], "not a date-time"),
];

#[test]
fn times() {
    check(TIMES);
}
