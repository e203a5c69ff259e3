//! Files and their names: rows 7 to 20, 23, 67 and 73.

use crate::case::{Case, case, shell, text};
use crate::support::Workspace;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

/// A sound file.
const SOUND: &str = "[group.a]\n";

/// A file by the bytes of its name.
fn odd(workspace: &Workspace, name: &[u8]) {
    std::fs::write(workspace.dir.path().join(OsStr::from_bytes(name)), SOUND).unwrap();
}

/// `include` in `writ.toml`.
fn include(rows: &'static [usize], name: &'static str, says: &'static str, pattern: &'static str) -> Case {
    case(rows, name, 1, says, move |w| {
        w.write("writ.toml", &format!("[workspace]\nname = \"test\"\ninclude = [{pattern}]\n"));
        w.write("x.toml", SOUND);
        w.run(&["validate"])
    })
}

pub fn cases() -> Vec<Case> {
    vec![
        case(&[7], "a file of 16 MiB and a byte", 1, "is larger than 16 MiB", |w| {
            std::fs::File::create(w.path("x.toml")).unwrap().set_len((16 << 20) + 1).unwrap();
            w.run(&["validate"])
        }),
        case(&[8], "65 directories", 1, "lies deeper than 64 directories", |w| {
            w.write(&format!("{}/x.toml", vec!["d"; 65].join("/")), SOUND);
            w.write(&format!("{}/x.toml", vec!["e"; 64].join("/")), SOUND);
            w.run(&["validate"])
        }),
        case(&[8], "1,000 directories", 1, "lies deeper than 64 directories", |w| {
            w.write(&format!("{}/x.toml", vec!["d"; 1000].join("/")), SOUND);
            w.run(&["validate"])
        }),
        case(&[9], "a pipe named x.toml is not waited for", 1, "is no regular file", |w| {
            shell(w, "mkfifo x.toml", &[]);
            w.run(&["validate"])
        }),
        case(&[9, 11], "links to a device and into /proc", 1, "links are not followed", |w| {
            symlink("/dev/zero", w.path("x.toml")).unwrap();
            symlink("/proc/self/environ", w.path("y.toml")).unwrap();
            w.run(&["validate"])
        }),
        case(&[9], "writ.toml is a pipe", 1, "is no regular file", |w| {
            shell(w, "rm writ.toml; mkfifo writ.toml", &[]);
            w.run(&["validate"])
        }),
        case(&[10], "a link to a file of the tree", 1, "`y.toml` is a link, and links are not followed", |w| {
            w.write("x.toml", SOUND);
            symlink("x.toml", w.path("y.toml")).unwrap();
            w.run(&["validate"])
        }),
        case(&[11], "links out of the tree, to a directory, in a ring", 1, "links are not followed", |w| {
            w.write("x.toml", SOUND);
            symlink("/etc/passwd", w.path("out.toml")).unwrap();
            symlink("/etc", w.path("etc")).unwrap();
            symlink("ring-b.toml", w.path("ring-a.toml")).unwrap();
            symlink("ring-a.toml", w.path("ring-b.toml")).unwrap();
            symlink(".", w.path("self")).unwrap();
            w.run(&["validate"])
        }),
        case(&[11], "writ.toml is a link", 1, "is a link, and links are not followed", |w| {
            std::fs::rename(w.path("writ.toml"), w.path("real")).unwrap();
            symlink("real", w.path("writ.toml")).unwrap();
            w.run(&["validate"])
        }),
        case(&[12], "a hard link is read as content", 0, "The configuration is valid.", |w| {
            w.write("real", SOUND);
            std::fs::hard_link(w.path("real"), w.path("x.toml")).unwrap();
            w.run(&["validate"])
        }),
        include(&[13], "include of what lies above", "E0025", "\"../outside.toml\""),
        include(&[13], "include of what lies above, on a detour", "E0025", "\"a/../../outside.toml\""),
        include(&[13], "include of an absolute path", "E0025", "\"/etc/*.toml\""),
        include(&[13], "include of a drive, of a share, with backslashes", "E0025", r#"'C:\x.toml', '\\server\share\x.toml', '..\x.toml'"#),
        include(&[13], "include in percents, with dots and blanks at the end", "E0017", r#""%2e%2e/x.toml", "x.toml.", "x.toml ""#),
        include(&[13], "include with a NUL", "E0004", r#""x\u0000.toml""#),
        include(
            &[15],
            "include of what is elsewhere",
            "E0017",
            r#""https://contoso.example/x.toml", "git::https://contoso.example/x", "s3::bucket/x""#,
        ),
        text(&[14], "files include no files", 1, "include", "include = \"x.toml\"\n\n[include]\nfile = \"x.toml\"\n"),
        case(&[17], "two names equal but for case", 1, "are one file on some machines", |w| {
            w.write("people.toml", SOUND);
            w.write("People.toml", "[group.b]\n");
            w.run(&["validate"])
        }),
        case(&[17], "two names equal but for composition, in a directory", 1, "are one file on some machines", |w| {
            w.write("caf\u{e9}/x.toml", SOUND);
            w.write("cafe\u{301}/x.toml", "[group.b]\n");
            w.run(&["validate"])
        }),
        case(&[18], "names with a line break, an escape and an override", 1, "controls a terminal or reorders text", |w| {
            odd(w, b"a\nb.toml");
            odd(w, b"a\x1b[2J.toml");
            odd(w, "a\u{202e}lmot.toml".as_bytes());
            w.write("dir\u{1b}[2J/x.toml", SOUND);
            w.run(&["validate"])
        }),
        case(&[18], "a name that is not UTF-8", 1, "has a name that is not UTF-8", |w| {
            odd(w, b"caf\xe9.toml");
            w.run(&["validate"])
        }),
        case(&[18], "a name of 255 bytes is a name", 0, "The configuration is valid.", |w| {
            w.write(&format!("{}.toml", "x".repeat(250)), SOUND);
            w.run(&["validate"])
        }),
        text(&[19], "bytes that are not UTF-8", 1, "is not UTF-8, at byte 10", b"[group.a]\n\xff\xfe\n"),
        text(&[19], "an overlong sequence", 1, "is not UTF-8, at byte 2", b"# \xc0\xaf\n"),
        text(&[19], "UTF-16", 1, "is not UTF-8, at byte 0", b"\xff\xfe[\0g\0"),
        text(&[20], "a byte order mark", 1, "byte order mark", "\u{feff}[group.a]\n"),
        case(&[23], "an object in two files", 1, "declared twice", |w| {
            w.write("a.toml", SOUND);
            w.write("b.toml", SOUND);
            w.run(&["validate"])
        }),
        case(&[67], "nothing beside writ.toml", 1, "E0017", |w| w.run(&["plan"])),
        text(&[67], "only comments", 1, "E0003", "# nothing\n"),
        case(&[67], "every file renamed, against a store", 1, "E0017", |w| {
            w.write("x.toml", SOUND);
            w.apply();
            std::fs::rename(w.path("x.toml"), w.path("x.txt")).unwrap();
            w.run(&["apply", "--auto-approve"])
        }),
        case(&[73], "what else a tree may ship is not read", 0, "The configuration is valid.", |w| {
            w.write("x.toml", SOUND);
            for name in
                [".env", ".writ/other.db", ".writ/test.lock", "a.plan", "settings.json", "writ.toml.bak", ".hidden.toml", ".d/x.toml"]
            {
                w.write(name, "\u{1b}[2J[group.a]");
            }
            w.run(&["validate"])
        }),
        case(&[73], "a file in the place of the store", 7, "is not a store of writ", |w| {
            w.write("x.toml", SOUND);
            w.write(".writ/test.db", &"no store ".repeat(1000));
            w.run(&["plan"])
        }),
    ]
}
