//! Where an object and its attributes stand in the files, as state remembers it.

use crate::diag::Sources;
use crate::model::{Node, Object, Origin, Value};
use std::fmt::Write as _;

/// The places of an object and of its attributes, those inside tables of one level included: the canonical JSON of
/// [`Places`](crate::model::Places), written as it is found, since a first apply has it to write for every value there is.
pub(super) fn of(object: &Object, sources: &Sources, commit: Option<&str>) -> Origin {
    let Some((file, line)) = sources.line(object.at) else { return Origin::default() };
    let mut json = String::with_capacity(256);
    json.push_str("{\"attributes\":{");
    let start = json.len();
    // In the order of the whole names: a table's own before those inside it, and both before the next, since no name of an
    // attribute has a character that sorts before the dot.
    for (name, value) in object.attributes.iter() {
        push(&mut json, start, &[name], value, sources, file);
        if let Node::Table(inner) = &value.node {
            inner.iter().for_each(|(key, value)| push(&mut json, start, &[name, ".", key], value, sources, file));
        }
    }
    if json.len() == start {
        json.truncate(1);
    } else {
        json.push_str("},");
    }
    if let Some(commit) = commit.filter(|c| !c.is_empty()) {
        json.push_str("\"commit\":");
        push_text(&mut json, &[commit]);
        json.push(',');
    }
    json.push_str("\"file\":");
    push_text(&mut json, &[file]);
    let _ = write!(json, ",\"line\":{line}}}");
    Origin::from_json(json)
}

/// One name with its place: `8`, `38-42`, or `house/templates.toml:3` in another file than the object's.
fn push(json: &mut String, start: usize, name: &[&str], value: &Value, sources: &Sources, home: &str) {
    let Some(text) = sources.get(value.at) else { return };
    let first = text.line_of(value.at.start);
    let last = text.line_of(end(value, value.at.file).saturating_sub(1).max(value.at.start));
    if json.len() > start {
        json.push(',');
    }
    push_text(json, name);
    json.push(':');
    let elsewhere = text.name != home;
    let lines = if first == last { first.to_string() } else { format!("{first}-{last}") };
    match elsewhere {
        true => push_text(json, &[&text.name, ":", &lines]),
        false => push_text(json, &[&lines]),
    }
}

/// Where a value ends, with all that stands in it: what a table says may stand below its header.
fn end(value: &Value, file: u32) -> u32 {
    let own = if value.at.file == file { value.at.end } else { 0 };
    let inner = |values: &mut dyn Iterator<Item = &Value>| values.map(|v| end(v, file)).max().unwrap_or(0);
    match &value.node {
        Node::Table(t) => own.max(inner(&mut t.iter().map(|(_, v)| v))),
        Node::Set(m) | Node::List(m) => own.max(inner(&mut m.iter())),
        _ => own,
    }
}

/// A JSON text of these parts.
fn push_text(json: &mut String, parts: &[&str]) {
    let plain = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
    if parts.iter().all(|part| part.bytes().all(plain)) {
        json.push('"');
        parts.iter().for_each(|part| json.push_str(part));
        json.push('"');
    } else {
        json.push_str(&crate::model::canonical(&parts.concat()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Known, configure};
    use crate::diag::SourceFile;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(indent in "[ \n]{0,3}", commit in "([0-9a-f]{7}|\"é\\PC{0,3})?", name in "[a-zé\" ]{1,6}") {
            let text = format!(
                "{indent}[catalog.a]\ndescription = \"\"\"x\n{indent}y\"\"\"\n[catalog.a.resource.b-c]\ntype = \"application\"\norigin = \"o\"\nroles = [\n\"R\"]\n\
                 [access_package.p]\ncatalog = \"a\"\nresource_roles.b-c = \"R\"\n[access_package.p.policy.x]\ntemplate = \"t\"\n\
                 requestors = \"none\"\n"
            );
            let files = [
                ("writ.toml", "[workspace]\nname = \"test\"\n".to_owned()),
                (name.as_str(), text),
                ("zz.toml", "[template.policy.t]\nexpiration = \"30d\"\n".to_owned()),
            ];
            let sources = Sources::new(files.iter().map(|(name, text)| SourceFile::new(*name, text.clone())).collect());
            let (config, found) = configure(&sources, &Known::default());
            let config = config.unwrap_or_else(|| panic!("{found:?}"));
            prop_assert_eq!(config.objects.len(), 4);
            for object in config.objects.values() {
                let origin = of(object, &sources, Some(&commit));
                prop_assert_eq!(&Origin::of(&origin.places()), &origin);
                let places = origin.places();
                prop_assert_eq!((places.file.as_str(), places.commit.as_str()), (name.as_str(), commit.as_str()));
                let elsewhere = places.attributes.get("expiration").map(String::as_str);
                prop_assert_eq!(elsewhere, (object.address.kind() == "policy").then_some("zz.toml:2"));
                let first = u32::try_from(indent.split('\n').count()).unwrap();
                if object.address.kind() == "resource" {
                    let lines = places.attributes.get("roles").unwrap().split_once('-').map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()));
                    let line = places.line;
                    prop_assert_eq!(lines, Some((line.saturating_add(3), line.saturating_add(4))));
                } else if object.address.kind() == "catalog" {
                    prop_assert_eq!(places.line, first);
                }
            }
        }
    }
}
