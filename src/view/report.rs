//! Reports in every form: text for people, CSV for spreadsheets, JSON for programs, Markdown for pages.

use super::lifecycle::instant;
use super::markdown;
use super::object::table;
use crate::report::{Cell, Column, LIST, Made, Row};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};

/// A cell as text; several texts are parted by what is handed in.
fn text_of(cell: &Cell, between: &str) -> String {
    match cell {
        Cell::None => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(n) => n.to_string(),
        Cell::Flag(is) => if *is { "yes" } else { "no" }.to_owned(),
        Cell::Instant(at) => instant(*at),
        Cell::List(all) => all.join(between),
    }
}

fn json_of(cell: &Cell) -> Json {
    match cell {
        Cell::None => Json::Null,
        Cell::Text(text) => json!(text),
        Cell::Number(n) => json!(n),
        Cell::Flag(is) => json!(is),
        Cell::Instant(at) => json!(instant(*at)),
        Cell::List(all) => json!(all),
    }
}

/// The cells of the columns that people see.
fn brief<'r>(columns: &'r [Column], row: &'r Row) -> impl Iterator<Item = &'r Cell> {
    columns.iter().zip(row).filter(|(c, _)| c.brief).map(|(_, cell)| cell)
}

/// Whether a column has something in it, for people: an empty one takes room from the others.
fn filled(columns: &[Column], rows: &[Row]) -> Vec<bool> {
    let has = |n: usize| rows.iter().any(|row| row.get(n).is_some_and(|c| !text_of(c, "").is_empty()));
    columns.iter().enumerate().map(|(n, c)| c.brief && has(n)).collect()
}

/// The rows in columns for a terminal.
#[must_use]
pub fn text(columns: &[Column], rows: &[Row]) -> String {
    if rows.is_empty() {
        return "Nothing.\n".to_owned();
    }
    let filled = filled(columns, rows);
    let head: Vec<String> =
        columns.iter().zip(&filled).filter(|(_, f)| **f).map(|(c, _)| c.name.replace('_', " ").to_uppercase()).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let cell = |c: &Cell| if *c == Cell::None { "-".to_owned() } else { text_of(c, ", ") };
    let cells = |row: &Row| row.iter().zip(&filled).filter(|(_, f)| **f).map(|(c, _)| cell(c)).collect();
    table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// All columns, for a spreadsheet: what `csv::text` takes.
#[must_use]
pub fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|c| text_of(c, "; ")).collect()).collect()
}

/// All columns, for programs.
#[must_use]
pub fn json(columns: &[Column], rows: &[Row]) -> Vec<Json> {
    let object = |row: &Row| columns.iter().zip(row).map(|(c, cell)| (c.name.to_owned(), json_of(cell))).collect::<Map<_, _>>();
    rows.iter().map(|row| Json::Object(object(row))).collect()
}

/// A page with a table, never too long for a comment: whole rows, and a count of those that did not fit.
#[must_use]
pub fn page(title: &str, tells: &str, serial: u64, at: DateTime<Utc>, columns: &[Column], rows: &[Row]) -> String {
    let mut out = format!("### {}\n\n{}, as of @{serial}, {}.\n\n", markdown::cell(title), markdown::cell(tells), instant(at));
    if rows.is_empty() {
        out.push_str("Nothing.\n");
        return out;
    }
    let names: Vec<&str> = columns.iter().filter(|c| c.brief).map(|c| c.name).collect();
    out.push_str(&format!("| {} |\n|{}\n", names.join(" | ").replace('_', " "), "---|".repeat(names.len())));
    let mut used = out.chars().count();
    for (n, row) in rows.iter().enumerate() {
        let cells: Vec<String> = brief(columns, row).map(|c| markdown::cell(&text_of(c, ", "))).collect();
        let line = format!("| {} |\n", cells.join(" | "));
        used = used.saturating_add(line.chars().count());
        if used > markdown::LONGEST.saturating_sub(200) {
            out.push_str(&format!("\n{} rows more: `--format csv` has all of them.\n", rows.len().saturating_sub(n)));
            break;
        }
        out.push_str(&line);
    }
    out
}

/// The columns of the list of reports.
pub const LIST_COLUMNS: [&str; 3] = ["report", "tells", "takes"];

/// The list of reports; of one that is not made, why not.
#[must_use]
pub fn list() -> Vec<Vec<String>> {
    let row = |report: &&crate::report::Report| {
        let takes: Vec<&str> = report.takes.iter().map(|t| t.flags()).collect();
        let tells = match report.made {
            Made::Not(why) => format!("{} (not made: {why})", report.tells),
            _ => report.tells.to_owned(),
        };
        vec![report.name.to_owned(), tells, takes.join(", ")]
    };
    LIST.iter().map(row).collect()
}

/// The list of reports, for programs.
#[must_use]
pub fn list_json() -> Vec<Json> {
    let one = |report: &&crate::report::Report| {
        let takes: Vec<&str> = report.takes.iter().flat_map(|t| t.flags().split(", ")).collect();
        let columns: Vec<&str> = report.columns.iter().map(|c| c.name).collect();
        let not_made = if let Made::Not(why) = report.made { Some(why) } else { None };
        json!({ "name": report.name, "tells": report.tells, "takes": takes, "columns": columns, "not_made": not_made })
    };
    LIST.iter().map(one).collect()
}
