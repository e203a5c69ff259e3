//! A workspace as `generate.py` writes it, and what is needed to plan and apply it in this process.

use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use writ::ops::apply::{ApplyOptions, Consent, apply};
use writ::ops::plan::{Options, Planned, plan};
use writ::ops::{Context, Environment, Failure};
use writ::plan::Plan;

/// Writes a workspace of about so many objects.
pub fn generate(objects: usize) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let generator = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/generate.py");
    let mut command = Command::new("python3");
    command.arg(generator).arg("--objects").arg(objects.to_string()).arg("--out").arg(directory.path());
    let made = command.output().unwrap_or_else(|e| panic!("python3, which writes the workspaces: {e}"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    directory
}

/// The operator of a workspace, who is always here and now.
pub fn context(root: &Path) -> Context {
    Context {
        root: root.to_owned(),
        environment: Environment::default(),
        acting: None,
        operator: "operator:olga@here".to_owned(),
        now: "2026-11-02T08:00:00Z".parse().unwrap(),
        mint: || uuid::Uuid::now_v7().to_string(),
        tell: |_| {},
        note: |_| {},
    }
}

/// A plan of the whole workspace.
pub fn planned(context: &Context) -> Planned {
    plan(context, &Options::default()).unwrap_or_else(|e| panic!("{e:?}"))
}

/// Applies the workspace, unasked.
pub fn applied(context: &Context) {
    struct Yes;
    impl Consent for Yes {
        fn ask(&mut self, _: &Plan, _: bool) -> Result<(), Failure> {
            Ok(())
        }
    }
    apply(context, &ApplyOptions::default(), &mut planned(context), &mut Yes).unwrap_or_else(|e| panic!("{e:?}"));
}
