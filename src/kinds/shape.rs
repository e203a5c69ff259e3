//! The shape of what a person may write: one description from which parsing, suggestions, references, state,
//! JSON Schema, reference page and canonical form all follow.

use super::words::{article, join_or, words_of};
use crate::diag::Code;
use crate::model::Minutes;

/// The keys of one table.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// In the order in which the reference page and `writ fmt` list them.
    pub fields: &'static [Field],
    /// Keys that displace each other.
    pub alternatives: &'static [Alternative],
}

/// Two groups of keys of which a table has one; in templates the later displaces the earlier.
#[derive(Debug, Clone, Copy)]
pub struct Alternative {
    /// One way to say it.
    pub left: &'static [&'static str],
    /// The other way.
    pub right: &'static [&'static str],
}

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As written.
    pub name: &'static str,
    /// What it may hold.
    pub shape: Shape,
    /// One sentence for editors and the reference page.
    pub doc: &'static str,
    /// Whether it must be there once templates have spoken.
    pub required: bool,
    /// What its absence means.
    pub default: Default,
    /// Whether an empty set says something else than absence, which is no limit.
    pub limits: bool,
    /// What a change of it does to the object.
    pub change: OnChange,
    /// The rule that a missing or misshapen value breaks, where the field of that rule is this one.
    pub rule: Option<&'static Code>,
    /// The word of the action that a change of it takes, where it is not that of the object.
    pub needs: Option<&'static str>,
}

/// What the absence of a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// Nothing.
    Nothing,
    /// This truth value.
    Bool(bool),
    /// This text.
    Text(&'static str),
    /// These members.
    Set(&'static [&'static str]),
    /// The object's own key.
    Key,
    /// What the package says, then `[defaults]`.
    Inherited,
}

/// What a change of an attribute does.
#[derive(Debug, Clone, Copy)]
pub enum OnChange {
    /// The object is changed.
    InPlace,
    /// The object is deleted and made anew.
    Replace,
    /// The plan is refused, with this rule.
    Forbidden(&'static Code),
}

/// What a value may look like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A text of some class.
    Text(Text),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A duration between two bounds, in canonical form.
    Duration(Minutes, Minutes),
    /// A duration, a date or date-time, or `"never"`.
    Expiration,
    /// A date or date-time.
    Instant,
    /// A date.
    Date,
    /// The key of an object of one kind.
    Reference(Reference),
    /// One of several kinds, or a word.
    Principal(&'static Principal),
    /// A CEL expression over one user.
    Rule,
    /// A whole number from zero up.
    Count,
    /// A whole number from zero up, or a share such as `"30%"`.
    Share,
    /// Members without order; one member may stand without brackets.
    Set(&'static Shape, Emptiness),
    /// Members whose order counts.
    List(&'static Shape),
    /// Named keys.
    Table(&'static Form),
    /// Keys of the user's choice.
    Map(Keys, &'static Shape),
    /// The first, if a text says one of its words; the second otherwise.
    Either(&'static Shape, &'static Shape),
}

/// Whether a set may be `[]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptiness {
    /// `[]` says that there is none.
    Allowed,
    /// At least one member.
    Refused,
}

/// Classes of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// A name that people read and tell apart: one line, 120 characters, one script a word.
    Name,
    /// One line.
    Line,
    /// Several lines; LF and TAB allowed.
    Block,
    /// A key of our own form.
    Key,
    /// An `https://` address.
    Url,
    /// A GUID.
    Guid,
    /// A DNS domain in lower case.
    Domain,
    /// A mail address.
    Mail,
    /// A regular expression.
    Pattern,
}

/// Whether a reference orders steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// What it names is made before and deleted after.
    Strong,
    /// What it names must exist; it orders nothing, so rings are legal.
    Weak,
}

/// A reference to one kind.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// The kind it names.
    pub kind: &'static str,
    /// Where that object stands.
    pub within: Within,
    /// Whether it orders steps.
    pub strength: Strength,
    /// The rule that a name that is not there breaks, where there is one.
    pub rule: Option<&'static Code>,
}

/// Where a referenced object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// At the top.
    Root,
    /// In the same parent.
    Parent,
    /// In the object that another attribute of the same object names.
    Named {
        /// The attribute, a reference itself.
        attribute: &'static str,
        /// The kind that it names.
        kind: &'static str,
    },
}

/// A reference where the kind is not fixed.
#[derive(Debug, Clone, Copy)]
pub struct Principal {
    /// Kinds that may be named, as `kind:key`; a text with `@` is a user.
    pub kinds: &'static [&'static str],
    /// Words that stand for somebody without naming them.
    pub words: &'static [&'static str],
    /// Whether it orders steps.
    pub strength: Strength,
    /// If the same table has this key, the text is not a reference at all.
    pub unless: Option<&'static str>,
    /// For some kinds, the rule that a name that is not there breaks; for others, the rule that naming them at all breaks.
    pub rules: &'static [(&'static str, &'static Code)],
}

/// The keys of a [`Shape::Map`].
#[derive(Debug, Clone, Copy)]
pub enum Keys {
    /// Keys of our own form.
    Plain,
    /// Language tags.
    Language,
    /// User principal names, and `group:KEY`.
    Principal,
    /// References.
    Reference(Reference),
}

impl Field {
    /// An optional key without default, changed in place.
    #[must_use]
    pub const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Field {
        Field {
            name,
            shape,
            doc,
            required: false,
            default: Default::Nothing,
            limits: false,
            change: OnChange::InPlace,
            rule: None,
            needs: None,
        }
    }

    /// It must be there.
    #[must_use]
    pub const fn required(mut self) -> Field {
        self.required = true;
        self
    }

    /// Absent, it limits nothing; empty, it leaves nothing.
    #[must_use]
    pub const fn limits(mut self) -> Field {
        self.limits = true;
        self
    }

    /// What its absence means.
    #[must_use]
    pub const fn default(mut self, default: Default) -> Field {
        self.default = default;
        self
    }

    /// A change makes the object anew.
    #[must_use]
    pub const fn replaces(mut self) -> Field {
        self.change = OnChange::Replace;
        self
    }

    /// A change is refused.
    #[must_use]
    pub const fn forbidden(mut self, rule: &'static Code) -> Field {
        self.change = OnChange::Forbidden(rule);
        self
    }

    /// A change of it takes this action.
    #[must_use]
    pub const fn needs(mut self, word: &'static str) -> Field {
        self.needs = Some(word);
        self
    }

    /// The rule that a missing or misshapen value breaks.
    #[must_use]
    pub const fn rule(mut self, rule: &'static Code) -> Field {
        self.rule = Some(rule);
        self
    }
}

impl Reference {
    /// A strong reference to a top-level object.
    #[must_use]
    pub const fn to(kind: &'static str) -> Reference {
        Reference { kind, within: Within::Root, strength: Strength::Strong, rule: None }
    }

    /// It orders nothing.
    #[must_use]
    pub const fn weak(mut self) -> Reference {
        self.strength = Strength::Weak;
        self
    }

    /// It names a sibling.
    #[must_use]
    pub const fn sibling(mut self) -> Reference {
        self.within = Within::Parent;
        self
    }

    /// The rule that a dangling name breaks.
    #[must_use]
    pub const fn rule(mut self, rule: &'static Code) -> Reference {
        self.rule = Some(rule);
        self
    }
}

impl Principal {
    /// A strong reference to one of these kinds.
    #[must_use]
    pub const fn of(kinds: &'static [&'static str]) -> Principal {
        Principal { kinds, words: &[], strength: Strength::Strong, unless: None, rules: &[] }
    }

    /// Or one of these words.
    #[must_use]
    pub const fn or(mut self, words: &'static [&'static str]) -> Principal {
        self.words = words;
        self
    }

    /// It orders nothing.
    #[must_use]
    pub const fn weak(mut self) -> Principal {
        self.strength = Strength::Weak;
        self
    }
}

impl Form {
    /// The field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

impl Shape {
    /// The table that a value of this shape may be, looking into alternatives and list items.
    #[must_use]
    pub fn form(&self) -> Option<&'static Form> {
        match self {
            Shape::Table(form) => Some(form),
            Shape::List(item) => item.form(),
            Shape::Either(a, b) => a.form().or_else(|| b.form()),
            _ => None,
        }
    }

    /// In words, for messages: `a duration such as "14d"`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Shape::Bool => "`true` or `false`".into(),
            Shape::Text(Text::Name | Text::Line | Text::Block) => "a text".into(),
            Shape::Text(Text::Key) => "a key of lower-case letters, digits, `-` and `_`".into(),
            Shape::Text(Text::Url) => "an `https://` address".into(),
            Shape::Text(Text::Guid) => "a GUID".into(),
            Shape::Text(Text::Domain) => "a domain such as `fabrikam.example`".into(),
            Shape::Text(Text::Mail) => "a mail address".into(),
            Shape::Text(Text::Pattern) => "a regular expression".into(),
            Shape::Choice(words) => words_of(words),
            Shape::Duration(..) => "a duration such as `\"14d\"`".into(),
            Shape::Expiration => "a duration such as `\"90d\"`, a date such as `2027-12-31`, or `\"never\"`".into(),
            Shape::Instant => "a date such as `2027-12-31`, or a date-time".into(),
            Shape::Date => "a date such as `2027-01-01`".into(),
            Shape::Reference(r) => format!("the key of {}", article(r.kind)),
            Shape::Principal(p) => describe_principal(p),
            Shape::Rule => "a CEL expression over `user`".into(),
            Shape::Count => "a whole number".into(),
            Shape::Share => "a whole number, or a share such as `\"30%\"`".into(),
            Shape::Set(item, _) => format!("a list, each member {}", item.describe()),
            Shape::List(item) => format!("a list, each member {}", item.describe()),
            Shape::Table(_) => "a table".into(),
            Shape::Map(..) => "a table".into(),
            Shape::Either(a, b) => format!("{}, or {}", a.describe(), b.describe()),
        }
    }
}

/// What a principal may be, in words.
#[must_use]
pub fn describe_principal(principal: &Principal) -> String {
    let mut forms: Vec<String> = principal.kinds.iter().map(|k| principal_form(k)).collect();
    forms.extend(principal.words.iter().map(|w| format!("`\"{w}\"`")));
    join_or(&forms)
}

fn principal_form(kind: &str) -> String {
    if kind == "user" { "a user principal name".to_owned() } else { format!("`{kind}:KEY`") }
}
