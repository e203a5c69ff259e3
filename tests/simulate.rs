//! What is tried out leaves no trace.

mod support;

use std::collections::BTreeMap;
use std::fs;
use support::Workspace;

fn files(w: &Workspace) -> BTreeMap<String, Vec<u8>> {
    let all = fs::read_dir(w.path(".writ")).into_iter().flatten().flatten();
    all.map(|e| (e.file_name().display().to_string(), fs::read(e.path()).unwrap_or_default())).collect()
}

#[test]
fn a_year_is_tried_out_and_nothing_is_left() {
    let w = Workspace::example("contoso");
    w.apply();
    let before = files(&w);
    w.write(
        "story.txt",
        "# Joe asks, Mamta agrees, and the end comes.\n\
         request campaign --as joe@contoso.example -j 'Spring campaign' --answer cost-center=1234\n\
         approve campaign --as joe@contoso.example\n\
         approve campaign --as mamta@contoso.example\n\
         assignments --mine --as joe@contoso.example\n\n\
         @2090-01-01T00:00:00Z\n\
         tick\n\
         assignments --mine --as joe@contoso.example\n",
    );
    let run = w.expect(5, &["simulate", "story.txt"]);
    run.says(&["> @2090-01-01T00:00:00Z", "joe@contoso.example holds campaign until", "is over: its end came", "No assignments.", "R117"]);
    assert_eq!(files(&w), before);
    w.expect(0, &["assignments", "--all", "--for", "joe@contoso.example"]).says(&["No assignments."]);
    for (line, why) in [
        ("apply --auto-approve", "can be tried out"),
        ("request campaign --as 'x", "a quote is not closed"),
        ("@yesterday", "is no instant"),
        ("reqest x", "unrecognized subcommand"),
    ] {
        w.write("story.txt", line);
        w.expect(1, &["simulate", "story.txt"]).says(&["line 1", why]);
    }
    assert_eq!(files(&w), before);
}
