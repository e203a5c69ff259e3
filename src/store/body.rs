//! The bodies of events, read and written in one pass.
//!
//! In: a body. Out: its event, the very one that serde makes of it, or nothing where serde has to be asked; and the other way round.
//! Serde meets the name of an event after some of its members, since names are sorted, and keeps all of them until it knows which
//! event they are of. A history is mostly bodies that say each thing once and nothing unknown, and what these say is clear
//! whatever the event.

use super::Event;
use crate::model::canonical;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What any event may say, but for those that tell of a whole row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    address: Option<String>,
    attributes: Option<String>,
    before: Option<String>,
    from: Option<String>,
    id: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    origin: Option<String>,
    schema: Option<u32>,
    settings: Option<String>,
    to: Option<String>,
    workspace: Option<String>,
}

/// The event that a body says, if it is as we write it.
pub(super) fn quick(body: &str) -> Option<Event> {
    let Members { event, address, attributes, before, from, id, kind, name, origin, schema, settings, to, workspace } =
        serde_json::from_str(body).ok()?;
    Some(match &*event {
        "object.created" => Event::ObjectCreated {
            address: address?,
            kind: kind?,
            id: id?,
            schema: schema?,
            attributes: attributes?,
            workspace,
            origin: origin?,
        },
        "object.updated" => {
            Event::ObjectUpdated { address: address?, schema: schema?, attributes: attributes?, origin: origin?, before: before? }
        }
        "object.rereferenced" => {
            Event::ObjectRereferenced { address: address?, schema: schema?, attributes: attributes?, origin: origin?, before: before? }
        }
        "object.moved" => Event::ObjectMoved { from: from?, to: to? },
        "object.adopted" => Event::ObjectAdopted { address: address?, workspace: workspace? },
        "object.released" => Event::ObjectReleased { address: address? },
        "workspace.configured" => Event::WorkspaceConfigured { name: name?, settings: settings? },
        "workspace.removed" => Event::WorkspaceRemoved { name: name? },
        _ => return None,
    })
}

/// The body of an event: its canonical JSON.
pub(super) fn write(event: &Event) -> String {
    /// What most events are, with its names in their order: so that nothing has to be put in order.
    #[derive(Serialize)]
    struct Created<'a> {
        address: &'a str,
        attributes: &'a str,
        event: &'a str,
        id: &'a str,
        kind: &'a str,
        origin: &'a str,
        schema: u32,
        workspace: Option<&'a str>,
    }
    let Event::ObjectCreated { address, kind, id, schema, attributes, workspace, origin } = event else { return canonical(event) };
    let (event, workspace, schema) = (event.kind(), workspace.as_deref(), *schema);
    // Long enough for most, with a quote in every eighth place of the longest texts, so that it is not moved as it grows.
    let texts = attributes.len().saturating_add(origin.len());
    let mut body = Vec::with_capacity(texts.saturating_add(texts / 8).saturating_add(256));
    serde_json::to_writer(&mut body, &Created { address, attributes, event, id, kind, origin, schema, workspace })
        .map_err(|error| error.to_string())
        .and_then(|()| String::from_utf8(body).map_err(|error| error.to_string()))
        .unwrap_or_else(|error| unreachable!("an event has no JSON form: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    /// Most of what a member may be, and what it may not.
    fn member() -> impl Strategy<Value = Value> {
        prop_oneof![
            8 => "[a-c\"\\\\\u{7}\u{e9}]{0,6}".prop_map(Value::from),
            4 => (0..3_u64).prop_map(Value::from),
            1 => Just(Value::Null),
            1 => Just(Value::from(-1)),
            1 => Just(Value::from(1.5)),
            1 => Just(Value::from(u64::MAX)),
            1 => Just(Value::from(true)),
            1 => Just(serde_json::json!({ "address": "a", "n": [] })),
        ]
    }

    const NAMES: [&str; 15] = [
        "address",
        "attributes",
        "before",
        "from",
        "id",
        "kind",
        "last",
        "name",
        "origin",
        "schema",
        "settings",
        "to",
        "workspace",
        "event",
        "more",
    ];

    const EVENTS: [&str; 10] = [
        "object.created",
        "object.updated",
        "object.rereferenced",
        "object.moved",
        "object.deleted",
        "object.adopted",
        "object.released",
        "workspace.configured",
        "workspace.removed",
        "object.lost",
    ];

    proptest! {
        #[test]
        fn what_is_written_quickly_is_canonical(texts in proptest::array::uniform6("\\PC{0,12}|[\"\\\\\u{0}-\u{1f}\u{7f}\u{2028}/]{0,6}"), schema: u32, managed: bool) {
            let [address, kind, id, attributes, workspace, origin] = texts;
            let workspace = managed.then_some(workspace);
            let event = Event::ObjectCreated { address, kind, id, schema, attributes, workspace, origin };
            prop_assert_eq!(write(&event), canonical(&event));
        }

        #[test]
        fn what_is_read_quickly_is_what_serde_reads(
            event in proptest::sample::select(&EVENTS[..]),
            members in proptest::collection::vec((proptest::sample::select(&NAMES[..]), member()), 0..20),
            cut in proptest::option::of(0..200_usize),
        ) {
            let members: Vec<(String, Value)> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let mut map: Map<String, Value> = members.iter().cloned().collect();
            map.insert("event".into(), event.into());
            let mut once = Value::Object(map).to_string();
            if let Some(cut) = cut.filter(|cut| once.is_char_boundary(*cut)) {
                once.truncate(cut);
            }
            let all: String = members.iter().map(|(name, value)| format!("\"{name}\":{value},")).collect();
            let twice = format!("{{{all}\"event\":\"{event}\"}}");
            for body in [once, twice] {
                if let Some(event) = quick(&body) {
                    prop_assert_eq!(Some(event), serde_json::from_str(&body).ok(), "{}", body);
                }
            }
        }
    }

    #[test]
    fn what_serde_refuses_is_refused() {
        let honest = canonical(&created("catalog.a", "1", "{}"));
        assert_eq!(quick(&honest), Some(created("catalog.a", "1", "{}")));
        for (from, to) in [
            ("{", r#"{"more":1e999,"#),
            (r#""schema":1"#, r#""schema":1.0"#),
            (r#""schema":1"#, r#""schema":4294967296"#),
            (r#""id":"1""#, r#""id":"\ud800""#),
            (r#""id":"1""#, r#""id":null"#),
            (r#""id":"1""#, r#""id":"1","id":"1""#),
        ] {
            let body = honest.replacen(from, to, 1);
            assert_ne!(body, honest, "{from}");
            assert_eq!(quick(&body), None, "{body}");
            assert!(Event::read(&body).is_err(), "{body}");
        }
    }
}
