//! Declarations, as a person would write them.

use crate::config::format;
use crate::diag::SourceFile;
use crate::model::Address;
use crate::view::toml::{key, quoted};
use std::collections::BTreeMap;

/// The first line of every file that an import writes. A later import knows its own files by it.
pub const HEAD: &str = "# Written by `writ import`. From now on it is yours: change it, move it, cut it up.\n";

/// A value of a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toml {
    /// A text.
    Text(String),
    /// A yes or no.
    Flag(bool),
    /// What is written without quotes: a date or an instant.
    Bare(String),
    /// A list; the order of sets is made before.
    List(Vec<Toml>),
    /// A table on one line.
    Inline(Vec<(String, Toml)>),
    /// A table below a header of its own.
    Table(Vec<(String, Toml)>),
    /// Tables below headers of their own, one after the other.
    Tables(Vec<Vec<(String, Toml)>>),
}

impl Toml {
    /// A text.
    pub fn text(text: impl Into<String>) -> Toml {
        Toml::Text(text.into())
    }

    /// A set of texts, sorted; of one that says the same twice once.
    pub fn set(texts: impl IntoIterator<Item = String>) -> Toml {
        let sorted: std::collections::BTreeSet<String> = texts.into_iter().collect();
        Toml::List(sorted.into_iter().map(Toml::Text).collect())
    }

    fn inline(&self) -> String {
        match self {
            Toml::Text(text) => quoted(text),
            Toml::Flag(flag) => flag.to_string(),
            Toml::Bare(text) => text.clone(),
            Toml::List(all) => format!("[{}]", all.iter().map(Toml::inline).collect::<Vec<_>>().join(", ")),
            Toml::Inline(pairs) | Toml::Table(pairs) => {
                let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{} = {}", key(name), value.inline())).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            Toml::Tables(all) => Toml::List(all.iter().cloned().map(Toml::Inline).collect()).inline(),
        }
    }
}

/// An object as it will be declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Its address.
    pub address: Address,
    /// The id that it has over there and keeps here, if it has one.
    pub id: Option<String>,
    /// Where it stood.
    pub at: String,
    /// The file that it goes to.
    pub file: String,
    /// What it says.
    pub body: Vec<(String, Toml)>,
}

impl Declaration {
    /// Says one more thing, if there is something to say.
    pub fn say(&mut self, name: &str, value: Option<Toml>) {
        self.body.extend(value.map(|value| (name.to_owned(), value)));
    }

    fn write(&self, out: &mut String) {
        write(out, self.address.as_str(), "[", "]", &self.body);
    }
}

fn write(out: &mut String, header: &str, open: &str, close: &str, body: &[(String, Toml)]) {
    out.push_str(&format!("\n{open}{header}{close}\n"));
    let below = |value: &Toml| matches!(value, Toml::Table(_) | Toml::Tables(_));
    for (name, value) in body.iter().filter(|(_, value)| !below(value)) {
        // A dotted name is a path of its own.
        let name = name.split('.').map(|part| key(part).into_owned()).collect::<Vec<_>>().join(".");
        out.push_str(&format!("{name} = {}\n", value.inline()));
    }
    for (name, value) in body {
        let header = format!("{header}.{}", key(name));
        match value {
            Toml::Table(pairs) => write(out, &header, "[", "]", pairs),
            Toml::Tables(all) => all.iter().for_each(|pairs| write(out, &header, "[[", "]]", pairs)),
            _ => {}
        }
    }
}

/// The files of these declarations in canonical form, by name.
///
/// # Errors
/// When a file cannot be read back, which is a defect: its name, and why.
pub fn files(declarations: &[Declaration]) -> Result<BTreeMap<String, String>, String> {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for declaration in declarations {
        declaration.write(texts.entry(&declaration.file).or_insert_with(|| HEAD.to_owned()));
    }
    let canonical = |(name, text): (&str, String)| {
        let file = SourceFile::new(name, text);
        let text = format::format(0, &file).map_err(|found| {
            let why = found.iter().next().map_or_else(String::new, |d| d.message.clone());
            format!("`{name}`: {why}")
        })?;
        Ok((name.to_owned(), text))
    };
    texts.into_iter().map(canonical).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_read_like_those_of_people() {
        let mut policy = Declaration {
            address: Address::parse("access_package.campaign.policy.employees").unwrap(),
            id: None,
            at: String::new(),
            file: "catalogs/marketing.toml".to_owned(),
            body: Vec::new(),
        };
        policy.say("requestors", Some(Toml::set(["group:b".to_owned(), "group:a".to_owned()])));
        policy.say("question", Some(Toml::Tables(vec![vec![("key".to_owned(), Toml::text("why"))]])));
        policy.say("expiration", Some(Toml::Bare("2027-12-31T00:00:00Z".to_owned())));
        policy.say("description", Some(Toml::text("two\nlines \"]\u{1b}")));
        policy.say("approval", Some(Toml::Table(vec![("timeout".to_owned(), Toml::text("14d"))])));
        policy.say("nothing", None);
        let files = files(&[policy]).unwrap();
        let text = files.get("catalogs/marketing.toml").unwrap();
        assert!(text.starts_with(HEAD), "{text}");
        let read: ::toml::Table = text.parse().unwrap();
        let policy = &read["access_package"]["campaign"]["policy"]["employees"];
        assert_eq!(policy["description"].as_str(), Some("two\nlines \"]\u{1b}"));
        assert_eq!(policy["question"][0]["key"].as_str(), Some("why"));
        assert_eq!(policy["approval"]["timeout"].as_str(), Some("14d"));
    }
}
