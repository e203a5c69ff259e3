//! The frame of a page: what it may load (nothing), how it looks, what its script does; and the one way of a text into it.

use crate::model::raw;
use crate::view::paint::line;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The head of a page, up to its content. Whatever stands in it later, a browser runs and paints by nothing but the style and the
/// script that are here, told by their digests, and asks nobody for anything.
pub(super) fn head(title: &str) -> String {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE.as_bytes()),
        digest(SCRIPT.as_bytes())
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        text(title)
    )
}

/// The end of a page.
pub(super) fn foot() -> String {
    format!("<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

/// A text as it may stand between tags and in an attribute's quotes: what controls or reorders is shown as what it is, and what would be
/// markup is written out.
pub(super) fn text(text: &str) -> String {
    let text = line(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            c => out.push(c),
        }
    }
    out
}

/// The same in a typewriter's letters.
pub(super) fn code(of: &str) -> String {
    format!("<code>{}</code>", text(of))
}

/// A sentence of ours, in which names of others stand in backticks, if these pair.
pub(super) fn prose(sentence: &str) -> String {
    let parts: Vec<&str> = sentence.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return format!("<span class=\"theirs\">{}</span>", text(sentence));
    }
    let set = |(at, part): (usize, &&str)| if at.is_multiple_of(2) { text(part) } else { code(part) };
    parts.iter().enumerate().map(set).collect()
}

/// How a policy names an inline style or script.
fn digest(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("sha256-");
    for part in raw(bytes).chunks(3) {
        let three = part.iter().chain(&[0, 0]).take(3).fold(0_u32, |all, byte| (all << 8) | u32::from(*byte));
        for (at, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
            let letter = LETTERS.get(((three >> shift) & 63) as usize).filter(|_| at <= part.len());
            out.push(char::from(*letter.unwrap_or(&b'=')));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_as_browsers_spell_it() {
        // As `printf '' | openssl dgst -sha256 -binary | base64` says, and of `alert(1)` with the same.
        assert_eq!(digest(b""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(digest(b"alert(1)"), "sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=");
    }

    #[test]
    fn nothing_of_others_is_markup() {
        assert_eq!(
            text("<b a='x' c=\"y\">&amp;`\u{202e}\u{0}\n"),
            "&lt;b a=&#39;x&#39; c=&quot;y&quot;&gt;&amp;amp;&#96;\\u{202e}\\u{0}\\u{a}"
        );
        assert_eq!(prose("`a<` needs `b`"), "<code>a&lt;</code> needs <code>b</code>");
        assert_eq!(prose("a `b"), "<span class=\"theirs\">a &#96;b</span>");
    }

    #[test]
    fn the_style_and_the_script_end_where_they_end() {
        // Their text stands as it is, so nothing in it may look like its end.
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }
}
