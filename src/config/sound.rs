//! What one object must say once templates have spoken, and its canonical form.

use super::finding;
use super::keys::principal_form;
use crate::diag::{Diagnostics, Span, codes, shown};
use crate::kinds::{self, Form, Shape, is_default, text};
use crate::model::{Node, Object, Table, Value, Zone};

/// Required keys, references whose meaning depended on another key, and the kind's own rules.
pub(super) fn check(object: &Object, zone: Zone, found: &mut Diagnostics) {
    let Some(kind) = kinds::kind(object.address.kind()) else { return };
    required(&kind.form, &object.attributes, object, object.at, &[], found);
    for field in kind.form.fields {
        let (Shape::Principal(principal), Some(value)) = (&field.shape, object.attributes.get(field.name)) else { continue };
        let Some(other) = principal.unless else { continue };
        let Some(written) = value.as_text() else { continue };
        if object.attributes.contains(other) {
            if let Err(text::BadText::Form(form)) = text::check(kinds::Text::Name, written) {
                let message = format!("`{}` cannot stand in `{}`", shown(written), field.name);
                found.push(finding(&codes::E0016, object, value.at, message).help(format!("`{}` is {form}", field.name)));
            }
        } else if let Err(help) = principal_form(principal, written) {
            let code = field.rule.unwrap_or(&codes::E0102);
            let help = format!("{help}; or write `{other}` for what the directory does not know");
            found.push(finding(code, object, value.at, format!("`{}` cannot stand in `{}`", shown(written), field.name)).help(help));
        }
    }
    (kind.check)(object, found);
    if kind.name == kinds::assignment::KIND.name {
        kinds::assignment::check_span(object, zone, found);
    }
}

fn required(form: &Form, table: &Table, object: &Object, at: Span, path: &[&str], found: &mut Diagnostics) {
    for field in form.fields {
        if !field.required && field.shape.form().is_none() {
            continue;
        }
        let says = |keys: &[&str]| keys.iter().any(|k| table.contains(k));
        let displaced = || form.alternatives.iter().any(|a| a.left.contains(&field.name) && says(a.right));
        match table.get(field.name) {
            None if field.required && !displaced() => {
                let other = form.alternatives.iter().find(|a| a.left.first() == Some(&field.name)).and_then(|a| a.right.first());
                let or = other.map_or_else(String::new, |o| format!(" (or `{o}`)"));
                let name = [path, &[field.name]].concat().join(".");
                let message = format!("`{name}`{or} is missing");
                let code = field.rule.filter(|r| r.id != "R20").unwrap_or(&codes::E0018);
                found.push(finding(code, object, at, message).help(format!("`{}` is {}", field.name, field.shape.describe())));
            }
            None => {}
            Some(value) if field.shape.form().is_some() => nested(&field.shape, value, object, at, &[path, &[field.name]].concat(), found),
            Some(_) => {}
        }
    }
}

fn nested(shape: &Shape, value: &Value, object: &Object, at: Span, path: &[&str], found: &mut Diagnostics) {
    let Some(form) = shape.form() else { return };
    match &value.node {
        Node::Table(table) => required(form, table, object, value.at.or(at), path, found),
        Node::List(items) => items.iter().for_each(|item| nested(shape, item, object, value.at.or(at), path, found)),
        _ => {}
    }
}

/// The object without what says the same as absence, so that state and files compare.
pub(super) fn normalise(object: &mut Object) {
    let Some(kind) = kinds::kind(object.address.kind()) else { return };
    if let Some(attributes) = normal(&object.attributes, object.address.key(), &|name| kind.field(name)) {
        object.attributes = attributes;
    }
}

/// A table without what says the same as absence; `None` when there is nothing of that kind in it.
fn normal(table: &Table, key: &str, field_of: &dyn Fn(&str) -> Option<&'static kinds::Field>) -> Option<Table> {
    let mut new: Option<Table> = None;
    for (name, value) in table.iter() {
        let Some(field) = field_of(name) else {
            new.get_or_insert_with(|| table.clone()).remove(name);
            continue;
        };
        let changed = normal_value(&field.shape, value);
        if is_default(field, changed.as_ref().unwrap_or(value), key) {
            new.get_or_insert_with(|| table.clone()).remove(name);
        } else if let Some(changed) = changed {
            new.get_or_insert_with(|| table.clone()).insert(field.name, changed);
        }
    }
    new
}

fn normal_value(shape: &Shape, value: &Value) -> Option<Value> {
    let form = shape.form()?;
    let node = match &value.node {
        Node::Table(table) => Node::Table(normal(table, "", &|name| form.field(name))?),
        Node::List(items) => {
            let changed: Vec<Option<Value>> = items.iter().map(|item| normal_value(shape, item)).collect();
            if changed.iter().all(Option::is_none) {
                return None;
            }
            Node::List(changed.into_iter().zip(items).map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect())
        }
        _ => return None,
    };
    Some(Value::new(node, value.at))
}
