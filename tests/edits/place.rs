//! A workspace on the disk, its plans, and what may happen to what an apply remembers.

use super::model::{Dice, World};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use writ::model::canonical;
use writ::ops::apply::{ApplyOptions, Consent, apply};
use writ::ops::plan::{Options, Planned, plan, plan_whole};
use writ::ops::{Context, Environment, Failure};
use writ::plan::Plan;
use writ::view::paint::Paint;
use writ::view::{diagnostics, markdown, plan as text};

/// Whoever asks is told yes.
struct Yes;

impl Consent for Yes {
    fn ask(&mut self, _: &Plan, _: bool) -> Result<(), Failure> {
        Ok(())
    }
}

/// How a plan comes about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By what an apply remembered beside the store, if that tells it.
    Memory,
    /// By nothing beside the store and the files, which pass by if nothing changed.
    Stream,
    /// Of all files and all of the store.
    Whole,
}

pub struct Place {
    dir: TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    pub fn memory(&self) -> PathBuf {
        self.dir.path().join(".writ/w.db.settled")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn there(&self) -> BTreeMap<String, String> {
        let files = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        files.filter(|name| name.ends_with(".toml")).map(|name| (name.clone(), fs::read_to_string(self.path(&name)).unwrap())).collect()
    }

    /// Writes the files that are not so already, as an editor would.
    pub fn write(&self, world: &World) {
        let (wanted, there) = (world.texts(), self.there());
        for name in there.keys().filter(|name| !wanted.contains_key(*name)) {
            fs::remove_file(self.path(name)).unwrap();
        }
        for (name, text) in wanted.iter().filter(|(name, text)| there.get(*name) != Some(text)) {
            fs::write(self.path(name), text).unwrap();
        }
    }

    /// Writes a file again as it is.
    pub fn touch(&self, dice: &mut Dice) {
        let there = self.there();
        let (name, text) = there.iter().nth(dice.below(there.len())).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    pub fn context(&self, forgetful: bool) -> Context {
        Context {
            root: self.dir.path().to_owned(),
            environment: Environment { forgetful, ..Environment::default() },
            acting: None,
            operator: "operator:olga@here".to_owned(),
            now: "2026-11-02T08:00:00Z".parse().unwrap(),
            mint: || uuid::Uuid::now_v7().to_string(),
            tell: |_| {},
            note: |_| {},
        }
    }

    pub fn plan(&self) -> Planned {
        plan(&self.context(false), &Options::default()).unwrap()
    }

    /// Whether it could be applied.
    pub fn apply(&self) -> bool {
        plan(&self.context(false), &Options::default()).and_then(|mut planned| self.apply_planned(&mut planned)).is_ok()
    }

    pub fn apply_planned(&self, planned: &mut Planned) -> Result<(), Failure> {
        let options = ApplyOptions { allow_deletes: Some(1_000), allow_access_lost: Some(1_000), ..ApplyOptions::default() };
        apply(&self.context(false), &options, planned, &mut Yes).map(|_| ())
    }

    /// A plan made in some way.
    pub fn planned(&self, way: Way) -> Result<Planned, Failure> {
        let context = self.context(way != Way::Memory);
        if way == Way::Whole { plan_whole(&context, &Options::default()) } else { plan(&context, &Options::default()) }
    }

    /// All that a plan says, in every form, and how many files were parsed for it.
    pub fn told(&self, way: Way) -> (String, Option<usize>) {
        match self.planned(way) {
            Ok(planned) => {
                let told = [
                    text::text(&planned.plan, Paint { on: false }),
                    markdown::text(&planned.plan, None),
                    canonical(&planned.document(false)),
                    diagnostics::text(&planned.findings, &planned.sources, false),
                ];
                (told.join("\n--\n"), Some(planned.parsed))
            }
            Err(Failure::Findings(both)) => (format!("Error\n{}", diagnostics::text(&both.0, &both.1, false)), None),
            Err(failure) => (format!("Error\n{failure}"), None),
        }
    }

    /// Does something to what is remembered.
    pub fn damage(&self, dice: &mut Dice, kept: &mut Vec<u8>) -> String {
        let mut bytes = fs::read(self.memory()).unwrap_or_default();
        if bytes.is_empty() || dice.below(5) == 0 {
            // What was remembered of another moment.
            fs::write(self.memory(), &*kept).unwrap();
            return "an older memory".to_owned();
        }
        kept.clone_from(&bytes);
        let at = dice.below(bytes.len());
        match dice.below(3) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << dice.below(8),
            _ => {
                fs::remove_file(self.memory()).unwrap();
                return "no memory".to_owned();
            }
        }
        fs::write(self.memory(), bytes).unwrap();
        format!("a damaged memory, at byte {at}")
    }
}
