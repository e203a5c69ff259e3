//! Digests over canonical bytes: JSON with sorted names, no spaces, sets sorted.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{fmt, io};

/// A SHA-256 as it is, for who keeps many or compares them.
pub type Raw = [u8; 32];

/// The SHA-256 of these bytes.
#[must_use]
pub fn raw(bytes: &[u8]) -> Raw {
    Sha256::digest(bytes).into()
}

/// A SHA-256 in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Digest {
        hex(raw(bytes))
    }

    /// Whether a text is the digest of these bytes, without another one being made.
    #[must_use]
    pub fn is(text: &str, bytes: &[u8]) -> bool {
        digits(raw(bytes)) == text.as_bytes()
    }

    /// The digest of these 32 bytes.
    #[must_use]
    pub fn of_raw(raw: &Raw) -> Digest {
        hex(*raw)
    }

    /// As read from a store or a plan file; it is compared, never trusted.
    #[must_use]
    pub fn from_hex(text: impl Into<String>) -> Digest {
        Digest(text.into())
    }

    /// All 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The six digits that people are shown.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..6).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A digest of bytes that come one after the other.
#[derive(Debug, Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of all of them.
    #[must_use]
    pub fn digest(&self) -> Digest {
        hex(self.raw())
    }

    /// Of all of them, as it is.
    #[must_use]
    pub fn raw(&self) -> Raw {
        self.0.clone().finalize().into()
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(bytes: [u8; 32]) -> Digest {
    Digest(String::from_utf8(digits(bytes).to_vec()).unwrap_or_default())
}

/// By arithmetic rather than from a table, so that the compiler makes many digits at once.
fn digits(bytes: [u8; 32]) -> [u8; 64] {
    let digit = |n: u8| n.wrapping_add(if n < 10 { b'0' } else { b'a' - 10 });
    let mut digits = [0; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    digits
}

/// The canonical JSON of a value: names sorted, no spaces.
///
/// # Panics
/// When `value` has a map whose keys are no texts, which no type of ours has.
#[must_use]
pub fn canonical(value: &(impl Serialize + ?Sized)) -> String {
    let mut out = String::with_capacity(256);
    canonical_into(&mut out, value);
    out
}

/// As [`canonical()`], in place of what `out` held: for who makes many, one after the other.
///
/// # Panics
/// As [`canonical()`].
pub fn canonical_into(out: &mut String, value: &(impl Serialize + ?Sized)) {
    let mut bytes = std::mem::take(out).into_bytes();
    bytes.clear();
    let done = super::canonical::write(&mut bytes, value).map_err(|e| e.to_string());
    match done.and_then(|()| String::from_utf8(bytes).map_err(|e| e.to_string())) {
        Ok(text) => *out = text,
        Err(error) => unreachable!("a value of ours has no JSON form: {error}"),
    }
}

/// The digest of the canonical JSON.
#[must_use]
pub fn digest_of(value: &(impl Serialize + ?Sized)) -> Digest {
    Digest::of(canonical(value).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        #[derive(Serialize)]
        struct Unsorted {
            b: u8,
            a: u8,
        }
        assert_eq!(canonical(&Unsorted { b: 1, a: 2 }), r#"{"a":2,"b":1}"#);
    }

    #[test]
    fn digest_is_sha256() {
        assert_eq!(Digest::of(b"abc").short(), "ba7816");
        assert_eq!(Digest::of(b"").as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(Digest::is(Digest::of(b"abc").as_str(), b"abc"));
        for other in [Digest::of(b"").as_str(), "", "ba7816", &Digest::of(b"abc").as_str().to_uppercase()] {
            assert!(!Digest::is(other, b"abc"), "{other}");
        }
        let mut hasher = Hasher::default();
        [&b"a"[..], b"", b"bc"].into_iter().for_each(|part| hasher.update(part));
        assert_eq!(hasher.digest(), Digest::of(b"abc"));
    }
}
