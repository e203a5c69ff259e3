//! The canonical JSON of a value: names sorted, no spaces, in one pass.
//!
//! In: anything that serde knows. Out: bytes. Invariant: they are those of [`serde_json::Value`], whose maps are sorted, without
//! a tree of it being built: names that come in order, as those of our tables do, stay where they were written, and only a map
//! whose names do not is put in order afterwards. A law holds the two to each other.

use serde::ser::{self, Error as _, Serialize, Serializer};
use serde_json::Error;
use std::borrow::Cow;
use std::ops::Range;

/// Appends the canonical JSON of a value.
///
/// # Errors
/// When `value` has a map whose keys are no texts.
pub(super) fn write(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
    value.serialize(Json { out })
}

/// Writes one value.
struct Json<'o> {
    out: &'o mut Vec<u8>,
}

/// Scalars are written as serde_json writes them.
macro_rules! as_serde_json {
    ($($name:ident: $of:ty,)*) => { $(fn $name(self, v: $of) -> Result<(), Error> { serde_json::to_writer(self.out, &v) })* };
}

impl<'o> Serializer for Json<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'o>;
    type SerializeTuple = Items<'o>;
    type SerializeTupleStruct = Items<'o>;
    type SerializeTupleVariant = Items<'o>;
    type SerializeMap = Entries<'o>;
    type SerializeStruct = Entries<'o>;
    type SerializeStructVariant = Entries<'o>;

    as_serde_json! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64,
        serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        tag(self.out, variant)?;
        write(self.out, value)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'o>, Error> {
        Ok(Items::begin(self.out, b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'o>, Error> {
        Ok(Items::begin(self.out, b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'o>, Error> {
        Ok(Items::begin(self.out, b"]"))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Items<'o>, Error> {
        tag(self.out, variant)?;
        Ok(Items::begin(self.out, b"]}"))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Entries<'o>, Error> {
        Ok(Entries::begin(self.out, length.unwrap_or(0), b"}"))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Entries<'o>, Error> {
        Ok(Entries::begin(self.out, length, b"}"))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, length: usize) -> Result<Entries<'o>, Error> {
        tag(self.out, variant)?;
        Ok(Entries::begin(self.out, length, b"}}"))
    }
}

/// `{"variant":`, whose brace the value's end closes.
fn tag(out: &mut Vec<u8>, variant: &str) -> Result<(), Error> {
    out.push(b'{');
    serde_json::to_writer(&mut *out, variant)?;
    out.push(b':');
    Ok(())
}

/// The members of a list.
struct Items<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
    end: &'static [u8],
}

impl<'o> Items<'o> {
    fn begin(out: &'o mut Vec<u8>, end: &'static [u8]) -> Items<'o> {
        out.push(b'[');
        Items { out, first: true, end }
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        write(self.out, value)
    }

    fn close(self) -> Result<(), Error> {
        self.out.extend_from_slice(self.end);
        Ok(())
    }
}

/// One of serde's four kinds of lists.
macro_rules! lists {
    ($($kind:ident::$each:ident,)*) => { $(
        impl ser::$kind for Items<'_> {
            type Ok = ();
            type Error = Error;
            fn $each<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )* };
}

lists! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field, SerializeTupleVariant::serialize_field,
}

/// A name and its value, as written.
struct Entry {
    /// The name, without its quotes.
    name: Range<usize>,
    /// From the quote of the name to the end of the value.
    whole: Range<usize>,
}

/// The named members of a map.
struct Entries<'o> {
    out: &'o mut Vec<u8>,
    written: Vec<Entry>,
    /// Whether JSON escaped anything in a name: names of attributes have nothing to escape, and compare as they are written.
    escaped: bool,
    end: &'static [u8],
}

impl<'o> Entries<'o> {
    fn begin(out: &'o mut Vec<u8>, length: usize, end: &'static [u8]) -> Entries<'o> {
        out.push(b'{');
        Entries { out, written: Vec::with_capacity(length), escaped: false, end }
    }

    fn name(&mut self, name: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if !self.written.is_empty() {
            self.out.push(b',');
        }
        let start = self.out.len();
        serde_json::to_writer(&mut *self.out, name)?;
        let end = self.out.len();
        if self.out.get(start) != Some(&b'"') {
            return Err(Error::custom("a name is a text"));
        }
        let name = start.saturating_add(1)..end.saturating_sub(1);
        self.escaped |= self.out.get(name.clone()).unwrap_or_default().contains(&b'\\');
        self.written.push(Entry { name, whole: start..end });
        self.out.push(b':');
        Ok(())
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        write(self.out, value)?;
        if let Some(last) = self.written.last_mut() {
            last.whole.end = self.out.len();
        }
        Ok(())
    }

    fn close(mut self) -> Result<(), Error> {
        let bytes = &*self.out;
        let written = |entry: &Entry| bytes.get(entry.name.clone()).unwrap_or_default();
        let before = |a: &Entry, b: &Entry| match self.escaped {
            false => written(a).cmp(written(b)),
            true => unescaped(written(a)).cmp(&unescaped(written(b))),
        };
        if !self.written.is_sorted_by(|a, b| before(a, b).is_lt()) {
            self.written.sort_by(before);
            let mut sorted = Vec::with_capacity(bytes.len());
            let first = self.written.iter().map(|e| e.whole.start).min().unwrap_or(bytes.len());
            for (i, entry) in self.written.iter().enumerate() {
                if i > 0 {
                    sorted.push(b',');
                }
                sorted.extend_from_slice(bytes.get(entry.whole.clone()).unwrap_or_default());
            }
            self.out.truncate(first);
            self.out.append(&mut sorted);
        }
        self.out.extend_from_slice(self.end);
        Ok(())
    }
}

/// A name as it was before JSON escaped it.
fn unescaped(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'\\') {
        return Cow::Borrowed(name);
    }
    let quoted = [b"\"", name, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or(Cow::Borrowed(name), |text| Cow::Owned(text.into_bytes()))
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.name(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// One of serde's two kinds of things with named fields.
macro_rules! fields {
    ($($kind:ident)*) => { $(
        impl ser::$kind for Entries<'_> {
            type Ok = ();
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.name(key)?;
                self.value(value)
            }
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )* };
}

fields! { SerializeStruct SerializeStructVariant }

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    #[serde(tag = "event")]
    enum Tagged {
        #[serde(rename = "made")]
        Made { zone: String, at: Option<u64>, inner: Box<Plain> },
    }

    #[derive(Serialize)]
    enum Plain {
        Unit,
        New(BTreeMap<String, Value>),
        Two(u8, String),
        Named { b: Vec<String>, a: f64 },
    }

    fn same(value: &impl Serialize) {
        let mut bytes = Vec::new();
        write(&mut bytes, value).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_value(value).unwrap().to_string());
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\x00-\\u{2fff}\"\\\\]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map("[\\x00-\\x7f]{0,4}", inner, 0..6).prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    /// A map whose names come in any order.
    struct Shuffled(Vec<(String, Value)>);

    impl Serialize for Shuffled {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
        }
    }

    proptest! {
        #[test]
        fn as_through_a_tree(value in tree(), names in proptest::collection::hash_map("[\\x00-\\x7f]{0,3}", tree(), 0..8), at in any::<Option<u64>>()) {
            same(&value);
            same(&Shuffled(names.clone().into_iter().collect()));
            let sorted: BTreeMap<String, Value> = names.into_iter().collect();
            same(&Tagged::Made { zone: value.to_string(), at, inner: Box::new(Plain::New(sorted)) });
        }
    }

    #[test]
    fn every_form_of_serde() {
        same(&(Plain::Unit, Plain::Two(1, "x".into()), Plain::Named { b: vec!["\u{1}\"".into()], a: 0.5 }, json!([]), (), 'c'));
        let keys: BTreeMap<u8, u8> = BTreeMap::from([(1, 2)]);
        assert!(write(&mut Vec::new(), &keys).is_err());
    }
}
