//! The program, stopped at each of its storage calls, robbed of what it had not synced, and told that the disk fails: its
//! store is the old one or the new one, whole, and the next run goes on as if nothing had been.
//!
//! `WRIT_CRASHES`, `WRIT_POWER_LOSSES`, `WRIT_DISK_FAULTS`, `WRIT_SIGNALS` and `WRIT_STARVED` say how many points are tried;
//! `cargo test --test crash -- --nocapture` prints the tables.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::print_stdout, reason = "a test")]

mod disk;
mod errors;
mod kills;
mod power;
mod signals;
mod stopped;
mod table;
mod tool;
mod world;

/// The schema that an upgrade leads to is known to a process that was told so: all of it once more, in such a one.
#[test]
fn the_same_holds_for_an_upgrade() {
    if std::env::var_os("WRIT_NEXT_SCHEMA").is_some() {
        return;
    }
    let sweeps = ["killed_at_any", "without_memory", "no_error", "no_loss_of_power", "a_signal_at_any"];
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    let again = again.env("WRIT_NEXT_SCHEMA", "1").args(["--nocapture", "--test-threads", "1"]).args(sweeps).output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    println!("{said}");
    assert!(again.status.success() && said.contains("5 passed"), "{}", String::from_utf8_lossy(&again.stderr));
}
