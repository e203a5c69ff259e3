//! What the fuzz targets do, each a function of bytes that panics when a promise is broken.
//!
//! They stand beside both who calls them: libFuzzer, and `cargo test --test corpus`, which gives them what libFuzzer found.

pub mod audit_export;
pub mod audit_verifier;
pub mod fmt;
pub mod plan_file;
pub mod plan_json;
mod plans;
pub mod renderers;
pub mod toml_to_model;

/// Bytes as a row of choices. What is missing at their end is zero, so that every input means something.
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub fn new(data: &'a [u8]) -> Choices<'a> {
        Choices(data)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        let high = if n > 256 { self.byte() } else { 0 };
        usize::from(u16::from_be_bytes([high, self.byte()])) % n
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Yes, once in so many times.
    pub fn one_in(&mut self, n: u8) -> bool {
        self.byte().is_multiple_of(n)
    }

    /// A text of up to 255 bytes.
    pub fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

/// Text that can be printed: nothing moves the cursor, reorders what stands around it, or colours, but for our own colours
/// where they are wanted.
pub fn assert_harmless(text: &str, colour: bool) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c != '\n' && (c.is_control() || reorders(c))) {
        let found = &rest[at..];
        let Some(sequence) = found.strip_prefix("\u{1b}[").filter(|_| colour) else { panic!("{:?} in {text:?}", found.chars().next()) };
        let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(sequence.len());
        assert!(sequence[end..].starts_with('m'), "a sequence that is no colour, in {text:?}");
        rest = &sequence[end..];
    }
}

fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// HTML in which nothing but our own tags stands: a browser runs one script of ours, paints with one style, and loads nothing.
pub fn assert_tagged(page: &str) {
    assert_harmless(page, false);
    let (head, rest) = page.split_once("<style>").expect("a style");
    let (_, rest) = rest.split_once("</style>").expect("its end");
    let (body, rest) = rest.rsplit_once("<script>").expect("a script");
    let (_, tail) = rest.split_once("</script>").expect("its end");
    let named = [
        "html", "head", "meta", "title", "body", "a", "header", "main", "footer", "section", "h1", "h2", "h3", "p", "bdi", "code", "span",
        "dl", "div", "dt", "dd", "ul", "li", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "label",
        "input", "select", "option", "fieldset", "legend", "button", "ins", "del", "pre", "wbr",
    ];
    let attributes = [
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "href=\"#steps\"",
        "aria-labelledby",
        "aria-label",
        "aria-hidden",
        "id",
        "scope",
        "open",
        "data-action",
        "data-kind",
        "data-people",
        "type",
        "value",
        "checked",
        "autocomplete",
        "spellcheck",
        "role",
        "hidden",
    ];
    for part in [head, body, tail] {
        for piece in part.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("a tag without an end: {piece:?}"));
            let tag = tag.trim_start_matches('/');
            let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(named.contains(&name) || name == "!DOCTYPE", "<{tag}> in {page}");
            while !rest.trim_start().is_empty() && name != "!DOCTYPE" {
                rest = rest.trim_start();
                assert!(attributes.iter().any(|a| rest.starts_with(a)), "{rest:?} of <{tag}> in {page}");
                let end = rest.find([' ', '=']).unwrap_or(rest.len());
                rest = match rest[end..].strip_prefix("=\"") {
                    Some(value) => value.split_once('"').expect("a quote that ends").1,
                    None => &rest[end..],
                };
            }
            assert!(!text.contains(['>', '"', '\'', '`']), "markup in {text:?} of {page}");
        }
    }
}

/// Markdown whose fences are all closed, with nothing outside them that draws, links or runs.
pub fn assert_fenced(markdown: &str) {
    assert_harmless(markdown, false);
    let mut fence: Option<usize> = None;
    for (number, line) in markdown.lines().enumerate() {
        let run = line.bytes().take_while(|b| *b == b'`').count();
        match fence {
            Some(open) if run >= open && line.len() == run => fence = None,
            Some(_) => {}
            None if run >= 3 => fence = Some(run),
            None if number == 0 => assert!(line.starts_with("<!-- ") && line.find("-->") == Some(line.len() - 3), "the mark in {markdown}"),
            None => assert_plain(line, markdown),
        }
    }
    assert_eq!(fence, None, "a fence is open at the end of {markdown}");
}

/// A line outside of fences: the only tags are ours.
fn assert_plain(line: &str, whole: &str) {
    let code = unescaped(&outside_code(line));
    let tags = code.replace("<details><summary>", "").replace("</summary>", "").replace("</details>", "");
    assert!(!tags.contains('<'), "a tag in {line:?} of {whole}");
    assert!(!code.contains("]("), "a link in {line:?} of {whole}");
}

/// A line without what is escaped.
fn unescaped(line: &str) -> String {
    let mut chars = line.chars();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
        } else {
            out.push(c);
        }
    }
    out
}

/// A line without its code spans.
fn outside_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        out.push_str(&rest[..at]);
        let run = rest[at..].bytes().take_while(|b| *b == b'`').count();
        let inside = &rest[at + run..];
        let close = inside.match_indices('`').map(|(i, _)| i).find(|i| {
            let run_here = inside[*i..].bytes().take_while(|b| *b == b'`').count();
            run_here == run && !inside[..*i].ends_with('`')
        });
        match close {
            Some(close) => rest = &inside[close + run..],
            None => {
                out.push_str(&rest[at..at + run]);
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out
}
