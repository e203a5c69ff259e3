//! How exactly this plan is applied: the command line that a plan ends with.

use super::paint::line;
use crate::plan::{Flag, Lift, Plan};
use std::collections::BTreeSet;

/// How the program was called, as far as the command that follows has to say the same.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// The directory given with `--chdir`, unless it is the current one.
    pub chdir: Option<String>,
    /// The user given with `--as`.
    pub acting: Option<String>,
    /// The file that the plan was saved to.
    pub saved: Option<String>,
}

impl How {
    /// The same for a plan in a file.
    #[must_use]
    pub fn saved(&self, file: &str) -> How {
        How { saved: Some(file.to_owned()), ..self.clone() }
    }
}

/// The command that applies exactly this plan; `None` where none would, since other changes were left out of it and it was
/// not saved.
#[must_use]
pub fn command(plan: &Plan, how: &How) -> Option<String> {
    let mut words = vec!["writ".to_owned()];
    match &how.saved {
        Some(file) => {
            let file = if file.starts_with('-') { format!("./{file}") } else { file.clone() };
            words.extend(["apply".to_owned(), word(&file)]);
            if plan.destroy {
                words.extend(["--confirm".to_owned(), word(&plan.workspace)]);
            }
        }
        // What is tolerated is left alone by every apply.
        None if !plan.complete && (plan.left_out.by_flags() || plan.left_out.tolerated.is_empty()) => return None,
        None => {
            words.push(if plan.destroy { "destroy" } else { "apply" }.to_owned());
            words.extend(["--expect".to_owned(), plan.changes_digest.to_string()]);
        }
    }
    for (flag, value) in [("--chdir", &how.chdir), ("--as", &how.acting)] {
        if let Some(value) = value {
            words.push(if value.starts_with('-') { word(&format!("{flag}={value}")) } else { format!("{flag} {}", word(value)) });
        }
    }
    let lift = |lift: Lift| match lift.flag {
        // It is given, or it is not.
        Flag::Loosening => lift.flag.word().to_owned(),
        Flag::Deletes | Flag::AccessLost => format!("{} {}", lift.flag.word(), lift.value),
    };
    let lifts: BTreeSet<String> = plan.brakes().filter_map(|r| r.lift).map(lift).collect();
    words.extend(lifts);
    Some(words.join(" "))
}

/// A word as a shell takes it.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { line(&format!("'{}'", text.replace('\'', "'\\''"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(word("team/pr-1.plan"), "team/pr-1.plan");
        assert_eq!(word("my plan"), "'my plan'");
        assert_eq!(word("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(word(""), "''");
    }
}
