//! Time zones: which instant a local time of a place is.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

/// A workspace's time zone, by its IANA name; the same on every machine, since the program brings its table along.
#[derive(Clone, Copy)]
pub struct Zone(&'static TimeZone);

/// What a local time is in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Local {
    /// One instant.
    Once(DateTime<Utc>),
    /// The zone passes it over.
    Skipped,
    /// The zone has it twice; the first of the two.
    Twice(DateTime<Utc>),
}

static UTC: TimeZone = TimeZone::UTC;

/// Those that were asked for, of the few hundred that there are: each is read once, and kept for good.
static ASKED: LazyLock<Mutex<BTreeMap<&'static str, Zone>>> = LazyLock::new(Mutex::default);

impl Zone {
    /// The zone of those who name none.
    pub const UTC: Zone = Zone(&UTC);

    /// The zone of an IANA name, spelled as it is there: `Europe/Amsterdam`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Zone> {
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = asked.get(name) {
            return Some(*zone);
        }
        let found = TimeZoneDatabase::bundled().get(name).ok().filter(|found| found.iana_name() == Some(name))?;
        let zone = Zone(Box::leak(Box::new(found)));
        asked.insert(zone.name(), zone);
        Some(zone)
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The date and time that its clocks show at an instant.
    #[must_use]
    pub fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        let offset = Timestamp::from_second(at.timestamp()).map_or(Offset::UTC, |t| self.0.to_offset(t));
        let utc = at.naive_utc();
        utc.checked_add_signed(TimeDelta::seconds(offset.seconds().into())).unwrap_or(utc)
    }

    /// What a local time is; `None` outside the years that anybody reckons with.
    pub(super) fn at(self, local: NaiveDateTime) -> Option<Local> {
        let instant = |offset: Offset| local.checked_sub_signed(TimeDelta::seconds(offset.seconds().into())).map(|t| t.and_utc());
        Some(match self.0.to_ambiguous_timestamp(civil(local)?).offset() {
            AmbiguousOffset::Unambiguous { offset } => Local::Once(instant(offset)?),
            AmbiguousOffset::Gap { .. } => Local::Skipped,
            AmbiguousOffset::Fold { before, .. } => Local::Twice(instant(before)?),
        })
    }
}

/// The same time in the words of the library that knows zones.
fn civil(local: NaiveDateTime) -> Option<civil::DateTime> {
    let small = |n: u32| i8::try_from(n).ok();
    let (year, nanosecond) = (i16::try_from(local.year()).ok()?, i32::try_from(local.nanosecond()).ok()?);
    let (month, day) = (small(local.month())?, small(local.day())?);
    civil::DateTime::new(year, month, day, small(local.hour())?, small(local.minute())?, small(local.second())?, nanosecond).ok()
}

impl Default for Zone {
    fn default() -> Zone {
        Zone::UTC
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_they_are() {
        assert_eq!(Zone::parse("Europe/Amsterdam").map(Zone::name), Some("Europe/Amsterdam"));
        assert_eq!(Zone::parse("Europe/Amsterdam"), Zone::parse("Europe/Amsterdam"));
        assert_eq!(Zone::parse("UTC"), Some(Zone::UTC));
        for none in ["europe/amsterdam", "Europe/Amsterdm", "", "+01:00", "CEST"] {
            assert_eq!(Zone::parse(none), None, "{none}");
        }
    }

    #[test]
    fn clocks_show_what_they_show() {
        let zone = Zone::parse("Europe/Amsterdam").unwrap();
        let shown = |zone: Zone, at: &str| zone.local(at.parse().unwrap()).to_string();
        assert_eq!(shown(zone, "2027-01-31T23:30:00Z"), "2027-02-01 00:30:00");
        assert_eq!(shown(zone, "2027-07-01T08:00:00Z"), "2027-07-01 10:00:00");
        assert_eq!(shown(Zone::UTC, "2027-07-01T08:00:00Z"), "2027-07-01 08:00:00");
    }

    #[test]
    fn summers_go_on_for_ever() {
        let zone = Zone::parse("Europe/Amsterdam").unwrap();
        let at = |text: &str| zone.at(text.parse().unwrap()).unwrap();
        assert_eq!(at("2150-07-01T00:00:00"), Local::Once("2150-06-30T22:00:00Z".parse().unwrap()));
        assert_eq!(at("2150-01-01T00:00:00"), Local::Once("2149-12-31T23:00:00Z".parse().unwrap()));
    }
}
