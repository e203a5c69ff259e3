//! What an apply says in its own revision, once the plan that follows has nothing to say: of which files, and of which store.
//!
//! In: a plan, or what a store holds. Out: two digests, which stand in the summary of the revision and so in the chain.
//! Invariants: whatever a plan without changes follows from is digested here: the version, `writ.toml` as it is written, every object of the
//! workspace, and every other object that rules may look at. So it is no matter who wrote what since, or how: either all of it is
//! the same, or the digest is another one.

use crate::config::Config;
use crate::model::{Digest, Hasher, MANY_OBJECTS, Object, Raw, Stored, VERSION, canonical, raw, sort_all};
use crate::plan::Summary;
use crate::reconcile::State;
use crate::store::{Look, ObjectView};
use serde::{Deserialize, Serialize};

/// Of what it digests: another meaning of it raises it.
const FORM: u32 = 1;

/// That there is nothing to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ops) struct Word {
    /// Of what the files declare.
    pub(super) config: String,
    /// Of all that it follows from.
    holds: String,
}

/// The summary of a revision, in which it stands beside what the apply did.
#[derive(Serialize)]
struct Told<'w> {
    #[serde(flatten)]
    counts: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<&'w Word>,
}

/// The part of it that is read again.
#[derive(Deserialize)]
struct Said {
    settled: Word,
}

/// The summary of an apply's revision.
pub(in crate::ops) fn summary(counts: Summary, settled: Option<&Word>) -> String {
    canonical(&Told { counts, settled })
}

impl Word {
    /// The word that the store has of this workspace, if since then only the lifecycle went on.
    pub(super) fn standing(look: &Look<'_>, workspace: &str) -> Option<Word> {
        let said = look.standing(workspace, "settled").ok()??;
        serde_json::from_str::<Said>(&said.revision.summary).ok().map(|said| said.settled)
    }

    /// Of what an apply leaves, which was planned on `state`. Nothing but its own objects is changed by it.
    pub(super) fn after(config: &Config, config_digest: &str, state: &State, written: &str) -> Word {
        let name = &config.settings.name;
        let mut own = config.digests().to_vec();
        sort_all(&mut own, MANY_OBJECTS, Raw::cmp);
        let mut text = String::new();
        let is_beside =
            |stored: &&Stored| stored.workspace.as_deref() != Some(name) && !config.objects.contains_key(&stored.object.address);
        let mut one = |stored: &Stored| beside(&stored.object.digest(&mut text), stored.workspace.as_deref());
        let mut others: Vec<Raw> = state.objects.values().filter(is_beside).map(&mut one).collect();
        others.sort_unstable();
        let config = config_digest.to_owned();
        Word { holds: holds(name, written, &config, [&own, &others]).to_string(), config }
    }

    /// Whether it is of this workspace and of a store that holds these: its own objects, and the others, each in order.
    pub(super) fn is_of(&self, workspace: &str, written: &str, own: &[Raw], others: &[Raw]) -> bool {
        holds(workspace, written, &self.config, [own, others]).as_str() == self.holds
    }
}

/// The digest of an object of the workspace, as the store has it.
pub(super) fn own(row: &ObjectView<'_>) -> Raw {
    Object::digest_of(row.address, row.attributes)
}

/// The digest of an object of nobody, or of another workspace.
pub(super) fn beside(object: &Raw, workspace: Option<&str>) -> Raw {
    let mut hasher = Hasher::default();
    hasher.update(object);
    hasher.update(canonical(&workspace).as_bytes());
    hasher.raw()
}

fn holds(workspace: &str, written: &str, config: &str, objects: [&[Raw]; 2]) -> Digest {
    let mut hasher = Hasher::default();
    let head = canonical(&(FORM, VERSION, workspace, Digest::of(written.as_bytes()), config, objects.map(<[Raw]>::len)));
    hasher.update(&raw(head.as_bytes()));
    objects.into_iter().flatten().for_each(|said| hasher.update(said));
    hasher.digest()
}
