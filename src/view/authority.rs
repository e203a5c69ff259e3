//! Who may make the changes of a plan, and who could instead.

use super::paint::line;
use crate::kinds::counted;
use crate::plan::authority::{Authority, Decision, Through, helpers_text, some};
use std::collections::{BTreeMap, BTreeSet};

/// So many steps that somebody may not take are told one by one; the others are counted.
const SOME: usize = 10;

/// What a person may, and what not, with the steps that it is about.
struct Told {
    /// `yes` or `no`.
    word: &'static str,
    /// What it is about: an address, or how many steps.
    steps: String,
    /// By what they may, or what they would need.
    why: String,
}

/// The block of a plan in a terminal.
pub(super) fn text(authority: &Authority, actor: &str) -> String {
    if authority.operator {
        return "Authority of the operator: every step\n".to_owned();
    }
    let rows = rows(authority);
    let mut out = format!("Authority of {}:{}\n", line(actor), if rows.is_empty() { " no step that they see" } else { "" });
    let width = rows.iter().map(|r| r.steps.chars().count()).max().unwrap_or(0);
    for Told { word, steps, why } in rows {
        out.push_str(&format!("  {word:<4} {steps:<width$}  {}\n", line(&why)));
    }
    out
}

/// The same as sentences.
pub(super) fn lines(authority: &Authority, actor: &str) -> Vec<String> {
    if authority.operator {
        return vec!["of the operator: every step".to_owned()];
    }
    let told = rows(authority).into_iter().map(|Told { word, steps, why }| {
        let steps = if steps.contains(['.', '@']) { format!("`{steps}`") } else { steps };
        format!("of `{actor}`: {word}, {steps}, {why}")
    });
    told.take(2 * SOME).collect()
}

fn rows(authority: &Authority) -> Vec<Told> {
    let denied: BTreeSet<&str> = authority.denied().flat_map(|d| &d.steps).map(String::as_str).collect();
    let mut given: BTreeMap<&Through, BTreeSet<&str>> = BTreeMap::new();
    for decision in &authority.decisions {
        let Some(through) = &decision.through else { continue };
        given.entry(through).or_default().extend(decision.steps.iter().map(String::as_str).filter(|step| !denied.contains(step)));
    }
    let yes = given.into_iter().filter(|(_, steps)| !steps.is_empty());
    let yes = yes.map(|(through, steps)| Told { word: "yes", steps: counted(steps.len(), "step"), why: by(through) });
    yes.chain(authority.denied().flat_map(no)).collect()
}

/// `access_package_manager of catalog.marketing, marketing/catalog.toml:29`
fn by(through: &Through) -> String {
    let Through { catalog, delegation, file, founder, group, line, owner_of, role } = through;
    let mut out = role.clone().unwrap_or_default();
    out.extend(catalog.iter().map(|c| format!(" of {c}")));
    if *founder {
        out.push_str(", which they make as catalog_creator");
    }
    out.extend(group.iter().map(|g| format!(" through {g}")));
    let owns = owner_of.iter().map(|o| format!("owner of {o}"));
    let place = match (file, line) {
        (Some(file), Some(line)) => Some(format!("{file}:{line}")),
        _ => delegation.clone(),
    };
    std::iter::once(out).filter(|o| !o.is_empty()).chain(owns).chain(place).collect::<Vec<_>>().join(", ")
}

/// `needs catalog_owner: mamta@contoso.example or an administrator`
fn no(decision: &Decision) -> Vec<Told> {
    let Decision { administrators, instead, needs, owned, steps, .. } = decision;
    let weakest = needs.first().map(String::as_str).unwrap_or_default();
    let owner = match owned {
        Some(owned) if decision.action == "change_group_members" => format!("an owner of {owned}"),
        Some(owned) => format!("{weakest} who owns {owned}"),
        None => weakest.to_owned(),
    };
    let why = match administrators.as_slice() {
        [_, ..] if instead.is_empty() && needs.len() == 1 && owned.is_none() => format!("needs {owner}: {}", some(administrators)),
        _ => format!("needs {owner}: {}", helpers_text(instead, administrators)),
    };
    let row = |steps: String| Told { word: "no", steps, why: why.clone() };
    match steps.len() {
        n if n > SOME => vec![row(counted(n, "step"))],
        _ => steps.iter().map(|step| row(line(step))).collect(),
    }
}
