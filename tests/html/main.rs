//! The page of a plan, looked at in a real browser: in light and dark, on a desk and on a phone, on paper, with scripts and without.
//!
//! Where there is no Chromium it says so and passes; with `CI=true` it fails. `WRIT_PICTURES=DIR` keeps what the browser painted.
#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

#[path = "../support/mod.rs"]
mod support;

mod browser;

use browser::{Browser, Look, Page};
use serde_json::Value as Json;
use std::path::PathBuf;
use support::Workspace;

const PROBE: &str = include_str!("probe.js");

/// What nobody would write, and somebody may.
const HOSTILE: &str =
    "</code></script><script>document.title='broken'</script><img src=x onerror=\\\"document.title='broken'\\\"> & 'x' \u{5e9}\u{5d9}";

const BASE: &str = r#"
[user."ann@contoso.example"]
[user."bo@contoso.example"]
[user."cy@contoso.example"]

[delegation.administrators]
role = "administrator"
members = ["ann@contoso.example"]

[application.crm]
roles = ["Admin", "User"]

[group.support]
members = ["cy@contoso.example"]

[catalog.sales]
display_name = "Sales"

[catalog.sales.resource.crm]
origin = "application:crm"

[access_package.crm]
catalog = "sales"
resource_roles.crm = "User"

[access_package.crm.policy.direct]
requestors = "none"
expiration = "never"

[access_package.crm.policy.ask]
requestors = ["ann@contoso.example"]
approval = "none"
expiration = "30d"

[access_package.crm.assignment.team]
policy = "direct"
users = ["ann@contoso.example", "bo@contoso.example"]
"#;

/// Somebody loses access, more can ask, two brakes and a check speak, and there are more steps than are open from the start.
fn eventful() -> Workspace {
    let w = Workspace::of(BASE);
    w.apply();
    let limits = "\n[limits]\nmax_access_lost = 0\nallow_loosening = false\n";
    let checks = "\n[check.little-at-once]\nassert = \"plan.creates <= 5\"\nmessage = \"Little is made at once\"\nseverity = \"warning\"\n\
                  \n[check.little-goes]\nassert = \"plan.deletes <= 5\"\nmessage = \"Little goes at once\"\n";
    w.write("writ.toml", &format!("{}{limits}", w.read("writ.toml")));
    w.write("checks.toml", checks);
    w.replace("all.toml", "users = [\"ann@contoso.example\", \"bo@contoso.example\"]", "users = [\"ann@contoso.example\"]");
    w.replace("all.toml", "requestors = [\"ann@contoso.example\"]", "requestors = [\"ann@contoso.example\", \"group:support\"]");
    w.replace("all.toml", "display_name = \"Sales\"", &format!("display_name = \"Sales\"\ndescription = \"{HOSTILE}\""));
    let groups: String = (10..40).map(|n| format!("[group.team-{n}]\ndescription = \"{}\"\n", "x".repeat(n * 6))).collect();
    w.write("groups.toml", &groups);
    w
}

/// The page of what is planned, in a file.
fn page(w: &Workspace, arguments: &[&str], code: i32) -> PathBuf {
    let run = w.expect(code, &[arguments, &["--format", "html"]].concat());
    w.write("plan.html", &run.out);
    w.path("plan.html")
}

const DESK: Look = Look { dark: false, scripts: true, width: 1280, medium: "screen" };
const PHONE: Look = Look { width: 360, ..DESK };

/// What holds however somebody looks at it.
fn holds(page: &mut Page<'_>, look: &Look, name: &str) -> Json {
    let seen = page.ask(PROBE);
    let list = |member: &str| {
        seen.get(member).and_then(Json::as_array).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    };
    let number = |member: &str| seen.get(member).and_then(Json::as_f64).unwrap();
    if let Some(dir) = std::env::var_os("WRIT_PICTURES") {
        let name = format!("{name}-{}-{}-{}.b64", look.width, if look.dark { "dark" } else { "light" }, look.medium);
        std::fs::write(PathBuf::from(dir).join(name), page.picture()).unwrap();
    }
    assert_eq!(page.complaints(), Vec::<String>::new(), "{look:?}");
    assert_eq!((number("sideways"), list("wide")), (0.0, Vec::new()), "it is wider than {look:?}");
    assert_eq!(list("faint"), Vec::<String>::new(), "hard to read: {look:?}");
    assert!(if look.dark && look.medium == "screen" { number("paper") < 0.1 } else { number("paper") > 0.9 }, "{look:?}");
    assert_eq!(list("landmarks"), ["\"header\"", "\"main\"", "\"footer\""]);
    for never in ["unscoped", "unlabelled", "sections", "images"] {
        assert_eq!(number(never), 0.0, "{never}: {look:?}");
    }
    assert_eq!(number("scripts"), 1.0);
    assert!(!seen.get("title").and_then(Json::as_str).unwrap().contains("broken"));
    seen
}

#[test]
fn a_plan_is_read_in_every_light() {
    let Some(mut browser) = Browser::start() else { return };
    let w = eventful();
    let text = w.expect(0, &["plan", "--quiet"]).out;
    let file = page(&w, &["plan", "--quiet"], 0);
    for look in [DESK, Look { dark: true, ..DESK }, PHONE, Look { dark: true, ..PHONE }, Look { medium: "print", ..DESK }] {
        let mut page = browser.open(&file, &look);
        let seen = holds(&mut page, &look, "braked");
        assert_eq!(seen.get("headings").unwrap().as_array().unwrap().first().unwrap(), "H1 An apply stops at a brake, 2 reasons");
        assert_eq!(seen.get("filter").unwrap(), look.medium == "screen");
        assert_eq!(seen.get("shown"), seen.get("steps"));
        let told = seen.get("text").unwrap().as_str().unwrap();
        // What a terminal says, it says.
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let signs = |line: &str| line.trim_start().trim_start_matches("# ").to_owned();
        let people = text.lines().skip_while(|l| !l.starts_with("People")).skip(1).take_while(|l| l.starts_with("  "));
        let steps = text.lines().take_while(|l| !l.starts_with("People")).filter(|l| !l.contains(" to add, "));
        let said = steps.map(|l| signs(l).trim_start_matches('(').trim_end_matches(')').to_owned());
        for line in said.chain(people.map(|l| l.get(12..).unwrap().to_owned())).filter(|l| !l.is_empty()) {
            assert!(told.contains(&squeezed(&line)), "{line:?} is not on the page: {told}");
        }
        for line in
            ["max_access_lost = 0", "E0503", "override: --allow-access-lost 1", "loosens", "Little is made at once", "writ apply --expect"]
        {
            assert!(told.contains(line), "{line:?} is not on the page: {told}");
        }
    }
}

/// The line that a plan ends with is one that applies it.
#[test]
fn the_apply_line_applies() {
    let w = eventful();
    let page = w.expect(0, &["plan", "--format", "html"]).out;
    let line = page.split("<code>writ apply ").nth(1).unwrap().split("</code>").next().unwrap();
    let arguments: Vec<&str> = ["apply"].into_iter().chain(line.split(' ')).chain(["--auto-approve"]).collect();
    w.expect(0, &arguments).says(&["Apply complete! Resources: 30 added, 3 changed, 0 destroyed."]);
    // What lies between two moments is a page, too, of what nobody applies.
    let between = w.expect(0, &["diff", "@1", "@2", "--format", "html"]).out;
    assert!(between.contains("Differences of <bdi>") && between.contains("Resources: 30 added, 3 changed, 0 destroyed."), "{between}");
    assert!(!between.contains("id=\"authority\"") && !between.contains("id=\"apply\""), "{between}");
    // An object is none.
    w.expect(1, &["show", "group.support", "--format", "html"]);
}

#[test]
fn a_refused_plan_and_none_at_all_are_pages_too() {
    let Some(mut browser) = Browser::start() else { return };
    let w = Workspace::of(&format!("{BASE}\n[catalog.kept]\nprevent_destroy = true\n"));
    w.apply();
    let file = page(&w, &["plan", "--quiet"], 0);
    let seen = holds(&mut browser.open(&file, &PHONE), &PHONE, "none");
    assert_eq!(seen.get("headings").unwrap(), &serde_json::json!(["H1 No changes"]));
    w.write("all.toml", BASE);
    w.expect(5, &["plan", "--quiet", "-o", "refused.plan"]);
    // A saved plan is the same page.
    let file = page(&w, &["show", "./refused.plan"], 0);
    for look in [DESK, Look { dark: true, ..PHONE }] {
        let seen = holds(&mut browser.open(&file, &look), &look, "refused");
        assert_eq!(seen.get("headings").unwrap().as_array().unwrap().first().unwrap(), "H1 Refused, 1 reason");
        let told = seen.get("text").unwrap().as_str().unwrap();
        assert!(told.contains("prevent_destroy") && told.contains("way out: ") && !told.contains("writ apply --"), "{told}");
    }
}

#[test]
fn a_page_is_bounded_and_says_what_it_leaves_out() {
    let w = Workspace::of(&(0..5_010).map(|n| format!("[group.g{n}]\n")).collect::<String>());
    let page = w.expect(0, &["plan", "--format", "html"]).out;
    assert_eq!(page.matches("<details class=\"step create\"").count(), 5_000);
    assert!(page.contains("And 10 objects more that are not on this page"));
    // It is the same every time.
    assert_eq!(page, w.expect(0, &["plan", "--format", "html"]).out);
}

#[test]
fn all_of_it_is_there_without_scripts() {
    let Some(mut browser) = Browser::start() else { return };
    let w = eventful();
    let file = page(&w, &["plan", "--quiet"], 0);
    let look = Look { scripts: false, ..PHONE };
    let mut page = browser.open(&file, &look);
    let seen = holds(&mut page, &look, "scriptless");
    assert_eq!(seen.get("filter").unwrap(), false, "what does nothing is not shown");
    assert_eq!(seen.get("shown"), seen.get("steps"));
    // A step opens by itself.
    page.ask("document.querySelectorAll('#steps .step').forEach((step) => { if (!step.open) step.querySelector('summary').click(); })");
    let seen = page.ask(PROBE);
    assert_eq!(seen.get("readable"), seen.get("lines"));
    assert_eq!(seen.get("sideways").unwrap(), 0);
}

#[test]
fn the_filter_filters() {
    let Some(mut browser) = Browser::start() else { return };
    let w = eventful();
    let file = page(&w, &["plan", "--quiet"], 0);
    let mut page = browser.open(&file, &DESK);
    let mut shown = |fields: &str| {
        let set = "const set = (id, value) => { const field = document.getElementById(id); field[field.type === 'checkbox' ? 'checked' : 'value'] = value; \
                   field.dispatchEvent(new Event('input', { bubbles: true })); };";
        page.ask(&format!("(() => {{ {set} set('words', ''); set('kind', ''); set('people-only', false); {fields} }})()"));
        let heads =
            page.ask("Array.from(document.querySelectorAll('#steps .step[data-action]:not([hidden]) .head')).map((h) => h.textContent)");
        let told = page.ask("document.getElementById('shown').textContent");
        (heads.as_array().unwrap().iter().map(|h| h.as_str().unwrap().to_owned()).collect::<Vec<_>>(), told.as_str().unwrap().to_owned())
    };
    let (all, told) = shown("");
    assert_eq!((all.len(), told.as_str()), (33, "all 33 shown"));
    let (policies, told) = shown("set('kind', 'policy');");
    assert_eq!((policies, told.as_str()), (vec!["access_package.crm.policy.ask will be updated in-place".to_owned()], "1 of 33 shown"));
    let (named, _) = shown("set('words', 'TEAM-12 created');");
    assert_eq!(named, ["group.team-12 will be created"]);
    let (people, _) = shown("set('people-only', true);");
    assert_eq!(
        people,
        ["access_package.crm.assignment.team will be updated in-place", "access_package.crm.policy.ask will be updated in-place"]
    );
    let (none, told) = shown("set('words', 'nobody wrote this');");
    assert_eq!((none.len(), told.as_str()), (0, "0 of 33 shown"));
    // The sorts of steps: all created ones away, and back again.
    let tick = |on: bool| {
        format!(
            "const box = document.querySelector('#filter input[value=create]'); box.checked = {on}; box.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        )
    };
    assert_eq!(shown(&tick(false)).0.len(), 3);
    assert_eq!(shown(&tick(true)).0.len(), 33);
    page.ask("document.getElementById('open-all').click()");
    assert_eq!(page.ask("document.querySelectorAll('#steps .step[data-action][open]').length"), 33);
    assert_eq!(page.complaints(), Vec::<String>::new());
}

/// Whatever came into the page in spite of all, the browser would not run, load or paint it.
#[test]
fn its_policy_lets_nothing_else_in() {
    let Some(mut browser) = Browser::start() else { return };
    let w = eventful();
    let file = page(&w, &["plan", "--quiet"], 0);
    let mut page = browser.open(&file, &DESK);
    let tried = page.ask(
        "(async () => {
            const script = document.createElement('script'); script.textContent = 'window.broken = true'; document.body.append(script);
            const button = document.createElement('button'); button.setAttribute('onclick', 'window.broken = true'); document.body.append(button); button.click();
            const style = document.createElement('style'); style.textContent = 'h1 { color: rgb(1, 2, 3) !important }'; document.head.append(style);
            const image = document.createElement('img'); image.src = 'plan.html'; document.body.append(image);
            const loaded = await new Promise((done) => { image.onload = () => done(true); image.onerror = () => done(false); });
            const fetched = await fetch('plan.html').then(() => true, () => false);
            return [window.broken === undefined, getComputedStyle(document.querySelector('h1')).color !== 'rgb(1, 2, 3)', !loaded, !fetched];
        })()",
    );
    assert_eq!(tried, serde_json::json!([true, true, true, true]));
    let refused = page.complaints().iter().filter(|c| c.contains("Content Security Policy")).count();
    assert!(refused >= 5, "{:?}", page.complaints());
}
