//! Durations: one number and unit, or ISO 8601 with weeks, days, hours and minutes. A day is 24 hours.

use std::fmt;

/// A length of time in whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(pub i64);

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadDuration {
    /// Months and years have no fixed length.
    Calendar,
    /// Not of either form, or too large.
    Form,
}

impl fmt::Display for BadDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadDuration::Calendar => "months, years and seconds are not durations here",
            BadDuration::Form => "not a duration",
        })
    }
}

impl Minutes {
    /// A minute.
    pub const MINUTE: i64 = 1;
    /// An hour.
    pub const HOUR: i64 = 60;
    /// A day of 24 hours.
    pub const DAY: i64 = 24 * 60;

    /// `n` days.
    #[must_use]
    pub const fn days(n: i64) -> Minutes {
        Minutes(n.saturating_mul(Minutes::DAY))
    }

    /// Reads `14d`, `36h`, `90m`, `P14D`, `P2W`, `PT36H`, `P1DT12H`.
    ///
    /// # Errors
    /// [`BadDuration::Calendar`] for months, years and seconds, [`BadDuration::Form`] for all else.
    pub fn parse(text: &str) -> Result<Minutes, BadDuration> {
        match text.strip_prefix('P') {
            Some(iso) => parse_iso(iso),
            None => {
                let unit = text.chars().next_back().ok_or(BadDuration::Form)?;
                let number = text.strip_suffix(unit).ok_or(BadDuration::Form)?;
                match unit {
                    'd' => count(number, Minutes::DAY),
                    'h' => count(number, Minutes::HOUR),
                    'm' => count(number, Minutes::MINUTE),
                    'w' | 'y' | 's' if digits(number) => Err(BadDuration::Calendar),
                    _ => Err(BadDuration::Form),
                }
            }
        }
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn count(number: &str, unit: i64) -> Result<Minutes, BadDuration> {
    if !digits(number) {
        return Err(BadDuration::Form);
    }
    let n: i64 = number.parse().map_err(|_| BadDuration::Form)?;
    n.checked_mul(unit).map(Minutes).ok_or(BadDuration::Form)
}

fn parse_iso(body: &str) -> Result<Minutes, BadDuration> {
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return Err(BadDuration::Form),
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    let units = [(date, &[('W', 7 * Minutes::DAY), ('D', Minutes::DAY)][..], "YM"), (time, &[('H', Minutes::HOUR), ('M', 1)][..], "S")];
    let mut total: Option<i64> = None;
    for (mut part, allowed, calendar) in units {
        let mut left = allowed;
        while !part.is_empty() {
            let end = part.find(|c: char| !c.is_ascii_digit()).ok_or(BadDuration::Form)?;
            let (number, rest) = part.split_at(end);
            let unit = rest.chars().next().ok_or(BadDuration::Form)?;
            if calendar.contains(unit) && digits(number) {
                return Err(BadDuration::Calendar);
            }
            let position = left.iter().position(|(u, _)| *u == unit).ok_or(BadDuration::Form)?;
            let length = left.get(position).map_or(0, |(_, l)| *l);
            left = left.get(position.saturating_add(1)..).unwrap_or(&[]);
            let Minutes(minutes) = count(number, length)?;
            total = Some(total.unwrap_or(0).checked_add(minutes).ok_or(BadDuration::Form)?);
            part = rest.get(unit.len_utf8()..).unwrap_or("");
        }
    }
    total.map(Minutes).ok_or(BadDuration::Form)
}

impl fmt::Display for Minutes {
    /// The canonical form: the largest unit that divides it, so `P14D`, `336h` and `14d` are all `14d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Minutes(n) = *self;
        let (number, unit) = match n {
            n if n.checked_rem(Minutes::DAY) == Some(0) => (n.checked_div(Minutes::DAY), 'd'),
            n if n.checked_rem(Minutes::HOUR) == Some(0) => (n.checked_div(Minutes::HOUR), 'h'),
            n => (Some(n), 'm'),
        };
        write!(f, "{}{unit}", number.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        for (text, canonical) in [
            ("14d", "14d"),
            ("P14D", "14d"),
            ("P2W", "14d"),
            ("336h", "14d"),
            ("36h", "36h"),
            ("P1DT12H", "36h"),
            ("90m", "90m"),
            ("PT1H30M", "90m"),
            ("0d", "0d"),
            ("PT0M", "0d"),
        ] {
            assert_eq!(Minutes::parse(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn months_and_years_are_refused() {
        for text in ["P1M", "P1Y", "P1Y2D", "PT5S", "1y", "3w"] {
            assert_eq!(Minutes::parse(text), Err(BadDuration::Calendar), "{text}");
        }
        for text in ["", "d", "14", "1.5d", "-3d", "P", "PT", "P1DT", "PD", "14 d", "P1H", "99999999999999999999d", "P1D2W"] {
            assert_eq!(Minutes::parse(text), Err(BadDuration::Form), "{text}");
        }
    }
}
