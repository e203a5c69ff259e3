//! What an expression of a check looks at and comes to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// A value. Copies are cheap: what is large is shared.
#[derive(Debug, Clone, PartialEq)]
pub enum Val {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    Text(Arc<str>),
    /// A list.
    List(Rc<Vec<Val>>),
    /// A table.
    Map(Rc<Fields>),
}

/// The keys of a table.
pub type Fields = BTreeMap<Cow<'static, str>, Val>;

impl Val {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Val {
        Val::Text(text.into())
    }

    /// A list.
    #[must_use]
    pub fn list(members: Vec<Val>) -> Val {
        Val::List(Rc::new(members))
    }

    /// A table.
    #[must_use]
    pub fn map(fields: Fields) -> Val {
        Val::Map(Rc::new(fields))
    }

    /// What sort of value it is, for messages.
    #[must_use]
    pub fn sort(&self) -> &'static str {
        match self {
            Val::Null => "null",
            Val::Bool(_) => "a truth value",
            Val::Int(_) | Val::Double(_) => "a number",
            Val::Text(_) => "a text",
            Val::List(_) => "a list",
            Val::Map(_) => "a table",
        }
    }

    /// How much there is in it, for what work on it costs.
    pub(super) fn weight(&self) -> usize {
        match self {
            Val::Text(text) => text.len().checked_div(16).unwrap_or(0),
            Val::List(members) => members.len(),
            Val::Map(fields) => fields.len(),
            _ => 0,
        }
    }
}

impl fmt::Display for Val {
    /// As `string()` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Val::Null => write!(f, "null"),
            Val::Bool(b) => write!(f, "{b}"),
            Val::Int(n) => write!(f, "{n}"),
            Val::Double(n) => write!(f, "{n}"),
            Val::Text(text) => write!(f, "{text}"),
            Val::List(_) | Val::Map(_) => write!(f, "{}", self.sort()),
        }
    }
}
