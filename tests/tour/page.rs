//! From a page's text to what is to be done.

/// One thing that a page does.
#[derive(Debug)]
pub enum Step {
    /// `$ command`, and what follows it up to the next one.
    Command { command: String, expected: String },
    /// One hunk of a `diff` block.
    Edit { file: String, before: String, after: String },
}

/// The steps of a page, each with its line.
pub fn steps(text: &str) -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    while let Some((_, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```").filter(|l| !l.is_empty()) else { continue };
        let block: Vec<(usize, &str)> = lines.by_ref().take_while(|(_, l)| l.trim() != "```").collect();
        match language {
            "console" => console(&block, &mut steps),
            "diff" => diff(&block, &mut steps),
            _ => {}
        }
    }
    steps
}

fn console(block: &[(usize, &str)], steps: &mut Vec<(usize, Step)>) {
    let mut lines = block.iter().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(command) = line.strip_prefix("$ ") else { panic!("line {number}: a console block begins with `$ `") };
        let mut command = command.to_owned();
        // A here-document belongs to the command that reads it.
        if command.contains("<<'EOF'") {
            for (_, line) in lines.by_ref() {
                command.push_str(&format!("\n{line}"));
                if *line == "EOF" {
                    break;
                }
            }
        }
        let mut expected = String::new();
        while let Some((_, line)) = lines.next_if(|(_, l)| !l.starts_with("$ ")) {
            expected.push_str(&format!("{line}\n"));
        }
        steps.push((*number, Step::Command { command, expected }));
    }
}

fn diff(block: &[(usize, &str)], steps: &mut Vec<(usize, Step)>) {
    let mut file = String::new();
    let (mut before, mut after, mut at) = (String::new(), String::new(), 0);
    let mut close = |file: &str, before: &mut String, after: &mut String, at: usize| {
        if !before.is_empty() || !after.is_empty() {
            let (before, after) = (std::mem::take(before), std::mem::take(after));
            steps.push((at, Step::Edit { file: file.to_owned(), before, after }));
        }
    };
    for (number, line) in block {
        if line.starts_with("--- ") || line.starts_with("@@") {
            close(&file, &mut before, &mut after, at);
            at = *number;
        } else if let Some(path) = line.strip_prefix("+++ b/") {
            file = path.to_owned();
        } else if let Some(added) = line.strip_prefix('+') {
            after.push_str(&format!("{added}\n"));
        } else if let Some(removed) = line.strip_prefix('-') {
            before.push_str(&format!("{removed}\n"));
        } else {
            let same = line.strip_prefix(' ').unwrap_or(line);
            before.push_str(&format!("{same}\n"));
            after.push_str(&format!("{same}\n"));
        }
    }
    close(&file, &mut before, &mut after, at);
}
