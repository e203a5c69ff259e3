//! A workspace of several catalogs as plain data, and edits of every sort, most of them sound.

use std::collections::BTreeMap;

/// Numbers that follow from a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }
}

/// The keys of an object, each with its value as text.
type Keys = BTreeMap<String, String>;

/// Files by name, each with its objects by header, and what else stands in it.
#[derive(Clone)]
pub struct World {
    files: BTreeMap<String, (BTreeMap<String, Keys>, String)>,
    settings: String,
}

const ORIGINS: [&str; 5] = ["application:crm", "group:g0", "group:g1", "group:g2", "sharepoint_site:site"];
const EXPIRATIONS: [&str; 4] = ["\"30d\"", "\"90d\"", "\"never\"", "2031-05-01"];
const REQUESTORS: [&str; 8] = [
    "\"none\"",
    "\"all_members\"",
    "[\"group:g0\"]",
    "[\"group:g1\", \"u1@contoso.example\"]",
    "\"all_external_users\"",
    "[\"connected_organization:fab\"]",
    "[\"group:nowhere\"]",
    "\"everybody\"",
];

fn keys(all: &[(&str, &str)]) -> Keys {
    all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl World {
    pub fn new(dice: &mut Dice) -> World {
        World::of(dice, 4)
    }

    /// One of so many catalogs.
    pub fn of(dice: &mut Dice, catalogs: usize) -> World {
        let mut world = World { files: BTreeMap::new(), settings: "[workspace]\nname = \"w\"\n".to_owned() };
        for n in 0..6 {
            world.put("directory.toml", &format!("user.\"u{n}@contoso.example\""), keys(&[("display_name", &format!("\"U{n}\""))]));
        }
        for n in 0..4 {
            let members = if n == 3 { "[\"group:g1\"]".to_owned() } else { format!("[\"u{n}@contoso.example\"]") };
            world.put("directory.toml", &format!("group.g{n}"), keys(&[("members", &members)]));
        }
        world.put("directory.toml", "application.crm", keys(&[("roles", "[\"Admin\", \"User\"]")]));
        world.put("directory.toml", "sharepoint_site.site", keys(&[("url", "\"https://contoso.sharepoint.example/sites/a\"")]));
        world.put("directory.toml", "connected_organization.fab", keys(&[("domains", "[\"fabrikam.example\"]")]));
        world.put("directory.toml", "delegation.root", keys(&[("role", "\"administrator\""), ("members", "[\"u0@contoso.example\"]")]));
        world.put("templates.toml", "template.policy.wide", keys(&[]));
        world.put("templates.toml", "template.policy.short", keys(&[("expiration", "\"7d\""), ("requestors", "\"none\"")]));
        for c in 0..catalogs {
            world.catalog(dice, c);
        }
        world.put("more.toml", "access_package.c0-p0.policy.more", keys(&[("requestors", "\"none\""), ("expiration", "\"60d\"")]));
        world
    }

    fn catalog(&mut self, dice: &mut Dice, c: usize) {
        let file = format!("c{c}.toml");
        self.put(&file, &format!("catalog.c{c}"), keys(&[("display_name", &format!("\"Catalog {c}\""))]));
        self.put(&file, &format!("catalog.c{c}.delegation.owners"), keys(&[("role", "\"catalog_owner\""), ("members", "[\"group:g0\"]")]));
        for (r, origin) in ["application:crm", "group:g2"].into_iter().enumerate() {
            self.put(&file, &format!("catalog.c{c}.resource.r{r}"), keys(&[("origin", &format!("\"{origin}\""))]));
        }
        let own = [("type", "\"application\""), ("origin", "\"erp\""), ("roles", "[\"Admin\", \"User\"]")];
        self.put(&file, &format!("catalog.c{c}.resource.r2"), keys(&own));
        for p in 0..3 {
            self.package(dice, &file, c, &format!("c{c}-p{p}"));
        }
    }

    fn package(&mut self, dice: &mut Dice, file: &str, c: usize, key: &str) {
        let mut package = keys(&[("catalog", &format!("\"c{c}\"")), ("resource_roles.r0", "\"User\"")]);
        if dice.below(2) == 0 {
            package.insert("resource_roles.r2".to_owned(), "[\"Admin\", \"User\"]".to_owned());
        }
        if dice.below(3) == 0 {
            package.insert("expiration".to_owned(), "\"45d\"".to_owned());
        }
        let inherits = package.contains_key("expiration");
        self.put(file, &format!("access_package.{key}"), package);
        let mut policy = keys(&[("requestors", "\"none\"")]);
        if dice.below(4) == 0 {
            policy = keys(&[("template", "\"short\"")]);
        } else if !inherits {
            policy.insert("expiration".to_owned(), "\"30d\"".to_owned());
        }
        self.put(file, &format!("access_package.{key}.policy.direct"), policy);
        let approval = "{ approvers = [\"u1@contoso.example\"], timeout = \"7d\" }";
        let open = keys(&[("requestors", "[\"group:g0\"]"), ("expiration", "\"30d\""), ("approval", approval)]);
        self.put(file, &format!("access_package.{key}.policy.open"), open);
        if dice.below(2) == 0 {
            let user = format!("[\"u{}@contoso.example\"]", dice.below(6));
            self.put(file, &format!("access_package.{key}.assignment.a"), keys(&[("policy", "\"direct\""), ("users", &user)]));
        }
    }

    fn put(&mut self, file: &str, header: &str, keys: Keys) {
        self.files.entry(file.to_owned()).or_default().0.insert(header.to_owned(), keys);
    }

    /// The same without a template that anything names.
    #[must_use]
    pub fn plain(mut self) -> World {
        for keys in self.files.values_mut().flat_map(|(objects, _)| objects.values_mut()) {
            if keys.remove("template").is_some() {
                keys.extend([("expiration", "\"30d\""), ("requestors", "\"none\"")].map(|(key, value)| (key.to_owned(), value.to_owned())));
            }
        }
        self
    }

    /// An object says something else.
    pub fn say(&mut self, file: &str, header: &str, key: &str, value: &str) {
        self.keys(&(file.to_owned(), header.to_owned())).insert(key.to_owned(), value.to_owned());
    }

    /// The files as they are written.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let object = |(header, keys): (&String, &Keys)| {
            let lines: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
            format!("[{header}]\n{lines}\n")
        };
        let text = |(objects, rest): &(BTreeMap<String, Keys>, String)| objects.iter().map(object).collect::<String>() + rest;
        let mut texts: BTreeMap<String, String> = self.files.iter().map(|(name, file)| (name.clone(), text(file))).collect();
        texts.insert("writ.toml".to_owned(), self.settings.clone());
        texts
    }

    /// Where the objects stand that a test takes.
    fn all(&self, which: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let of = |(file, (objects, _)): (&String, &(BTreeMap<String, Keys>, String))| {
            objects.keys().filter(|header| which(header)).map(|header| (file.clone(), header.clone())).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(of).collect()
    }

    fn one(&self, dice: &mut Dice, kind: &str) -> Option<(String, String)> {
        let all = self.all(|header| kind_of(header) == kind);
        (!all.is_empty()).then(|| all[dice.below(all.len())].clone())
    }

    fn keys(&mut self, (file, header): &(String, String)) -> &mut Keys {
        self.files.get_mut(file).unwrap().0.get_mut(header).unwrap()
    }

    /// Does one edit and says which.
    pub fn edit(&mut self, dice: &mut Dice) -> String {
        let kind = dice.of(&["policy", "policy", "access_package", "access_package", "resource", "delegation", "assignment", "catalog"]);
        match dice.below(40) {
            0..=9 => self.describe(dice, kind),
            10..=13 => self.edit_policy(dice),
            14..=18 => self.edit_package(dice),
            19..=20 => self.edit_resource(dice),
            21..=23 => self.edit_assignment(dice),
            24..=27 => self.add(dice),
            28..=31 => self.remove(dice, kind),
            32..=33 => self.carry(dice, kind),
            34..=35 => self.edit_file(dice),
            36 => self.edit_directory(dice),
            37 => self.edit_rare(dice),
            _ => self.rename(dice, kind),
        }
    }

    fn describe(&mut self, dice: &mut Dice, kind: &str) -> String {
        let Some(place) = self.one(dice, kind) else { return String::new() };
        let (key, value) = match (kind, dice.below(5)) {
            ("delegation", _) => ("members", dice.of(&["[\"group:g0\"]", "[\"group:g1\", \"u2@contoso.example\"]", "[\"group:g9\"]"])),
            ("assignment", _) => ("justification", dice.of(&["\"asked\"", "\"granted\""])),
            ("resource" | "access_package" | "policy", 0) => {
                ("display_name", dice.of(&["\"Same\"", "\"sаme\"", "\"Other\"", "\"direct\"", "\"c0-p1\""]))
            }
            ("catalog", 0) => ("display_name", dice.of(&["\"Catalog 1\"", "\"New name\""])),
            ("catalog", 1) => ("externally_visible", dice.of(&["true", "false"])),
            _ => ("description", dice.of(&["\"one\"", "\"two\"", "\"three\""])),
        };
        self.keys(&place).insert(key.to_owned(), value.to_owned());
        format!("{} says {key} = {value}", place.1)
    }

    fn edit_policy(&mut self, dice: &mut Dice) -> String {
        let Some(place) = self.one(dice, "policy") else { return String::new() };
        let keys = self.keys(&place);
        match dice.below(6) {
            0 => drop(keys.remove("expiration")),
            1 => drop(keys.insert("expiration".to_owned(), dice.of(&EXPIRATIONS).to_owned())),
            2 => drop(keys.insert("requestors".to_owned(), dice.of(&REQUESTORS).to_owned())),
            3 => {
                let who = dice.of(&["group:g1", "group:g2", "group:g3", "u2@contoso.example", "manager", "group:none"]);
                keys.insert("approval".to_owned(), format!("{{ approvers = [\"{who}\"], timeout = \"7d\" }}"));
            }
            4 => drop(keys.insert("template".to_owned(), dice.of(&["\"short\"", "\"long\""]).to_owned())),
            _ => drop(keys.insert("enabled".to_owned(), dice.of(&["true", "false"]).to_owned())),
        }
        format!("{} says {keys:?}", place.1)
    }

    fn edit_package(&mut self, dice: &mut Dice) -> String {
        let Some(place) = self.one(dice, "access_package") else { return String::new() };
        let other = self.one(dice, "access_package").unwrap().1.replace('.', ":");
        let keys = self.keys(&place);
        match dice.below(8) {
            0 => drop(keys.insert("hidden".to_owned(), dice.of(&["true", "false"]).to_owned())),
            1 => drop(keys.insert("incompatible_with".to_owned(), format!("[\"{other}\"]"))),
            2 => drop(keys.insert("incompatible_with".to_owned(), dice.of(&["[]", "[\"group:g1\"]", "[\"group:g3\"]"]).to_owned())),
            3 => drop(keys.remove("expiration")),
            4 => drop(keys.insert("expiration".to_owned(), dice.of(&EXPIRATIONS).to_owned())),
            5 => drop(keys.remove(dice.of(&["resource_roles.r0", "resource_roles.r1", "resource_roles.r2"]))),
            6 => {
                let (resource, role) =
                    (dice.of(&["r0", "r1", "r2"]), dice.of(&["\"User\"", "\"Admin\"", "\"Member\"", "[\"Admin\", \"User\"]"]));
                keys.insert(format!("resource_roles.{resource}"), role.to_owned());
            }
            _ => drop(keys.insert("resource_roles.r9".to_owned(), "\"User\"".to_owned())),
        }
        format!("{} says {keys:?}", place.1)
    }

    fn edit_resource(&mut self, dice: &mut Dice) -> String {
        let Some(place) = self.one(dice, "resource") else { return String::new() };
        let keys = self.keys(&place);
        if keys.contains_key("type") {
            match dice.below(2) {
                0 => {
                    keys.insert("roles".to_owned(), dice.of(&["[\"Admin\"]", "[\"Admin\", \"User\", \"Reader\"]", "[\"User\"]"]).to_owned())
                }
                _ => keys.insert("origin".to_owned(), dice.of(&["\"erp\"", "\"erp2\"", "\"crm\""]).to_owned()),
            };
        } else {
            keys.insert("origin".to_owned(), format!("\"{}\"", dice.of(&ORIGINS)));
        }
        format!("{} says {keys:?}", place.1)
    }

    fn edit_assignment(&mut self, dice: &mut Dice) -> String {
        let Some(place) = self.one(dice, "assignment") else { return String::new() };
        let user = dice.below(7);
        let keys = self.keys(&place);
        match dice.below(5) {
            0 => drop(keys.insert("users".to_owned(), format!("[\"u{user}@contoso.example\"]"))),
            1 => drop(keys.insert("users".to_owned(), format!("[\"u{user}@contoso.example\", \"u0@contoso.example\"]"))),
            2 => drop(keys.insert("end".to_owned(), dice.of(&["2026-11-20", "2026-01-01", "2030-01-01"]).to_owned())),
            3 => drop(keys.remove("end")),
            _ => drop(keys.insert("policy".to_owned(), dice.of(&["\"direct\"", "\"open\"", "\"gone\""]).to_owned())),
        }
        format!("{} says {keys:?}", place.1)
    }

    fn add(&mut self, dice: &mut Dice) -> String {
        let Some((file, package)) = self.one(dice, "access_package") else { return String::new() };
        let file = if dice.below(4) == 0 { "new.toml".to_owned() } else { file };
        let n = dice.below(4);
        match dice.below(5) {
            0 => {
                let header = format!("{package}.policy.n{n}");
                self.put(&file, &header, keys(&[("requestors", "\"none\""), ("expiration", dice.of(&EXPIRATIONS))]));
                format!("new {header} in {file}")
            }
            1 => {
                let header = format!("{package}.assignment.n{n}");
                let user = format!("[\"u{}@contoso.example\"]", dice.below(6));
                self.put(&file, &header, keys(&[("policy", "\"direct\""), ("users", &user)]));
                format!("new {header} in {file}")
            }
            2 => {
                let c = dice.below(4);
                self.package(dice, &file, c, &format!("c{c}-n{n}"));
                format!("new access_package.c{c}-n{n} in {file}")
            }
            3 => {
                let header = format!("catalog.c{}.resource.n{n}", dice.below(4));
                let origin = format!("\"{}\"", dice.of(&ORIGINS));
                self.put(&file, &header, keys(&[("origin", &origin)]));
                format!("new {header} in {file}")
            }
            _ => {
                let header = format!("catalog.c{}.delegation.n{n}", dice.below(4));
                self.put(&file, &header, keys(&[("role", "\"catalog_reader\""), ("members", "[\"group:g1\"]")]));
                format!("new {header} in {file}")
            }
        }
    }

    fn remove(&mut self, dice: &mut Dice, kind: &str) -> String {
        let Some((file, header)) = self.one(dice, kind) else { return String::new() };
        let below = dice.below(3) > 0;
        let objects = &mut self.files.get_mut(&file).unwrap().0;
        objects.retain(|other, _| *other != header && !(below && other.starts_with(&format!("{header}."))));
        format!("no {header}")
    }

    /// Into another file, or into that as well.
    fn carry(&mut self, dice: &mut Dice, kind: &str) -> String {
        let Some((file, header)) = self.one(dice, kind) else { return String::new() };
        let names: Vec<String> = self.files.keys().cloned().collect();
        let to = names[dice.below(names.len())].clone();
        let keys = self.files[&file].0[&header].clone();
        if dice.below(4) > 0 {
            self.files.get_mut(&file).unwrap().0.remove(&header);
        }
        self.put(&to, &header, keys);
        format!("{header} stands in {to}")
    }

    fn rename(&mut self, dice: &mut Dice, kind: &str) -> String {
        let Some((file, header)) = self.one(dice, kind) else { return String::new() };
        let new = format!("{header}x");
        let objects = std::mem::take(&mut self.files.get_mut(&file).unwrap().0);
        let renamed = |(other, keys): (String, Keys)| {
            let rest = other.strip_prefix(&header).filter(|rest| rest.is_empty() || rest.starts_with('.'));
            (rest.map_or(other.clone(), |rest| format!("{new}{rest}")), keys)
        };
        self.files.get_mut(&file).unwrap().0 = objects.into_iter().map(renamed).collect();
        format!("{header} is {new}")
    }

    fn edit_file(&mut self, dice: &mut Dice) -> String {
        let names: Vec<String> = self.files.keys().cloned().collect();
        let name = names[dice.below(names.len())].clone();
        match dice.below(4) {
            0 => {
                let file = self.files.remove(&name).unwrap();
                self.files.insert(format!("a-{name}"), file);
                format!("{name} is a-{name}")
            }
            1 => {
                self.files.remove(&name);
                format!("no {name}")
            }
            2 => {
                self.files.get_mut(&name).unwrap().1.push_str("# more\n");
                format!("a comment in {name}")
            }
            _ => {
                let rest = &mut self.files.get_mut(&name).unwrap().1;
                *rest = dice
                    .of(&["", "nonsense", "[catalog.z]\nwhat = 1\n", "[[moved]]\nfrom = \"catalog.c0\"\nto = \"catalog.k\"\n"])
                    .to_owned();
                format!("{rest:?} in {name}")
            }
        }
    }

    fn edit_directory(&mut self, dice: &mut Dice) -> String {
        let kind = dice.of(&["group", "user", "application"]);
        let Some(place) = self.one(dice, kind) else { return String::new() };
        let value = match kind {
            "group" => ("members", dice.of(&["[\"group:g2\"]", "[\"u5@contoso.example\"]", "[]"])),
            "user" => ("enabled", dice.of(&["true", "false"])),
            _ => ("roles", dice.of(&["[\"Admin\"]", "[\"Admin\", \"User\"]"])),
        };
        self.keys(&place).insert(value.0.to_owned(), value.1.to_owned());
        format!("{} says {value:?}", place.1)
    }

    fn edit_rare(&mut self, dice: &mut Dice) -> String {
        match dice.below(4) {
            0 => {
                let limits = dice.of(&["", "[limits]\nmax_deletes = 1\n", "[defaults]\nexpiration = \"20d\"\n"]);
                self.settings = format!("[workspace]\nname = \"w\"\n{limits}");
                format!("writ.toml has {limits:?}")
            }
            1 => {
                let value = dice.of(&["\"8d\"", "\"9d\""]);
                self.put("templates.toml", "template.policy.short", keys(&[("expiration", value), ("requestors", "\"none\"")]));
                format!("the template says {value}")
            }
            2 => {
                let Some(place) = self.one(dice, "access_package") else { return String::new() };
                self.keys(&place).insert("prevent_destroy".to_owned(), "true".to_owned());
                format!("{} is protected", place.1)
            }
            _ => {
                let c = 4 + dice.below(2);
                self.catalog(dice, c);
                format!("another catalog, c{c}")
            }
        }
    }
}

/// The word before the last key.
fn kind_of(header: &str) -> &str {
    header.rsplit('.').find(|word| is_kind(word)).filter(|_| !header.starts_with("template")).unwrap_or("")
}

fn is_kind(word: &str) -> bool {
    ["user", "group", "application", "catalog", "resource", "delegation", "access_package", "policy", "assignment"].contains(&word)
}
