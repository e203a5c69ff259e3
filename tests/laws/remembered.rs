//! What broke a law once: worlds, and small cases made of them.

use super::*;

/// Worlds that broke a law once.
#[test]
fn remembered() {
    for (seed, size, edits) in [(10329303594212220824, 6, 3), (11690340918476973356, 3, 2), (9744508650354099182, 2, 1)] {
        plans_keep_every_law(seed, size, edits).unwrap();
    }
    for (seed, size, edits) in [(8695347021775202101, 2, 1), (12437031515774118583, 8, 2)] {
        stores::stores_keep_every_law(seed, size, edits).unwrap();
    }
}

const SETTINGS: &str = "[workspace]\nname = \"w\"\n";

/// A state after each of these texts, each with its `writ.toml`; otherwise why the last one was not planned.
fn after(steps: &[(&str, &str)]) -> Result<(State, Plan), Vec<String>> {
    let mut state = State::empty();
    let mut last = None;
    for (settings, text) in steps {
        let files = vec![("writ.toml".to_owned(), (*settings).to_owned()), ("a.toml".to_owned(), (*text).to_owned())];
        let plan = planned(&files, &state)?.plan;
        assert_eq!(plan.refused().count(), 0, "{:?}", plan.refusals);
        nothing_ever_dangles(&plan, &state).unwrap();
        state = settled(&state, &plan);
        last = Some(plan);
    }
    Ok((state, last.unwrap()))
}

#[test]
fn what_always_exists_keeps_its_name() {
    let package = "[access_package.p]\n";
    let moved = format!("{package}[catalog.other]\n[[moved]]\nfrom = \"catalog.general\"\nto = \"catalog.other\"\n");
    let imported = format!("{package}[catalog.other]\n[[import]]\nto = \"catalog.other\"\nid = \"general\"\n");
    let both = format!("{package}[catalog.general]\n");
    for (before, text) in [(both.as_str(), moved), (package, imported)] {
        let refused = after(&[(SETTINGS, before), (SETTINGS, &text)]).unwrap_err();
        let told =
            |line: &String| (line.starts_with("E0301") || line.starts_with("E0305")) && line.contains("`catalog.general` has its name");
        assert!(refused.iter().any(told), "{refused:?}");
    }
}

#[test]
fn an_empty_limit_is_not_no_limit() {
    let text = "[settings.external_users]\nallowed_domains = []\n";
    let (state, _) = after(&[(SETTINGS, text)]).unwrap();
    let settings = state.objects.get(&Address::parse("settings.external_users").unwrap()).unwrap();
    assert!(settings.object.attributes.contains("allowed_domains"));
    let organization = format!("{text}[connected_organization.o]\ndomains = [\"o.example\"]\n");
    let refused = after(&[(SETTINGS, &organization)]).unwrap_err();
    assert!(refused[0].starts_with("R36"), "{refused:?}");
    // Somebody else's settings bind as well.
    let (foreign, mine) =
        ("[workspace]\nname = \"w\"\nmanages = [\"settings.external_users\"]\n", "[connected_organization.o]\ndomains = [\"o.example\"]\n");
    let refused = after(&[(foreign, text), ("[workspace]\nname = \"w\"\nmanages = [\"connected_organization.o\"]\n", mine)]).unwrap_err();
    assert!(refused[0].starts_with("R36"), "{refused:?}");
}

#[test]
fn what_is_no_longer_managed_is_released_and_can_be_referred_to() {
    let (user, group) = ("[user.\"ann@contoso.example\"]\n", "[group.g]\nmembers = [\"ann@contoso.example\"]\n");
    let (all, fewer) = (format!("{user}{group}"), format!("{SETTINGS}manages = [\"group.g\"]\n"));
    let (state, plan) = after(&[(SETTINGS, &all), (&fewer, group)]).unwrap();
    assert_eq!(plan.summary(), plan::Summary { forget: 1, ..plan::Summary::default() });
    assert_eq!(state.managed_by("w").count(), 1);
}

#[test]
fn a_resource_that_is_replaced_while_it_is_used_is_refused() {
    let text = |origin: &str, role: &str| {
        format!(
            "[application.a]\nroles = [\"R\", \"S\"]\n[application.b]\nroles = [\"R\", \"S\"]\n[catalog.c]\n\
             [catalog.c.resource.r]\norigin = \"application:{origin}\"\n\
             [access_package.p]\ncatalog = \"c\"\nresource_roles.r = \"{role}\"\n"
        )
    };
    let (state, _) = after(&[(SETTINGS, &text("a", "R"))]).unwrap();
    let files = vec![("writ.toml".to_owned(), SETTINGS.to_owned()), ("a.toml".to_owned(), text("b", "S"))];
    let plan = planned(&files, &state).unwrap().plan;
    assert_eq!(plan.refused().map(|r| r.code.id).collect::<Vec<_>>(), ["R106"]);
}

#[test]
fn what_stands_in_an_imported_parent_comes_along() {
    let (users, package) = (
        "[user.\"ann@contoso.example\"]\n",
        "[access_package.KEY]\n[access_package.KEY.policy.direct]\nrequestors = \"none\"\nexpiration = \"30d\"\n",
    );
    let removed = "[[removed]]\nfrom = \"access_package.old\"\ndestroy = false\n";
    let (old, new) = (package.replace("KEY", "old"), package.replace("KEY", "new"));
    let first = format!("{users}{old}");
    let (state, _) = after(&[(SETTINGS, &first), (SETTINGS, &format!("{users}{removed}"))]).unwrap();
    let id = |address: &str| id_at(&state, address).unwrap();
    let import = |to: &str, id: String| format!("[[import]]\nto = \"{to}\"\nid = \"{id}\"\n");
    let text = [
        users.to_owned(),
        new,
        import("access_package.new", id("access_package.old")),
        import("access_package.new.policy.direct", id("access_package.old.policy.direct")),
    ];
    let files = vec![("writ.toml".to_owned(), SETTINGS.to_owned()), ("a.toml".to_owned(), text.concat())];
    let plan = planned(&files, &state).unwrap().plan;
    assert_eq!((plan.summary().import, plan.summary().add, plan.summary().destroy), (2, 0, 0));
    let step = settled(&state, &plan);
    assert!(planned(&files, &step).unwrap().plan.is_empty());
}
