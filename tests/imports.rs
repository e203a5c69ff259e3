//! Coming from elsewhere: what `writ import graph`, `writ import terraform` and `writ directory import` make of documents.
//!
//! `WRIT_BLESS=1 cargo test --test imports` writes the files below `imports/written` and the lists beside them anew: read what changed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod support;

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use support::Workspace;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports").join(name)
}

/// A workspace `contoso` that was just started, and a folder of documents beside it.
fn started(documents: &str) -> (Workspace, Workspace) {
    let inner = Workspace::empty();
    inner.expect(0, &["init", "contoso"]);
    let from = if documents.is_empty() { Workspace::empty() } else { Workspace::copy(&data(documents)) };
    (inner, from)
}

/// The arguments of a command in the workspace.
fn within<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    ["--chdir", "contoso"].into_iter().chain(arguments.iter().copied()).collect()
}

fn import(workspace: &Workspace, kind: &str, from: &Path, code: i32) -> support::Run {
    workspace.expect(code, &within(&["import", kind, from.to_str().unwrap(), "--auto-approve"]))
}

/// Every file of TOML in the workspace, by name, but for what `init` wrote.
fn written(workspace: &Workspace) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    files(&workspace.path("contoso"), "", &mut all);
    all.retain(|name, _| !matches!(name.as_str(), "writ.toml" | "catalog.toml" | "directory.toml") && name.ends_with(".toml"));
    all
}

fn files(root: &Path, within: &str, all: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(root.join(within)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let name = if within.is_empty() { name } else { format!("{within}/{name}") };
        match entry.file_type().unwrap().is_dir() {
            true if !name.starts_with('.') => files(root, &name, all),
            true => {}
            false => drop(all.insert(name, fs::read_to_string(entry.path()).unwrap_or_default())),
        }
    }
}

/// Files as they are kept, or as they are now when blessing.
#[track_caller]
fn golden(name: &str, now: &BTreeMap<String, String>) {
    let place = data("written").join(name);
    if std::env::var_os("WRIT_BLESS").is_some_and(|v| v == "1") {
        let _ = fs::remove_dir_all(&place);
        for (file, text) in now {
            let path = place.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let mut kept = BTreeMap::new();
    if place.exists() {
        files(&place, "", &mut kept);
    }
    assert_eq!(kept.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>());
    for (file, text) in now {
        assert_eq!(kept[file], *text, "{file}");
    }
}

/// What the list of an import says.
fn left(run: &support::Run) -> Vec<(String, String, String)> {
    let text = |v: &Json, name: &str| v[name].as_str().unwrap().to_owned();
    run.json()["import"]["left"].as_array().unwrap().iter().map(|v| (text(v, "at"), text(v, "what"), text(v, "why"))).collect()
}

#[test]
fn a_folder_of_answers_becomes_a_workspace() {
    let (workspace, from) = started("graph");
    let run = workspace.expect(0, &within(&["import", "graph", from.dir.path().to_str().unwrap(), "--auto-approve", "--json"]));
    let mut files = written(&workspace);
    let list: Vec<String> = left(&run).into_iter().map(|(at, what, why)| format!("{at}\n  {what}: {why}\n")).collect();
    files.insert("left.txt".to_owned(), list.concat());
    golden("graph", &files);
    // Nothing is left to do, and the ids are those that were.
    workspace.expect(0, &within(&["plan", "--detailed-exitcode"])).says(&["No changes."]);
    let state = workspace.expect(0, &within(&["state", "list", "-v"])).out;
    for id in ["000000d0-0000-4000-8000-000000000001", "000000f0-0000-4000-8000-000000000001", "000000b0-0000-4000-8000-000000000002"] {
        assert!(state.contains(id), "{id} in\n{state}");
    }
    workspace.expect(0, &within(&["validate", "--warnings-as-errors"]));
    workspace.expect(0, &within(&["fmt", "--check"]));
    workspace.expect(0, &within(&["doctor"]));
    workspace.expect(0, &within(&["audit", "verify"]));
}

#[test]
fn who_held_something_holds_it_once_until_it_ended_anyway() {
    let (workspace, from) = started("graph");
    import(&workspace, "graph", from.dir.path(), 0).says(&["Carried over 3 assignments."]);
    let all = workspace.expect(0, &within(&["assignments", "--json"])).json();
    let of = |id: &str| all["assignments"].as_array().unwrap().iter().find(|a| a["id"] == id).cloned().unwrap_or_default();
    let joe = of("00000030-0000-4000-8000-000000000001");
    assert_eq!((joe["start"].as_str(), joe["end"].as_str()), (Some("2026-05-01T09:30:00Z"), Some("2099-06-30T00:00:00Z")));
    let ann = of("00000030-0000-4000-8000-000000000002");
    assert_eq!((ann["target"]["name"].as_str(), ann["end"].as_str()), (Some("ann@contoso.example"), None));
    // Of two assignments of one person and package the one that ends last; what is over stays over.
    for other in [3, 5, 6, 7] {
        assert_eq!(of(&format!("00000030-0000-4000-8000-00000000000{other}")), Json::Null, "{other}");
    }
    // Again: nobody gains anything.
    let before = all["assignments"].as_array().unwrap().len();
    import(&workspace, "graph", from.dir.path(), 0);
    let all = workspace.expect(0, &within(&["assignments", "--json"])).json();
    assert_eq!(all["assignments"].as_array().unwrap().len(), before);
    // Who is a member of a group by a package is no declared member as well: otherwise nobody could ever leave it.
    assert!(!written(&workspace)["directory/groups.toml"].contains("joe@"));
    workspace.expect(0, &within(&["why", "joe@contoso.example", "group.campaign-team"])).says(&["Member, until 2099-06-30T00:00:00Z"]);
    workspace.expect(0, &within(&["remove", "marketing-campaign", "--for", "joe@contoso.example"]));
    workspace.expect(0, &within(&["plan", "--detailed-exitcode"]));
}

#[test]
fn a_second_import_changes_nothing() {
    let (workspace, from) = started("graph");
    import(&workspace, "graph", from.dir.path(), 0);
    let (files, history) = (written(&workspace), workspace.expect(0, &within(&["history"])).out);
    import(&workspace, "graph", from.dir.path(), 0).says(&["All objects are here already: no file is written."]);
    assert_eq!(written(&workspace), files);
    assert_eq!(workspace.expect(0, &within(&["history"])).out, history);
    // However the files are cut up and changed since.
    let catalog = workspace.read("contoso/catalogs/marketing.toml");
    fs::remove_file(workspace.path("contoso/catalogs/marketing.toml")).unwrap();
    workspace.write("contoso/mine.toml", &catalog.replace("What the marketing department owns", "Ours"));
    workspace.expect(0, &within(&["apply", "--auto-approve"]));
    import(&workspace, "graph", from.dir.path(), 0).says(&["All objects are here already: no file is written."]);
    workspace.expect(0, &within(&["plan", "--detailed-exitcode"]));
}

/// Turns every list of a document around, and the members of every object with it.
fn reversed(value: &Json) -> Json {
    match value {
        Json::Array(all) => Json::Array(all.iter().rev().map(reversed).collect()),
        Json::Object(map) => Json::Object(map.iter().rev().map(|(k, v)| (k.clone(), reversed(v))).collect()),
        other => other.clone(),
    }
}

#[test]
fn the_order_of_documents_and_entries_means_nothing() {
    let (workspace, from) = started("graph");
    import(&workspace, "graph", from.dir.path(), 0);
    let (other, shuffled) = (started("").0, Workspace::empty());
    let mut all = BTreeMap::new();
    files(from.dir.path(), "", &mut all);
    for (name, text) in all {
        let value: Json = serde_json::from_str(&text).unwrap();
        // Stages and choices are in an order that counts.
        let ordered = name == "assignmentPolicies.json";
        let value = if ordered { value } else { reversed(&value) };
        match value["value"].as_array().filter(|v| v.len() > 1 && !name.contains('/')) {
            // Each entry a page of its own, the last first.
            Some(entries) => {
                for (i, entry) in entries.iter().rev().enumerate() {
                    let page = json!({ "@odata.context": value["@odata.context"], "value": [entry] });
                    shuffled.write(&format!("{}-{i}.json", name.trim_end_matches(".json")), &page.to_string());
                }
            }
            None => shuffled.write(&name, &value.to_string()),
        }
    }
    import(&other, "graph", shuffled.dir.path(), 0);
    assert_eq!(written(&workspace), written(&other));
}

#[test]
fn every_entry_is_here_or_in_the_list() {
    let (workspace, from) = started("graph");
    let run = workspace.expect(0, &within(&["import", "graph", from.dir.path().to_str().unwrap(), "--auto-approve", "--json"]));
    let list = left(&run);
    let state = workspace.expect(0, &within(&["state", "list", "-v"])).out;
    let held = workspace.expect(0, &within(&["assignments", "--json"])).out;
    let mut all = BTreeMap::new();
    files(from.dir.path(), "", &mut all);
    let mut seen = 0;
    for (name, text) in all {
        let value: Json = serde_json::from_str(&text).unwrap();
        for (i, entry) in value["value"].as_array().into_iter().flatten().enumerate() {
            let id = entry["id"].as_str().unwrap();
            let told = list.iter().any(|(at, ..)| at.starts_with(&format!("{name}#/value/{i}")));
            // The built-in catalog has an id of its own, which is told.
            assert!(state.contains(id) || held.contains(id) || told, "{name}#/value/{i}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn nothing_is_written_unless_it_was_agreed_to() {
    let (workspace, from) = started("graph");
    let run = workspace.expect(8, &within(&["import", "graph", from.dir.path().to_str().unwrap()]));
    run.says(&["would write catalogs/marketing.toml", "declined"]);
    assert_eq!(written(&workspace), BTreeMap::new());
    assert!(!workspace.path("contoso/catalogs").exists());
}

#[test]
fn files_of_another_content_are_left_alone_and_so_is_all_else() {
    let (workspace, from) = started("graph");
    workspace.write("contoso/catalogs/marketing.toml", "[catalog.other]\n");
    let before = written(&workspace);
    import(&workspace, "graph", from.dir.path(), 1).says(&["`catalogs/marketing.toml` would be written", "changes none"]);
    assert_eq!(written(&workspace), before);
    // What the workspace does not read would not be declared.
    let (workspace, from) = started("graph");
    workspace.replace("contoso/writ.toml", "[workspace]\n", "[workspace]\ninclude = [\"*.toml\"]\n");
    import(&workspace, "graph", from.dir.path(), 1).says(&["the workspace does not read `catalogs/"]);
    assert_eq!(written(&workspace), BTreeMap::new());
}

#[test]
fn an_import_that_was_stopped_between_files_and_store_is_gone_on_with() {
    let (first, from) = started("graph");
    import(&first, "graph", from.dir.path(), 0);
    let (second, _) = started("");
    for (name, text) in written(&first) {
        second.write(&format!("contoso/{name}"), &text);
    }
    import(&second, "graph", from.dir.path(), 0);
    assert_eq!(written(&first), written(&second));
    let ids = |w: &Workspace| {
        let list = w.expect(0, &within(&["state", "list", "-v"])).out;
        list.lines()
            .filter(|l| l.contains("-0000-4000-8000-"))
            .map(|l| l.split_whitespace().take(2).collect::<String>())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ids(&second));
}

/// Answers that are not what they should be: the exit code and what is said.
#[test]
fn hostile_answers_are_errors_or_listed() {
    let catalog = |id: &str, name: &str| json!({ "id": id, "displayName": name, "catalogType": "userManaged", "state": "published" });
    let id = |n: u32| format!("000000d0-0000-4000-8000-0000000000{n:02}");
    let package = |n: u32, name: &str, more: Json| {
        let mut package =
            json!({ "id": format!("000000f0-0000-4000-8000-0000000000{n:02}"), "displayName": name, "catalog": { "id": id(1) } });
        package.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        package
    };
    let long = "x".repeat(100_000);
    let cases: Vec<(&str, String, i32, &[&str])> = vec![
        ("catalogs.json", "{".to_owned(), 1, &["`catalogs.json`: it is no JSON", "line 1"]),
        ("catalogs.json", "[".repeat(100_000), 1, &["it is no JSON"]),
        ("catalogs.json", "null".to_owned(), 0, &["an entry: it is no object"]),
        ("catalogs.json", "{\"value\":[1,[],\"x\",{}]}".to_owned(), 0, &["an entry without an id"]),
        ("recipes.json", "{\"value\":[{\"id\":\"1\"}]}".to_owned(), 0, &["of a sort that is not known"]),
        ("catalogs.json", json!([catalog(&id(1), "A"), catalog(&id(1), "B")]).to_string(), 1, &["two answers about the catalog", "displayName"]),
        ("catalogs.json", json!([catalog(&id(1), "A"), catalog(&id(1), "A")]).to_string(), 0, &["Read 1 document: 1 object", "catalog.a"]),
        ("catalogs.json", json!([catalog(&id(1), "Same"), catalog(&id(2), "Same")]).to_string(), 0, &["`Same (2)`", "catalog.same-2"]),
        ("catalogs.json", json!([catalog(&id(1), "営業\u{202e}\u{1b}[2J")]).to_string(), 0, &["catalog.2j", "it is written `営業[2J`"]),
        ("catalogs.json", json!([catalog(&id(1), "аdmin")]).to_string(), 0, &["its key stands for it", "catalog.dmin"]),
        ("catalogs.json", json!([catalog(&id(1), &long)]).to_string(), 0, &["a name that the language does not take as it is"]),
        ("catalogs.json", json!([catalog(&long, "A")]).to_string(), 0, &["an id that is not kept"]),
        ("catalogs.json", json!([catalog("first", "First catalog")]).to_string(), 0, &["R102", "its key stands for it"]),
        ("catalogs.json", json!({ "@odata.nextLink": "https://graph.example/next", "value": [catalog(&id(1), "A")] }).to_string(), 0, &["a next page"]),
        ("accessPackages.json", json!([package(1, "P", json!({}))]).to_string(), 0, &["in which catalog of the folder it is"]),
        (
            "accessPackages.json",
            json!([package(1, "P", json!({ "catalog": catalog(&id(1), "A"), "resourceRoleScopes": [{ "id": "x", "role": { "displayName": "Member" } }] }))])
                .to_string(),
            0,
            &["a role on a resource that is not in the folder", "access_package.p"],
        ),
        (
            "assignments.json",
            json!([{ "id": "1", "state": "delivered", "accessPackage": { "id": "gone" }, "schedule": { "startDateTime": 7 } }]).to_string(),
            0,
            &["its package is not carried over"],
        ),
        (
            "users.json",
            json!([{ "id": "1", "userPrincipalName": "not a name" }, { "id": "2", "userPrincipalName": "ADMIN@contoso.example" }]).to_string(),
            0,
            &["a user without a user principal name that can be a key", "declared here already"],
        ),
        (
            "groups.json",
            json!([{ "id": "g1", "displayName": "A", "members": [{ "id": "g2" }] }, { "id": "g2", "displayName": "B", "members": [{ "id": "g1" }] }]).to_string(),
            0,
            &["a reference to what is left out"],
        ),
    ];
    for (name, text, code, says) in cases {
        let (workspace, from) = started("");
        from.write(name, &text);
        let run = workspace.run(&within(&["-v", "import", "graph", from.dir.path().to_str().unwrap(), "--auto-approve"]));
        let head: String = text.chars().take(200).collect();
        assert_eq!(run.code, code, "{name} {head}\n{}\n{}", run.out, run.err);
        assert!(!run.out.contains('\u{1b}') && !run.out.contains('\u{202e}'), "{head}");
        run.says(says);
        if run.out.contains("Apply complete!") {
            workspace.expect(0, &within(&["plan"])).says(&["No changes."]);
        }
    }
    let (workspace, _) = started("");
    let nothing = Workspace::empty();
    import(&workspace, "graph", nothing.dir.path(), 1).says(&["holds no file of JSON"]);
    import(&workspace, "graph", &nothing.path("nowhere"), 1).says(&["cannot read"]);
}

#[test]
fn a_terraform_state_becomes_a_workspace() {
    let (workspace, from) = started("terraform");
    let state = from.path("terraform.tfstate");
    let run = workspace.expect(0, &within(&["import", "terraform", state.to_str().unwrap(), "--auto-approve", "--json"]));
    let mut files = written(&workspace);
    let list: Vec<String> = left(&run).into_iter().map(|(at, what, why)| format!("{at}\n  {what}: {why}\n")).collect();
    files.insert("left.txt".to_owned(), list.concat());
    golden("terraform", &files);
    workspace.expect(0, &within(&["plan", "--detailed-exitcode"])).says(&["No changes."]);
    let list = workspace.expect(0, &within(&["state", "list", "-v"])).out;
    for id in ["000000d1-0000-4000-8000-000000000001", "000000f1-0000-4000-8000-000000000002", "00000012-0000-4000-8000-000000000001"] {
        assert!(list.contains(id), "{id} in\n{list}");
    }
    import(&workspace, "terraform", &state, 0).says(&["All objects are here already: no file is written."]);
    // What is no state of Terraform, or one of another version.
    for (text, why) in [
        ("{}", "of no version"),
        ("{\"version\":3,\"resources\":[]}", "of version 3"),
        ("[1]", "of no version"),
        ("version", "it is no JSON"),
    ] {
        from.write("other.tfstate", text);
        import(&workspace, "terraform", &from.path("other.tfstate"), 1).says(&[why]);
    }
}

#[test]
fn a_directory_is_loaded_and_files_refer_to_it() {
    let (workspace, from) = started("");
    from.write(
        "people.csv",
        "userPrincipalName,id,displayName,mail,department,accountEnabled,userType,manager,shoeSize\n\
         Mamta@contoso.example,00000001-aaaa-4000-8000-000000000001,Mamta,,Marketing,true,Member,,38\n\
         joe@contoso.example,00000001-aaaa-4000-8000-000000000002,\"Joe, B.\",joe.b@contoso.example,Marketing,,,mamta@contoso.example,\n\
         eve@fabrikam.example,00000001-aaaa-4000-8000-000000000003,Eve,,,no,Guest,nobody@contoso.example,\n",
    );
    let group = json!({ "id": "00000001-bbbb-4000-8000-000000000001", "displayName": "Leads", "groupTypes": ["Unified"],
        "members": [{ "@odata.type": "#microsoft.graph.user", "id": "00000001-AAAA-4000-8000-000000000001" }, { "id": "gone" }] });
    from.write(
        "groups.json",
        &json!({ "@odata.context": "https://graph.example/v1.0/$metadata#groups", "value": [group, { "displayName": 7 }] }).to_string(),
    );
    from.write("sites.csv", "url,displayName,roles\nhttps://contoso.example/sites/brand/,Brand,Visitor;Member\n");
    let (people, groups, sites) = (from.path("people.csv"), from.path("groups.json"), from.path("sites.csv"));
    let files = [people.to_str().unwrap(), groups.to_str().unwrap(), sites.to_str().unwrap()];
    let load = |code: i32, files: &[&str]| workspace.expect(code, &within(&[&["directory", "import"], files].concat()));
    load(0, &files).says(&[
        "1 group, 1 sharepoint site, 3 users",
        "5 new, 0 changed, 0 as they were",
        "a manager who is not known",
        "`shoeSize` (1)",
        "people.csv:4",
        "a member who is not known",
    ]);
    load(0, &files).says(&["0 new, 0 changed, 5 as they were"]);
    workspace.expect(0, &within(&["show", "joe@contoso.example"])).says(&[
        "display_name = \"Joe, B.\"",
        "manager = \"mamta@contoso.example\"",
        "mail = \"joe.b@contoso.example\"",
    ]);
    workspace.expect(0, &within(&["show", "eve@fabrikam.example"])).says(&["type = \"guest\"", "enabled = false"]);
    workspace.expect(0, &within(&["show", "group.leads"])).says(&["members = [\"mamta@contoso.example\"]", "microsoft_365"]);
    // What is loaded is referred to and not planned; what is declared is left alone.
    workspace.write(
        "contoso/more.toml",
        "[catalog.first.resource.brand]\norigin = \"sharepoint_site:brand\"\n\n[group.ours]\nmembers = [\"joe@contoso.example\", \"group:leads\"]\n",
    );
    workspace.expect(0, &within(&["apply", "--auto-approve"]));
    from.write("more.csv", "userPrincipalName,displayName\nADMIN@contoso.example,Somebody else\nmamta@contoso.example,Mamta M.\n");
    load(0, &[from.path("more.csv").to_str().unwrap()]).says(&["0 new, 1 changed, 0 as they were, 1 left to the files"]);
    workspace.expect(0, &within(&["plan", "--detailed-exitcode"]));
    workspace.expect(0, &within(&["audit", "verify"]));
    workspace.expect(0, &within(&["doctor"]));
    // A folder of answers refers to those whom the store knows, by their ids, and declares them not.
    let answers = Workspace::empty();
    let catalog = json!({ "id": "00000001-dddd-4000-8000-000000000001", "displayName": "Brand" });
    let owner = json!({ "id": "00000001-eeee-4000-8000-000000000001", "principalId": "00000001-bbbb-4000-8000-000000000001",
        "roleDefinitionId": "ae79f266-94d4-4dab-b730-feca7e132178", "appScopeId": "/AccessPackageCatalog/00000001-dddd-4000-8000-000000000001" });
    answers.write("catalogs.json", &json!({ "value": [catalog] }).to_string());
    answers.write("roleAssignments.json", &json!({ "value": [owner] }).to_string());
    import(&workspace, "graph", answers.dir.path(), 0);
    assert_eq!(written(&workspace).keys().collect::<Vec<_>>(), ["catalogs/brand.toml", "more.toml"]);
    assert!(written(&workspace)["catalogs/brand.toml"].contains("members = [\"group:leads\"]"));
}

#[test]
fn a_directory_that_cannot_be_read_is_not_loaded_at_all() {
    let (workspace, from) = started("");
    let many: String = (0..50).map(|i| format!("person {i},x\n")).collect();
    for (name, text, says) in [
        (
            "a.csv",
            "userPrincipalName,displayName\nann@contoso.example,Ann\nbo@contoso.example,=cmd()\n".to_owned(),
            "line 3: the cell of `displayName` is a formula",
        ),
        (
            "a.csv",
            "userPrincipalName,displayName\nann@contoso.example,Ann\nno name,Bo\n".to_owned(),
            "a.csv:3: `no name` is no user principal name",
        ),
        (
            "a.csv",
            "userPrincipalName,accountEnabled\nann@contoso.example,maybe\n".to_owned(),
            "a.csv:2: `maybe` of `accountEnabled` or `enabled` is neither true nor false",
        ),
        ("a.csv", "userPrincipalName,organization\nann@contoso.example,x\n\"bo".to_owned(), "line 3: it has 1 cells, and the header 2"),
        ("a.csv", "colour,size\nred,3\n".to_owned(), "a.csv:2: it is not told what it is"),
        ("a.csv", format!("userPrincipalName,displayName\n{many}"), "a.csv:21"),
        ("a.json", "{\"value\":[{\"userPrincipalName\":\"ann@contoso.example\"},".to_owned(), "it is no answer of Microsoft Graph"),
        ("a.json", "{}".to_owned(), "it has no `value`"),
        ("a.txt", String::new(), "a file is `.csv` or `.json`"),
    ] {
        from.write(name, &text);
        let run = workspace.run(&within(&["directory", "import", from.path(name).to_str().unwrap()]));
        assert_eq!(run.code, 1, "{name}: {text}\n{}{}", run.out, run.err);
        assert!(run.err.contains(says), "{says}\n{}", run.err);
        assert!(workspace.expect(0, &within(&["state", "list", "--unmanaged"])).out.is_empty());
    }
}
