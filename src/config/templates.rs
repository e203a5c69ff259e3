//! Saying things once: the first that says something wins, the object, its templates (last
//! named first), their templates, for inherited attributes the parent and then `[defaults]`.

use super::Known;
use super::declared::{Declaration, Declared};
use super::ring::shortest_ring;
use super::settings::Settings;
use crate::diag::{Diagnostic, Diagnostics, Span, codes, did_you_mean};
use crate::kinds::{self, Default, Field, Form, Kind, Shape, article};
use crate::model::{Address, Node, Object, Table, Value};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::BTreeMap;

/// Every declared object, whole, taken out of what is declared; and for each value that a template said, its name by the value's place.
pub(super) fn expand(
    declared: &mut Declared,
    known: &Known,
    settings: &Settings,
    found: &mut Diagnostics,
) -> (BTreeMap<Address, Object>, BTreeMap<Span, String>) {
    let mut places = BTreeMap::new();
    for ((kind, name), template) in &declared.templates {
        // An empty one stands somewhere too.
        places.insert(template.at, name.clone());
        mark(&template.table, name, &mut places);
        check_names(declared, template, &format!("template.{kind}.{name}"), found);
    }
    let declarations = std::mem::take(&mut declared.objects);
    let whole = whole_templates(declared, found);
    let one = |(address, declaration): (Address, Declaration)| {
        check_names(declared, &declaration, address.as_str(), found);
        let at = declaration.at;
        let attributes = expanded(&whole, declaration);
        (address.clone(), Object { address, attributes, at })
    };
    let mut objects = declarations.into_iter().map(one).collect();
    inherit(known, settings, &mut objects);
    (objects, places)
}

/// Every template that a declaration names is there.
fn check_names(declared: &Declared, declaration: &Declaration, address: &str, found: &mut Diagnostics) {
    let kind = declaration.kind.name;
    for (name, at) in &declaration.templates {
        if declared.templates.contains_key(&(kind.to_owned(), name.clone())) {
            continue;
        }
        let known = declared.templates.keys().filter(|(k, _)| k == kind).map(|(_, n)| n.as_str());
        let elsewhere = || declared.templates.keys().find(|(_, n)| n == name).map(|(k, _)| format!("`{name}` is a template of {k}"));
        let help = did_you_mean(name, known).or_else(elsewhere).unwrap_or_else(|| format!("write it: `[template.{kind}.{name}]`"));
        let message = format!("there is no template `{name}` for {}", article(kind));
        found.push(Diagnostic::new(&codes::E0201, *at, message).at(address).help(help));
    }
}

fn mark(table: &Table, name: &str, places: &mut BTreeMap<Span, String>) {
    for (_, value) in table.iter() {
        places.insert(value.at, name.to_owned());
        match &value.node {
            Node::Table(inner) => mark(inner, name, places),
            Node::Set(members) | Node::List(members) => {
                for member in members {
                    places.insert(member.at, name.to_owned());
                    if let Some(inner) = member.as_table() {
                        mark(inner, name, places);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Templates with what their own templates say, by kind and name.
type Whole<'d> = BTreeMap<(&'d str, &'d str), Table>;

/// Every template expanded once, those that it names before it; each ring among them is told once.
fn whole_templates<'d>(declared: &'d Declared, found: &mut Diagnostics) -> Whole<'d> {
    let mut graph: DiGraph<(&str, &str), Span> = DiGraph::new();
    let slots = declared.templates.keys().map(|(kind, name)| (kind.as_str(), name.as_str()));
    let nodes: BTreeMap<(&str, &str), NodeIndex> = slots.map(|slot| (slot, graph.add_node(slot))).collect();
    let mut declarations: BTreeMap<NodeIndex, &Declaration> = BTreeMap::new();
    for (((kind, _), template), from) in declared.templates.iter().zip(nodes.values()) {
        declarations.insert(*from, template);
        for (name, at) in &template.templates {
            if let Some(to) = nodes.get(&(kind.as_str(), name.as_str())) {
                graph.add_edge(*from, *to, *at);
            }
        }
    }
    let mut whole = Whole::new();
    // What is named comes before what names it.
    for component in kosaraju_scc(&graph) {
        check_ring(&graph, &component, &declarations, found);
        for node in component {
            if let Some(template) = declarations.get(&node) {
                let table = expanded(&whole, (*template).clone());
                whole.insert(graph[node], table);
            }
        }
    }
    whole
}

/// The table of a declaration over those of its templates.
fn expanded(of: &Whole<'_>, declaration: Declaration) -> Table {
    let Declaration { kind, mut table, at, templates, whole } = declaration;
    if !whole {
        fill(&mut table, &kind.form, at);
    }
    for (name, at) in templates.iter().rev() {
        match of.get(&(kind.name, name.as_str())) {
            Some(below) => merge(&mut table, below, &kind.form),
            // It is nowhere, or on a ring with this one, and that has been told.
            None => fill(&mut table, &kind.form, *at),
        }
    }
    table
}

/// What a missing template would have said is not known, so nothing of the table counts as missing.
fn fill(table: &mut Table, form: &Form, at: Span) {
    for field in form.fields {
        match table.get_mut(field.name) {
            Some(value) => {
                if let (Node::Table(inner), Some(form)) = (&mut value.node, field.shape.form()) {
                    fill(inner, form, at);
                }
            }
            None => {
                table.insert(field.name, Value::unread(at));
            }
        }
    }
}

/// Puts `below` under `above`: tables merge key by key, everything else is said once.
fn merge(above: &mut Table, below: &Table, form: &Form) {
    let displaced = |name: &str, above: &Table| {
        form.alternatives.iter().any(|a| {
            let says = |keys: &[&str]| keys.iter().any(|k| above.contains(k));
            (a.left.contains(&name) && says(a.right)) || (a.right.contains(&name) && says(a.left))
        })
    };
    let said: Table = above.clone();
    for (name, value) in below.iter() {
        match above.get_mut(name) {
            Some(upper) => {
                if let (Node::Table(upper), Node::Table(lower)) = (&mut upper.node, &value.node) {
                    match form.field(name).map(|f| f.shape) {
                        Some(Shape::Map(..)) => merge_map(upper, lower),
                        Some(shape) => {
                            if let Some(inner) = shape.form() {
                                merge(upper, lower, inner);
                            }
                        }
                        None => {}
                    }
                }
            }
            None if !displaced(name, &said) => {
                above.insert(name.to_owned(), value.clone());
            }
            None => {}
        }
    }
}

fn merge_map(above: &mut Table, below: &Table) {
    for (name, value) in below.iter() {
        if !above.contains(name) {
            above.insert(name.to_owned(), value.clone());
        }
    }
}

/// Tells a ring of templates from its smallest name.
fn check_ring(
    graph: &DiGraph<(&str, &str), Span>,
    component: &[NodeIndex],
    declarations: &BTreeMap<NodeIndex, &Declaration>,
    found: &mut Diagnostics,
) {
    let Some(start) = component.iter().copied().min_by_key(|n| graph[*n]) else { return };
    let Some(chain) = shortest_ring(graph, start) else { return };
    let (kind, name) = graph[start];
    let story = chain.iter().map(|n| graph[*n].1).collect::<Vec<_>>().join(" -> ");
    let second = chain.get(1).map_or(name, |n| graph[*n].1);
    let Some(declaration) = declarations.get(&start) else { return };
    let at = declaration.templates.iter().find(|(n, _)| n == second).map_or(declaration.at, |(_, at)| *at);
    let finding = Diagnostic::new(&codes::E0202, at, format!("templates name each other in a ring: {story}"));
    found.push(finding.at(format!("template.{kind}.{name}")).help("take one of the names out"));
}

/// Fills attributes that come from the parent or from `[defaults]`. A parent that is declared nowhere has been told: what
/// it would have said does not count as missing.
fn inherit(known: &Known, settings: &Settings, objects: &mut BTreeMap<Address, Object>) {
    let heirs: Vec<(&Kind, &Field)> =
        kinds::LIST.iter().flat_map(|k| k.fields().filter(|f| f.default == Default::Inherited).map(move |f| (*k, f))).collect();
    let mut inherited: Vec<(Address, &'static str, Value)> = Vec::new();
    // What stands in something follows it: what the object at hand stands in is on the way to it.
    let mut way: Vec<&Object> = Vec::new();
    for (address, object) in &*objects {
        let parent = address.parent_text();
        while way.pop_if(|above| !address.is_within(&above.address)).is_some() {}
        let above = way.last().copied().filter(|above| above.address.as_str() == parent);
        way.push(object);
        let own = heirs.iter().filter(|(kind, field)| kind.name == address.kind() && !object.attributes.contains(field.name));
        for (_, field) in own {
            let parent = above.or_else(|| address.parent().and_then(|p| known.objects.get(&p)));
            let said = parent.and_then(|p| p.attributes.get(field.name)).or_else(|| settings.default_of(field.name)).cloned();
            if let Some(value) = said.or_else(|| parent.is_none().then(|| Value::unread(object.at))) {
                inherited.push((address.clone(), field.name, value));
            }
        }
    }
    for (address, name, value) in inherited {
        if let Some(object) = objects.get_mut(&address) {
            object.attributes.insert(name, value);
        }
    }
}
