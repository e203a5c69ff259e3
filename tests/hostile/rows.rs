//! The list is whole: every number is tried, or has the reason why it is not yet.

use crate::support::{Run, Workspace};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number that the second test of this file stands for.
const SWAPPED: usize = 16;

/// Those of CSV, whose cells no file can fill with all that the list has: `render` does.
const RENDERED: [usize; 2] = [60, 61];

/// Numbers that nothing tries, and why.
const WITHOUT: &[(RangeInclusive<usize>, &str)] = &[
    (31..=31, "struck: what the parser takes beyond TOML 1.0 is taken, and reads the same"),
    (65..=65, "there is no portal yet"),
    (77..=105, "requests, the API, OIDC, mail, webhooks and Graph are not there yet"),
    (112..=112, "grants do not expire yet, and the program takes no other clock than the system's"),
];

#[test]
fn every_number_is_tried_or_has_its_reason() {
    let tried: BTreeSet<usize> = super::cases().iter().flat_map(|c| c.rows).copied().chain([SWAPPED]).chain(RENDERED).collect();
    let without: BTreeSet<usize> = WITHOUT.iter().flat_map(|(numbers, _)| numbers.clone()).collect();
    let both: Vec<&usize> = tried.intersection(&without).collect();
    assert!(both.is_empty(), "{both:?} are tried: take their reasons out");
    let neither: Vec<usize> = (1..=112).filter(|n| !tried.contains(n) && !without.contains(n)).collect();
    assert!(neither.is_empty(), "{neither:?} are neither tried nor have a reason");
}

/// A file and its directory are swapped for links to others while the program reads, again and again.
#[test]
fn what_is_swapped_for_a_link_leads_nowhere_else() {
    let workspace = Workspace::of("[group.a]\n");
    let path = |name: &str| workspace.path(name);
    workspace.write("d/x.toml", "[group.inside]\n");
    workspace.write(".away/x.toml", "[nothing.outside]\n");
    symlink(".away", path(".link")).unwrap();
    symlink("../.away/x.toml", path(".file")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for (from, to) in [
                    ("d", ".kept"),
                    (".link", "d"),
                    ("d", ".link"),
                    (".kept", "d"),
                    ("d/x.toml", "d/.kept"),
                    (".file", "d/x.toml"),
                    ("d/x.toml", ".file"),
                    ("d/.kept", "d/x.toml"),
                ] {
                    std::fs::rename(path(from), path(to)).unwrap();
                }
            }
        });
        for _ in 0..100 {
            let Run { code, out, err } = workspace.run(&["validate"]);
            assert!(!err.contains("outside") && (code == 0 || code == 1), "{code} {out}{err}");
        }
        done.store(true, Ordering::Relaxed);
    });
}
