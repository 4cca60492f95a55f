//! The one clock, and the factor by which simulated durations shrink.
//!
//! [`Clock`] reads the wall once and then follows tokio's clock. On a paused runtime that clock is
//! virtual, so code that asks [`Clock`] and sleeps with `tokio::time` can be simulated.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The time of day. Cheap to copy; all copies agree.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Timestamp,
    started: Instant,
}

impl Clock {
    /// Follows the wall clock, which is read here and nowhere else.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
        let now = Timestamp::now();
        Self::starting_at(now)
    }

    /// A clock that shows `origin` now. For simulations and tests.
    pub fn starting_at(origin: Timestamp) -> Self {
        Self { origin: floor_to_millis(origin), started: Instant::now() }
    }

    /// This clock, moved forward so that it is never behind `earliest`: a journal must not see time run
    /// backwards when the wall clock was set back between two starts.
    #[must_use]
    pub fn not_before(self, earliest: Timestamp) -> Self {
        let behind = earliest.duration_since(self.now());
        if behind.is_positive() { Self { origin: self.origin + behind, ..self } } else { self }
    }

    /// The time, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.origin.saturating_add(SignedDuration::from_millis(elapsed)).unwrap_or(Timestamp::MAX)
    }

    /// The instant on tokio's clock at which this clock shows `at`; now, if that time has passed.
    pub fn instant_at(&self, at: Timestamp) -> Instant {
        let ahead = at.duration_since(self.now());
        Instant::now() + Duration::try_from(ahead).unwrap_or(Duration::ZERO)
    }
}

fn floor_to_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// A time in the whole milliseconds in which [`Clock`] counts, in half the room of a timestamp: for what is kept by
/// the million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Millis(i64);

impl Millis {
    /// The same time.
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX)
    }
}

impl From<Timestamp> for Millis {
    fn from(at: Timestamp) -> Self {
        Self(at.as_millisecond())
    }
}

/// `TIME_SCALE`: the factor for simulated durations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeScale(f64);

impl TimeScale {
    /// Real time.
    pub const REAL: Self = Self(1.0);

    /// A thousandth of real time.
    pub const THOUSANDTH: Self = Self(1e-3);

    /// A factor from 0.000001 to 1000.
    ///
    /// # Errors
    /// A sentence that says what is valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim().parse::<f64>() {
            Ok(factor) if (1e-6..=1e3).contains(&factor) => Ok(Self(factor)),
            _ => Err(format!("`{text}` is not a number from 0.000001 to 1000, such as 0.01")),
        }
    }

    /// The factor itself.
    pub fn factor(self) -> f64 {
        self.0
    }

    /// `duration` scaled, in whole milliseconds; a duration that is not zero becomes at least one.
    pub fn apply(self, duration: Duration) -> Duration {
        if duration.is_zero() || self == Self::REAL {
            return duration;
        }
        Duration::from_millis(((duration.as_secs_f64() * self.0 * 1e3).round() as u64).max(1))
    }

    /// `duration` scaled, but not below `floor`; a duration already shorter than `floor` is unchanged.
    pub fn apply_at_least(self, duration: Duration, floor: Duration) -> Duration {
        self.apply(duration).max(floor.min(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_follows_virtual_time() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().as_millisecond(), 3_600_000);
        assert_eq!(clock.instant_at(Timestamp::UNIX_EPOCH), Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_is_never_behind_what_a_journal_has_seen() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        let seen = Timestamp::from_second(60).unwrap();
        assert_eq!(clock.not_before(seen).now(), seen);
        assert_eq!(clock.not_before(seen).not_before(Timestamp::UNIX_EPOCH).now(), seen);
    }

    #[test]
    fn scaling_keeps_floors_and_never_reaches_zero() {
        let scale = TimeScale::parse("0.01").unwrap();
        assert_eq!(scale.apply(Duration::from_secs(20)), Duration::from_millis(200));
        assert_eq!(scale.apply(Duration::from_millis(1)), Duration::from_millis(1));
        assert_eq!(scale.apply(Duration::ZERO), Duration::ZERO);
        let floor = Duration::from_secs(2);
        assert_eq!(scale.apply_at_least(Duration::from_secs(10), floor), floor);
        assert_eq!(scale.apply_at_least(Duration::from_secs(1), floor), Duration::from_secs(1));
        assert_eq!(scale.apply_at_least(Duration::from_secs(1000), floor), Duration::from_secs(10));
    }

    #[test]
    fn a_scale_must_be_a_sensible_number() {
        for text in ["0", "-1", "NaN", "inf", "fast", "", "1001"] {
            assert!(TimeScale::parse(text).is_err(), "{text}");
        }
    }
}
