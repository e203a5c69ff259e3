//! Instants: what TOML's dates and date-times mean in the workspace's zone.

use super::zone::{Local, Zone};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, Utc};
use std::fmt;

/// Which instant of a day a bare date means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The day's first instant.
    Start,
    /// The first instant after the day, since ends are exclusive.
    End,
}

/// Why a written time means no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneError {
    /// Not a date or date-time, or outside the years 1970 to 2199.
    Form,
    /// The zone skips this local time.
    Skipped,
    /// The zone has this local time twice.
    Twice,
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ZoneError::Form => "not a date or date-time of the years 1970 to 2199",
            ZoneError::Skipped => "the workspace's time zone skips this local time",
            ZoneError::Twice => "the workspace's time zone has this local time twice",
        })
    }
}

/// Whether a written time is a bare date.
#[must_use]
pub fn is_date(text: &str) -> bool {
    !text.contains('T')
}

/// Reads a written time in `zone`.
///
/// # Errors
/// [`ZoneError`] says why it means no instant.
pub fn instant(text: &str, zone: Zone, edge: Edge) -> Result<DateTime<Utc>, ZoneError> {
    if is_date(text) {
        let day: NaiveDate = text.parse().map_err(|_| ZoneError::Form)?;
        in_range(day.year())?;
        let day = match edge {
            Edge::Start => day,
            Edge::End => day.checked_add_days(Days::new(1)).ok_or(ZoneError::Form)?,
        };
        return first_instant(day, zone);
    }
    if let Ok(offset) = DateTime::<FixedOffset>::parse_from_rfc3339(text) {
        in_range(offset.year())?;
        return Ok(offset.with_timezone(&Utc));
    }
    let local: NaiveDateTime = text.parse().map_err(|_| ZoneError::Form)?;
    in_range(local.year())?;
    match zone.at(local).ok_or(ZoneError::Form)? {
        Local::Once(t) => Ok(t),
        Local::Skipped => Err(ZoneError::Skipped),
        Local::Twice(_) => Err(ZoneError::Twice),
    }
}

fn in_range(year: i32) -> Result<(), ZoneError> {
    if (1970..=2199).contains(&year) { Ok(()) } else { Err(ZoneError::Form) }
}

/// The first instant of a day; where midnight is skipped, the first quarter of an hour that exists.
fn first_instant(day: NaiveDate, zone: Zone) -> Result<DateTime<Utc>, ZoneError> {
    let midnight = day.and_hms_opt(0, 0, 0).ok_or(ZoneError::Form)?;
    let earliest = |local| match zone.at(local)? {
        Local::Once(t) | Local::Twice(t) => Some(t),
        Local::Skipped => None,
    };
    (0i64..=96)
        .filter_map(|quarter| midnight.checked_add_signed(chrono::TimeDelta::minutes(quarter.saturating_mul(15))))
        .find_map(earliest)
        .ok_or(ZoneError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: &str, edge: Edge) -> String {
        match instant(text, Zone::parse(zone).unwrap(), edge) {
            Ok(t) => t.format("%FT%RZ").to_string(),
            Err(e) => format!("{e:?}"),
        }
    }

    #[test]
    fn a_date_is_a_day_in_the_zone() {
        assert_eq!(at("2026-12-31", "Europe/Amsterdam", Edge::Start), "2026-12-30T23:00Z");
        assert_eq!(at("2026-12-31", "Europe/Amsterdam", Edge::End), "2026-12-31T23:00Z");
    }

    #[test]
    fn local_times_that_do_not_exist_once_are_refused() {
        assert_eq!(at("2027-03-28T02:30:00", "Europe/Amsterdam", Edge::Start), "Skipped");
        assert_eq!(at("2027-10-31T02:30:00", "Europe/Amsterdam", Edge::Start), "Twice");
        assert_eq!(at("2027-10-31T02:30:00+01:00", "Europe/Amsterdam", Edge::Start), "2027-10-31T01:30Z");
        assert_eq!(at("0000-01-01", "UTC", Edge::Start), "Form");
    }

    #[test]
    fn a_day_without_midnight_starts_when_it_starts() {
        // Beirut skipped 00:00 to 01:00 on 2022-03-27.
        assert_eq!(at("2022-03-27", "Asia/Beirut", Edge::Start), "2022-03-26T22:00Z");
    }
}
