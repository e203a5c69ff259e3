//! When access ends, as a policy says it (R45): in so long, on a day or at an instant, or never.

use super::{Edge, Minutes, Zone, ZoneError, instant};
use chrono::{DateTime, TimeDelta, Utc};

/// What an expiration says. All who read one read it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiration<'a> {
    /// It does not end.
    Never,
    /// So long after it began.
    After(Minutes),
    /// With a day or at an instant, as it is written; only its zone tells which, and whether it is one.
    At(&'a str),
}

impl<'a> Expiration<'a> {
    /// The word for what does not end.
    pub const NEVER: &'static str = "never";

    /// Reads it as written: a duration, a date or date-time, or `never`.
    #[must_use]
    pub fn of(text: &'a str) -> Expiration<'a> {
        match Minutes::parse(text) {
            _ if text == Expiration::NEVER => Expiration::Never,
            Ok(length) => Expiration::After(length),
            Err(_) => Expiration::At(text),
        }
    }

    /// The first instant without access that began at `from`; `None`: it does not end.
    ///
    /// # Errors
    /// [`ZoneError`], where it is of no form, or its zone has no such time, or the calendar ends before it does.
    pub fn end(self, zone: Zone, from: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, ZoneError> {
        match self {
            Expiration::Never => Ok(None),
            Expiration::After(Minutes(n)) => {
                let end = TimeDelta::try_minutes(n).and_then(|length| from.checked_add_signed(length));
                end.map(Some).ok_or(ZoneError::Form)
            }
            Expiration::At(text) => instant(text, zone, Edge::End).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Result<Option<String>, ZoneError> {
        let from = "2026-11-02T09:30:00Z".parse().unwrap();
        let end = Expiration::of(text).end(Zone::parse("Europe/Amsterdam").unwrap(), from)?;
        Ok(end.map(|end| end.format("%FT%RZ").to_string()))
    }

    #[test]
    fn each_form_ends_when_it_says() {
        let at = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(end("never"), Ok(None));
        assert_eq!(end("36h"), at("2026-11-03T21:30Z"));
        assert_eq!(end("P2W"), at("2026-11-16T09:30Z"));
        // The day is over where the zone says so, whenever access began.
        assert_eq!(end("2027-06-30"), at("2027-06-30T22:00Z"));
        assert_eq!(end("2027-06-30T18:00:00"), at("2027-06-30T16:00Z"));
    }

    #[test]
    fn what_is_of_no_form_has_no_end_and_is_not_endless() {
        for text in ["", "30 days", "Never", "1y", "2027-03-28T02:30:00"] {
            assert!(end(text).is_err(), "{text:?}");
        }
        // More minutes than there are in the calendar, and more than the clock can count.
        assert_eq!(end("200000000000m"), Err(ZoneError::Form));
        assert_eq!(end("9223372036854775807m"), Err(ZoneError::Form));
    }
}
