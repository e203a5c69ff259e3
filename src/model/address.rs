//! An object's address is its TOML path.

use std::hash::{Hash, Hasher};
use std::{cmp::Ordering, fmt, sync::Arc};

/// `access_package.campaign.policy.employees`, `user."ann@contoso.example"`: kind words and keys in turn.
///
/// Ordered segment by segment, so that children follow their parent.
#[derive(Clone)]
pub struct Address {
    text: Arc<str>,
    /// Where the text of its parent ends; 0 for an address at the top.
    parent: u32,
    /// Where the word of its kind ends.
    kind: u32,
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAddress(pub String);

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an address such as `catalog.marketing` or `user.\"ann@contoso.example\"`", self.0)
    }
}

impl std::error::Error for BadAddress {}

/// Lower-case letters, digits, `-` and `_`, starting with a letter or digit, 64 at most.
#[must_use]
pub fn is_key(text: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= 64 && text.bytes().next().is_some_and(ok) && text.bytes().all(|b| ok(b) || b == b'-' || b == b'_')
}

/// A user principal name in lower case: one `@` with something on both sides, no space, quote, backslash or control
/// character, 256 bytes at most.
#[must_use]
pub fn is_user_key(text: &str) -> bool {
    let mut parts = text.split('@');
    let full = |part: Option<&str>| part.is_some_and(|p| !p.is_empty());
    text.len() <= 256
        && full(parts.next())
        && full(parts.next())
        && parts.next().is_none()
        && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\') && !b.is_ascii_uppercase())
}

impl Address {
    /// The address of a top-level object.
    #[must_use]
    pub fn root(kind: &str, key: &str) -> Address {
        Address::joined("", kind, key)
    }

    /// The address of a child.
    #[must_use]
    pub fn child(&self, kind: &str, key: &str) -> Address {
        Address::joined(&self.text, kind, key)
    }

    /// The address of a child of what has the address `parent`.
    #[must_use]
    pub fn below(parent: &str, kind: &str, key: &str) -> Address {
        Address::joined(parent, kind, key)
    }

    fn joined(parent: &str, kind: &str, key: &str) -> Address {
        let mut text = String::with_capacity(parent.len().saturating_add(kind.len()).saturating_add(key.len()).saturating_add(4));
        text.push_str(parent);
        Address::push(&mut text, kind, key);
        let start = if parent.is_empty() { 0 } else { parent.len().saturating_add(1) };
        Address { text: text.into(), parent: offset(parent.len()), kind: offset(start.saturating_add(kind.len())) }
    }

    /// Makes the text of an address that of a child of it; of no text, that of one at the top.
    pub fn push(text: &mut String, kind: &str, key: &str) {
        let dot = if text.is_empty() { "" } else { "." };
        let quote = if is_key(key) { "" } else { "\"" };
        for part in [dot, kind, ".", quote, key, quote] {
            text.push_str(part);
        }
    }

    /// An address whose text is known to be one.
    fn of(text: Arc<str>) -> Address {
        let (parent, kind) = {
            let head = match text.strip_suffix('"') {
                Some(body) => body.rfind('"').unwrap_or(0).saturating_sub(1),
                None => text.rfind('.').unwrap_or(0),
            };
            (text.get(..head).and_then(|h| h.rfind('.')).unwrap_or(0), head)
        };
        Address { text, parent: offset(parent), kind: offset(kind) }
    }

    /// Reads what [`fmt::Display`] prints; a bare user principal name stands for that user, as on the command line.
    ///
    /// # Errors
    /// When words and keys do not alternate, or a key has a form that no kind allows. Whether the kind exists is not
    /// decided here.
    pub fn parse(text: &str) -> Result<Address, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        let lower = text.to_ascii_lowercase();
        if !text.contains('"') && is_user_key(&lower) {
            let key = lower.strip_prefix("user.").filter(|_| text.starts_with("user.")).unwrap_or(&lower);
            return Ok(Address::root("user", key));
        }
        let mut rest = text;
        let mut address: Option<Address> = None;
        loop {
            let (kind, after) = rest.split_once('.').ok_or_else(bad)?;
            if !is_key(kind) {
                return Err(bad());
            }
            let (key, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').ok_or_else(bad)?,
                None => after.split_at(after.find('.').unwrap_or(after.len())),
            };
            let key = key.to_ascii_lowercase();
            if !(is_key(&key) || is_user_key(&key)) {
                return Err(bad());
            }
            let next = match &address {
                Some(parent) => parent.child(kind, &key),
                None => Address::root(kind, &key),
            };
            if after.is_empty() {
                return Ok(next);
            }
            rest = after.strip_prefix('.').ok_or_else(bad)?;
            address = Some(next);
        }
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text of what it stands in; empty for an address at the top.
    #[must_use]
    pub fn parent_text(&self) -> &str {
        self.text.get(..self.parent as usize).unwrap_or("")
    }

    /// The word of its kind: `policy`.
    #[must_use]
    pub fn kind(&self) -> &str {
        let start = if self.parent == 0 { 0 } else { (self.parent as usize).saturating_add(1) };
        self.text.get(start..self.kind as usize).unwrap_or("")
    }

    /// Its own key: `employees`, `ann@contoso.example`.
    #[must_use]
    pub fn key(&self) -> &str {
        let key = self.text.get((self.kind as usize).saturating_add(1)..).unwrap_or("");
        key.strip_prefix('"').and_then(|k| k.strip_suffix('"')).unwrap_or(key)
    }

    /// The object it stands in, if any.
    #[must_use]
    pub fn parent(&self) -> Option<Address> {
        (self.parent > 0).then(|| Address::of(self.parent_text().into()))
    }

    /// Itself and what it stands in, from the inside out.
    pub fn lineage(&self) -> impl Iterator<Item = Address> {
        std::iter::successors(Some(self.clone()), Address::parent)
    }

    /// The kind at its top.
    #[must_use]
    pub fn root_kind(&self) -> &str {
        self.text.split_once('.').map_or(&*self.text, |(kind, _)| kind)
    }

    /// Whether it is `other` or stands below it.
    #[must_use]
    pub fn is_within(&self, other: &Address) -> bool {
        self.text.strip_prefix(&*other.text).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// The same address after `from` became `to`.
    #[must_use]
    pub fn rebase(&self, from: &Address, to: &Address) -> Option<Address> {
        let rest = self.text.strip_prefix(&*from.text)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| Address::of(format!("{}{rest}", to.text).into()))
    }

    /// Those of some addresses whose parents are not among them. They come in order, in which all that stands in an object follows
    /// it at once, so that one look at each is enough.
    pub fn without_parents<'a>(all: impl IntoIterator<Item = &'a Address>) -> impl Iterator<Item = &'a Address> {
        let mut above: Vec<&Address> = Vec::new();
        all.into_iter().filter(move |address| {
            while above.pop_if(|a| !address.is_within(a)).is_some() {}
            let is_there = above.last().map_or("", |a| a.as_str()) == address.parent_text();
            above.push(*address);
            !is_there
        })
    }

    /// The address that was probably meant: of the same kind, in the same place, with a key that is near.
    #[must_use]
    pub fn nearest<'a>(&self, known: impl Iterator<Item = &'a Address>) -> Option<&'a Address> {
        let siblings: Vec<&Address> = known.filter(|a| a.parent_text() == self.parent_text() && a.kind() == self.kind()).collect();
        let near = crate::diag::suggest(self.key(), siblings.iter().map(|a| a.key()))?;
        siblings.into_iter().find(|a| a.key() == near)
    }

    /// The reference that names it where the kind is not fixed: `group:leads`, `ann@contoso.example`.
    #[must_use]
    pub fn reference(&self) -> String {
        let key = self.key();
        if key.contains('@') { key.to_owned() } else { format!("{}:{key}", self.kind()) }
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let text = String::deserialize(deserializer)?;
        Address::parse(&text).map_err(|_| serde::de::Error::custom("no address"))
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An address is never longer than a file may be.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl PartialEq for Address {
    fn eq(&self, other: &Address) -> bool {
        Arc::ptr_eq(&self.text, &other.text) || self.text == other.text
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Address) -> Ordering {
        self.cmp_text(&other.text)
    }
}

impl Address {
    /// As [`Ord`], beside the text of another address.
    #[must_use]
    pub fn cmp_text(&self, other: &str) -> Ordering {
        // A dot sorts before every character of a key: `catalog.a.delegation.x` before `catalog.a-b`.
        let rank = |b: u8| if b == b'.' { 0 } else { b };
        let (mine, theirs) = (self.text.as_bytes(), other.as_bytes());
        // Most have the same beginning, which is passed over eight bytes at a time: the lowest byte of such a number is the first.
        let ((words, _), (other_words, _)) = (mine.as_chunks::<8>(), theirs.as_chunks::<8>());
        for (a, b) in words.iter().zip(other_words) {
            let (a, b) = (u64::from_le_bytes(*a), u64::from_le_bytes(*b));
            if a != b {
                let bits = (a ^ b).trailing_zeros() & !7;
                let at = |word: u64| word.wrapping_shr(bits).to_le_bytes().first().copied().map(rank);
                return at(a).cmp(&at(b));
            }
        }
        let same = words.len().min(other_words.len()).saturating_mul(8);
        let (mine, theirs) = (mine.get(same..).unwrap_or_default(), theirs.get(same..).unwrap_or_default());
        let differs = mine.iter().zip(theirs).find(|(a, b)| a != b);
        differs.map_or_else(|| mine.len().cmp(&theirs.len()), |(a, b)| rank(*a).cmp(&rank(*b)))
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Address) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_address() {
        let a = Address::root("access_package", "campaign").child("policy", "employees");
        assert_eq!(a.as_str(), "access_package.campaign.policy.employees");
        assert_eq!((a.kind(), a.key()), ("policy", "employees"));
        assert_eq!(a.parent().unwrap().as_str(), "access_package.campaign");
        assert_eq!(a.parent().unwrap().parent(), None);
        let u = Address::root("user", "ann.b@contoso.example");
        assert_eq!(u.as_str(), "user.\"ann.b@contoso.example\"");
        assert_eq!((u.kind(), u.key(), u.parent()), ("user", "ann.b@contoso.example", None));
        assert_eq!(u.reference(), "ann.b@contoso.example");
    }

    #[test]
    fn reads_what_it_prints_and_a_bare_user() {
        for text in ["catalog.a", "user.\"a@b.example\"", "access_package.x.policy.y"] {
            assert_eq!(Address::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Address::parse("Ann@B.example").unwrap().as_str(), "user.\"ann@b.example\"");
        for text in ["", "catalog", "catalog.", "catalog.a.", "catalog.a.policy", ".a", "catalog..a", "user.\"a@b"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn children_follow_their_parent() {
        let mut all: Vec<Address> =
            ["catalog.a-b", "catalog.a.delegation.x", "catalog.a", "catalog.b"].map(|t| Address::parse(t).unwrap()).into();
        all.sort();
        let texts: Vec<&str> = all.iter().map(Address::as_str).collect();
        assert_eq!(texts, ["catalog.a", "catalog.a.delegation.x", "catalog.a-b", "catalog.b"]);
    }

    #[test]
    fn the_order_is_that_of_bytes_with_the_dot_before_all() {
        let plain = |a: &Address| a.as_str().replace('.', "\0").into_bytes();
        let keys = ["a", "a-b", "a_b", "ab", "a0", "abcdefg", "abcdefgh", "abcdefghi", "abcdefgh-i", "abcdefghijklmnop-q", "z"];
        let mut all: Vec<Address> = keys.iter().map(|key| Address::root("catalog", key)).collect();
        all.extend(all.clone().iter().flat_map(|a| keys.map(|key| a.child("resource", key))));
        all.extend(["ann@b.example", "ann.b@b.example"].map(|key| Address::root("user", key)));
        for a in &all {
            for b in &all {
                assert_eq!(a.cmp(b), plain(a).cmp(&plain(b)), "{a} {b}");
            }
        }
    }

    #[test]
    fn who_stands_in_nothing_is_found() {
        let texts = ["catalog.a", "catalog.a.resource.x", "catalog.a-b.resource.x", "catalog.b", "catalog.c.resource.x", "group.a"];
        let mut all: Vec<Address> = texts.map(|t| Address::parse(t).unwrap()).into();
        all.sort();
        let alone: Vec<&str> = Address::without_parents(&all).map(Address::as_str).collect();
        assert_eq!(alone, ["catalog.a-b.resource.x", "catalog.c.resource.x"]);
    }

    #[test]
    fn rebases_only_whole_segments() {
        let at = |t| Address::parse(t).unwrap();
        assert_eq!(at("catalog.a.resource.x").rebase(&at("catalog.a"), &at("catalog.b")), Some(at("catalog.b.resource.x")));
        assert_eq!(at("catalog.ab").rebase(&at("catalog.a"), &at("catalog.b")), None);
    }
}
