//! Bytes as a plan file: `writ show FILE` and `writ apply FILE` take it or say why not.

use super::{assert_harmless, plans};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match writ::plan::read(text) {
        Ok(saved) => plans::assert_shown(&saved),
        Err(why) => assert_harmless(&writ::view::paint::line(&why.to_string()), false),
    }
}
