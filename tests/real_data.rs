//! A real organisation at two dates: apply the first, plan the second, apply it, plan again.
//!
//! Runs when `../shared/data/kubernetes-org` stands beside the repository, and says when it does not.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::path::{Path, PathBuf};
use support::{Workspace, copy};

fn data() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/kubernetes-org");
    if !dir.is_dir() {
        println!("skipped: there is no ../shared/data/kubernetes-org beside the repository");
        return None;
    }
    Some(dir)
}

/// The second date in place of the first, in a workspace that was applied.
fn half_a_year_later(data: &Path) -> Workspace {
    let workspace = Workspace::copy(&data.join("2026-02"));
    workspace.apply().says(&["Plan: 5601 to add, 0 to change, 0 to destroy."]);
    for name in ["catalogs", "directory"] {
        std::fs::remove_dir_all(workspace.path(name)).unwrap();
    }
    std::fs::remove_file(workspace.path("delegations.toml")).unwrap();
    copy(&data.join("2026-08"), workspace.dir.path());
    workspace
}

#[test]
fn half_a_year_of_a_real_organisation() {
    let Some(data) = data() else { return };
    let workspace = half_a_year_later(&data);
    // Counted by an independent reader of the two dates.
    let counts = "Plan: 342 to add, 91 to change, 62 to destroy.";
    let plan = workspace.expect(2, &["plan", "--detailed-exitcode"]);
    plan.says(&[counts, "# access_package.cloud-provider-sample-admins will be destroyed"]);
    let json = workspace.expect(0, &["plan", "--json"]).json();
    assert_eq!(json["summary"], serde_json::json!({ "add": 342, "change": 91, "destroy": 62, "import": 0, "move": 0, "forget": 0 }));
    let markdown = workspace.expect(0, &["plan", "--format", "markdown"]).out;
    assert!(markdown.chars().count() < 65_000, "{} characters", markdown.chars().count());
    assert!(markdown.starts_with("<!-- writ plan kubernetes-org -->\n### Writ: changes\n"));
    assert!(markdown.contains(counts) && markdown.contains("not shown here"));
    workspace.apply().says(&["Apply complete! Resources: 342 added, 91 changed, 62 destroyed."]);
    workspace.expect(0, &["plan", "--detailed-exitcode"]).says(&["No changes."]);
    workspace.expect(0, &["audit", "verify"]);
}

#[test]
fn a_package_that_only_changes_its_catalog_is_refused() {
    let Some(data) = data() else { return };
    let workspace = Workspace::copy(&data.join("2026-08"));
    workspace.apply();
    let file = "catalogs/kubernetes-sig-docs.toml";
    let text = workspace.read(file);
    let start = text.find("[access_package.").unwrap();
    // The roles are of the old catalog's resources, so they go too: what remains is the package and its new catalog.
    let (head, package) = text.split_at(start);
    let line = package.lines().find(|l| l.starts_with("resource_roles.")).unwrap().to_owned();
    let moved =
        package.replacen("catalog = \"kubernetes-sig-docs\"", "catalog = \"kubernetes-sig-cli\"", 1).replacen(&format!("{line}\n"), "", 1);
    workspace.write(file, &format!("{head}{moved}"));
    workspace.expect(5, &["plan"]).says(&["[R15]", "cannot change from `kubernetes-sig-docs` to `kubernetes-sig-cli`", "way out:"]);
    workspace.expect(5, &["apply", "--auto-approve"]);
}
