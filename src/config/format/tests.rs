//! Before and after, case by case.

use super::{format, rename, with_moves};
use crate::config::Moved;
use crate::diag::{SourceFile, Sources, Span};
use crate::model::Address;

fn formatted(name: &str, text: &str) -> String {
    format(0, &SourceFile::new(name, text)).unwrap_or_else(|found| panic!("{found:?}\n{text}"))
}

/// The canonical form of a file of objects, which is its own canonical form.
fn fmt(text: &str) -> String {
    let once = formatted("a.toml", text);
    assert_eq!(formatted("a.toml", &once), once, "formatting twice is not formatting once");
    once
}

/// What is wrong with a file, if it cannot be read.
fn refused(text: &str) -> Vec<&'static str> {
    format(0, &SourceFile::new("a.toml", text)).err().map(|found| found.iter().map(|d| d.code.id).collect()).unwrap_or_default()
}

#[test]
fn before_and_after() {
    let cases: &[(&str, &str, &str)] = &[
        ("nothing", "\n\n", ""),
        ("a value below its key", "group.a = { members\n=\n[] }\n", "group.a = { members = [] }\n"),
        (
            "comments between a key and its value",
            "group.a = { # one\nmembers # two\n = # three\n [] }\n",
            "group.a = { # one\n  # two\n  # three\n  members = [],\n}\n",
        ),
        ("only comments", "\n# a\n\n\n# b", "# a\n\n# b\n"),
        (
            "white space and empty lines",
            "\r\n  [ group . a ]\t\r\n\r\n  display_name=\"A\"  \r\n\r\n\r\nsynced  =  true\r\n[group.b]\r\n\r\n\r\n",
            "[group.a]\ndisplay_name = \"A\"\n\nsynced = true\n\n[group.b]\n",
        ),
        (
            "comments keep their places",
            "# head\n\n# about a\n[group.a]   #  the group\n\n# about the name\ndisplay_name = \"A\"# no space\n# below it\n\n# between\n\n# about b\n[group.b]\n# end",
            "# head\n\n# about a\n[group.a]   #  the group\n# about the name\ndisplay_name = \"A\" # no space\n# below it\n\n# between\n\n# about b\n[group.b]\n# end\n",
        ),
        (
            "aligned comments stay aligned",
            "[group.a]\nowners=[\"user:A@x.example\"]      # one\nsynced=true                      # two\ntype = \"security\" # three\n",
            "[group.a]\nowners = [\"a@x.example\"]      # one\nsynced = true                 # two\ntype = \"security\" # three\n",
        ),
        (
            "user keys",
            "[user.\"Ann@X.example\"]\nmanager = \"user:BOB@x.example\"\n\n[user]\n'Cy@x.example'.department = \"A@B\"\n",
            "[user.\"ann@x.example\"]\nmanager = \"bob@x.example\"\n\n[user]\n\"cy@x.example\".department = \"A@B\"\n",
        ),
        (
            "two users of one name stay two",
            "[user.\"A@x.example\"]\n[user.\"a@x.example\"]\n",
            "[user.\"A@x.example\"]\n\n[user.\"a@x.example\"]\n",
        ),
        (
            "a prefix that is part of the name stays",
            "[group.a]\nowners = ['user:user:a@x.example']\n",
            "[group.a]\nowners = ['user:user:a@x.example']\n",
        ),
        (
            "sets are sorted, short ones on one line",
            "[group.a]\nmembers = [\n  'group:z',\n  \"user:B@x.example\",\n  \"a@x.example\"\n]\nowners = \"A@x.example\"\n",
            "[group.a]\nmembers = [\"a@x.example\", \"b@x.example\", 'group:z']\nowners = \"a@x.example\"\n",
        ),
        (
            "long sets one member a line, comments with their members",
            "[group.a]\nmembers = [ # all of them\n  # of a\n  # and more\n  \"d@x.example\", # d\n\n  \"c@x.example\", \"a@x.example\" # a\n  ,\"b@x.example\" # b\n  # the end\n] # why\n",
            "[group.a]\nmembers = [ # all of them\n  \"a@x.example\", # a\n  \"b@x.example\", # b\n  \"c@x.example\",\n  # of a\n  # and more\n  \"d@x.example\", # d\n  # the end\n] # why\n",
        ),
        (
            "a short set with a comment keeps its lines",
            "[group.a]\nmembers = [\n\"b@x.example\", # b\n\"a@x.example\"]\nowners = [ # nobody\n]\n",
            "[group.a]\nmembers = [\n  \"a@x.example\",\n  \"b@x.example\", # b\n]\nowners = [ # nobody\n]\n",
        ),
        (
            "what is ordered stays ordered",
            "[access_package.p.policy.a]\ntemplate=['z','y','x','w']\n[[access_package.p.policy.a.question]]\nkey = 'q'\nchoices = [\n'b','a'\n]\n",
            "[access_package.p.policy.a]\ntemplate = [\n  'z',\n  'y',\n  'x',\n  'w',\n]\n\n[[access_package.p.policy.a.question]]\nkey = 'q'\nchoices = ['b', 'a']\n",
        ),
        (
            "tables in braces",
            "[access_package.p.policy.a]\napproval={approvers=[\"b@x.example\",\"manager\",\"a@x.example\"],escalation={after=\"7d\",approvers=['z@x.example','d@x.example','c@x.example','B@x.example']},timeout=\"14d\",}\n",
            "[access_package.p.policy.a]\napproval = { approvers = [\"a@x.example\", \"b@x.example\", \"manager\"], escalation = { after = \"7d\", approvers = [\n  \"b@x.example\",\n  'c@x.example',\n  'd@x.example',\n  'z@x.example',\n] }, timeout = \"14d\" }\n",
        ),
        (
            "a comment in braces",
            "[access_package.p.policy.a]\nautomatic = { add = true, # yes\n remove = true }\n",
            "[access_package.p.policy.a]\nautomatic = {\n  add = true, # yes\n  remove = true,\n}\n",
        ),
        (
            "roles of resources move above the children",
            "[access_package.p]\ncatalog = \"c\"\n# still p\n\n# about e\n[access_package.p.policy.e]\nexpiration = \"P90D\"\n# still e\n\n# roles\n[access_package.p.resource_roles] # of p\n\n\"site\" = [\"Owner\", \"Member\"] # two\n# last\n\n# about f\n[access_package.p.policy.f]\n",
            "[access_package.p]\ncatalog = \"c\"\n# still p\n\n# roles\n# of p\nresource_roles.site = [\"Member\", \"Owner\"] # two\n# last\n\n# about e\n[access_package.p.policy.e]\nexpiration = \"P90D\"\n# still e\n\n# about f\n[access_package.p.policy.f]\n",
        ),
        (
            "roles of resources without their owner's header",
            "[access_package.p.policy.e]\n# roles\n[access_package.p.resource_roles]\na = \"Member\"\n[template.access_package.t.resource_roles]\n",
            "[access_package.p.policy.e]\n\n# roles\n[access_package.p]\nresource_roles.a = \"Member\"\n\n[template.access_package.t]\nresource_roles = {}\n",
        ),
        (
            "roles of resources that cannot move",
            "[access_package]\np.catalog = \"c\"\n[access_package.p.resource_roles]\na = \"Member\"\n",
            "[access_package]\np.catalog = \"c\"\n\n[access_package.p.resource_roles]\na = \"Member\"\n",
        ),
        (
            "interleaved dotted keys keep their order",
            "[access_package.p]\nresource_roles.a = \"Member\"\nhidden = true\nresource_roles.\"b\" = \"Member\"\n",
            "[access_package.p]\nresource_roles.a = \"Member\"\nhidden = true\nresource_roles.b = \"Member\"\n",
        ),
        (
            "what the language does not know is only laid out",
            "[check.a]\nnames=['user:Z@x.example','b',\n'a','c','d']\nflat=['user:Z@x.example','b','a','c','d']\n[[test]]\nuser='A@x.example'\nexpect={b=1,a=[ ]}\n[group.a]\nmembres=[\"b\",\"a\"]\n",
            "[check.a]\nnames = [\n  'user:Z@x.example',\n  'b',\n  'a',\n  'c',\n  'd',\n]\nflat = ['user:Z@x.example', 'b', 'a', 'c', 'd']\n\n[[test]]\nuser = 'A@x.example'\nexpect = { b = 1, a = [] }\n\n[group.a]\nmembres = [\"b\", \"a\"]\n",
        ),
        (
            "texts of several lines and dates are not touched",
            "[group.a]\ndescription = \"\"\"\n  a  \n\n\n  b\t\n\"\"\"   # c\n[access_package.p.assignment.a]\nstart=2027-03-01 09:00:00\nend=2027-03-01T09:00:00.5+01:00\n",
            "[group.a]\ndescription = \"\"\"\n  a  \n\n\n  b\t\n\"\"\"   # c\n\n[access_package.p.assignment.a]\nstart = 2027-03-01 09:00:00\nend = 2027-03-01T09:00:00.5+01:00\n",
        ),
    ];
    for (what, before, after) in cases {
        assert_eq!(fmt(before), *after, "{what}");
    }
}

#[test]
fn the_settings_have_a_canonical_form_too() {
    let text = "[workspace]\nname='a'\nexclude=['d/**','c/**','b/**','a/**']\n[limits]\nmax_access_lost=1_000\n";
    let canonical =
        "[workspace]\nname = 'a'\nexclude = [\n  'a/**',\n  'b/**',\n  'c/**',\n  'd/**',\n]\n\n[limits]\nmax_access_lost = 1_000\n";
    assert_eq!(formatted("writ.toml", text), canonical);
}

#[test]
fn what_is_no_toml_is_refused() {
    assert_eq!(refused("[group.a]\nmembers = [\n"), ["E0001"]);
    assert_eq!(refused("a = 1\na = 2\n"), ["E0001"]);
    assert!(refused("[group.a]\n").is_empty());
}

fn moved(from: &str, to: &str) -> Moved {
    Moved { from: Address::parse(from).unwrap(), to: Address::parse(to).unwrap(), at: Span::NONE }
}

fn renamed(moves: &[(&str, &str)], text: &str) -> String {
    let moves: Vec<Moved> = moves.iter().map(|(from, to)| moved(from, to)).collect();
    let once = rename(0, &SourceFile::new("a.toml", text), &moves, &|_, _| None).unwrap();
    assert_eq!(rename(0, &SourceFile::new("a.toml", &once), &moves, &|_, _| None).unwrap(), once, "renaming twice is not renaming once");
    once
}

#[test]
fn old_names_become_new_where_they_mean_the_moved_object() {
    let catalog = [("catalog.a", "catalog.z"), ("catalog.a.resource.x", "catalog.a.resource.y")];
    let package = [("access_package.old", "access_package.new"), ("access_package.old.policy.p", "access_package.new.policy.q")];
    let user = [("user.\"ann@x.example\"", "user.\"ann.b@x.example\"")];
    let cases: &[(&[(&str, &str)], &str, &str)] = &[
        (
            &catalog,
            "[access_package.p]\ncatalog   = 'a'  # a\nresource_roles.x = 'x'\n",
            "[access_package.p]\ncatalog   = \"z\"  # a\nresource_roles.y = 'x'\n",
        ),
        // The catalog has its new name already.
        (
            &catalog,
            "[access_package.p]\nresource_roles = { x = 'x' }\ncatalog = 'z'\n",
            "[access_package.p]\nresource_roles = { y = 'x' }\ncatalog = 'z'\n",
        ),
        (
            &catalog,
            "[access_package.p]\ncatalog = 'b'\nresource_roles.x = 'x'\n",
            "[access_package.p]\ncatalog = 'b'\nresource_roles.x = 'x'\n",
        ),
        (&catalog, "[access_package.p]\nresource_roles.x = 'x'\n", "[access_package.p]\nresource_roles.x = 'x'\n"),
        (
            &[("catalog.general.resource.x", "catalog.general.resource.y")],
            "[access_package.p.resource_roles]\nx = 'x'\n",
            "[access_package.p.resource_roles]\ny = 'x'\n",
        ),
        (
            &catalog,
            "[catalog.a.resource.x]\ndisplay_name = 'a'\n[catalog.b.resource.x]\n",
            "[catalog.z.resource.y]\ndisplay_name = 'a'\n[catalog.b.resource.x]\n",
        ),
        (
            &catalog,
            "[template.access_package.t]\ncatalog = 'a'\nresource_roles.x = 'x'\n",
            "[template.access_package.t]\ncatalog = \"z\"\nresource_roles.y = 'x'\n",
        ),
        (
            &package,
            "[access_package.old.policy.p]\n[access_package.old.assignment.p]\npolicy = 'p'\n",
            "[access_package.new.policy.q]\n[access_package.new.assignment.p]\npolicy = \"q\"\n",
        ),
        (
            &package,
            "[access_package.new.assignment.p]\npolicy = 'p'\n[access_package.other.assignment.p]\npolicy = 'p'\n",
            "[access_package.new.assignment.p]\npolicy = \"q\"\n[access_package.other.assignment.p]\npolicy = 'p'\n",
        ),
        (
            &package,
            "[access_package.x]\nincompatible_with = ['group:old', 'access_package:old']\n",
            "[access_package.x]\nincompatible_with = ['group:old', \"access_package:new\"]\n",
        ),
        (
            &user,
            "[user.\"Ann@X.example\"]\n[group.a]\nowners = ['user:Ann@x.example', 'b@x.example']\nmembers = 'ann@x.example'\n",
            "[user.\"ann.b@x.example\"]\n[group.a]\nowners = [\"ann.b@x.example\", 'b@x.example']\nmembers = \"ann.b@x.example\"\n",
        ),
        (&[("group.a", "group.b"), ("group.b", "group.c")], "[group]\na.members = 'group:b'\n", "[group]\nc.members = \"group:c\"\n"),
        (&[("group.a", "group.b"), ("group.b", "group.a")], "[group.x]\nmembers = ['group:a']\n", "[group.x]\nmembers = ['group:a']\n"),
        // With a type the origin is any text.
        (
            &[("application.a", "application.b")],
            "[catalog.c.resource.x]\norigin = 'application:a'\n[catalog.c.resource.y]\norigin = 'application:a'\ntype = 'group'\n",
            "[catalog.c.resource.x]\norigin = \"application:b\"\n[catalog.c.resource.y]\norigin = 'application:a'\ntype = 'group'\n",
        ),
        (
            &catalog,
            "[[moved]]\nfrom = 'catalog.a'\nto = 'catalog.z'\n[[removed]]\nfrom = 'catalog.a'\n[[import]]\nto = 'catalog.a'\nid = 'catalog.a'\n",
            "[[moved]]\nfrom = 'catalog.a'\nto = 'catalog.z'\n[[removed]]\nfrom = 'catalog.a'\n[[import]]\nto = \"catalog.z\"\nid = 'catalog.a'\n",
        ),
        // The new name is there.
        (&catalog, "[catalog.a]\n[catalog.z]\n[catalog.a.resource.x]\n", "[catalog.a]\n[catalog.z]\n[catalog.z.resource.y]\n"),
    ];
    for (moves, before, after) in cases {
        assert_eq!(renamed(moves, before), *after);
    }
}

#[test]
fn a_whole_workspace_gets_its_new_names() {
    let file = |name: &str, text: &str| SourceFile::new(name, text);
    let sources = Sources::new(vec![
        file("writ.toml", "[workspace]\nname = \"a\"\nmanages = [\"catalog.a\"]\n"),
        file(
            "moves.toml",
            "[[moved]]\nfrom = \"catalog.a\"\nto = \"catalog.b\"\n[[moved]]\nfrom = \"catalog.a.resource.x\"\nto = \"catalog.b.resource.y\"\n",
        ),
        file("catalog.toml", "[catalog.b]\n[catalog.b.resource.y]\norigin = \"group:g\"\n"),
        file("package.toml", "[access_package.p]\ntemplate = \"t\"\nresource_roles.x = \"Member\"\n"),
        file("template.toml", "[template.access_package.t]\ncatalog = \"a\"\n"),
    ]);
    let renamed = with_moves(&sources).unwrap();
    let text = |name: &str| renamed.iter().find(|(_, f)| f.name == name).unwrap().1.text.clone();
    assert_eq!(text("writ.toml"), "[workspace]\nname = \"a\"\nmanages = [\"catalog.b\"]\n");
    assert_eq!(text("package.toml"), "[access_package.p]\ntemplate = \"t\"\nresource_roles.y = \"Member\"\n");
    assert_eq!(text("template.toml"), "[template.access_package.t]\ncatalog = \"b\"\n");
    assert_eq!(text("moves.toml"), sources.iter().find(|(_, f)| f.name == "moves.toml").unwrap().1.text);
}
