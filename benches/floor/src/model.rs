//! The files that `generate.py` writes as types, every text with its place, and the objects in them.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_spanned::Spanned;
use std::fmt;
use std::marker::PhantomData;
use toml::value::Datetime;

type Text = Spanned<String>;

/// Tables or values by name, in the order of the file.
pub struct Keyed<T>(Vec<(Text, T)>);

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Keyed(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keyed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Keyed<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Keyed<T>, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Keyed(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    user: Keyed<User>,
    #[serde(default)]
    group: Keyed<Group>,
    #[serde(default)]
    catalog: Keyed<Catalog>,
    #[serde(default)]
    access_package: Keyed<Package>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    display_name: Text,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    display_name: Text,
    members: Vec<Text>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    display_name: Text,
    description: Text,
    #[serde(default, skip_serializing)]
    delegation: Keyed<Delegation>,
    #[serde(default, skip_serializing)]
    resource: Keyed<Resource>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    role: Text,
    members: Vec<Text>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    display_name: Text,
    description: Text,
    r#type: Text,
    origin: Text,
    roles: Vec<Text>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    catalog: Text,
    display_name: Text,
    description: Text,
    #[serde(default)]
    hidden: bool,
    #[serde(default, skip_serializing)]
    resource_roles: Keyed<Text>,
    #[serde(default, skip_serializing)]
    policy: Keyed<Policy>,
}

#[derive(Serialize)]
pub struct Role<'a> {
    resource: &'a Text,
    role: &'a Text,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    display_name: Text,
    description: Text,
    requestors: Vec<Text>,
    expiration: Text,
    extension: Option<Text>,
    approval: Approval,
    review: Review,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    #[serde(default)]
    stage: Vec<Stage>,
    #[serde(default)]
    approvers: Vec<Text>,
    timeout: Option<Text>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    approvers: Vec<Text>,
    timeout: Text,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    every: Text,
    #[serde(serialize_with = "day")]
    starts: Spanned<Datetime>,
    duration: Text,
    reviewers: Vec<Text>,
    if_no_answer: Text,
}

fn day<S: Serializer>(date: &Spanned<Datetime>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date.get_ref())
}

/// What an object says.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Body<'a> {
    User(&'a User),
    Group(&'a Group),
    Catalog(&'a Catalog),
    Delegation(&'a Delegation),
    Resource(&'a Resource),
    Package(&'a Package),
    Role(Role<'a>),
    Policy(&'a Policy),
}

/// One object, as Terraform counts them.
pub struct Object<'a> {
    pub address: String,
    pub file: u32,
    /// Where in the list of objects stands what it stands in.
    pub parent: Option<u32>,
    /// The address of something else that has to exist before it.
    pub needs: Option<String>,
    body: Body<'a>,
}

impl Object<'_> {
    /// Writes its canonical form into the buffer, and digests it.
    pub fn digest(&self, buffer: &mut Vec<u8>) -> [u8; 16] {
        buffer.clear();
        serde_json::to_writer(&mut *buffer, &self.body).unwrap();
        blake3::hash(buffer).as_bytes()[..16].try_into().unwrap()
    }
}

/// When a policy is reviewed first, and of which package it is.
#[derive(Serialize)]
pub struct Series<'a> {
    #[serde(serialize_with = "day")]
    pub next: &'a Spanned<Datetime>,
    pub package: &'a str,
    pub policy: &'a str,
}

impl<'a> Object<'a> {
    /// The reviews that begin with it, if it is a policy.
    pub fn series(&'a self, all: &'a [Object<'a>]) -> Option<Series<'a>> {
        let Body::Policy(policy) = self.body else { return None };
        Some(Series { next: &policy.review.starts, package: &all[self.parent? as usize].address, policy: &self.address })
    }
}

/// The objects of a file, each after what it stands in.
pub fn objects<'a>(file: u32, from: &'a File, out: &mut Vec<Object<'a>>) {
    let mut put = |address: String, parent: Option<u32>, needs: Option<String>, body: Body<'a>| {
        out.push(Object { address, file, parent, needs, body });
        Some(out.len() as u32 - 1)
    };
    for (key, user) in &from.user.0 {
        put(format!("user.{}", key.get_ref()), None, None, Body::User(user));
    }
    for (key, group) in &from.group.0 {
        put(format!("group.{}", key.get_ref()), None, None, Body::Group(group));
    }
    for (key, catalog) in &from.catalog.0 {
        let home = format!("catalog.{}", key.get_ref());
        let at = put(home.clone(), None, None, Body::Catalog(catalog));
        for (key, delegation) in &catalog.delegation.0 {
            put(format!("{home}.delegation.{}", key.get_ref()), at, None, Body::Delegation(delegation));
        }
        for (key, resource) in &catalog.resource.0 {
            put(format!("{home}.resource.{}", key.get_ref()), at, None, Body::Resource(resource));
        }
    }
    for (key, package) in &from.access_package.0 {
        let home = format!("access_package.{}", key.get_ref());
        let catalog = format!("catalog.{}", package.catalog.get_ref());
        let at = put(home.clone(), None, Some(catalog.clone()), Body::Package(package));
        for (resource, role) in &package.resource_roles.0 {
            let key = resource.get_ref();
            put(format!("{home}.role.{key}"), at, Some(format!("{catalog}.resource.{key}")), Body::Role(Role { resource, role }));
        }
        for (key, policy) in &package.policy.0 {
            put(format!("{home}.policy.{}", key.get_ref()), at, None, Body::Policy(policy));
        }
    }
}
