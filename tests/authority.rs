//! Who may do what, asked role by role and action by action: the whole of it against `authority/matrix.txt`, and a second
//! statement, written role by role.
//!
//! `WRIT_BLESS=1 cargo test --test authority` writes `authority/matrix.txt` anew: read what changed.
#![expect(clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use writ::authority::{Action, Given, Role, Roles, Scope, may};
use writ::diag::Span;
use writ::kinds::{self, Shape};
use writ::model::{Address, Object, Table, Value};

/// The columns of the page, and of the question.
const COLUMNS: [(&str, Role); 9] = [
    ("Adm", Role::Administrator),
    ("COA", Role::ConnectedOrganizationAdministrator),
    ("CC", Role::CatalogCreator),
    ("CO", Role::CatalogOwner),
    ("CR", Role::CatalogReader),
    ("APM", Role::AccessPackageManager),
    ("AAM", Role::AssignmentManager),
    ("Apr", Role::Approver),
    ("Req", Role::Requestor),
];

/// What stands above the page.
const LEGEND: &str = "\
Who may do what, in the own catalog and in a foreign one: somebody who has this role and no other.

yes  may do it          CO   may do it, as owner of the catalog that they created
own  for own items      -    may not

Adm administrator    COA connected_organization_administrator    CC catalog_creator
CO catalog_owner     CR catalog_reader     APM access_package_manager     AAM assignment_manager
Apr approver         Req requestor         Op the operator of the store
";

fn catalog(key: &str) -> Address {
    Address::root("catalog", key)
}

/// Ann, who has one role, in `marketing` if it is a catalog's.
fn ann(role: Role) -> Roles {
    let within = (role.scope() == Scope::Catalog).then(|| catalog("marketing"));
    let address = within.map_or_else(|| Address::root("delegation", "ann"), |c| c.child("delegation", "ann"));
    let text = |text: &str| Value::text(text, Span::NONE);
    let mut attributes = Table::new();
    attributes.insert("role", text(role.word()));
    attributes.insert("members", Value::set(vec![text("ann@contoso.example")], Span::NONE));
    let delegation = Object { address, attributes, at: Span::NONE };
    let roles = Roles::of(&Address::root("user", "ann@contoso.example"), [delegation].iter(), &|_| false);
    match role {
        Role::Approver => roles.approving(),
        Role::Requestor => roles.requesting(),
        Role::CatalogCreator => roles.founding(&catalog("marketing")),
        _ => roles,
    }
}

fn asked(roles: &Roles, role: Role, action: Action, place: &Address) -> &'static str {
    match may(roles, action, Some(place)) {
        Err(_) => "-",
        Ok(Given { role: by, own, .. }) if by == role => {
            if own {
                "own"
            } else {
                "yes"
            }
        }
        Ok(Given { role: Role::CatalogOwner, own: false, .. }) => "CO",
        Ok(given) => panic!("{role} may {} as {}", action.word(), given.role),
    }
}

#[test]
fn every_role_may_what_the_page_says() {
    let everybody: Vec<(&str, Role, Roles)> =
        COLUMNS.iter().map(|(name, role)| (*name, *role, ann(*role))).chain([("Op", Role::Administrator, Roles::operator())]).collect();
    let mut text = LEGEND.to_owned();
    let mut line = |cells: &[&str]| {
        let mut line = String::new();
        for (i, cell) in cells.iter().enumerate() {
            let width = match i {
                0 => 31,
                1 => 9,
                _ => 5,
            };
            write!(line, "{cell:width$}").unwrap();
        }
        writeln!(text, "{}", line.trim_end()).unwrap();
    };
    let places = [("own", catalog("marketing")), ("foreign", catalog("finance"))];
    let names: Vec<&str> = everybody.iter().map(|(name, ..)| *name).collect();
    line(&[]);
    line(&[&["action", "catalog"], &names[..]].concat());
    for action in Action::ALL {
        for (word, place) in &places {
            let cells: Vec<&str> = everybody.iter().map(|(_, role, roles)| asked(roles, *role, *action, place)).collect();
            line(&[&[action.word(), *word], &cells[..]].concat());
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/authority/matrix.txt");
    if std::env::var_os("WRIT_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(text.lines()).zip(1..).find(|((a, b), _)| a != b);
    if let Some(((a, b), n)) = differs {
        panic!("{}:{n}\n  expected {a:?}\n  found    {b:?}", path.display());
    }
    assert_eq!(written.lines().count(), text.lines().count());
}

/// What holders of a catalog's roles may there, each role all that the one before it may, and this.
const CATALOG: [(Role, &str); 4] = [
    (Role::CatalogReader, "view_catalog view_packages"),
    (
        Role::AssignmentManager,
        "assign_directly remove_assignment view_assignments reprocess_assignment view_requests view_delivery_errors \
         reprocess_request cancel_request remove_request",
    ),
    (
        Role::AccessPackageManager,
        "create_package edit_package change_resource_roles change_policies attach_extension change_incompatibilities copy_link \
         delete_package configure_review",
    ),
    (
        Role::CatalogOwner,
        "edit_catalog delete_catalog change_resources require_attributes change_catalog_owners change_catalog_roles add_extension \
         bring_resource",
    ),
];

/// What the others may, wherever it is; `own_` before what they may for their own items.
const ELSEWHERE: [(Role, &str); 4] = [
    (Role::ConnectedOrganizationAdministrator, "change_connected_organizations"),
    (Role::CatalogCreator, "create_catalog"),
    (Role::Approver, "decide_request revoke_approval own_view_requests"),
    (Role::Requestor, "request_access own_view_packages own_view_requests own_cancel_request own_request_for_report own_decide_review"),
];

/// What an administrator does not do for others.
const FOR_ONESELF: &str = "decide_request revoke_approval request_access request_for_report";

/// All that somebody may in a catalog.
fn all_of(roles: &Roles, place: &Address) -> BTreeSet<String> {
    let told = |action: &Action| {
        let given = may(roles, *action, Some(place)).ok()?;
        Some(format!("{}{}", if given.own { "own_" } else { "" }, action.word()))
    };
    Action::ALL.iter().filter_map(told).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_role_of_a_catalog_may_this_there_and_nothing_elsewhere() {
    let mut wanted = BTreeSet::new();
    for (role, more) in CATALOG {
        wanted.append(&mut words(more));
        assert_eq!(all_of(&ann(role), &catalog("marketing")), wanted, "{role}");
        assert_eq!(all_of(&ann(role), &catalog("finance")), BTreeSet::new(), "{role}");
    }
    wanted.insert("create_catalog".to_owned());
    assert_eq!(all_of(&ann(Role::CatalogCreator), &catalog("marketing")), wanted, "a creator is the owner of what they created");
}

#[test]
fn the_other_roles_may_this_and_nothing_more() {
    for (role, all) in ELSEWHERE {
        assert_eq!(all_of(&ann(role), &catalog("finance")), words(all), "{role}");
    }
    let all: BTreeSet<String> = Action::ALL.iter().map(|a| a.word().to_owned()).collect();
    let mut administration: BTreeSet<String> = all.difference(&words(FOR_ONESELF)).cloned().collect();
    administration.remove("decide_review");
    assert_eq!(all_of(&Roles::operator(), &catalog("finance")), administration);
    administration.insert("own_decide_review".to_owned());
    assert_eq!(all_of(&ann(Role::Administrator), &catalog("finance")), administration);
    assert_eq!(all_of(&Roles::default(), &catalog("finance")), BTreeSet::new(), "nobody");
}

#[test]
fn delegations_give_roles_of_the_matrix() {
    let field = kinds::delegation::KIND.field("role").unwrap();
    let Shape::Choice(words) = field.shape else { panic!("a role is a choice") };
    let delegated: BTreeSet<&str> = words.iter().copied().collect();
    let known: BTreeSet<&str> = Role::ALL.iter().filter(|r| r.scope() != Scope::Policy).map(|r| r.word()).collect();
    assert_eq!(delegated, known);
    for word in delegated {
        let role = Role::of_word(word).unwrap();
        assert!(role.handed_out_by().is_some(), "{word}");
        assert_eq!(ann(role).held().filter(|h| h.role == role).count(), 1, "{word}");
    }
}
