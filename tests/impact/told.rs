//! What a plan does to people, as the program tells it: text, Markdown and JSON, how many names, what an apply stops at.

use crate::support::Workspace;
use serde_json::{Value as Json, json};

const SETTINGS: &str = "[workspace]\nname = \"test\"\n";

/// Twelve people who may ask for the campaign, and one who is to manage it.
fn text() -> String {
    let people: String = (1..=12).map(|n| format!("[user.\"p{n:02}@contoso.example\"]\n")).collect();
    people
        + "[user.\"mamta@contoso.example\"]\n[user.\"nina@contoso.example\"]\n\
[user.\"eve@fabrikam.example\"]\ntype = \"guest\"\n\
[connected_organization.fabrikam]\ndomains = [\"fabrikam.example\"]\n\
[group.campaign-team]\nmembers = []\n[application.ad-manager]\nroles = [\"Editor\", \"Reader\"]\n\
[catalog.marketing]\nexternally_visible = true\n\
[catalog.marketing.resource.campaign-team]\norigin = \"group:campaign-team\"\n\
[catalog.marketing.resource.ad-manager]\norigin = \"application:ad-manager\"\n\
[access_package.campaign]\ncatalog = \"marketing\"\n\
resource_roles.ad-manager = \"Editor\"\nresource_roles.campaign-team = \"Member\"\n\
[access_package.campaign.policy.employees]\nrequestors = \"all_members\"\nexpiration = \"90d\"\napproval = \"none\"\n\
[access_package.campaign.policy.fabrikam]\nrequestors = [\"connected_organization:fabrikam\"]\nexpiration = \"30d\"\n\
approval = { approvers = [\"mamta@contoso.example\"], timeout = \"14d\" }\n\
[access_package.rebrand]\ncatalog = \"marketing\"\nresource_roles.campaign-team = \"Member\"\n\
[access_package.rebrand.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n"
}

/// It takes a role away, shortens an expiration, drops an approval, and adds a delegation.
fn edited() -> String {
    let edits = [
        ("resource_roles.ad-manager = \"Editor\"\nresource_roles.campaign-team = \"Member\"\n", "resource_roles.ad-manager = \"Editor\"\n"),
        ("expiration = \"90d\"", "expiration = \"30d\""),
        ("approval = { approvers = [\"mamta@contoso.example\"], timeout = \"14d\" }", "approval = \"none\""),
    ];
    let delegation = "[catalog.marketing.delegation.nina]\nrole = \"access_package_manager\"\nmembers = [\"nina@contoso.example\"]\n";
    edits.iter().fold(text(), |text, (from, to)| text.replacen(from, to, 1)) + delegation
}

/// So many hold the campaign by request; the first holds the other package, too.
fn held_by(people: usize) -> Workspace {
    let w = Workspace::of(&text());
    w.write("writ.toml", SETTINGS);
    w.apply();
    (1..=people).for_each(|n| drop(w.expect(0, &["request", "campaign", "--as", &format!("p{n:02}@contoso.example")])));
    w.expect(0, &["assign", "rebrand", "p01@contoso.example"]);
    w.write("all.toml", &edited());
    w
}

/// The lines about people.
fn block(out: &str) -> Vec<&str> {
    let lines = out.lines().skip_while(|l| !l.starts_with("People, as of @"));
    lines.take_while(|l| !l.starts_with("Authority ")).collect()
}

fn everybody(from: usize, to: usize) -> String {
    (from..=to).map(|n| format!("p{n:02}@contoso.example")).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_reviewer_reads_who_loses_what_and_what_stays() {
    let w = held_by(12);
    let run = w.expect(0, &["plan"]);
    let told = block(&run.out);
    let first = format!("            {}, and 1 other: --names all", everybody(2, 11));
    let head = [
        "People, as of @14:",
        "  lose      11 people lose Member on group:campaign-team at apply (11 by access_package.campaign, employees)",
        &first,
        "            1 person keeps it: 1 through access_package.rebrand",
        "  loosen    approval of access_package.campaign.policy.fabrikam",
        "  control   1 person gains access_package_manager in catalog.marketing, by catalog.marketing.delegation.nina",
        "            nina@contoso.example",
        "  tighten   expiration of access_package.campaign.policy.employees",
    ];
    assert_eq!(told[..head.len()], head, "{}", run.out);
    assert!(
        told[head.len()].starts_with("  same      access_package.campaign.policy.employees: 12 running assignments keep their ends (last ")
    );
    assert_eq!(told.len(), head.len() + 1, "{}", run.out);

    // As many names as are asked for, now or of a saved plan later.
    let none = w.expect(0, &["plan", "--names", "none"]);
    assert!(block(&none.out).iter().all(|l| !l.contains('@') || l.starts_with("People")), "{}", none.out);
    let all = format!("            {}", everybody(2, 12));
    assert!(block(&w.expect(0, &["plan", "--names", "all"]).out).contains(&all.as_str()));
    w.expect(0, &["plan", "-o", "pr.plan"]);
    assert!(block(&w.expect(0, &["show", "pr.plan", "--names", "all"]).out).contains(&all.as_str()));
    assert_eq!(block(&w.expect(0, &["show", "pr.plan"]).out), told);

    // For a review comment the same, the verdict first and the losses next.
    let markdown = w.expect(0, &["plan", "--format", "markdown"]).out;
    let at = |text: &str| markdown.find(text).unwrap_or_else(|| panic!("missing {text:?}: {markdown}"));
    assert!(at("Writ: changes") < at("- **lose** `11 people lose"));
    assert!(at("- **lose**") < at("- **loosen**") && at("- **loosen**") < at("- **control**"));
    assert!(at("- **control**") < at("- **tighten**") && at("- **tighten**") < at("- **same**") && at("- **same**") < at("<details>"));
}

#[test]
fn programs_read_the_same() {
    let w = held_by(3);
    let plan = w.expect(0, &["plan", "--json"]).json();
    let impact = &plan["impact"];
    let person = |name: &str| json!({ "person": name, "through": "access_package.campaign", "policy": "employees" });
    let lose = [person("p02@contoso.example"), person("p03@contoso.example")];
    assert_eq!(impact["roles"].as_array().map(Vec::len), Some(1), "{impact}");
    let role = &impact["roles"][0];
    assert_eq!((&role["kind"], &role["key"], &role["role"]), (&json!("group"), &json!("campaign-team"), &json!("Member")));
    assert_eq!((&role["gain"], &role["lose"]), (&json!([]), &json!(lose)));
    assert_eq!(role["keep"][0]["through"], json!("access_package.rebrand"));
    assert_eq!(impact["people_losing_access"], json!(2));
    let delegation = "catalog.marketing.delegation.nina";
    let control = json!([{ "delegation": delegation, "role": "access_package_manager", "gain": ["nina@contoso.example"], "lose": [] }]);
    assert_eq!(impact["control"], control);
    let same = &impact["same"][0];
    assert_eq!((&same["running"], &same["pending"]), (&json!(3), &json!(0)));
    let mut meanings: Vec<(&str, &str)> = Vec::new();
    for meaning in impact["meanings"].as_array().unwrap() {
        meanings.push((meaning["attribute"].as_str().unwrap(), meaning["verdict"].as_str().unwrap()));
    }
    meanings.sort_unstable();
    assert_eq!(meanings, [("approval", "loosens"), ("expiration", "tightens"), ("resource_roles", "takes_access")]);
    let nothing = json!([]);
    for quiet in ["ends", "requestable", "waiting", "breaches"] {
        assert_eq!(impact[quiet], nothing, "{quiet}");
    }
}

#[test]
fn other_people_are_another_digest_of_the_same_changes() {
    let w = held_by(2);
    let digests = |w: &Workspace| -> (Json, Json) {
        let plan = w.expect(0, &["plan", "--json"]).json();
        (plan["digests"]["changes"].clone(), plan["digests"]["people"].clone())
    };
    let (changes, people) = digests(&w);
    assert_eq!(digests(&w), (changes.clone(), people.clone()));
    w.expect(0, &["request", "campaign", "--as", "p05@contoso.example"]);
    let (again, others) = digests(&w);
    assert_eq!(again, changes);
    assert_ne!(others, people);
}

/// Who holds by request counts, who keeps the role by another reason does not, and an override is for as many as it says.
#[test]
fn a_brake_counts_people_and_its_override_covers_no_more() {
    let w = Workspace::of(&text());
    w.write("writ.toml", &format!("{SETTINGS}[limits]\nmax_access_lost = 1\n"));
    w.apply();
    (1..=3).for_each(|n| drop(w.expect(0, &["request", "campaign", "--as", &format!("p{n:02}@contoso.example")])));
    w.expect(0, &["assign", "rebrand", "p01@contoso.example"]);
    w.write("all.toml", &edited());
    let run = w.expect(0, &["plan"]);
    run.says(&["2 people would lose access, and max_access_lost = 1", "override: --allow-access-lost 2"]);
    let told = run.out.lines().chain(run.err.lines()).find_map(|l| l.split_once("To apply exactly this: writ "));
    let words: Vec<&str> = told.unwrap().1.split(' ').chain(["--auto-approve"]).collect();
    assert_eq!(words[3..], ["--allow-access-lost", "2", "--auto-approve"]);
    w.expect(5, &["apply", "--auto-approve"]);
    // One more, and what was allowed is not enough.
    w.expect(0, &["request", "campaign", "--as", "p04@contoso.example"]);
    w.expect(5, &words).says(&["3 people would lose access", "--allow-access-lost 3"]);
    w.expect(0, &["remove", "campaign", "--as", "p04@contoso.example"]);
    w.expect(0, &words).says(&["Apply complete!"]);
}

#[test]
fn what_loosens_is_stopped_where_nothing_may_unless_it_is_allowed() {
    let w = Workspace::of(&text());
    w.write("writ.toml", &format!("{SETTINGS}[limits]\nallow_loosening = false\n"));
    w.apply();
    w.write("all.toml", &edited());
    w.expect(0, &["plan"]).says(&["1 attribute would loosen, and allow_loosening = false", "override: --allow-loosening"]);
    w.expect(5, &["apply", "--auto-approve"]);
    // Nothing lifts its own brake.
    w.write("writ.toml", SETTINGS);
    w.expect(5, &["apply", "--auto-approve"]);
    w.expect(0, &["apply", "--auto-approve", "--allow-loosening"]);
    // What tightens is not stopped.
    w.write("writ.toml", &format!("{SETTINGS}[limits]\nallow_loosening = false\n"));
    w.write("all.toml", &edited().replacen("expiration = \"30d\"", "expiration = \"20d\"", 1));
    w.apply();
}

#[test]
fn who_is_blocked_is_told_once_for_all_packages() {
    let package = |n: usize| {
        format!(
            "[access_package.p{n}]\ncatalog = \"marketing\"\n[access_package.p{n}.policy.all]\nrequestors = \"all_members\"\n\
             expiration = \"30d\"\napproval = \"none\"\n"
        )
    };
    let before = text() + &(0..6).map(package).collect::<String>();
    let w = Workspace::of(&before);
    w.apply();
    w.write("all.toml", &before.replacen("[user.\"p01@contoso.example\"]\n", "[user.\"p01@contoso.example\"]\nenabled = false\n", 1));
    let run = w.expect(0, &["plan"]);
    let close: Vec<&str> = block(&run.out).into_iter().skip(1).take(2).collect();
    let first = "access_package.campaign, access_package.p0, access_package.p1 and 4 more";
    let told = [format!("  close     1 person can no longer request {first}"), "            p01@contoso.example".to_owned()];
    assert_eq!(close, told, "{}", run.out);
}

/// What the directory does not know has the name that somebody wrote.
#[test]
fn hostile_names_break_neither_text_nor_markdown() {
    let hostile = "x](http://evil.example) <img src=x> @everyone </details> ``` | **yes**";
    let resource = format!("[catalog.marketing.resource.old]\ntype = \"application\"\norigin = '{hostile}'\nroles = [\"User\"]\n");
    let gives = |text: String| text.replacen("[access_package.rebrand]\n", "[access_package.rebrand]\nresource_roles.old = \"User\"\n", 1);
    let w = Workspace::of(&gives(format!("{}{resource}", text())));
    w.apply();
    w.expect(0, &["assign", "rebrand", "p01@contoso.example"]);
    w.write("all.toml", &format!("{}{resource}", text()));
    let run = w.expect(0, &["plan"]);
    let told = block(&run.out);
    assert_eq!(told[1], format!("  lose      1 person loses User on application:{hostile} at apply (1 by access_package.rebrand, direct)"));
    assert_eq!(told.len(), 3, "{}", run.out);
    let markdown = w.expect(0, &["plan", "--format", "markdown"]).out;
    // It stands in a code span, whose ends it does not have.
    let line = markdown.lines().find(|l| l.starts_with("- **lose**")).unwrap();
    let span = line.trim_start_matches("- **lose** ");
    let fence: String = span.chars().take_while(|c| *c == '`').collect();
    assert!(fence.len() > 3 && span.len() > 2 * fence.len() && span.ends_with(&fence), "{line}");
    assert!(!span[fence.len()..span.len() - fence.len()].contains(&fence), "{line}");
}

/// Two catalogs, of which somebody owns the first; the packages of both give the same role.
const TWO: &str = "[user.\"ada@corp.example\"]\n[user.\"ben@corp.example\"]\n[user.\"eva@corp.example\"]\n[user.\"own@corp.example\"]\n\
[delegation.admins]\nrole = \"administrator\"\nmembers = [\"ada@corp.example\"]\n[application.wiki]\nroles = [\"Editor\", \"Reader\"]\n\
[group.staff]\nmembers = [\"ben@corp.example\", \"eva@corp.example\"]\nowners = [\"own@corp.example\"]\n\
[catalog.open]\n[catalog.open.delegation.owners]\nrole = \"catalog_owner\"\nmembers = [\"own@corp.example\"]\n\
[catalog.open.resource.wiki]\norigin = \"application:wiki\"\n[access_package.one]\ncatalog = \"open\"\nresource_roles.wiki = \"Editor\"\n\
[access_package.one.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\napproval = \"none\"\n\
[catalog.secret]\n[catalog.secret.resource.wiki]\norigin = \"application:wiki\"\n[access_package.hush]\ncatalog = \"secret\"\n\
resource_roles.wiki = \"Editor\"\n[access_package.hush.policy.staff]\nrequestors = [\"group:staff\"]\nexpiration = \"30d\"\napproval = \"none\"\n";

#[test]
fn of_what_somebody_does_not_see_a_plan_tells_them_nothing() {
    let w = Workspace::of(TWO);
    w.replace("writ.toml", "name = \"test\"\n", "name = \"test\"\n\n[limits]\nmax_access_lost = 0\n");
    w.apply();
    for person in ["ben@corp.example", "eva@corp.example"] {
        w.expect(0, &["request", "one", "--as", person]);
    }
    w.expect(0, &["request", "hush", "--as", "ben@corp.example"]);
    w.replace("all.toml", "catalog = \"open\"\nresource_roles.wiki = \"Editor\"", "catalog = \"open\"\nresource_roles.wiki = \"Reader\"");
    let brake = "1 person would lose access, and max_access_lost = 0 (writ.toml:5)";
    w.expect(0, &["plan"]).says(&["1 person keeps it: 1 through access_package.hush", brake]);
    // Who owns the first catalog learns whom the change touches, and nothing of the second, in no form.
    for form in [&["plan"][..], &["plan", "--format", "markdown"], &["plan", "--json"]] {
        let run = w.expect(0, &[form, &["--as", "own@corp.example"]].concat());
        assert!(!run.out.contains("hush") && !run.out.contains("secret"), "{}", run.out);
    }
    w.expect(0, &["plan", "--as", "own@corp.example"]).says(&["1 person keeps it: 1 through something else", brake]);
    // So it is of a group that they own, whose members a package of the second may be for.
    w.replace("all.toml", "members = [\"ben@corp.example\", \"eva@corp.example\"]", "members = [\"ben@corp.example\"]");
    w.replace("all.toml", "catalog = \"open\"\nresource_roles.wiki = \"Reader\"", "catalog = \"open\"\nresource_roles.wiki = \"Editor\"");
    w.expect(0, &["plan"]).says(&["can no longer request access_package.hush"]);
    let run = w.expect(0, &["plan", "--as", "own@corp.example"]);
    run.says(&["1 person loses Member on group:staff"]);
    assert!(!run.out.contains("hush"), "{}", run.out);
}
