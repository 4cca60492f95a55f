//! The little statistics that a report needs.

use serde::Serialize;

/// How long things took, in milliseconds: the nearest rank, so that every figure was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// How many were measured.
    pub count: usize,
    /// Half took no longer.
    pub p50: u64,
    /// Nine of ten took no longer.
    pub p90: u64,
    /// Nineteen of twenty took no longer.
    pub p95: u64,
    /// All but one of a hundred took no longer.
    pub p99: u64,
    /// None took longer.
    pub max: u64,
}

impl Quantiles {
    /// Of these times, in any order; `None` when there are none.
    pub fn of(mut millis: Vec<u64>) -> Option<Self> {
        millis.sort_unstable();
        let max = *millis.last()?;
        let count = millis.len();
        let rank = |percent: usize| millis[(count * percent).div_ceil(100).saturating_sub(1)];
        Some(Self { count, p50: rank(50), p90: rank(90), p95: rank(95), p99: rank(99), max })
    }
}

/// The shares, from 0 to 1, that may have led to `hits` of `trials` with 95 % confidence: Wilson's score
/// interval, which stays right for few trials and for shares near 0 and 1.
pub fn wilson(hits: u64, trials: u64) -> (f64, f64) {
    /// The standard normal distribution has 95 % of its mass within this distance of its mean.
    const Z: f64 = 1.959_963_984_540_054;
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (trials as f64, hits as f64 / trials as f64);
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    // Of none and of all the ends are exact, which rounding misses.
    let low = if hits == 0 { 0.0 } else { (centre - half) / scale };
    let high = if hits == trials { 1.0 } else { (centre + half) / scale };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        assert_eq!(Quantiles::of(Vec::new()), None);
        let one = Quantiles::of(vec![7]).unwrap();
        assert_eq!((one.p50, one.p99, one.max), (7, 7, 7));
        let hundred = Quantiles::of((1..=100).rev().collect()).unwrap();
        assert_eq!((hundred.p50, hundred.p90, hundred.p95, hundred.p99, hundred.max), (50, 90, 95, 99, 100));
    }

    #[test]
    fn intervals_are_those_of_the_textbook() {
        let rounded = |(low, high): (f64, f64)| ((low * 1e4).round() / 1e4, (high * 1e4).round() / 1e4);
        assert_eq!(rounded(wilson(50, 100)), (0.4038, 0.5962));
        assert_eq!(rounded(wilson(0, 10)), (0.0, 0.2775));
        assert_eq!(rounded(wilson(10, 10)), (0.7225, 1.0));
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        for trials in 1..1000 {
            assert_eq!((wilson(0, trials).0, wilson(trials, trials).1), (0.0, 1.0), "{trials}");
        }
    }
}
