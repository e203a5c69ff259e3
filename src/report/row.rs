//! Columns, rows and cells: what a report is made of, before any form of output.

use chrono::{DateTime, Utc};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, as programs read it.
    pub name: &'static str,
    /// Whether people at a terminal see it; programs and spreadsheets see all.
    pub brief: bool,
}

/// A column that everybody sees.
pub(super) const fn shown(name: &'static str) -> Column {
    Column { name, brief: true }
}

/// A column for programs and spreadsheets.
pub(super) const fn full(name: &'static str) -> Column {
    Column { name, brief: false }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    None,
    /// A text, from wherever.
    Text(String),
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A moment.
    Instant(DateTime<Utc>),
    /// Several texts.
    List(Vec<String>),
}

/// As many cells as there are columns.
pub type Row = Vec<Cell>;

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(n: u64) -> Cell {
        Cell::Number(n)
    }
}

impl From<usize> for Cell {
    fn from(n: usize) -> Cell {
        Cell::Number(u64::try_from(n).unwrap_or(u64::MAX))
    }
}

impl From<bool> for Cell {
    fn from(is: bool) -> Cell {
        Cell::Flag(is)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Cell {
        Cell::Instant(at)
    }
}

impl From<Vec<String>> for Cell {
    fn from(texts: Vec<String>) -> Cell {
        Cell::List(texts)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::None, Into::into)
    }
}

/// A row of values that are cells.
macro_rules! row {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::report::Cell::from($value)),*]
    };
}
pub(super) use row;
