//! Spans and instants of the other system, as the language writes them.

use crate::model::Minutes;
use chrono::{DateTime, SubsecRound as _, Utc};

/// A span of ISO 8601 in minutes. A month has 30 days and a year 365, which is told by the second part of the answer.
#[must_use]
pub fn span(text: &str) -> Option<(i64, bool)> {
    if let Ok(Minutes(minutes)) = Minutes::parse(text) {
        return (minutes > 0).then_some((minutes, false));
    }
    let rest = text.strip_prefix('P')?;
    let (days, hours) = rest.split_once('T').unwrap_or((rest, ""));
    let units = |text: &str, units: &[(char, i64)]| -> Option<i64> {
        let (mut total, mut digits) = (0i64, String::new());
        for c in text.chars() {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            // Fractions of seconds come in some answers, and count for nothing.
            let number: f64 = if c == '.' {
                digits.push(c);
                continue;
            } else {
                digits.parse().ok()?
            };
            let (_, length) = units.iter().find(|(unit, _)| *unit == c)?;
            if number.fract() != 0.0 && *length != 0 {
                return None;
            }
            let whole: i64 = digits.split('.').next()?.parse().ok()?;
            total = total.checked_add(whole.checked_mul(*length)?)?;
            digits.clear();
        }
        digits.is_empty().then_some(total)
    };
    const DAY: i64 = 24 * 60;
    let days_in = units(days, &[('Y', 365 * DAY), ('M', 30 * DAY), ('W', 7 * DAY), ('D', DAY)])?;
    let rest_in = units(hours, &[('H', 60), ('M', 1), ('S', 0)])?;
    let total = days_in.checked_add(rest_in)?;
    (total > 0).then_some((total, days.contains(['Y', 'M'])))
}

/// An instant, to the millisecond.
#[must_use]
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc().trunc_subsecs(3)).filter(|at| {
        // What the language can write.
        at.timestamp() >= 0 && at.timestamp() < 253_402_300_800
    })
}

/// An instant as TOML writes it.
#[must_use]
pub fn toml(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, minutes, rounded) in [
            ("P14D", 20_160, false),
            ("PT1H", 60, false),
            ("P1Y", 525_600, true),
            ("P6M", 259_200, true),
            ("P1DT12H", 2_160, false),
            ("P365D", 525_600, false),
            ("P2W", 20_160, false),
            ("P7DT0.000S", 10_080, false),
        ] {
            assert_eq!(span(text), Some((minutes, rounded)), "{text}");
        }
        for text in ["", "P", "PT", "14", "P1.5D", "PxD", "P99999999999999999999D", "-P1D", "P0D"] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn instants() {
        assert_eq!(toml(instant("2027-01-31T10:20:30.1234567Z").unwrap()), "2027-01-31T10:20:30.123Z");
        assert_eq!(toml(instant("2027-01-31T10:20:30+02:00").unwrap()), "2027-01-31T08:20:30Z");
        for text in ["", "2027-01-31", "0001-01-01T00:00:00Z", "soon"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
