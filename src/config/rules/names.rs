//! Display names that people choose by are unique: among catalogs (R102), among the packages of a catalog, among the
//! policies of a package. Nor do they look like one another.

use crate::config::{World, finding};
use crate::diag::{Code, Diagnostic, Diagnostics, codes};
use crate::kinds::access_package::{self, Package};
use crate::kinds::{self, catalog, display_name, policy};
use crate::model::Object;
use foldhash::{HashSet, fast::RandomState};
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use unicode_script::{Script, UnicodeScript};
use unicode_security::skeleton;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let named = NAMED.iter().flat_map(|kind| world.all(kind)).count();
    let builtins: Vec<Object> = kinds::builtins().into_iter().filter(|b| world.get(&b.address).is_none()).collect();
    let told = |object: &Object| world.get(&object.address).is_some() || kinds::is_builtin(&object.address);
    let mut taken = Firsts::new(named, |name| name.to_lowercase());
    let mut seen = Firsts::new(named, looks);
    for object in builtins.iter().chain(NAMED.iter().flat_map(|kind| world.known_first(kind))) {
        let Some((_, code, place)) = scope(object) else { continue };
        let (name, at) = display_name(object);
        let declared = world.declares(&object.address);
        let same = taken.first(object);
        if same.address != object.address {
            if declared {
                // That it is taken cannot be kept from who wants it; by what, can.
                let by = if told(same) { format!(" by `{}`", same.address) } else { String::new() };
                let message = format!("the display name `{name}` is taken {place}{by}");
                let help = "people tell them apart by their names: choose another";
                found.push(finding(code, object, at, message).related(display_name(same).1, "taken here").help(help));
            }
            continue;
        }
        let like = seen.first(object);
        if declared && like.address != object.address && told(like) {
            found.push(look_alike(object, like));
        }
    }
}

/// The first object of each name in each scope. Of an object its place in the table is kept and nothing else: what it is found by
/// is made again where two may be the same.
struct Firsts<'a> {
    objects: HashTable<&'a Object>,
    hasher: RandomState,
    /// What names that count as one have in common.
    form: fn(&str) -> String,
}

impl<'a> Firsts<'a> {
    fn new(named: usize, form: fn(&str) -> String) -> Firsts<'a> {
        Firsts { objects: HashTable::with_capacity(named), hasher: RandomState::default(), form }
    }

    /// The first object that counts as having this one's name; itself, where there was none before.
    fn first(&mut self, object: &'a Object) -> &'a Object {
        let Firsts { objects, hasher, form } = self;
        let key = |of: &'a Object| (scope(of).map(|(scope, ..)| scope), form(display_name(of).0));
        let own = key(object);
        objects.entry(hasher.hash_one(&own), |other| key(other) == own, |other| hasher.hash_one(key(other))).or_insert(object).get()
    }
}

/// Two names that an eye may take for each other: wrong across scripts, where nobody could tell, and a warning within one.
fn look_alike(object: &Object, first: &Object) -> Diagnostic {
    let ((name, at), (other, at_other)) = (display_name(object), display_name(first));
    let code = if scripts(name) == scripts(other) { &codes::W0416 } else { &codes::E0415 };
    let message = format!("the display name `{name}` looks like `{other}`, the name of `{}`", first.address);
    let (here, there) = differing(name, other);
    let help = format!("where they differ this has {here} and the other {there}: choose a name that reads otherwise");
    finding(code, object, at, message).related(at_other, "looks the same").help(help)
}

/// What an eye sees of a name: the prototypes of its characters, by Unicode's table of confusables.
fn looks(name: &str) -> String {
    static ASCII: LazyLock<Vec<String>> =
        LazyLock::new(|| (0..128u8).map(|b| skeleton(char::from(b).encode_utf8(&mut [0; 4])).collect()).collect());
    if name.is_ascii() {
        return name.bytes().filter_map(|b| ASCII.get(usize::from(b))).map(String::as_str).collect();
    }
    let joiners = ['\u{200c}', '\u{200d}'];
    skeleton(&name.replace(joiners, "")).collect()
}

fn scripts(name: &str) -> HashSet<Script> {
    name.chars().map(|c| c.script()).filter(|s| !matches!(s, Script::Common | Script::Inherited)).collect()
}

/// Where two names part, in code points: the first character that is another, of each.
fn differing(name: &str, other: &str) -> (String, String) {
    let shared = name.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let point =
        |text: &str| text.chars().nth(shared).map_or_else(|| "nothing more".to_owned(), |c| format!("`{c}` (U+{:04X})", u32::from(c)));
    (point(name), point(other))
}
/// What a display name is unique in: a kind, and the text of what its objects stand in.
type Scope<'a> = (&'a str, &'a str);

/// The kinds that have a [`scope`].
const NAMED: [&str; 3] = [catalog::KIND.name, access_package::KIND.name, policy::KIND.name];

/// Within what a display name is unique.
fn scope(object: &Object) -> Option<(Scope<'_>, &'static Code, &'static str)> {
    let kind = object.address.kind();
    match kind {
        "catalog" => Some(((kind, ""), &codes::R102, "among catalogs")),
        "policy" => Some(((kind, object.address.parent_text()), &codes::E0401, "in the package")),
        _ => Package::of(object).map(|p| ((kind, p.catalog_key()), &codes::E0401, "in the catalog")),
    }
}
