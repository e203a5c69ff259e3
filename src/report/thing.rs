//! The thing on which roles are held: a directory object, or what the directory does not know; and what people call it.

use crate::engine::{Facts, Refusal, Rule};
use crate::kinds::group::principal;
use crate::kinds::resource::Resource;
use crate::model::{Address, Object};
use std::fmt;

/// What roles are held on, whatever catalogs have it as a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// `group`, `application` or `sharepoint_site`.
    pub kind: String,
    /// What it is, within its sort.
    pub key: String,
}

impl Thing {
    /// The resources that are this thing, one in each catalog that has it.
    #[must_use]
    pub fn resources<'a>(&self, facts: &Facts<'a>) -> Vec<Resource<'a>> {
        let all = facts.objects.within_kind("catalog").iter().filter_map(|s| Resource::of(&s.object));
        all.filter(|r| r.identity() == (self.kind.as_str(), self.key.as_str())).collect()
    }

    /// The object of the directory that it is, if the directory knows it.
    #[must_use]
    pub fn object<'a>(&self, facts: &Facts<'a>) -> Option<&'a Object> {
        facts.object(&Address::root(&self.kind, &self.key))
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.key)
    }
}

/// The thing that somebody names: by the address of a resource, by `CATALOG/RESOURCE`, by the key of a resource where only one thing
/// has it, or by the directory's `KIND:KEY`.
///
/// `sees` says which resources are there for who asks.
///
/// # Errors
/// When there is none, or more than one.
pub fn thing(facts: &Facts<'_>, text: &str, sees: &dyn Fn(Resource<'_>) -> bool) -> Result<Thing, Refusal> {
    let of = |resource: Resource<'_>| {
        let (kind, key) = resource.identity();
        Thing { kind: kind.to_owned(), key: key.to_owned() }
    };
    let at = |address: &Address| facts.object(address).and_then(Resource::of).filter(|r| sees(*r)).map(of);
    if let Some(found) = Address::parse(text).ok().and_then(|a| at(&a)) {
        return Ok(found);
    }
    if let Some(address) = Address::parse(text).ok().or_else(|| principal(text))
        && matches!(address.kind(), "group" | "application" | "sharepoint_site")
        && facts.object(&address).is_some()
    {
        return Ok(Thing { kind: address.kind().to_owned(), key: address.key().to_owned() });
    }
    if let Some((catalog, key)) = text.split_once('/')
        && let Some(found) = at(&Address::root("catalog", catalog).child("resource", key))
    {
        return Ok(found);
    }
    let resources = || facts.objects.within_kind("catalog").iter().filter_map(|s| Resource::of(&s.object)).filter(|r| sees(*r));
    let mut found: Vec<(Thing, &Address)> = Vec::new();
    for resource in resources().filter(|r| r.0.address.key() == text || of(*r).to_string() == text) {
        if !found.iter().any(|(thing, _)| *thing == of(resource)) {
            found.push((of(resource), &resource.0.address));
        }
    }
    match (found.pop(), found.as_slice()) {
        (Some((only, _)), []) => Ok(only),
        (Some((_, last)), others) => {
            let all: Vec<String> = others.iter().map(|(_, a)| format!("`{a}`")).chain([format!("`{last}`")]).collect();
            let message = format!("`{text}` means more than one resource: {}", all.join(", "));
            Err(Refusal { rule: Rule("R70"), message, help: "name it by its address".to_owned() })
        }
        (None, _) => {
            let near = crate::diag::did_you_mean(text, resources().map(|r| r.0.address.key()));
            let help = near.unwrap_or_else(|| "name a resource as `catalog.KEY.resource.KEY`, `KEY/KEY`, or `group:KEY`".to_owned());
            Err(Refusal { rule: Rule("R70"), message: format!("there is no resource `{text}`"), help })
        }
    }
}
