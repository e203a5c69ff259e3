//! What stands in files: rows 1 to 6, 19 to 50, 55, 66, 70, 75 and 76.

use crate::case::{Case, case, text, within};

/// Two catalogs, the second of which is called so.
fn catalog(rows: &'static [usize], name: &'static str, code: i32, says: &'static str, display_name: &str) -> Case {
    named(rows, name, code, says, "Sales", display_name)
}

/// Two catalogs of these names, each as it is written in a TOML string.
fn named(rows: &'static [usize], name: &'static str, code: i32, says: &'static str, first: &str, second: &str) -> Case {
    let catalogs = format!("[catalog.a]\ndisplay_name = \"{first}\"\n\n[catalog.b]\ndisplay_name = \"{second}\"\n");
    text(rows, name, code, says, catalogs)
}

/// A policy with these lines in it.
fn policy(rows: &'static [usize], name: &'static str, code: i32, says: &'static str, lines: &str) -> Case {
    let head = "[user.\"ann@contoso.example\"]\n[catalog.a]\n[access_package.p]\ncatalog = \"a\"\n[access_package.p.policy.q]\n";
    text(rows, name, code, says, format!("{head}{lines}\n"))
}

/// An assignment with these lines in it.
fn assignment(rows: &'static [usize], name: &'static str, code: i32, says: &'static str, lines: &str) -> Case {
    let direct = "requestors = \"none\"\nexpiration = \"never\"\n[access_package.p.assignment.s]\npolicy = \"q\"\nusers = [\"ann@contoso.example\"]\n";
    policy(rows, name, code, says, &format!("{direct}{lines}"))
}

/// A user of this key.
fn user(rows: &'static [usize], name: &'static str, code: i32, says: &'static str, key: &str) -> Case {
    text(rows, name, code, says, format!("[user.\"{key}\"]\n"))
}

pub fn cases() -> Vec<Case> {
    [sizes(), syntax(), values(), names(), keys(), relations()].into_iter().flatten().collect()
}

fn sizes() -> Vec<Case> {
    let deep = |open: &str, close: &str| format!("[group.x]\na = {}1{}\n", open.repeat(81), close.repeat(81));
    let dots = |open: &str, close: &str| format!("{open}{}{close}", ["a"; 81].join("."));
    let times = |n: usize, one: &dyn Fn(usize) -> String| (0..n).map(one).collect::<String>();
    let too_deep = "too deep";
    vec![
        text(&[1], "81 lists in each other", 1, too_deep, deep("[", "]")),
        text(&[1], "81 inline tables in each other", 1, too_deep, deep("{a=", "}")),
        text(&[1], "a key of 81 parts", 1, too_deep, dots("", " = 1\n")),
        text(&[1], "a header of 81 parts", 1, too_deep, dots("[", "]\n")),
        text(&[1], "a header of an array of 81 parts", 1, too_deep, dots("[[", "]]\n")),
        within(64, &[2], "200,000 brackets, in 64 MiB", 1, too_deep, format!("a = {}", "[".repeat(200_000))),
        within(128, &[3], "9 MB of lists in a list, in 128 MiB", 1, "1,250,000", format!("a = [{}]\n", "[],".repeat(3_000_000))),
        within(
            64,
            &[4],
            "1 MiB of headers of 70 parts, in 64 MiB",
            1,
            "1,250,000",
            times(7_182, &|n| format!("[g{n}{}]\n", ".a".repeat(69))),
        ),
        within(
            64,
            &[5],
            "an error at the end of a line of 1 MiB, in 64 MiB",
            1,
            "expected `\"`",
            format!("a = \"{}\n", "x".repeat(1 << 20)),
        )
        .longest(400),
        within(128, &[6], "1,300,000 keys, in 128 MiB", 1, "1,250,000", times(1_300_000, &|n| format!("k{n}=1\n"))),
        within(128, &[6], "400,000 objects in one file, in 128 MiB", 1, "1,250,000", times(400_000, &|n| format!("[group.a{n}]\n"))),
        within(
            256,
            &[6],
            "30,000 unknown keys are not all told, in 256 MiB",
            1,
            "10000 errors",
            format!("[group.a]\n{}", times(30_000, &|n| format!("k{n}=1\n"))),
        )
        .longest(4_000_000),
    ]
}

fn syntax() -> Vec<Case> {
    vec![
        text(&[21], "a bare carriage return", 1, "E0001", "[group.a]\rdescription = \"x\"\n"),
        text(
            &[21],
            "mixed line ends and no last one",
            0,
            "The configuration is valid.",
            "[group.a]\r\ndisplay_name = \"A\"\n[group.b]\r\n[group.c]",
        ),
        case(&[21], "are not in canonical form", 3, "x.toml", |w| {
            w.write("x.toml", "[group.a]\r\ndisplay_name = \"A\"");
            w.run(&["fmt", "--check"])
        }),
        text(&[22], "a key twice", 1, "the key `display_name` is there already", "[group.a]\ndisplay_name = \"A\"\ndisplay_name = \"B\"\n"),
        text(&[22], "a table twice", 1, "declared twice", "[group.a]\n[group.b]\n[group.a]\n"),
        text(
            &[22],
            "a dotted key that opens a table again",
            1,
            "declared twice",
            "[group]\na.display_name = \"A\"\n[group.a]\nowners = []\n",
        ),
        text(&[33], "an override in a comment", 1, "U+202E", "# nothing \u{202e}drow\n[group.a]\n"),
        text(&[55], "a raw escape in the file, beside an error", 1, "E0004", "[group.a]\ndisplay_name = \"\u{1b}[2J\u{1b}]0;x\u{7}\n"),
        text(&[47], "a NUL in a text, escaped", 1, "U+0000", "[group.a]\ndisplay_name = \"a\\u0000b\"\n"),
        text(&[47], "a NUL in the file", 1, "U+0000", "[group.a]\ndisplay_name = \"a\0b\"\n"),
    ]
}

fn values() -> Vec<Case> {
    let none = "requestors = \"none\"\n";
    let expires = |value: &str| format!("{none}expiration = {value}");
    vec![
        policy(
            &[24],
            "a misspelt key",
            1,
            "did you mean `approval`?",
            "requestors = [\"ann@contoso.example\"]\nexpiration = \"30d\"\naproval = \"none\"",
        ),
        policy(
            &[24],
            "and the one of the list",
            1,
            "there is no key `approval_requird`",
            "requestors = [\"ann@contoso.example\"]\nexpiration = \"30d\"\napproval_requird = true",
        ),
        policy(
            &[25],
            "no approvers",
            1,
            "R39",
            "requestors = [\"ann@contoso.example\"]\nexpiration = \"30d\"\napproval = { approvers = [], timeout = \"14d\" }",
        ),
        policy(&[26], "a truth value in quotes", 1, "without quotes", &format!("{none}expiration = \"30d\"\nenabled = \"true\"")),
        policy(&[26], "a number for a truth value", 1, "E0009", &format!("{none}expiration = \"30d\"\nenabled = 1")),
        policy(&[26], "a number in quotes for a truth value", 1, "E0009", &format!("{none}expiration = \"30d\"\nenabled = \"1\"")),
        policy(&[27], "2^63 - 1 days", 1, "not a number", &expires("9223372036854775807")),
        policy(&[27], "2^63 - 1 days in a text", 1, "not a duration", &expires("\"9223372036854775807d\"")),
        policy(&[27], "so many digits", 1, "not a duration", &expires(&format!("\"{}d\"", "9".repeat(100_000)))).longest(1_500),
        policy(&[27], "below zero", 1, "not a duration", &expires("\"-1d\"")),
        policy(&[27], "nothing at all", 1, "R129", &expires("\"0d\"")),
        policy(&[27], "in another base", 1, "not a number", &expires("0x7fffffffffffffff")),
        policy(&[27], "with an underscore", 1, "not a number", &expires("1_0")),
        policy(&[27], "3,661 days", 1, "R129", &expires("\"3661d\"")),
        policy(&[27], "3,660 days", 0, "valid", &expires("\"3660d\"")),
        policy(&[28], "no number", 1, "with a fraction", &expires("nan")),
        policy(&[28], "no end", 1, "with a fraction", &expires("inf")),
        policy(&[28], "no sign", 1, "with a fraction", &expires("-0.0")),
        policy(&[28], "no power", 1, "with a fraction", &expires("1e308")),
        policy(&[28], "more than a number can say", 1, "with a fraction", &expires("1e400")),
        policy(&[29], "the year 0", 1, "1970 to 2199", &expires("0000-01-01")),
        policy(&[29], "the year 9999, with a leap second", 1, "E00", &expires("9999-12-31T23:59:60Z")),
        policy(&[29], "a leap second", 1, "E00", &expires("2030-12-31T23:59:60Z")),
        policy(&[29], "a day that is not", 1, "the day has to exist", &expires("2023-02-29")),
        policy(&[29], "an offset that is not", 1, "E0001", &expires("2030-01-01T00:00:00+99:99")),
        policy(&[29], "20 digits of a second", 1, "E00", &expires("2030-01-01T00:00:00.12345678901234567890Z")),
        policy(&[29], "a date-time of the workspace's zone", 0, "valid", &expires("2099-01-01T00:00:00")),
        assignment(&[30], "a start after the end", 1, "R52", "start = 2099-06-02\nend = 2099-06-01"),
        assignment(&[30], "a start that is the end", 1, "R52", "start = 2099-06-01T00:00:00Z\nend = 2099-06-01T00:00:00Z"),
        case(&[30], "an end in the past is a warning", 0, "W0413", |w| {
            w.write("x.toml", "[user.\"ann@contoso.example\"]\n[catalog.a]\n[access_package.p]\ncatalog = \"a\"\n[access_package.p.policy.q]\nrequestors = \"none\"\nexpiration = \"never\"\n[access_package.p.assignment.s]\npolicy = \"q\"\nusers = \"ann@contoso.example\"\nend = 2001-01-01\n");
            w.run(&["plan"])
        }),
    ]
}

fn names() -> Vec<Case> {
    let invisible = "without invisible characters";
    vec![
        catalog(&[32], "RLO in a name", 1, "U+202E", "a\\u202Eb"),
        catalog(&[32], "LRO in a name", 1, "U+202D", "a\\u202Db"),
        catalog(&[32], "RLI in a name", 1, "U+2067", "a\\u2067b"),
        catalog(&[32], "LRI in a name", 1, "U+2066", "a\\u2066b"),
        catalog(&[32], "FSI in a name", 1, "U+2068", "a\\u2068b"),
        catalog(&[32], "PDI in a name", 1, "U+2069", "a\\u2069b"),
        catalog(&[34], "a space of no width", 1, invisible, "a\\u200Bb"),
        catalog(&[34], "ZWNJ between Latin letters", 1, invisible, "a\\u200Cb"),
        catalog(&[34], "ZWJ between Latin letters", 1, invisible, "a\\u200Db"),
        catalog(&[34], "ZWNJ at the end of a Persian name", 1, invisible, "می\\u200C"),
        catalog(&[34], "ZWNJ between Persian letters is spelling", 0, "valid", "می\\u200Cخواهم"),
        catalog(&[34], "a word joiner", 1, invisible, "a\\u2060b"),
        catalog(&[34], "a soft hyphen", 1, invisible, "a\\u00ADb"),
        catalog(&[34], "a byte order mark in a name", 1, invisible, "a\\uFEFFb"),
        catalog(&[35], "a Hangul filler", 1, invisible, "a\\u3164b"),
        catalog(&[35], "a half-width filler", 1, invisible, "a\\uFFA0b"),
        catalog(&[35], "a blank of Braille", 1, invisible, "a\\u2800b"),
        catalog(&[35], "a Mongolian separator", 1, invisible, "a\\u180Eb"),
        catalog(&[35], "a tag", 1, invisible, "a\\U000E0041b"),
        catalog(&[35], "a variation selector", 1, invisible, "a\\uFE0Fb"),
        catalog(&[36], "only blanks", 1, "without spaces around it", "  "),
        catalog(&[36], "only a blank that does not break", 1, "without spaces around it", "\\u00A0"),
        catalog(&[36], "a blank before", 1, "without spaces around it", " Legal"),
        catalog(&[36], "a blank behind", 1, "without spaces around it", "Legal "),
        catalog(&[37], "a Cyrillic letter in a Latin word", 1, "mixes scripts", "\u{430}dmin"),
        named(&[38], "Latin letters in a Cyrillic guise", 1, "E0415", "PECYPC", "РЕСУРС"),
        named(&[39], "rn for m", 0, "W0416", "Interim", "Interirn"),
        named(&[39], "l for I", 0, "W0416", "Team I", "Team l"),
        named(&[39], "1 for l", 0, "W0416", "Team l", "Team 1"),
        catalog(&[40], "a letter and its mark apart", 1, "composed form", "Cafe\\u0301"),
        named(&[40], "the same beside the composed name", 1, "composed form", "Caf\u{e9}", "Cafe\u{301}"),
        catalog(&[41], "1,000 marks on a letter", 1, "120 characters at most", &format!("a{}", "\u{327}".repeat(1000))).longest(1_000),
        catalog(&[41], "five marks on a letter", 1, "four marks on a letter at most", &format!("q{}", "\u{323}".repeat(5))),
        catalog(&[41], "five marks on a Hebrew letter", 1, "E0016", &format!("\u{5d0}{}", "\u{5b0}".repeat(5))),
        catalog(&[42], "10,000 characters", 1, "120 characters at most", &"x".repeat(10_000)).longest(1_000),
        catalog(&[42], "255 characters of four bytes", 1, "120 characters at most", &"\u{1f389}".repeat(255)),
        catalog(&[42], "121 characters", 1, "120 characters at most", &"x".repeat(121)),
        catalog(&[42], "120 characters", 0, "valid", &"x".repeat(120)),
        catalog(&[44], "full-width letters", 1, "plain letters", "\u{ff25}mployees"),
        catalog(&[44], "mathematical letters", 1, "plain letters", "\u{1d405}inance"),
        catalog(&[44], "a ligature", 1, "plain letters", "O\u{fb03}ce"),
        catalog(&[45], "a code point of private use", 1, "private or unassigned", "a\\uE000b"),
        catalog(&[45], "no character", 1, "private or unassigned", "a\\uFFFFb"),
        catalog(&[45], "an unassigned code point", 1, "private or unassigned", "a\\u0378b"),
        catalog(
            &[46],
            "an emoji, Hebrew and Arabic are text",
            0,
            "valid",
            "\u{5e2}\u{5d5}\u{5d1}\u{5d3}\u{5d9}\u{5dd} \u{1f389} \u{645}\u{648}\u{638}\u{641}",
        ),
        catalog(&[52], "a name that moves the cursor up", 1, "U+001B", "Readers\\u001b[1A\\u001b[2K ~ no changes"),
        catalog(
            &[51],
            "a title, a link, the clipboard, a device and C1",
            1,
            "U+001B",
            "\\u001b]0;x\\u0007\\u001b]8;;https://contoso.example\\u0007\\u001b]52;c;eA==\\u0007\\u001bPx\\u001b\\\\\\u009b2J",
        ),
    ]
}

fn keys() -> Vec<Case> {
    let group = |name: &'static str, key: &str| text(&[48], name, 1, "E0010", format!("[group.{key}]\n"));
    vec![
        user(&[43], "a dotless i in a user's key", 1, "E0010", "\u{131}n@contoso.example"),
        user(&[43], "a sharp s in a user's key", 1, "E0010", "stra\u{df}e@contoso.example"),
        text(
            &[43],
            "a Kelvin sign in a mail address",
            1,
            "E0016",
            "[user.\"kim@contoso.example\"]\nmail = \"\u{212a}im@contoso.example\"\n",
        ),
        group("a dot", "\".\""),
        group("two dots", "\"..\""),
        group("a dash", "-"),
        group("a star", "\"*\""),
        group("nothing", "\"\""),
        group("a device in capitals", "CON"),
        group("what begins with an underscore", "__proto__"),
        text(
            &[48],
            "words that mean something elsewhere mean nothing here",
            0,
            "valid",
            "[group.null]\n[group.con]\n[group.true]\n[group.constructor]\n",
        ),
        text(&[49], "keys that differ by case", 1, "E0010", "[group.a]\n[group.A]\n"),
        text(&[50], "keys that differ by a hyphen", 1, "E0010", "[group.a-b]\n[group.\"a\u{2010}b\"]\n"),
        user(&[66], "two addresses in one", 1, "E0010", "a@contoso.example, b@contoso.example"),
        user(&[66], "a quoted local part", 1, "E0010", "\\\"x\\\"@contoso.example"),
        user(&[66], "a local part of 300 characters", 1, "E0010", &format!("{}@contoso.example", "x".repeat(300))),
        user(&[66], "a line break in an address", 1, "E00", "a@contoso.example\\r\\nBcc: b@contoso.example"),
    ]
}

fn relations() -> Vec<Case> {
    let packages = |lines: [&str; 3]| {
        let one = |(key, line): (&str, &str)| {
            format!(
                "[access_package.{key}]\ncatalog = \"c\"\n{line}\n[access_package.{key}.policy.q]\nrequestors = \"none\"\nexpiration = \"30d\"\n"
            )
        };
        let all: String = ["x", "y", "z"].into_iter().zip(lines).map(one).collect();
        format!("[catalog.c]\n{all}")
    };
    let ring = |a: &str, b: &str, c: &str| {
        let list = |other: &str| format!("incompatible_with = [{other}]");
        packages([&list(a), &list(b), &list(c)])
    };
    let (x, y, z) = ("\"access_package:x\"", "\"access_package:y\"", "\"access_package:z\"");
    let nested = |n: usize| (0..n).map(|i| format!("[group.g{i}]\nmembers = [\"group:g{}\"]\n", i + 1)).collect::<String>();
    let members: String = (0..10_000).map(|i| format!("[user.\"u{i}@contoso.example\"]\n")).collect();
    let listed: Vec<String> = (0..10_000).map(|i| format!("\"u{i}@contoso.example\"")).collect();
    vec![
        text(
            &[75],
            "three packages, each incompatible with the others",
            0,
            "valid",
            ring(&format!("{y}, {z}"), &format!("{x}, {z}"), &format!("{x}, {y}")),
        ),
        text(&[75], "three in a ring that only one side says", 0, "W0412", ring(y, z, x)),
        text(&[75], "one that excludes itself", 1, "E0411", ring(x, "", "")),
        text(&[76], "a group in itself", 1, "E0103", "[group.a]\nmembers = [\"group:a\"]\n"),
        text(
            &[76],
            "three groups in a ring",
            1,
            "E0103",
            "[group.a]\nmembers = [\"group:b\"]\n[group.b]\nmembers = [\"group:c\"]\n[group.c]\nmembers = [\"group:a\"]\n",
        ),
        text(&[76], "groups 2,000 deep", 0, "valid", format!("{}[group.g2000]\n", nested(2000))),
        text(&[76], "a ring of 2,000 groups", 1, "E0103", format!("{}[group.g2000]\nmembers = [\"group:g0\"]\n", nested(2000)))
            .longest(60_000),
        text(&[76], "10,000 members", 0, "valid", format!("{members}[group.all]\nmembers = [{}]\n", listed.join(", "))),
    ]
}
