//! What did not get through, and when it is worth another try.

use chrono::{DateTime, Utc};
use std::fmt;
use std::time::Duration;

/// The longest that a server can make us wait.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest wait, so that a server that says "at once" is not asked without end.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// The first wait of [`backoff`].
const FIRST: Duration = Duration::from_secs(60);
/// The longest wait of [`backoff`].
const LAST: Duration = Duration::from_secs(6 * 60 * 60);
/// The longest reason, in characters.
const LONGEST_REASON: usize = 300;

/// A wish that was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// Why, in one line for people: the connector, what was being done, what came of it. It holds no secret.
    pub what: String,
    /// When it is worth another try.
    pub retry: Retry,
}

/// When something is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The server says when: after so long, between a second and a day.
    After(Duration),
    /// Later, as [`backoff`] says: it may pass by itself, or somebody mends the server or the token.
    Later,
    /// Not by itself: the same wish would be refused again until somebody changes something.
    Never,
}

impl Undelivered {
    /// A reason in one line, whatever the other side put into it.
    pub(super) fn new(what: &str, retry: Retry) -> Undelivered {
        Undelivered { what: one_line(what), retry }
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Undelivered {}

/// How long to wait after so many attempts that failed: a minute after the first, twice as long after each further one, six hours at
/// most. The same number gives the same wait.
#[must_use]
pub fn backoff(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(u32::BITS.saturating_sub(1));
    FIRST.saturating_mul(1u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(LAST)
}

/// What a `Retry-After` header says at a time: seconds, or an HTTP date. `None` if it says neither.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    let digits = !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit());
    let wait = if digits {
        // More digits than fit are more than a day.
        Duration::from_secs(header.parse().unwrap_or(u64::MAX))
    } else {
        // The day of the week says nothing, and some servers get it wrong.
        let date = header.split_once(", ").map_or(header, |(_, date)| date);
        let then = DateTime::parse_from_rfc2822(date).ok()?;
        then.with_timezone(&Utc).signed_duration_since(now).to_std().unwrap_or_default()
    };
    Some(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT))
}

/// One line of bounded length without characters that hide or reorder others.
pub(super) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if crate::kinds::text::is_hostile(c, false) { ' ' } else { c }).collect();
    let mut line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST_REASON) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn waits_double_up_to_six_hours() {
        let minutes: Vec<u64> = (0..12).map(|n| backoff(n).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(backoff(u32::MAX), LAST);
    }

    #[test]
    fn a_server_says_when_within_bounds() {
        let now = Utc.with_ymd_and_hms(2026, 11, 29, 8, 0, 0).unwrap();
        for (header, seconds) in [
            ("120", Some(120)),
            (" 5 ", Some(5)),
            ("0", Some(1)),
            ("86401", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 29 Nov 2026 08:01:30 GMT", Some(90)),
            ("Mon, 29 Nov 2026 08:01:30 GMT", Some(90)),
            ("Sun, 29 Nov 2026 07:00:00 GMT", Some(1)),
            ("Wed, 29 Nov 2028 08:00:00 GMT", Some(86_400)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(header, now).map(|d| d.as_secs()), seconds, "{header:?}");
        }
    }

    #[test]
    fn reasons_are_one_bounded_line() {
        assert_eq!(one_line(" a\r\nb\u{202e}c\t d\u{1b}[31m "), "a b c d [31m");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), LONGEST_REASON + 1);
    }
}
