//! What a change of an attribute means to whoever reviews it: does it loosen or tighten, give or take access or authority.
//!
//! In: what an attribute is to people, as the table of its kind's file says, and how it differs. Out: [`Verdict`]s.

use super::{Default, Field};
use crate::model::{Delta, Expiration, Minutes, Node, Value};
use std::cmp::Ordering;

/// What an attribute is to people. What stands in no table of its kind is nothing to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    Neutral,
    /// Whom it names, or what, has access by it.
    Access,
    /// Whom it names has authority by it.
    Authority,
    /// More of it lets more in: members, time, `true`.
    More,
    /// Less of it does: members, `false`.
    Less,
    /// A choice; the later in this list, the more it lets in.
    Order(&'static [&'static str]),
    /// Something that is asked of people where it is there.
    Hurdle,
    /// It matters, and which way takes a reader.
    Either,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It lets more in, or for longer, or with less ado.
    Loosens,
    /// The other way round.
    Tightens,
    /// Somebody has access by it.
    GivesAccess,
    /// Somebody has access by it no longer.
    TakesAccess,
    /// Somebody has authority by it.
    GivesAuthority,
    /// Somebody has authority by it no longer.
    TakesAuthority,
    /// It matters, and which way takes a reader.
    Changes,
}

impl Verdict {
    /// As it is told.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Loosens => "LOOSENS",
            Verdict::Tightens => "tightens",
            Verdict::GivesAccess => "gives access",
            Verdict::TakesAccess => "takes access away",
            Verdict::GivesAuthority => "gives authority",
            Verdict::TakesAuthority => "takes authority away",
            Verdict::Changes => "changes",
        }
    }
}

/// What a difference in an attribute means, each meaning once.
#[must_use]
pub fn verdicts(tone: Tone, field: &Field, delta: &Delta) -> Vec<Verdict> {
    let by_size = |more: Verdict, less: Verdict| match growth(field, delta) {
        Growth { more: true, less: true } => vec![more, less],
        Growth { more: true, .. } => vec![more],
        Growth { less: true, .. } => vec![less],
        Growth { .. } => vec![Verdict::Changes],
    };
    match tone {
        Tone::Neutral => Vec::new(),
        Tone::Either => vec![Verdict::Changes],
        Tone::Access => by_size(Verdict::GivesAccess, Verdict::TakesAccess),
        Tone::Authority => by_size(Verdict::GivesAuthority, Verdict::TakesAuthority),
        Tone::More => by_size(Verdict::Loosens, Verdict::Tightens),
        Tone::Less => by_size(Verdict::Tightens, Verdict::Loosens),
        Tone::Hurdle => match (is_there(before(delta)), is_there(after(delta))) {
            (true, false) => vec![Verdict::Loosens],
            (false, true) => vec![Verdict::Tightens],
            _ => vec![Verdict::Changes],
        },
        Tone::Order(order) => {
            let place = |side: Option<Text<'_>>| order.iter().position(|word| side.as_deref() == Some(*word));
            match place(text(before(delta), field)).cmp(&place(text(after(delta), field))) {
                Ordering::Less => vec![Verdict::Loosens],
                Ordering::Greater => vec![Verdict::Tightens],
                Ordering::Equal => vec![Verdict::Changes],
            }
        }
    }
}

type Text<'a> = std::borrow::Cow<'a, str>;

fn before(delta: &Delta) -> Option<&Value> {
    match delta {
        Delta::Removed(value) | Delta::Changed(value, _) => Some(value),
        Delta::Added(_) | Delta::Members(_) | Delta::Table(_) => None,
    }
}

fn after(delta: &Delta) -> Option<&Value> {
    match delta {
        Delta::Added(value) | Delta::Changed(_, value) => Some(value),
        Delta::Removed(_) | Delta::Members(_) | Delta::Table(_) => None,
    }
}

/// Whether there is something, and it is not `"none"`.
fn is_there(value: Option<&Value>) -> bool {
    value.is_some_and(|v| v.as_text() != Some("none"))
}

/// A text, or what its absence says.
fn text<'a>(value: Option<&'a Value>, field: &Field) -> Option<Text<'a>> {
    match (value, field.default) {
        (Some(value), _) => value.as_text().map(Text::from),
        (None, Default::Text(text)) => Some(text.into()),
        (None, _) => None,
    }
}

/// Whether there is more of something, or less, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, std::default::Default)]
struct Growth {
    more: bool,
    less: bool,
}

impl Growth {
    const MORE: Growth = Growth { more: true, less: false };
    const LESS: Growth = Growth { more: false, less: true };

    fn of(ordering: Ordering) -> Growth {
        match ordering {
            Ordering::Greater => Growth::MORE,
            Ordering::Less => Growth::LESS,
            Ordering::Equal => Growth::default(),
        }
    }
}

fn growth(field: &Field, delta: &Delta) -> Growth {
    match delta {
        Delta::Members(members) => Growth { more: !members.added.is_empty(), less: !members.removed.is_empty() },
        Delta::Table(inner) => inner
            .iter()
            .map(|(_, d)| growth(field, d))
            .fold(Growth::default(), |all, one| Growth { more: all.more || one.more, less: all.less || one.less }),
        Delta::Added(value) | Delta::Removed(value) => {
            let added = matches!(delta, Delta::Added(_));
            let grows = match (&value.node, field.default) {
                (Node::Bool(flag), Default::Bool(default)) => {
                    return Growth::of(if added { flag.cmp(&default) } else { default.cmp(flag) });
                }
                // What limits only where it is there, lets in less once it is.
                (Node::Set(_), _) if field.limits => !added,
                (Node::Text(_) | Node::Time(_), Default::Text(default)) => {
                    let other = longest(default);
                    let order = value.as_text().and_then(longest).zip(other).map_or(Ordering::Equal, |(value, other)| value.cmp(&other));
                    return Growth::of(if added { order } else { order.reverse() });
                }
                _ => added,
            };
            if grows { Growth::MORE } else { Growth::LESS }
        }
        Delta::Changed(old, new) => match (&old.node, &new.node) {
            (Node::Bool(old), Node::Bool(new)) => Growth::of(new.cmp(old)),
            _ => match old.as_text().and_then(longest).zip(new.as_text().and_then(longest)) {
                Some((old, new)) => Growth::of(new.cmp(&old)),
                None => Growth::default(),
            },
        },
    }
}

/// How long an expiration lasts, so that two can be compared: `"never"` longer than any; a date and a duration cannot be.
fn longest(text: &str) -> Option<(bool, i64)> {
    match Expiration::of(text) {
        Expiration::Never => Some((true, 0)),
        Expiration::After(Minutes(minutes)) => Some((false, minutes)),
        Expiration::At(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;
    use crate::kinds;

    fn told(kind: &str, name: &str, delta: &Delta) -> Vec<&'static str> {
        let kind = kinds::kind(kind).unwrap();
        verdicts(kind.tone(name), kind.field(name).unwrap(), delta).into_iter().map(Verdict::word).collect()
    }

    fn text(text: &str) -> Value {
        Value::text(text, Span::NONE)
    }

    fn flag(flag: bool) -> Value {
        Value::new(Node::Bool(flag), Span::NONE)
    }

    fn members(added: &[&str], removed: &[&str]) -> Delta {
        let all = |names: &[&str]| names.iter().map(|n| text(n)).collect();
        Delta::Members(crate::model::Members { added: all(added), removed: all(removed), unchanged: Vec::new() })
    }

    #[test]
    fn longer_is_looser_and_never_is_longest() {
        let changed = |a: &str, b: &str| told("policy", "expiration", &Delta::Changed(text(a), text(b)));
        assert_eq!(changed("90d", "30d"), ["tightens"]);
        assert_eq!(changed("30d", "90d"), ["LOOSENS"]);
        assert_eq!(changed("36h", "2d"), ["LOOSENS"]);
        assert_eq!(changed("3660d", "never"), ["LOOSENS"]);
        assert_eq!(changed("never", "1h"), ["tightens"]);
        assert_eq!(changed("30d", "2027-06-30"), ["changes"]);
    }

    #[test]
    fn a_switch_is_read_with_its_default() {
        assert_eq!(told("policy", "enabled", &Delta::Added(flag(false))), ["tightens"]);
        assert_eq!(told("policy", "enabled", &Delta::Removed(flag(false))), ["LOOSENS"]);
        assert_eq!(told("catalog", "externally_visible", &Delta::Added(flag(true))), ["LOOSENS"]);
        assert_eq!(told("policy", "requestor_justification", &Delta::Added(flag(true))), ["tightens"]);
        assert_eq!(told("policy", "requestor_justification", &Delta::Removed(flag(true))), ["LOOSENS"]);
        assert_eq!(told("access_package", "hidden", &Delta::Added(flag(true))), ["tightens"]);
    }

    #[test]
    fn members_give_and_take() {
        assert_eq!(told("delegation", "members", &members(&["a@x"], &[])), ["gives authority"]);
        assert_eq!(told("group", "members", &members(&["a@x"], &["b@x"])), ["gives access", "takes access away"]);
        assert_eq!(told("policy", "requestors", &members(&["a@x"], &[])), ["LOOSENS"]);
        assert_eq!(told("access_package", "incompatible_with", &members(&["access_package:a"], &[])), ["tightens"]);
        assert_eq!(
            told("access_package", "resource_roles", &Delta::Table(vec![("crm".to_owned(), Delta::Removed(text("User")))])),
            ["takes access away"]
        );
        // An absent list limits nothing.
        let set = || Value::new(Node::Set([text("a.example")].into()), Span::NONE);
        assert_eq!(told("settings", "allowed_domains", &Delta::Added(set())), ["tightens"]);
        assert_eq!(told("settings", "allowed_domains", &Delta::Removed(set())), ["LOOSENS"]);
        assert_eq!(told("settings", "blocked_domains", &Delta::Added(set())), ["tightens"]);
    }

    #[test]
    fn who_is_asked_and_what_may_be_done() {
        let stage = || Value::new(Node::Table(crate::model::Table::new()), Span::NONE);
        assert_eq!(told("policy", "approval", &Delta::Changed(stage(), text("none"))), ["LOOSENS"]);
        assert_eq!(told("policy", "approval", &Delta::Changed(text("none"), stage())), ["tightens"]);
        assert_eq!(told("policy", "approval", &Delta::Table(Vec::new())), ["changes"]);
        assert_eq!(told("policy", "review", &Delta::Added(stage())), ["tightens"]);
        assert_eq!(told("policy", "extension", &Delta::Added(text("allowed"))), ["LOOSENS"]);
        assert_eq!(told("policy", "extension", &Delta::Changed(text("allowed"), text("approval"))), ["tightens"]);
        assert_eq!(told("policy", "description", &Delta::Added(text("x"))), [""; 0]);
    }
}
