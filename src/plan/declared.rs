//! The digest of what the files declare, whatever their names and order.
//!
//! In: the settings and the objects. Out: `base.config_digest` of a plan.
//! Invariants: it is a digest of digests: objects fall into buckets by their addresses, a bucket's digest is of its objects' in the
//! order of their addresses, and the whole is of the settings and the buckets that hold any. So who knows the digests of a bucket's
//! objects can tell what one more, one less or another one makes of the whole, without the others.

use crate::config::AppliedSettings;
use crate::model::{Digest, Hasher, MANY_OBJECTS, Object, Raw, on_all, raw};

/// How many buckets there are.
pub const BUCKETS: usize = 4_096;

/// The start of the digest of an address, by which objects are told apart and put into buckets.
pub type Id = [u8; 16];

/// The id of an address.
#[must_use]
pub fn id(address: &str) -> Id {
    let whole = raw(address.as_bytes());
    let mut id = Id::default();
    id.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    id
}

/// The bucket of an id: its first twelve bits.
#[must_use]
pub fn bucket(id: &Id) -> usize {
    let [first, second, ..] = *id;
    usize::from(u16::from_be_bytes([first, second]) >> 4)
}

/// The digest of a bucket: of its objects' digests, in the order of their addresses.
#[must_use]
pub fn of_bucket<'a>(objects: impl IntoIterator<Item = &'a Raw>) -> Option<Raw> {
    let mut hasher = None;
    objects.into_iter().for_each(|said| hasher.get_or_insert_with(Hasher::default).update(said));
    hasher.map(|h: Hasher| h.raw())
}

/// The digest of the whole: of the settings, and of the buckets that hold any, in their order.
#[must_use]
pub fn of_buckets<'a>(settings: &AppliedSettings, buckets: impl IntoIterator<Item = (usize, &'a Raw)>) -> Digest {
    let mut hasher = Hasher::default();
    hasher.update(&raw(crate::model::canonical(settings).as_bytes()));
    for (number, said) in buckets {
        hasher.update(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(said);
    }
    hasher.digest()
}

/// What the files declare: the objects in the order of their addresses, each with its digest.
pub(super) fn config_digest<'a>(settings: &AppliedSettings, objects: impl IntoIterator<Item = (&'a Object, &'a Raw)>) -> Digest {
    let objects: Vec<(&Object, &Raw)> = objects.into_iter().collect();
    let numbers = on_all(&objects, MANY_OBJECTS, |(object, _)| bucket(&id(object.address.as_str())));
    let mut buckets: Vec<Option<Box<Hasher>>> = vec![None; BUCKETS];
    for ((_, said), number) in objects.into_iter().zip(numbers) {
        if let Some(bucket) = buckets.get_mut(number) {
            bucket.get_or_insert_default().update(said);
        }
    }
    let buckets: Vec<(usize, Raw)> = buckets.iter().enumerate().filter_map(|(n, b)| Some((n, b.as_ref()?.raw()))).collect();
    of_buckets(settings, buckets.iter().map(|(n, said)| (*n, said)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::digests;
    use crate::diag::Span;
    use crate::model::{Address, Table, Value};
    use std::collections::BTreeMap;

    fn group(key: &str, name: &str) -> Object {
        let mut attributes = Table::new();
        attributes.insert("display_name", Value::text(name, Span::NONE));
        Object { address: Address::root("group", key), attributes, at: Span::NONE }
    }

    fn whole(objects: &[Object]) -> Digest {
        let settings = AppliedSettings(serde_json::json!({}));
        let objects: BTreeMap<Address, Object> = objects.iter().map(|o| (o.address.clone(), o.clone())).collect();
        config_digest(&settings, objects.values().zip(&digests(&objects)))
    }

    #[test]
    fn every_object_counts_and_their_order_does_not() {
        let mut objects: Vec<Object> = (0..3_000).map(|n| group(&format!("g{n}"), "same")).collect();
        let first = whole(&objects);
        objects.reverse();
        assert_eq!(whole(&objects), first);
        let last = objects.pop().unwrap();
        assert_ne!(whole(&objects), first);
        objects.push(group(last.address.key(), "other"));
        assert_ne!(whole(&objects), first);
    }

    #[test]
    fn one_bucket_is_enough_to_tell_what_an_edit_makes_of_the_whole() {
        let settings = AppliedSettings(serde_json::json!({}));
        let mut objects: BTreeMap<Address, Object> =
            (0..9_000).map(|n| group(&format!("g{n}"), "same")).map(|o| (o.address.clone(), o)).collect();
        let mut members: BTreeMap<usize, BTreeMap<Address, Raw>> = BTreeMap::new();
        let place = |object: &Object| bucket(&id(object.address.as_str()));
        for object in objects.values() {
            members.entry(place(object)).or_default().insert(object.address.clone(), object.digest(&mut String::new()));
        }
        let mut buckets: BTreeMap<usize, Raw> = members.iter().map(|(n, m)| (*n, of_bucket(m.values()).unwrap())).collect();
        let edited = group("g77", "another");
        let members = members.get_mut(&place(&edited)).unwrap();
        members.insert(edited.address.clone(), edited.digest(&mut String::new()));
        buckets.insert(place(&edited), of_bucket(members.values()).unwrap());
        objects.insert(edited.address.clone(), edited);
        let known = of_buckets(&settings, buckets.iter().map(|(n, said)| (*n, said)));
        assert_eq!(known, config_digest(&settings, objects.values().zip(&digests(&objects))));
    }
}
