//! A rule for Terraform's plan JSON reads a plan of Writ, and the same rule a plan of Terraform.

use crate::root;
use crate::support::Workspace;
use crate::workflows::python;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;

fn decided(python: &Path, data: &Path, plan: &Path) -> Json {
    let policy = root().join("examples/ci/policy/terraform.rego");
    let output = Command::new(python).arg(root().join("tests/ci/policy.py")).args([&policy, data, plan]).output().unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_rule_for_terraforms_plans_reads_ours() {
    let Some(python) = python("regopy") else { return };
    let house = root().join("examples/ci/policy/house.yaml");
    let w = Workspace::example("contoso");
    w.apply();
    let plan = |w: &Workspace| {
        w.run(&["plan", "-o", "now.plan"]);
        decided(&python, &house, &w.path("now.plan"))
    };
    assert_eq!(plan(&w), json!({ "authz": true, "score": 0, "deny": [] }));
    w.replace("catalogs/legal/contract-review.toml", "timeout = \"2d\"", "timeout = \"3d\"");
    assert_eq!(plan(&w), json!({ "authz": true, "score": 2, "deny": [] }), "one policy, updated");
    w.replace("delegations.toml", "[\"ben@contoso.example\"]", "[\"ben@contoso.example\", \"nina@contoso.example\"]");
    assert_eq!(plan(&w)["deny"], json!(["delegation.partner-desk is changed by hand only"]));
    // A catalog goes, with a package and its three policies.
    std::fs::remove_dir_all(w.path("catalogs/legal")).unwrap();
    let found = plan(&w);
    assert_eq!((&found["authz"], &found["score"]), (&json!(false), &json!(25)));
    let denied = json!(["catalog.legal would be deleted", "delegation.partner-desk is changed by hand only"]);
    assert!(denied.as_array().unwrap().iter().all(|d| found["deny"].as_array().unwrap().contains(d)), "{found}");
}

/// As `terraform show -json` has it, so it is a rule for Terraform.
#[test]
fn and_theirs() {
    let Some(python) = python("regopy") else { return };
    let place = tempfile::tempdir().unwrap();
    let change = |address: &str, kind: &str, actions: &[&str]| {
        json!({ "address": address, "mode": "managed", "type": kind, "name": "x", "provider_name": "registry.terraform.io/hashicorp/aws",
                "change": { "actions": actions, "before": null, "after": {}, "after_unknown": {} } })
    };
    let changes = [
        change("aws_instance.a", "aws_instance", &["create"]),
        change("aws_instance.b", "aws_instance", &["delete", "create"]),
        change("aws_iam_role.c", "aws_iam_role", &["no-op"]),
    ];
    let data = json!({ "house": { "blast_radius": 30, "kept": [], "untouchable": ["aws_iam_role"],
                                  "weights": { "aws_instance": { "delete": 10, "create": 1, "update": 1 } } } });
    let plan = json!({ "format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes });
    let (data_file, plan_file) = (place.path().join("data.json"), place.path().join("plan.json"));
    std::fs::write(&data_file, data.to_string()).unwrap();
    std::fs::write(&plan_file, plan.to_string()).unwrap();
    assert_eq!(decided(&python, &data_file, &plan_file), json!({ "authz": true, "score": 12, "deny": [] }));
}
