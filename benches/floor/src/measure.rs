//! What a command uses, measured from a small process.
//!
//! The kernel counts what its parent held at the moment of the start into a child's peak, so a child of a Python program
//! never seems to need less than Python. Here that is the two megabytes of this program.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::fs;
use std::process::Command;
use std::time::Instant;

/// Runs the command, writes wall and CPU seconds and peak bytes to the file, and gives the command's exit code.
pub fn run(file: &str, command: &[String]) -> i32 {
    let begun = Instant::now();
    let status = Command::new(&command[0]).args(&command[1..]).status().unwrap();
    let wall = begun.elapsed().as_secs_f64();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let cpu = (used.user_time() + used.system_time()).num_microseconds() as f64 / 1e6;
    let peak = used.max_rss() * 1024;
    fs::write(file, format!("{{\"wall\": {wall:.6}, \"cpu\": {cpu:.6}, \"peak\": {peak}}}\n")).unwrap();
    status.code().unwrap_or(-1)
}
