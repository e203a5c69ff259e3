//! Who may make which change of files: decided on the state before the plan, told step by step, refused by an apply; and what
//! somebody does not see is not there.
#![expect(clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

mod support;

use support::{Run, Workspace};

/// People named for what they are; those of a catalog are it in `marketing`.
const BASE: &str = r#"
[user."ada@contoso.example"]
[user."cleo@contoso.example"]
[user."coa@contoso.example"]
[user."olga@contoso.example"]
[user."otto@contoso.example"]
[user."mia@contoso.example"]
[user."amy@contoso.example"]
[user."rob@contoso.example"]
[user."paul@contoso.example"]
[user."grace@contoso.example"]
[user."finn@contoso.example"]
[user."left@contoso.example"]
enabled = false

[delegation.administrators]
role = "administrator"
members = ["ada@contoso.example"]

[delegation.creators]
role = "catalog_creator"
members = ["group:creators"]

[delegation.partners]
role = "connected_organization_administrator"
members = ["coa@contoso.example"]

[group.creators]
members = ["cleo@contoso.example"]

[group.managers]
members = ["mia@contoso.example"]

[group.team]
members = ["paul@contoso.example"]
owners = ["grace@contoso.example", "olga@contoso.example"]

[application.crm]
roles = ["Reader", "Writer"]
owners = ["olga@contoso.example"]

[application.erp]
owners = ["finn@contoso.example"]

[application.wiki]
owners = ["cleo@contoso.example", "mia@contoso.example"]

[connected_organization.fabrikam]
domains = ["fabrikam.example"]

[catalog.marketing]
display_name = "Marketing"

[catalog.marketing.delegation.owners]
role = "catalog_owner"
members = ["olga@contoso.example", "otto@contoso.example"]

[catalog.marketing.delegation.managers]
role = "access_package_manager"
members = ["group:managers"]

[catalog.marketing.delegation.assigners]
role = "assignment_manager"
members = ["amy@contoso.example"]

[catalog.marketing.delegation.readers]
role = "catalog_reader"
members = ["rob@contoso.example"]

[catalog.marketing.resource.crm]
origin = "application:crm"

[catalog.marketing.resource.old]
type = "application"
origin = "old/prod"
roles = ["User"]

[access_package.campaign]
catalog = "marketing"
resource_roles.crm = "Reader"

[access_package.campaign.policy.direct]
requestors = "none"
expiration = "30d"

[access_package.idle]
catalog = "marketing"

[access_package.idle.policy.direct]
requestors = "none"
expiration = "30d"

[catalog.finance]
display_name = "Money"

[catalog.finance.delegation.owners]
role = "catalog_owner"
members = ["finn@contoso.example"]

[catalog.finance.resource.erp]
origin = "application:erp"

[access_package.budget]
catalog = "finance"
resource_roles.erp = "Default Access"

[access_package.budget.policy.direct]
requestors = "none"
expiration = "30d"
"#;

/// A change of files.
enum Edit {
    /// More text.
    Add(&'static str),
    /// Another text in the place of one.
    Swap(&'static str, &'static str),
    /// Without what stands from here to the next blank line.
    Cut(&'static str),
    /// `writ.toml` says this too.
    Settings(&'static str),
}
use Edit::{Add, Cut, Settings, Swap};

/// What is said to whom may not: the roles needed, and who could instead.
const BEYOND: &str = "sees, in catalogs where they hold no role";

fn name(who: &str) -> String {
    format!("{who}@contoso.example")
}

/// The text after some edits.
fn edited(edits: &[Edit]) -> (String, String) {
    let (mut text, mut settings) = (BASE.to_owned(), String::new());
    for edit in edits {
        match edit {
            Add(more) => text.push_str(&format!("\n{more}")),
            Swap(from, to) => {
                assert!(text.contains(from), "{from}");
                text = text.replacen(from, to, 1);
            }
            Cut(head) => {
                let start = text.find(head).unwrap_or_else(|| panic!("{head}"));
                let end = text[start..].find("\n\n").map_or(text.len(), |n| start + n + 1);
                text.replace_range(start..end, "");
            }
            Settings(more) => settings.push_str(more),
        }
    }
    (text, settings)
}

struct Place {
    w: Workspace,
}

impl Place {
    fn new() -> Place {
        let place = Place { w: Workspace::of(BASE) };
        place.w.apply();
        place
    }

    fn write(&self, edits: &[Edit]) {
        let (text, settings) = edited(edits);
        self.w.write("all.toml", &text);
        self.w.write("writ.toml", &format!("[workspace]\nname = \"test\"\n\n{settings}"));
    }

    fn run(&self, who: &str, verb: &[&str]) -> Run {
        self.w.run(&[verb, &["--as", &name(who)]].concat())
    }
}

/// A package, as somebody would make it.
const PACKAGE: &str = "[access_package.new]\ncatalog = \"marketing\"\nresource_roles.crm = \"Writer\"\n\n[access_package.new.policy.direct]\nrequestors = \"none\"\nexpiration = \"30d\"\n";
const DELEGATION: &str = "[catalog.marketing.delegation.more]\nrole = \"access_package_manager\"\nmembers = [\"paul@contoso.example\"]\n";
const NEW_CATALOG: &str =
    "[catalog.new]\n\n[catalog.new.delegation.owners]\nrole = \"catalog_owner\"\nmembers = [\"cleo@contoso.example\"]\n";
const WIKI: &str = "[catalog.marketing.resource.wiki]\norigin = \"application:wiki\"\n";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_rule_holds_for_every_actor() {
    let place = Place::new();
    // The rule, who, what, and what the plan says; a plan that says `yes` is not refused.
    let table: Vec<(&str, &str, Vec<Edit>, &[&str])> = vec![
        (
            "R1: administrators may everything",
            "ada",
            vec![Add(PACKAGE), Add(DELEGATION), Add(NEW_CATALOG)],
            &["yes  5 steps  administrator, all.toml:"],
        ),
        ("R1: over the tenant", "ada", vec![Swap("members = [\"coa@", "members = [\"paul@contoso.example\", \"coa@")], &["yes  1 step"]),
        (
            "R2: administrators change creators",
            "ada",
            vec![Swap("[\"group:creators\"]", "[\"group:creators\", \"paul@contoso.example\"]")],
            &["yes"],
        ),
        (
            "R2: creators do not",
            "cleo",
            vec![Swap("[\"group:creators\"]", "[\"paul@contoso.example\"]")],
            &["no   delegation.creators", "needs administrator: ada@contoso.example", "may not hand out roles over the tenant"],
        ),
        ("R2: owners do not", "olga", vec![Cut("[delegation.creators]")], &["no   delegation.creators", "needs administrator"]),
        (
            "R3, R4, R5: a member of a group of creators creates, and owns",
            "cleo",
            vec![Add(NEW_CATALOG)],
            &[
                "yes  1 step  catalog_creator through group:creators, all.toml:",
                "yes  1 step  catalog_owner of catalog.new, which they make as catalog_creator through group:creators, all.toml:",
            ],
        ),
        ("R4: a plain user does not", "paul", vec![Add(NEW_CATALOG)], &[BEYOND, "catalog_creator", "administrator"]),
        (
            "R5: who makes it stands in it",
            "cleo",
            vec![Add("[catalog.new]\n")],
            &["`cleo@contoso.example` makes `catalog.new` and would not own it", "[catalog.new.delegation.owners]", "R5"],
        ),
        (
            "R5: not somebody else alone",
            "cleo",
            vec![Add("[catalog.new]\n\n[catalog.new.delegation.owners]\nrole = \"catalog_owner\"\nmembers = [\"paul@contoso.example\"]\n")],
            &["R5"],
        ),
        (
            "R5: nor as something less",
            "cleo",
            vec![Add(
                "[catalog.new]\n\n[catalog.new.delegation.m]\nrole = \"access_package_manager\"\nmembers = [\"cleo@contoso.example\"]\n",
            )],
            &["R5"],
        ),
        (
            "R5: through a group",
            "cleo",
            vec![Add("[catalog.new]\n\n[catalog.new.delegation.owners]\nrole = \"catalog_owner\"\nmembers = [\"group:creators\"]\n")],
            &["yes"],
        ),
        ("R5: administrators make catalogs for others", "ada", vec![Add("[catalog.new]\n")], &["yes"]),
        ("R6: not in the catalogs of others", "cleo", vec![Add(PACKAGE)], &[BEYOND]),
        (
            "R7: owners add owners",
            "otto",
            vec![Swap("[\"olga@contoso.example\", \"otto@", "[\"paul@contoso.example\", \"olga@contoso.example\", \"otto@")],
            &["yes  1 step  catalog_owner of catalog.marketing, all.toml:"],
        ),
        ("R7: administrators too", "ada", vec![Swap("[\"olga@contoso.example\", \"otto@", "[\"paul@contoso.example\", \"otto@")], &["yes"]),
        ("R8: owners add managers", "olga", vec![Add(DELEGATION)], &["yes"]),
        (
            "R8: managers do not",
            "mia",
            vec![Add(DELEGATION)],
            &[
                "no   catalog.marketing.delegation.more",
                "needs catalog_owner: olga@contoso.example, otto@contoso.example or an administrator",
                "`mia@contoso.example` may not delegate in `catalog.marketing`",
                "way out: olga@contoso.example, otto@contoso.example or an administrator can apply it; or make it a change of its own",
            ],
        ),
        ("R8: nor do assigners", "amy", vec![Add(DELEGATION)], &["no   catalog.marketing.delegation.more"]),
        ("R8: nor readers", "rob", vec![Cut("[catalog.marketing.delegation.assigners]")], &["no   catalog.marketing.delegation.assigners"]),
        (
            "R9: managers make packages, with their policies",
            "mia",
            vec![Add(PACKAGE)],
            &["yes  2 steps  access_package_manager of catalog.marketing through group:managers, all.toml:"],
        ),
        (
            "R9: and change them",
            "mia",
            vec![
                Swap(
                    "resource_roles.crm = \"Reader\"",
                    "resource_roles.crm = \"Writer\"\nhidden = true\nincompatible_with = [\"access_package:idle\"]",
                ),
                Swap("expiration = \"30d\"", "expiration = \"20d\""),
            ],
            &["yes"],
        ),
        ("R9: in no other catalog", "mia", vec![Swap("resource_roles.erp = \"Default Access\"", "hidden = true")], &[BEYOND]),
        (
            "R10: managers do not touch the catalog",
            "mia",
            vec![Swap("\"Marketing\"", "\"Market\"")],
            &["no   catalog.marketing", "may not edit `catalog.marketing`"],
        ),
        ("R10: nor its resources", "mia", vec![Cut("[catalog.marketing.resource.old]")], &["no   catalog.marketing.resource.old"]),
        (
            "R10: readers read",
            "rob",
            vec![Swap("resource_roles.crm = \"Reader\"", "hidden = true")],
            &[
                "no   access_package.campaign",
                "needs access_package_manager: group:managers, olga@contoso.example, otto@contoso.example or an administrator",
            ],
        ),
        (
            "R10: assigners assign",
            "amy",
            vec![Add("[access_package.campaign.assignment.a]\npolicy = \"direct\"\nusers = [\"paul@contoso.example\"]\n")],
            &["yes  1 step  assignment_manager of catalog.marketing"],
        ),
        (
            "R10: and change no policy",
            "amy",
            vec![Swap("expiration = \"30d\"", "expiration = \"20d\"")],
            &["no   access_package.campaign.policy.direct", "may not change policies"],
        ),
        ("R11: owners fill the catalog", "olga", vec![Swap("\"Marketing\"", "\"Market\""), Add(DELEGATION), Add(PACKAGE)], &["yes"]),
        (
            "R16: in `general` administrators make packages",
            "ada",
            vec![Swap(
                "catalog = \"marketing\"\n\n[access_package.idle.p",
                "catalog = \"marketing\"\n\n[access_package.loose]\n\n[access_package.idle.p",
            )],
            &["yes"],
        ),
        ("R16: nobody else does", "olga", vec![Add("[access_package.loose]\n")], &[BEYOND, "administrator"]),
        ("R17: owners make packages", "otto", vec![Add(PACKAGE)], &["yes"]),
        (
            "R18: creators make a catalog on the way",
            "cleo",
            vec![
                Add(NEW_CATALOG),
                Add(
                    "[access_package.x]\ncatalog = \"new\"\n\n[access_package.x.policy.direct]\nrequestors = \"none\"\nexpiration = \"1d\"\n",
                ),
            ],
            &["yes  3 steps  catalog_owner of catalog.new, which they make"],
        ),
        ("R18: others do not", "olga", vec![Add("[catalog.new]\n\n[access_package.x]\ncatalog = \"new\"\n")], &[BEYOND]),
        (
            "R22: own things into the new catalog",
            "cleo",
            vec![Add(NEW_CATALOG), Add("[catalog.new.resource.wiki]\norigin = \"application:wiki\"\n")],
            &["owner of application.wiki"],
        ),
        (
            "R22: not the things of others",
            "cleo",
            vec![Add(NEW_CATALOG), Add("[catalog.new.resource.erp]\norigin = \"application:erp\"\n")],
            &[
                "no   catalog.new.resource.erp",
                "needs catalog_owner who owns application.erp: an administrator (ada@contoso.example)",
                "does not own `application.erp`",
            ],
        ),
        ("R22: administrators bring anything", "ada", vec![Add(WIKI)], &["yes"]),
        (
            "R23: managers use what is there without owning it",
            "mia",
            vec![Swap("resource_roles.crm = \"Reader\"", "resource_roles.crm = \"Reader\"\nresource_roles.old = \"User\"")],
            &["yes"],
        ),
        (
            "R24: owners bring their own",
            "olga",
            vec![Add("[catalog.marketing.resource.team]\norigin = \"group:team\"\n")],
            &["yes", "owner of group.team"],
        ),
        (
            "R24: and use it in the same plan",
            "olga",
            vec![
                Add("[catalog.marketing.resource.team]\norigin = \"group:team\"\n"),
                Swap("resource_roles.crm = \"Reader\"", "resource_roles.crm = \"Reader\"\nresource_roles.team = \"Member\""),
            ],
            &["yes"],
        ),
        (
            "R24: not what others own",
            "otto",
            vec![Add("[catalog.marketing.resource.team]\norigin = \"group:team\"\n")],
            &["no   catalog.marketing.resource.team", "who owns group.team: olga@contoso.example or an administrator"],
        ),
        (
            "R24: an owner takes their own out",
            "olga",
            vec![Swap("resource_roles.crm = \"Reader\"", "hidden = true"), Cut("[catalog.marketing.resource.crm]")],
            &["yes"],
        ),
        (
            "R24: not what others own",
            "otto",
            vec![Swap("resource_roles.crm = \"Reader\"", "hidden = true"), Cut("[catalog.marketing.resource.crm]")],
            &["no   catalog.marketing.resource.crm", "does not own `application.crm`"],
        ),
        (
            "R25: managers bring nothing, own or not",
            "mia",
            vec![Add(WIKI)],
            &["no   catalog.marketing.resource.wiki", "may not change resources in `catalog.marketing`"],
        ),
        (
            "what the directory does not know is added by administrators",
            "olga",
            vec![Add("[catalog.marketing.resource.x]\ntype = \"application\"\norigin = \"x\"\nroles = [\"User\"]\n")],
            &["no   catalog.marketing.resource.x", "needs administrator"],
        ),
        ("and removed by them", "olga", vec![Cut("[catalog.marketing.resource.old]")], &["no   catalog.marketing.resource.old"]),
        ("by them it is", "ada", vec![Cut("[catalog.marketing.resource.old]")], &["yes"]),
        ("its name is an owner's", "olga", vec![Swap("origin = \"old/prod\"", "origin = \"old/prod\"\ndisplay_name = \"Old\"")], &["yes"]),
        (
            "what a connector calls by a name is for administrators",
            "olga",
            vec![
                Settings("[connector.ldap]\ntype = \"scim\"\nurl = \"https://ldap.contoso.example/scim\"\ntoken_env = \"LDAP\"\n"),
                Swap("origin = \"application:crm\"", "origin = \"application:crm\"\nconnector = \"ldap\""),
            ],
            &["no   catalog.marketing.resource.crm", "no   writ.toml"],
        ),
        (
            "R55: managers delete packages",
            "mia",
            vec![Cut("[access_package.idle]"), Cut("[access_package.idle.policy.direct]")],
            &["yes  2 steps"],
        ),
        (
            "R55: assigners do not",
            "amy",
            vec![Cut("[access_package.idle]"), Cut("[access_package.idle.policy.direct]")],
            &["no   access_package.idle"],
        ),
        (
            "R134: a rule is for administrators",
            "mia",
            vec![Add(
                "[access_package.idle.policy.all]\nautomatic = { rule = \"user.department == 'X'\", add = true, remove = true }\nexpiration = \"never\"\n",
            )],
            &["no   access_package.idle.policy.all", "may not assign by a rule", "needs administrator"],
        ),
        (
            "R134: by an administrator it is",
            "ada",
            vec![Add(
                "[access_package.idle.policy.all]\nautomatic = { rule = \"user.department == 'X'\", add = true, remove = true }\nexpiration = \"never\"\n",
            )],
            &["yes"],
        ),
        (
            "owners of a group change its members",
            "grace",
            vec![Swap("members = [\"paul@contoso.example\"]\nowners", "members = [\"rob@contoso.example\"]\nowners")],
            &["yes  1 step  owner of group.team"],
        ),
        (
            "others do not",
            "paul",
            vec![Swap("members = [\"paul@contoso.example\"]\nowners", "members = [\"rob@contoso.example\"]\nowners")],
            &["no   group.team", "needs an owner of group.team: grace@contoso.example, olga@contoso.example or an administrator"],
        ),
        (
            "nor do owners more than that",
            "grace",
            vec![Swap(
                "members = [\"paul@contoso.example\"]\nowners = [\"grace@contoso.example\", \"olga",
                "members = [\"rob@contoso.example\"]\nowners = [\"grace@contoso.example\", \"otto",
            )],
            &["no   group.team", "may not change the directory"],
        ),
        (
            "a guest or member is declared by administrators",
            "olga",
            vec![Add("[user.\"new@contoso.example\"]\n")],
            &["no   user.\"new@contoso.example\""],
        ),
        (
            "organizations have administrators of their own",
            "coa",
            vec![Swap("domains = [\"fabrikam.example\"]", "domains = [\"fabrikam.example\", \"f.example\"]")],
            &["yes  1 step  connected_organization_administrator"],
        ),
        (
            "others do not change them",
            "olga",
            vec![Swap("domains = [\"fabrikam.example\"]", "domains = [\"f.example\"]")],
            &[
                "no   connected_organization.fabrikam",
                "needs connected_organization_administrator: coa@contoso.example or an administrator",
            ],
        ),
        (
            "limits are for administrators",
            "olga",
            vec![Settings("[limits]\nmax_deletes = 3\n")],
            &["no   writ.toml", "may not change the directory, settings, limits, checks or defaults"],
        ),
        ("defaults are", "mia", vec![Settings("[defaults]\nexpiration = \"10d\"\n")], &["no   writ.toml"]),
        ("by them they change", "ada", vec![Settings("[limits]\nmax_deletes = 3\n\n[defaults]\nexpiration = \"10d\"\n")], &["yes  1 step"]),
        (
            "the settings of the tenant too",
            "olga",
            vec![Add("[settings.external_users]\ndelete_after = \"9d\"\n")],
            &["no   settings.external_users"],
        ),
        ("a delegation and its use never pass together", "paul", vec![Add(DELEGATION), Add(PACKAGE)], &[BEYOND]),
        (
            "nor by raising oneself",
            "mia",
            vec![
                Swap("[\"olga@contoso.example\", \"otto@", "[\"mia@contoso.example\", \"olga@contoso.example\", \"otto@"),
                Add(DELEGATION),
            ],
            &["may not name owners", "may not delegate"],
        ),
        (
            "nor by entering a group",
            "grace",
            vec![
                Swap("members = [\"paul@contoso.example\"]\nowners", "members = [\"grace@contoso.example\"]\nowners"),
                Add("[catalog.marketing.delegation.t]\nrole = \"catalog_owner\"\nmembers = [\"group:team\"]\n"),
            ],
            &[BEYOND],
        ),
        (
            "nor does an owner of a thing become it on the way",
            "otto",
            vec![
                Swap("owners = [\"grace@", "owners = [\"otto@contoso.example\", \"grace@"),
                Add("[catalog.marketing.resource.team]\norigin = \"group:team\"\n"),
            ],
            &["no   group.team", "no   catalog.marketing.resource.team"],
        ),
        (
            "a rename is a change",
            "rob",
            vec![
                Swap("[access_package.idle]\n", "[access_package.busy]\n"),
                Swap("[access_package.idle.policy.direct]", "[access_package.busy.policy.direct]"),
                Add("[[moved]]\nfrom = \"access_package.idle\"\nto = \"access_package.busy\"\n"),
            ],
            &["no   access_package.busy", "may not change packages"],
        ),
        (
            "of a user who renames themselves, too",
            "olga",
            vec![
                Swap("[user.\"olga@", "[user.\"olga2@"),
                Swap("owners = [\"grace@contoso.example\", \"olga@", "owners = [\"grace@contoso.example\", \"olga2@"),
                Swap("owners = [\"olga@", "owners = [\"olga2@"),
                Swap("members = [\"olga@", "members = [\"olga2@"),
                Add("[[moved]]\nfrom = \"olga@contoso.example\"\nto = \"olga2@contoso.example\"\n"),
                Add(DELEGATION),
            ],
            &["no   user.\"olga2@contoso.example\"", "yes  1 step"],
        ),
        (
            "to let go is to delete",
            "mia",
            vec![
                Swap("[catalog.marketing.delegation.readers]\nrole = \"catalog_reader\"\nmembers = [\"rob@contoso.example\"]\n", ""),
                Add("[[removed]]\nfrom = \"catalog.marketing.delegation.readers\"\ndestroy = false\n"),
            ],
            &["no   catalog.marketing.delegation.readers"],
        ),
    ];
    let mut wrong = Vec::new();
    for (rule, who, edits, said) in table {
        place.write(&edits);
        let run = place.run(who, &["plan"]);
        let may = said[0].starts_with("yes") || said[0].starts_with("owner of");
        let missing: Vec<&&str> = said.iter().filter(|s| !run.out.contains(**s)).collect();
        if run.code != if may { 0 } else { 5 } || !missing.is_empty() {
            wrong.push(format!("{rule} ({who}): {} without {missing:?}\n{}{}", run.code, run.out, run.err));
            continue;
        }
        // An apply answers as the plan does; that of a refused one changes nothing.
        if !may {
            let applied = place.run(who, &["apply", "--auto-approve"]);
            if applied.code != 5 {
                wrong.push(format!("{rule} ({who}): applied with {}\n{}{}", applied.code, applied.out, applied.err));
            }
        }
        // What is not seen is not told in any form.
        if said.contains(&BEYOND) {
            for format in [&["--format", "markdown"][..], &["--json"]] {
                let told = place.run(who, &[&["plan"], format].concat());
                if told.code != 5
                    || ["Money", "finance", "budget", "catalog.new", "access_package.new", "access_package.loose"]
                        .iter()
                        .any(|w| told.out.contains(w))
                {
                    wrong.push(format!("{rule} ({who}) tells {format:?}: {}\n{}", told.code, told.out));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n\n{}", wrong.len(), wrong.join("\n"));
    place.write(&[]);
    place.w.expect(0, &["plan", "--detailed-exitcode"]);
}

/// A run's output with one name for another.
fn renamed(run: &Run, from: &str, to: &str) -> (i32, String, String) {
    (run.code, run.out.replace(from, to), run.err.replace(from, to))
}

#[test]
fn what_one_does_not_see_is_not_there() {
    let place = Place::new();
    // Two names of the same length, neither near any other: `finance` is there, `qqqqqqq` is not.
    let ways: &[&[&str]] = &[
        &["show", "catalog.finance"],
        &["show", "catalog.finance.resource.erp"],
        &["show", "catalog.finance", "--json"],
        &["show", "catalog.finance", "--at", "@1"],
        &["state", "show", "catalog.finance.delegation.owners"],
        &["state", "list", "catalog.finance"],
        &["state", "list", "catalog.finance", "--json"],
        &["explain", "catalog.finance"],
        &["report", "roles", "--for", "finn@contoso.example"],
        &["who", "catalog.finance.resource.erp"],
        &["who", "finance/erp"],
        &["why", "finn@contoso.example", "finance/erp"],
        &["plan", "--target", "catalog.finance"],
        &["plan", "--exclude", "catalog.finance"],
    ];
    for way in ways {
        for who in ["paul", "mia", "cleo"] {
            let hidden = place.run(who, way);
            let other: Vec<String> = way.iter().map(|w| w.replace("finance", "qqqqqqq")).collect();
            let none = place.run(who, &other.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(renamed(&hidden, "finance", "qqqqqqq"), renamed(&none, "finance", "qqqqqqq"), "{who}: {way:?}");
            assert!(hidden.code != 0 || way[0] == "report", "{who}: {way:?}\n{}", hidden.out);
        }
        let seen = place.run("finn", way);
        assert_eq!(seen.code, 0, "{way:?}\n{}{}", seen.out, seen.err);
    }
    for way in [
        &["report", "assignments", "--package", "budget"][..],
        &["report", "requestable", "--package", "budget", "--for", "finn@contoso.example"],
        &["can", "finn@contoso.example", "budget"],
        &["show", "access_package.budget.policy.direct"],
        &["state", "list", "access_package.budget"],
    ] {
        let hidden = place.run("mia", way);
        let other: Vec<String> = way.iter().map(|w| w.replace("budget", "qqqqqq")).collect();
        let none = place.run("mia", &other.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(renamed(&hidden, "budget", "qqqqqq"), renamed(&none, "budget", "qqqqqq"), "{way:?}");
        assert_ne!(hidden.code, 0, "{way:?}\n{}", hidden.out);
    }
    // In what lists everything it is left out, with all that is in it and all that speaks of it.
    for way in [
        &["show"][..],
        &["state", "list"],
        &["state", "list", "--json"],
        &["graph"],
        &["graph", "--json"],
        &["catalogs"],
        &["report", "roles"],
        &["diff", "@0", "@1"],
    ] {
        let mine = place.run("mia", way);
        assert_eq!(mine.code, 0, "{way:?} {}", mine.err);
        assert!(["finance", "budget", "Money"].iter().all(|w| !mine.out.contains(w) && !mine.err.contains(w)), "{way:?}\n{}", mine.out);
        assert!(mine.out.contains("marketing"), "{way:?}\n{}", mine.out);
        assert!(place.run("ada", way).out.contains("finance") && place.w.run(way).out.contains("finance"), "{way:?}");
    }
    // What was called otherwise then is known by what it is.
    place.w.replace("all.toml", "[catalog.finance]", "[catalog.money]");
    for _ in 0..2 {
        place.w.replace("all.toml", "[catalog.finance.", "[catalog.money.");
    }
    place.w.replace("all.toml", "catalog = \"finance\"", "catalog = \"money\"\nhidden = true\n#");
    place.w.write("moves.toml", "[[moved]]\nfrom = \"catalog.finance\"\nto = \"catalog.money\"\n");
    place.w.apply();
    assert_eq!(place.run("finn", &["show", "catalog.finance", "--at", "@1"]).code, 0);
    assert_eq!(place.run("mia", &["show", "catalog.finance", "--at", "@1"]).code, 1);
    assert_eq!(place.run("nobody", &["show"]).code, 5);
    assert_eq!(place.run("left", &["show"]).code, 5);
}

#[test]
fn files_cannot_name_what_one_does_not_see() {
    let place = Place::new();
    // A department with a repository of its own, on the same store.
    place
        .w
        .write("writ.toml", &format!("[workspace]\nname = \"test\"\nmanages = [{}]\n\n[store]\nurl = \"sqlite:.writ/test.db\"\n", MANAGED));
    place.w.apply();
    place.w.write(
        "dept/writ.toml",
        "[workspace]\nname = \"dept\"\nmanages = [\"catalog.new\"]\n\n[store]\nurl = \"sqlite:../.writ/test.db\"\n",
    );
    let there = |who: &str, verb: &[&str]| place.run(who, &[verb, &["--chdir", "dept"]].concat());
    for (with, without) in [
        ("incompatible_with = [\"access_package:budget\"]", "incompatible_with = [\"access_package:qudget\"]"),
        ("catalog = \"finance\"\n", "catalog = \"qinance\"\n"),
    ] {
        let text = |line: &str| {
            format!("{NEW_CATALOG}\n[access_package.x]\n{}{line}\n", if line.starts_with("catalog") { "" } else { "catalog = \"new\"\n" })
        };
        place.w.write("dept/all.toml", &text(with));
        let hidden = there("cleo", &["plan"]);
        place.w.write("dept/all.toml", &text(without));
        let none = there("cleo", &["plan"]);
        let plain = |run: &Run| (run.code, run.out.clone(), run.err.replace("qudget", "budget").replace("qinance", "finance"));
        assert_eq!(plain(&hidden), plain(&none));
        assert_eq!(hidden.code, 1, "{}", hidden.err);
        assert!(!none.err.contains("budget") && !none.err.contains("`finance`"), "{}", none.err);
    }
    // Its maker fills it; others do not see it.
    place.w.write("dept/all.toml", &format!("{NEW_CATALOG}\n[access_package.x]\ncatalog = \"new\"\n"));
    let applied = there("cleo", &["apply", "--auto-approve"]);
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    assert_eq!(there("mia", &["plan"]).out, there("finn", &["plan"]).out.replace("finn@", "mia@"));
    let catalogs = place.run("cleo", &["catalogs", "--chdir", "dept"]);
    assert!(catalogs.out.contains("new") && !catalogs.out.contains("marketing"), "{}", catalogs.out);
    // A second workspace that manages the same is refused.
    place.w.write(
        "dept/writ.toml",
        "[workspace]\nname = \"other\"\nmanages = [\"catalog.finance\"]\n\n[store]\nurl = \"sqlite:../.writ/test.db\"\n",
    );
    assert_eq!(there("ada", &["plan"]).code, 7);
}

/// What `test` manages beside a department.
const MANAGED: &str = "\"user.\\\"ada@contoso.example\\\"\", \"user.\\\"cleo@contoso.example\\\"\", \"user.\\\"coa@contoso.example\\\"\", \
    \"user.\\\"olga@contoso.example\\\"\", \"user.\\\"otto@contoso.example\\\"\", \"user.\\\"mia@contoso.example\\\"\", \
    \"user.\\\"amy@contoso.example\\\"\", \"user.\\\"rob@contoso.example\\\"\", \"user.\\\"paul@contoso.example\\\"\", \
    \"user.\\\"grace@contoso.example\\\"\", \"user.\\\"finn@contoso.example\\\"\", \"user.\\\"left@contoso.example\\\"\", \
    \"delegation.administrators\", \"delegation.creators\", \"delegation.partners\", \"group.creators\", \"group.managers\", \
    \"group.team\", \"application.crm\", \"application.erp\", \"application.wiki\", \"connected_organization.fabrikam\", \
    \"catalog.marketing\", \"catalog.finance\"";

#[test]
fn a_saved_plan_is_decided_for_who_applies_it() {
    let place = Place::new();
    place.write(&[Add(DELEGATION)]);
    // Refused for the one who made it, it is still a plan, and an owner applies it.
    assert_eq!(place.run("mia", &["plan", "-o", "more.plan"]).code, 5);
    assert_eq!(place.run("amy", &["apply", "more.plan"]).code, 5);
    let applied = place.run("olga", &["apply", "more.plan"]);
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    // One that an administrator made is not applied by who does not see what is in it.
    place.write(&[Add(DELEGATION), Swap("resource_roles.erp = \"Default Access\"", "hidden = true")]);
    assert_eq!(place.run("ada", &["plan", "-o", "ada.plan"]).code, 0);
    let refused = place.run("mia", &["apply", "ada.plan"]);
    assert_eq!(refused.code, 5, "{}{}", refused.out, refused.err);
    // A part of one is no plan for anybody.
    assert_eq!(place.run("mia", &["plan", "-o", "part.plan"]).code, 5);
    assert_ne!(place.run("ada", &["apply", "part.plan"]).code, 0);
    // Rights that were lost meanwhile are lost.
    place.write(&[Add(DELEGATION), Swap("\"Marketing\"", "\"Market\"")]);
    assert_eq!(place.run("otto", &["plan", "-o", "otto.plan"]).code, 0);
    place.write(&[Add(DELEGATION), Swap("[\"olga@contoso.example\", \"otto@contoso.example\"]", "[\"olga@contoso.example\"]")]);
    place.w.apply();
    let refused = place.run("otto", &["apply", "otto.plan"]);
    assert_eq!(refused.code, 5, "{}{}", refused.out, refused.err);
    place.w.expect(0, &["audit", "verify"]);
}

#[test]
fn the_document_says_per_step_what_it_takes_and_who_has_it() {
    let place = Place::new();
    place.write(&[Add(DELEGATION), Add(PACKAGE)]);
    let plan = place.run("mia", &["plan", "--json"]).json();
    let decisions = plan["authority"]["decisions"].as_array().unwrap();
    let of = |action: &str| decisions.iter().find(|d| d["action"] == action).unwrap_or_else(|| panic!("{action}: {decisions:#?}"));
    let denied = of("change_catalog_roles");
    assert_eq!(denied["through"], serde_json::Value::Null);
    assert_eq!(denied["needs"], serde_json::json!(["catalog_owner", "administrator"]));
    assert_eq!(denied["steps"], serde_json::json!(["catalog.marketing.delegation.more"]));
    assert_eq!(denied["instead"], serde_json::json!(["olga@contoso.example", "otto@contoso.example"]));
    assert_eq!(denied["administrators"], serde_json::json!(["ada@contoso.example"]));
    let given = of("create_package");
    assert_eq!(given["catalog"], "catalog.marketing");
    assert_eq!(given["through"]["role"], "access_package_manager");
    assert_eq!(given["through"]["group"], "group:managers");
    assert_eq!(given["through"]["delegation"], "catalog.marketing.delegation.managers");
    assert_eq!(given["through"]["file"], "all.toml");
    assert_eq!(plan["verdict"]["refused"][0]["kind"], "authority");
    assert_eq!(plan["applyable"], false);
    let operators = place.w.expect(0, &["plan", "--json"]).json();
    assert_eq!(operators["authority"], serde_json::json!({ "beyond": false, "decisions": [], "operator": true }));
}

#[test]
fn a_template_takes_authority_over_all_that_it_changes() {
    let place = Place::new();
    let with = |days: &str| {
        let template = format!("[template.policy.short]\nexpiration = \"{days}\"\n");
        let text = BASE.replace("requestors = \"none\"\nexpiration = \"30d\"", "template = \"short\"\nrequestors = \"none\"");
        place.w.write("all.toml", &format!("{text}\n{template}"));
    };
    with("30d");
    place.w.apply();
    with("20d");
    let mia = place.run("mia", &["plan"]);
    assert!(mia.code == 5 && mia.out.contains(BEYOND) && mia.out.contains("yes  2 steps"), "{}{}", mia.out, mia.err);
    assert_eq!(place.run("finn", &["plan"]).code, 5);
    assert_eq!(place.run("ada", &["plan"]).code, 0);
}

/// Whatever is put together: an apply never passes that has a step in it which is refused by itself.
#[test]
fn nothing_passes_with_what_does_not_pass_alone() {
    let place = Place::new();
    let single: Vec<Edit> = vec![
        Add(PACKAGE),
        Add(DELEGATION),
        Add(NEW_CATALOG),
        Add(WIKI),
        Swap("resource_roles.crm = \"Reader\"", "resource_roles.crm = \"Writer\""),
        Swap("\"Marketing\"", "\"Market\""),
        Swap("[\"olga@contoso.example\", \"otto@", "[\"mia@contoso.example\", \"rob@contoso.example\", \"olga@contoso.example\", \"otto@"),
        Swap(
            "members = [\"cleo@contoso.example\"]\n\n[group.m",
            "members = [\"cleo@contoso.example\", \"mia@contoso.example\", \"grace@contoso.example\"]\n\n[group.m",
        ),
        Swap(
            "members = [\"mia@contoso.example\"]",
            "members = [\"mia@contoso.example\", \"grace@contoso.example\", \"rob@contoso.example\"]",
        ),
        Swap("members = [\"paul@contoso.example\"]\nowners", "members = [\"grace@contoso.example\"]\nowners"),
        Settings("[limits]\nmax_deletes = 1\n"),
    ];
    for who in ["mia", "olga", "cleo", "grace", "rob", "paul"] {
        let alone: Vec<bool> = single.iter().map(|edit| place.passes(who, &[edit])).collect();
        for (i, first) in single.iter().enumerate() {
            for (j, second) in single.iter().enumerate().skip(i + 1) {
                let both = place.passes(who, &[first, second]);
                assert_eq!(both, alone[i] && alone[j], "{who}: {i} and {j}");
            }
        }
    }
}

impl Place {
    fn passes(&self, who: &str, edits: &[&Edit]) -> bool {
        let copies: Vec<Edit> = edits
            .iter()
            .map(|e| match e {
                Add(a) => Add(a),
                Swap(a, b) => Swap(a, b),
                Cut(a) => Cut(a),
                Settings(a) => Settings(a),
            })
            .collect();
        self.write(&copies);
        let run = self.run(who, &["plan"]);
        assert!(run.code == 0 || run.code == 5, "{}{}", run.out, run.err);
        run.code == 0
    }
}

#[test]
fn an_empty_store_is_its_operators() {
    let w = Workspace::of(BASE);
    w.expect(5, &["apply", "--auto-approve", "--as", "olga@contoso.example"]).says(&["the first apply is the operator's"]);
    // An administrator of the files stands for the operator; nobody else could have been asked.
    w.expect(0, &["apply", "--auto-approve", "--as", "ada@contoso.example"]);
    w.expect(0, &["plan", "--as", "olga@contoso.example"]).says(&["No changes."]);
}

#[test]
fn who_is_in_a_group_by_a_package_has_what_the_group_has() {
    let place = Place::new();
    place.write(&[Add(
        "[catalog.marketing.resource.managers]\norigin = \"group:managers\"\n\n[access_package.lead]\ncatalog = \"marketing\"\nresource_roles.managers = \"Member\"\n\n[access_package.lead.policy.direct]\nrequestors = \"none\"\nexpiration = \"30d\"\n",
    )]);
    place.w.apply();
    let with = || place.w.write("new.toml", PACKAGE);
    with();
    assert_eq!(place.run("paul", &["plan"]).code, 5);
    place.w.expect(0, &["assign", "lead", "paul@contoso.example", "--policy", "direct"]);
    assert_eq!(place.run("paul", &["plan"]).code, 0);
    place.w.expect(0, &["remove", "lead", "--for", "paul@contoso.example"]);
    assert_eq!(place.run("paul", &["plan"]).code, 5);
}

#[test]
fn catalogs_are_listed_in_which_one_may() {
    let place = Place::new();
    let list = |who: &str, more: &[&str]| {
        let run = place.run(who, &[&["catalogs", "--json"], more].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        run.json()["catalogs"].as_array().unwrap().iter().map(|c| c["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let create = &["--can", "create-package"];
    assert_eq!(list("ada", create), ["catalog.finance", "catalog.general", "catalog.marketing"], "R16");
    assert_eq!(list("olga", create), ["catalog.marketing"], "R17");
    assert_eq!(list("mia", create), ["catalog.marketing"]);
    assert_eq!(list("amy", create), [""; 0]);
    assert_eq!(list("amy", &["--can", "assign_directly"]), ["catalog.marketing"]);
    assert_eq!(list("rob", &[]), ["catalog.marketing"]);
    assert_eq!(list("cleo", &[]), [""; 0]);
    place.run("mia", &["catalogs"]).says(&["access_package_manager"]);
    let wrong = place.run("mia", &["catalogs", "--can", "create-pakage"]);
    assert_eq!(wrong.code, 1);
    wrong.says(&["did you mean `create-package`?"]);
}

#[test]
fn owners_of_files_follow_from_the_delegations() {
    let place = Place::new();
    place.w.expect(1, &["codeowners"]).says(&["no administrator has a handle"]);
    let settings = "[workspace]\nname = \"test\"\n\n[codeowners]\nfile = \"CODEOWNERS\"\n\n[codeowners.handles]\n\"ada@contoso.example\" = \"@ada\"\n\"olga@contoso.example\" = \"@olga\"\n\"group:managers\" = \"@contoso/managers\"\n\"finn@contoso.example\" = \"finn@contoso.example\"\n";
    place.w.write("writ.toml", settings);
    let parts: Vec<&str> = BASE.split("[catalog.marketing]").collect();
    let (directory, rest) = (parts[0], format!("[catalog.marketing]{}", parts[1]));
    let (marketing, finance) = rest.split_once("[catalog.finance]").unwrap();
    let (catalog, packages) = marketing.split_once("[access_package.campaign]").unwrap();
    place.w.write("all.toml", directory);
    place.w.write("marketing/catalog.toml", catalog);
    place.w.write("marketing/campaign one.toml", &format!("[access_package.campaign]{packages}"));
    place.w.write("finance/all.toml", &format!("[catalog.finance]{finance}"));
    place.w.write("finance/more/x.toml", "[access_package.more]\ncatalog = \"finance\"\n");
    place.w.write("CODEOWNERS", "*.rs @rust\n");
    place.w.expect(1, &["codeowners", "--check"]).says(&["`CODEOWNERS` is not what the delegations say"]);
    place.w.expect(0, &["codeowners"]).says(&["otto@contoso.example"]);
    let lines: Vec<String> = place.w.read("CODEOWNERS").lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect();
    assert_eq!(
        lines,
        [
            "*.rs @rust",
            "",
            "* @ada",
            "/finance/ finn@contoso.example",
            "/marketing/campaign\\ one.toml @contoso/managers @olga",
            "/marketing/catalog.toml @olga",
        ]
    );
    place.w.expect(0, &["codeowners", "--check"]);
    place.w.write("writ.toml", &settings.replace("@olga", "@o"));
    place.w.expect(1, &["codeowners", "--check"]);
    place.w.write("writ.toml", &settings.replace("\"@olga\"", "\"@olga @eve\""));
    place.w.expect(1, &["codeowners"]).says(&["is no handle"]);
}

#[test]
fn what_is_done_to_the_state_by_hand_takes_what_a_file_would() {
    let place = Place::new();
    let refused = place.run("rob", &["state", "mv", "access_package.idle", "access_package.busy"]);
    assert_eq!(refused.code, 5, "{}{}", refused.out, refused.err);
    refused.says(&["`rob@contoso.example` may not change packages in `catalog.marketing`"]);
    assert_eq!(place.run("mia", &["state", "rm", "catalog.marketing.delegation.readers"]).code, 5);
    assert_eq!(place.run("mia", &["state", "mv", "access_package.idle", "access_package.busy"]).code, 0);
    assert_eq!(place.run("otto", &["state", "rm", "catalog.marketing.delegation.readers"]).code, 0);
    // What one does not see, there is not.
    let hidden = place.run("mia", &["state", "rm", "catalog.finance"]);
    let none = place.run("mia", &["state", "rm", "catalog.qqqqqqq"]);
    assert_eq!(renamed(&hidden, "finance", "qqqqqqq"), renamed(&none, "finance", "qqqqqqq"));
    assert_eq!(hidden.code, 1);
    // What is about the whole store is for who sees the whole of it.
    for way in [&["state", "pull"][..], &["state", "backup", "b.db"], &["audit", "export"]] {
        assert_eq!(place.run("olga", way).code, 5, "{way:?}");
        assert_eq!(place.run("ada", way).code, 0, "{way:?}");
    }
    assert_eq!(place.run("olga", &["state", "restore", "b.db"]).code, 5);
    place.w.expect(0, &["audit", "verify"]);
}
