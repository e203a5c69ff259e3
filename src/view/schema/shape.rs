//! One [`Shape`] as JSON Schema.
//!
//! What completion asks for decides how things are said: see [`property`] for keys with several forms, [`merged`] for
//! sets, [`requirements`] for what is required.

use crate::kinds::{Alternative, Default, Emptiness, Field, Form, Keys, Principal, Shape, Text};
use serde_json::{Map, Value, json};

/// The pattern of a key of our own form, without anchors.
pub(super) const KEY: &str = "[a-z0-9][a-z0-9_-]{0,63}";
/// The pattern of a user principal name in either case, without anchors.
pub(super) const USER: &str = r"[!#-?A-\[\]-~]+@[!#-?A-\[\]-~]+";
const DATE: &str = "(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const TIME: &str = r"[0-2][0-9]:[0-5][0-9](:[0-6][0-9](\.[0-9]+)?)?";
const OFFSET: &str = "([Zz]|[+-][0-2][0-9]:[0-5][0-9])";
const LABEL: &str = "[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?";

fn duration() -> String {
    let date = "([0-9]+W([0-9]+D)?|[0-9]+D)";
    let time = "T([0-9]+H([0-9]+M)?|[0-9]+M)";
    format!("^([0-9]+[dhm]|P({date}({time})?|{time}))$")
}

type Schema = Map<String, Value>;

fn schema<const N: usize>(members: [(&str, Value); N]) -> Schema {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text(pattern: impl AsRef<str>) -> Schema {
    schema([("type", json!("string")), ("pattern", json!(pattern.as_ref()))])
}

fn words(words: &[&str]) -> Schema {
    schema([("type", json!("string")), ("enum", json!(words))])
}

/// A table that any part of may be missing, since a template may say the rest.
pub(super) fn table(fields: &[&Field], alternatives: &[Alternative]) -> Schema {
    form(fields, alternatives, false)
}

/// A table that no template completes.
pub(super) fn complete_table(table: &Form) -> Schema {
    form(&table.fields.iter().collect::<Vec<_>>(), table.alternatives, true)
}

fn form(fields: &[&Field], alternatives: &[Alternative], complete: bool) -> Schema {
    let properties: Schema = fields.iter().map(|f| (f.name.to_owned(), Value::Object(property(f, complete)))).collect();
    let mut table = schema([("type", json!("object")), ("properties", json!(properties)), ("additionalProperties", json!(false))]);
    let displaced: Schema = alternatives.iter().flat_map(|a| a.right.iter().map(|r| ((*r).to_owned(), none_of(a.left)))).collect();
    if !displaced.is_empty() {
        table.insert("dependencies".to_owned(), Value::Object(displaced));
    }
    if complete {
        require(&mut table, fields, alternatives);
    }
    table
}

/// Keys that must not stand here.
fn none_of(keys: &[&str]) -> Value {
    let refused: Schema = keys.iter().map(|k| ((*k).to_owned(), json!(false))).collect();
    json!({ "properties": refused, "additionalProperties": true })
}

/// What must stand in a table and in the tables inside, apart from what may stand there; `None` when nothing must.
///
/// Said in a place of its own, since it does not hold where a template is named. Members of lists are not looked
/// into: templates do not reach them, so [`form`] says it where they are.
pub(super) fn requirements(fields: &[&Field], alternatives: &[Alternative]) -> Option<Schema> {
    let mut all = Schema::new();
    require(&mut all, fields, alternatives);
    let inside: Schema = fields
        .iter()
        .filter_map(|f| {
            let form = table_of(&f.shape)?;
            let fields: Vec<&Field> = form.fields.iter().collect();
            Some((f.name.to_owned(), Value::Object(requirements(&fields, form.alternatives)?)))
        })
        .collect();
    if !inside.is_empty() {
        all.insert("properties".to_owned(), Value::Object(inside));
    }
    if all.is_empty() {
        return None;
    }
    all.insert("additionalProperties".to_owned(), json!(true));
    Some(all)
}

fn table_of(shape: &Shape) -> Option<&'static Form> {
    match shape {
        Shape::List(_) => None,
        Shape::Either(a, b) => table_of(a).or_else(|| table_of(b)),
        other => other.form(),
    }
}

/// Required keys; those on the left of an alternative only while nothing on its right is there.
fn require(table: &mut Schema, fields: &[&Field], alternatives: &[Alternative]) {
    let required = |f: &&&Field| f.required;
    let free = |name: &str| !alternatives.iter().any(|a| a.left.contains(&name));
    let always: Vec<&str> = fields.iter().filter(required).map(|f| f.name).filter(|n| free(n)).collect();
    if !always.is_empty() {
        table.insert("required".to_owned(), json!(always));
    }
    let mut choices: Vec<Value> = Vec::new();
    for alternative in alternatives {
        let left: Vec<&str> = fields.iter().filter(required).map(|f| f.name).filter(|n| alternative.left.contains(n)).collect();
        if !left.is_empty() {
            let right = alternative.right.iter().map(|r| json!({ "required": [r], "additionalProperties": true }));
            let all: Vec<Value> = std::iter::once(json!({ "required": left, "additionalProperties": true })).chain(right).collect();
            choices.push(json!(all));
        }
    }
    if choices.len() > 1 {
        let all: Vec<Value> = choices.into_iter().map(|c| json!({ "anyOf": c })).collect();
        table.insert("allOf".to_owned(), json!(all));
    } else if let Some(only) = choices.pop() {
        table.insert("anyOf".to_owned(), only);
    }
}

/// One key: what it may hold, what it is for, what its absence means.
///
/// Taplo offers a key once for each branch of an `anyOf` beside it, and without its description. With the branches one
/// step further in and an empty `properties` it offers the key once, described, and still finds the words among the
/// branches; the description of the first branch is what it shows on hovering. Nobody else minds.
fn property(field: &Field, complete: bool) -> Schema {
    let doc = describe(field);
    let mut branches = branches(&field.shape, complete);
    let mut property = if branches.len() == 1 {
        branches.pop().unwrap_or_default()
    } else {
        if let Some(first) = branches.first_mut() {
            first.insert("description".to_owned(), json!(doc));
        }
        schema([("properties", json!({})), ("allOf", json!([{ "anyOf": branches }]))])
    };
    property.insert("description".to_owned(), json!(doc));
    match field.default {
        Default::Nothing | Default::Key | Default::Inherited => {}
        Default::Bool(b) => drop(property.insert("default".to_owned(), json!(b))),
        Default::Text(t) => drop(property.insert("default".to_owned(), json!(t))),
        Default::Set(members) => drop(property.insert("default".to_owned(), json!(members))),
    }
    property
}

/// The doc of a key with what its schema cannot say.
fn describe(field: &Field) -> String {
    let range = match &field.shape {
        Shape::Duration(least, most) => format!(" From {least} to {most}."),
        Shape::Expiration => " A duration is from 1h to 3660d.".to_owned(),
        _ => String::new(),
    };
    let default = match field.default {
        Default::Key => " Default: the key.",
        Default::Inherited => " Default: what the package says, then `[defaults]`.",
        _ => "",
    };
    format!("{}{range}{default}", field.doc)
}

/// The forms that a value may have; most shapes have one.
fn branches(shape: &Shape, complete: bool) -> Vec<Schema> {
    match shape {
        Shape::Bool => vec![schema([("type", json!("boolean"))])],
        Shape::Text(class) => vec![class_of(*class)],
        Shape::Choice(known) => vec![words(known)],
        Shape::Duration(..) => vec![text(duration())],
        Shape::Expiration => [words(&["never"]), text(duration())].into_iter().chain(instants()).collect(),
        Shape::Instant => instants().into(),
        Shape::Date => vec![date()],
        Shape::Reference(r) if r.kind == "user" => vec![text(format!("^(user:)?{USER}$"))],
        Shape::Reference(_) => vec![text(format!("^{KEY}$"))],
        Shape::Principal(p) => principal(p),
        Shape::Rule => vec![schema([("type", json!("string")), ("minLength", json!(1))])],
        Shape::Count => vec![schema([("type", json!("integer")), ("minimum", json!(0))])],
        Shape::Share => {
            vec![schema([("type", json!("integer")), ("minimum", json!(0))]), text("^(0?[0-9]{1,2}|100)%$")]
        }
        Shape::Set(item, emptiness) => merged(branches(item, complete), *emptiness),
        Shape::List(item) => vec![schema([("type", json!("array")), ("items", any(branches(item, true)))])],
        Shape::Table(table) => vec![form(&table.fields.iter().collect::<Vec<_>>(), table.alternatives, complete)],
        Shape::Map(keys, item) => {
            let pattern = match keys {
                Keys::Plain | Keys::Reference(_) => format!("^{KEY}$"),
                Keys::Principal => format!("^({USER}|group:{KEY})$"),
                Keys::Language => "^[a-z]{2,3}(-[0-9A-Za-z]{2,8})*$".to_owned(),
            };
            let values = json!({ pattern: any(branches(item, complete)) });
            vec![schema([("type", json!("object")), ("patternProperties", values), ("additionalProperties", json!(false))])]
        }
        Shape::Either(a, b) => branches(a, complete).into_iter().chain(branches(b, complete)).collect(),
    }
}

fn any(mut branches: Vec<Schema>) -> Value {
    match branches.pop() {
        Some(only) if branches.is_empty() => Value::Object(only),
        last => {
            branches.extend(last);
            json!({ "anyOf": branches })
        }
    }
}

/// A member, or a list of members. A text of one pattern and a list of such texts need no branches: the pattern binds
/// texts only, and the items lists only. That a member stands twice is a warning, so `uniqueItems` is not said.
fn merged(item: Vec<Schema>, emptiness: Emptiness) -> Vec<Schema> {
    let mut list = schema([("type", json!("array")), ("items", any(item.clone()))]);
    if emptiness == Emptiness::Refused {
        list.insert("minItems".to_owned(), json!(1));
    }
    match item.as_slice() {
        [only] if only.contains_key("pattern") && !only.contains_key("enum") => {
            let mut both = only.clone();
            both.extend(list);
            both.insert("type".to_owned(), json!(["string", "array"]));
            vec![both]
        }
        _ => item.into_iter().chain([list]).collect(),
    }
}

fn principal(principal: &Principal) -> Vec<Schema> {
    if principal.unless.is_some() {
        // With the other key it is any text.
        return vec![class_of(Text::Name)];
    }
    let forms: Vec<String> =
        principal.kinds.iter().map(|kind| if *kind == "user" { format!("(user:)?{USER}") } else { format!("{kind}:{KEY}") }).collect();
    let named = text(format!("^({})$", forms.join("|")));
    if principal.words.is_empty() { vec![named] } else { vec![words(principal.words), named] }
}

/// Tombi tells TOML's four kinds of times apart by `format`; the others go by the pattern.
fn instants() -> [Schema; 3] {
    let mut offset = text(format!("^{DATE}[Tt ]{TIME}{OFFSET}$"));
    offset.insert("format".to_owned(), json!("date-time"));
    let mut local = text(format!("^{DATE}[Tt ]{TIME}$"));
    local.insert("format".to_owned(), json!("date-time-local"));
    [date(), offset, local]
}

fn date() -> Schema {
    let mut date = text(format!("^{DATE}$"));
    date.insert("format".to_owned(), json!("date"));
    date
}

fn class_of(class: Text) -> Schema {
    let limited = |pattern: &str, most: usize| {
        let mut limited = text(pattern);
        limited.insert("maxLength".to_owned(), json!(most));
        limited
    };
    match class {
        Text::Name => limited(r"^[^\s\u0000-\u001f]([^\u0000-\u001f]*[^\s\u0000-\u001f])?$", crate::kinds::text::NAME_LENGTH),
        Text::Line => text(r"^[^\u0000-\u001f]*$"),
        Text::Block => text(r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]*$"),
        Text::Key => text(format!("^{KEY}$")),
        Text::Url => text(format!("^https://{LABEL}(\\.{LABEL})+(:[0-9]+)?([/?#][!-~]*)?$")),
        Text::Guid => text("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"),
        Text::Domain => limited(&format!("^{LABEL}(\\.{LABEL})+$"), 253),
        Text::Mail => text(format!("^{USER}$")),
        Text::Pattern => limited(r"^[^\u0000-\u001f]*$", 1000),
    }
}

/// One template, or several, of which later ones win.
pub(super) fn template_names() -> Value {
    let name = text(format!("^{KEY}$"));
    let mut names = merged(vec![name], Emptiness::Allowed).pop().unwrap_or_default();
    names.insert("description".to_owned(), json!("The templates it takes what it does not say from; of several, later ones win."));
    Value::Object(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Minutes, is_key, is_user_key};

    fn matches(pattern: &str, text: &str) -> bool {
        regex_lite::Regex::new(pattern).unwrap().is_match(text)
    }

    #[test]
    fn patterns_say_what_writ_says() {
        for text in [
            "14d", "36h", "90m", "0d", "P14D", "P2W", "P1W2D", "PT36H", "PT1H30M", "P1DT12H", "P2WT5M", // durations
            "", "d", "14", "1.5d", "-3d", "P", "PT", "P1DT", "PD", "14 d", "P1H", "P1D2W", "P1M", "P1Y", "PT5S", "3w", "p1d", "PT1M1H",
        ] {
            assert_eq!(matches(&duration(), text), Minutes::parse(text).is_ok(), "duration {text:?}");
        }
        for text in ["a", "0-9_a", "A", "-a", "_a", "", "a.b", "a b", "é", &"x".repeat(64), &"x".repeat(65)] {
            assert_eq!(matches(&format!("^{KEY}$"), text), is_key(text), "key {text:?}");
        }
        for text in ["a@b", "ann@contoso.example", "a", "@b", "a@", "a@b@c", "a b@c", "a\"@b", "a\\@b", "[a]@b", "é@b", "a'b@c"] {
            assert_eq!(matches(&format!("^{USER}$"), text), is_user_key(text), "user {text:?}");
        }
    }
}
