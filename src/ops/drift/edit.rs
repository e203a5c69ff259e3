//! One file, edited where an object stands in it, with all that stands around it kept.
//!
//! In: a text, an address, what the object is to say. Out: the text. Invariants: only what differs is touched; a comment goes only with
//! what it is about. Whether the text then says what it was to say is for who reads it again: templates speak, too.

use crate::kinds::{self, Shape};
use crate::model::{Address, Delta, Node, Table, Value};
use crate::view::toml::{inline, key, single};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, TableLike, Value as Written};

/// A file that is being edited.
pub(super) struct Edited(DocumentMut);

impl Edited {
    /// Reads a text; nothing, where it is no TOML, which has been told then.
    pub(super) fn of(text: &str) -> Option<Edited> {
        text.parse().ok().map(Edited)
    }

    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    /// Whether nothing is left in it but comments.
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_table().is_empty()
    }

    /// Makes an object say what it says otherwise; nothing, where it does not stand here.
    pub(super) fn change(&mut self, address: &Address, deltas: &[(String, Delta)], after: &Table) -> Option<()> {
        let default = |name: &str| {
            let field = kinds::kind(address.kind())?.field(name)?;
            kinds::default_of(field, address.key())
        };
        let table = self.object(address)?;
        for (name, delta) in deltas {
            match delta {
                // What a template says is unsaid by saying the default.
                Delta::Removed(_) if !table.contains_key(name) => {
                    if let Some(value) = default(name) {
                        set(table, name, &value);
                    }
                }
                delta => differ(table, name, delta, after.get(name)),
            }
        }
        Some(())
    }

    /// Takes an object out, with its attribute tables; nothing, where it does not stand here.
    pub(super) fn remove(&mut self, address: &Address) -> Option<()> {
        let above: &mut dyn TableLike = match address.parent() {
            Some(parent) => self.object(&parent)?,
            None => self.0.as_table_mut(),
        };
        let kind = above.get_mut(address.kind())?.as_table_like_mut()?;
        let written = spelled(kind, address)?;
        kind.remove(&written)?;
        if kind.is_empty() {
            above.remove(address.kind());
        }
        Some(())
    }

    fn object(&mut self, address: &Address) -> Option<&mut dyn TableLike> {
        let mut table: &mut dyn TableLike = self.0.as_table_mut();
        let mut lineage: Vec<Address> = address.lineage().collect();
        lineage.reverse();
        for part in lineage {
            let kind = table.get_mut(part.kind())?.as_table_like_mut()?;
            let written = spelled(kind, &part)?;
            table = kind.get_mut(&written)?.as_table_like_mut()?;
        }
        Some(table)
    }

    /// The table of `[[word]]` that says this of a key.
    pub(super) fn listed(&mut self, word: &str, name: &str, said: &str) -> Option<&mut toml_edit::Table> {
        let all = self.0.get_mut(word)?.as_array_of_tables_mut()?;
        all.iter_mut().find(|table| table.get(name).and_then(Item::as_str) == Some(said))
    }
}

/// How a key is written: those of users in any case.
fn spelled(table: &dyn TableLike, address: &Address) -> Option<String> {
    let same = |written: &str| written == address.key() || (address.kind() == "user" && written.to_ascii_lowercase() == address.key());
    table.iter().map(|(written, _)| written.to_owned()).find(|written| same(written))
}

fn differ(table: &mut dyn TableLike, name: &str, delta: &Delta, after: Option<&Value>) {
    match delta {
        Delta::Removed(_) => drop(table.remove(name)),
        Delta::Added(value) => set(table, name, value),
        Delta::Changed(_, value) => match (table.get_mut(name).and_then(Item::as_array_of_tables_mut), &value.node) {
            (Some(tables), Node::List(wanted)) => tables_say(tables, wanted),
            _ => set(table, name, value),
        },
        Delta::Members(members) => match table.get_mut(name).and_then(Item::as_array_mut) {
            Some(array) => {
                members.removed.iter().for_each(|member| take_out(array, member));
                members.added.iter().for_each(|member| put_in(array, member));
            }
            None => {
                if let Some(after) = after {
                    set(table, name, after);
                }
            }
        },
        Delta::Table(inner) => match table.get_mut(name).and_then(Item::as_table_like_mut) {
            Some(below) => {
                let after = after.and_then(Value::as_table);
                for (name, delta) in inner {
                    differ(below, name, delta, after.and_then(|a| a.get(name)));
                }
            }
            // Said by a template: only what differs is said here, since tables are joined key by key.
            None => {
                let mut said = toml_edit::Table::new();
                said.set_dotted(true);
                for (inner, _) in inner {
                    if let Some(value) = after.and_then(Value::as_table).and_then(|a| a.get(inner)) {
                        set(&mut said, inner, value);
                    }
                }
                table.insert(name, Item::Table(said));
            }
        },
    }
}

/// Writes a value where it stands, or at the end.
fn set(table: &mut dyn TableLike, name: &str, value: &Value) {
    let Some(mut new) = written(value) else { return };
    match table.get_mut(name) {
        Some(Item::Value(old)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        Some(Item::Table(below)) => match value.as_table() {
            // Keeps its header.
            Some(wanted) => table_says(below, wanted),
            None => drop(table.insert(name, Item::Value(new))),
        },
        _ => drop(table.insert(name, Item::Value(new))),
    }
}

/// A value as it is written.
fn written(value: &Value) -> Option<Written> {
    inline(value).parse().ok()
}

/// Makes a table say what is wanted, and nothing else.
fn table_says(table: &mut dyn TableLike, wanted: &Table) {
    let idle: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).filter(|name| !wanted.contains(name)).collect();
    idle.iter().for_each(|name| drop(table.remove(name)));
    for (name, value) in wanted.iter() {
        let same = table.get(name).and_then(Item::as_value).is_some_and(|old| written(value).is_some_and(|new| same(old, &new)));
        if !same {
            set(table, name, value);
        }
    }
}

/// Makes a list of tables say what is wanted, each table what the one in its place says.
fn tables_say(tables: &mut ArrayOfTables, wanted: &[Value]) {
    while tables.len() > wanted.len() {
        tables.remove(wanted.len());
    }
    for (place, value) in wanted.iter().enumerate() {
        let Some(wanted) = value.as_table() else { continue };
        match tables.get_mut(place) {
            Some(table) => table_says(table, wanted),
            None => {
                let mut table = toml_edit::Table::new();
                table_says(&mut table, wanted);
                tables.push(table);
            }
        }
    }
}

/// Whether two values are written alike, but for what stands around them.
fn same(a: &Written, b: &Written) -> bool {
    let bare = |value: &Written| value.clone().decorated("", "").to_string();
    bare(a) == bare(b)
}

/// Text before a value, or behind the last one.
fn around(raw: Option<&toml_edit::RawString>) -> String {
    raw.and_then(toml_edit::RawString::as_str).unwrap_or("").to_owned()
}

/// Takes a member out of a list. What stands behind the member before it stays, and so do comments above.
fn take_out(array: &mut Array, member: &Value) {
    let Some(new) = written(member) else { return };
    let folded = |value: &Written| value.as_str().map(str::to_lowercase);
    let place = array.iter().position(|old| same(old, &new) || (folded(old).is_some() && folded(old) == folded(&new)));
    let Some(place) = place else { return };
    let taken = array.remove(place);
    // The rest of the line of the member before, and whole lines of comment; its own line goes.
    let before = around(taken.decor().prefix());
    let kept = before.rfind('\n').map_or("", |end| before.get(..end).unwrap_or(""));
    match array.get_mut(place) {
        Some(next) => {
            let own = around(next.decor().prefix());
            let rest = own.find('\n').map_or(own.as_str(), |start| own.get(start..).unwrap_or(""));
            let prefix = if before.contains('\n') || place > 0 { format!("{kept}{rest}") } else { own.trim_start().to_owned() };
            next.decor_mut().set_prefix(prefix);
        }
        None if before.contains('\n') => {
            let own = around(Some(array.trailing()));
            let rest = own.find('\n').map_or(own.as_str(), |start| own.get(start..).unwrap_or(""));
            array.set_trailing(format!("{kept}{rest}"));
        }
        None => {}
    }
}

/// Puts a member into a list: in its place where the list is sorted, and on a line of its own where the others are.
fn put_in(array: &mut Array, member: &Value) {
    let Some(new) = written(member) else { return };
    let text = |value: &Written| value.clone().decorated("", "").to_string();
    let all: Vec<String> = array.iter().map(text).collect();
    let (mine, last) = (text(&new), array.len());
    let place = if all.is_sorted() { all.partition_point(|other| *other < mine) } else { last };
    let indent = array.iter().find_map(|old| {
        let prefix = around(old.decor().prefix());
        prefix.rfind('\n').and_then(|at| prefix.get(at..).map(str::to_owned))
    });
    match indent {
        Some(indent) if place == last => {
            // A comment behind the last one stays with it.
            let behind = around(Some(array.trailing()));
            let (line, rest) = behind.split_at(behind.find('\n').unwrap_or(0));
            let (line, rest) = (line.to_owned(), rest.to_owned());
            array.push_formatted(new.decorated(format!("{line}{indent}"), ""));
            array.set_trailing(if rest.is_empty() { "\n".to_owned() } else { rest });
            array.set_trailing_comma(true);
        }
        Some(indent) => {
            // The rest of the line before belongs to the one before.
            let Some(next) = array.get_mut(place) else { return };
            let own = around(next.decor().prefix());
            let (line, rest) = own.split_at(own.find('\n').unwrap_or(0));
            let line = line.to_owned();
            next.decor_mut().set_prefix(rest.to_owned());
            array.insert_formatted(place, new.decorated(format!("{line}{indent}"), ""));
        }
        None => {
            let (before, after) = if place == 0 { ("", " ") } else { (" ", " ") };
            if let Some(next) = array.get_mut(place).filter(|_| place == 0) {
                next.decor_mut().set_prefix(after);
            }
            array.insert_formatted(place, new.decorated(before, ""));
        }
    }
}

/// An object as a text of its own.
pub(super) fn declaration(address: &Address, attributes: &Table) -> String {
    let mut out = format!("[{address}]\n");
    let kind = kinds::kind(address.kind());
    for field in kind.into_iter().flat_map(|k| k.fields()) {
        let Some(value) = attributes.get(field.name) else { continue };
        match &value.node {
            Node::Table(table) if matches!(field.shape, Shape::Map(..)) => {
                for (member, value) in table.iter() {
                    out.push_str(&format!("{}.{} = {}\n", key(field.name), key(member), single(value)));
                }
            }
            _ => out.push_str(&format!("{} = {}\n", key(field.name), inline(value))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;
    use crate::model::Members;

    fn texts(all: &[&str]) -> Vec<Value> {
        all.iter().map(|t| Value::text(*t, Span::NONE)).collect()
    }

    fn members(text: &str, added: &[&str], removed: &[&str]) -> String {
        let mut edited = Edited::of(text).unwrap();
        let delta = Delta::Members(Members { added: texts(added), removed: texts(removed), unchanged: Vec::new() });
        edited.change(&Address::root("group", "a"), &[("members".to_owned(), delta)], &Table::new()).unwrap();
        edited.text()
    }

    #[test]
    fn members_come_and_go_and_comments_stay() {
        let text = "# top\n[group.a] # head\nmembers = [\n  \"a@x.example\", # about a\n  # about b\n  \"b@x.example\", # of b\n  \"d@x.example\", # of d\n] # end\n";
        assert_eq!(
            members(text, &["c@x.example"], &[]),
            text.replace("  \"d@", "  \"c@x.example\",\n  \"d@"),
            "in its place, behind the comment of the one before"
        );
        assert_eq!(members(text, &["e@x.example"], &[]), text.replace("# of d\n", "# of d\n  \"e@x.example\",\n"));
        assert_eq!(members(text, &[], &["d@x.example"]), text.replace("  \"d@x.example\", # of d\n", ""));
        assert_eq!(members(text, &[], &["b@x.example"]), text.replace("  \"b@x.example\", # of b\n", ""), "a line of its own stays");
        assert_eq!(members(text, &[], &["a@x.example"]), text.replace("  \"a@x.example\", # about a\n", ""));
        let flat = "[group.a]\nmembers = [\"a@x.example\", \"c@x.example\"] # two\n";
        assert_eq!(members(flat, &["b@x.example"], &[]), flat.replace("\"c@", "\"b@x.example\", \"c@"));
        assert_eq!(members(flat, &["d@x.example"], &["a@x.example"]), "[group.a]\nmembers = [\"c@x.example\", \"d@x.example\"] # two\n");
    }

    #[test]
    fn an_object_goes_with_its_tables_and_nothing_else_does() {
        let text = "# one\n[group.a]\n\n# two\n[group.b] # b\nmembers = []\n\n[user.\"Ann@x.example\"]\n";
        let mut edited = Edited::of(text).unwrap();
        edited.remove(&Address::root("group", "b")).unwrap();
        assert_eq!(edited.text(), "# one\n[group.a]\n\n[user.\"Ann@x.example\"]\n");
        assert!(edited.remove(&Address::root("group", "b")).is_none());
        edited.remove(&Address::root("user", "ann@x.example")).unwrap();
        edited.remove(&Address::root("group", "a")).unwrap();
        assert!(edited.is_empty());
    }
}
