use shared::chaos::Draw;

use crate::audit::Verb;

/// One whole, in the billionths in which shares are counted.
const WHOLE: u32 = 1_000_000_000;

/// The shares of the decisions. The rest of the orders gets none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    approved: u32,
    rejected: u32,
    cancelled: u32,
}

/// Shares that are not shares of a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shares of approved, rejected and cancelled orders must be from 0 to 1 and sum to at most 1")]
pub struct BadMix;

impl Default for Mix {
    /// 90 % approved, 5 % rejected, 5 % cancelled.
    fn default() -> Self {
        let percent = WHOLE / 100;
        Self { approved: 90 * percent, rejected: 5 * percent, cancelled: 5 * percent }
    }
}

impl Mix {
    /// These shares of the orders are approved, rejected and cancelled.
    ///
    /// # Errors
    /// When they are not from 0 to 1, or sum to more than 1.
    pub fn new(approved: f64, rejected: f64, cancelled: f64) -> Result<Self, BadMix> {
        let billionths = |share: f64| {
            let valid = (0.0..=1.0).contains(&share);
            valid.then(|| (share * f64::from(WHOLE)).round() as u32).ok_or(BadMix)
        };
        let mix = Self {
            approved: billionths(approved)?,
            rejected: billionths(rejected)?,
            cancelled: billionths(cancelled)?,
        };
        let sum = u64::from(mix.approved) + u64::from(mix.rejected) + u64::from(mix.cancelled);
        if sum <= u64::from(WHOLE) { Ok(mix) } else { Err(BadMix) }
    }

    pub(super) fn pick(self, draw: &mut Draw) -> Option<Verb> {
        let mut point = draw.below(WHOLE);
        let shares =
            [(self.approved, Verb::Approve), (self.rejected, Verb::Reject), (self.cancelled, Verb::Cancel)];
        for (share, verb) in shares {
            match point.checked_sub(share) {
                Some(rest) => point = rest,
                None => return Some(verb),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_come_as_often_as_they_should() {
        let mix = Mix::new(0.5, 0.2, 0.1).unwrap();
        let mut draw = Draw::seeded(1);
        let picks: Vec<_> = (0..10_000).map(|_| mix.pick(&mut draw)).collect();
        for (verb, expected) in [
            (Some(Verb::Approve), 5000),
            (Some(Verb::Reject), 2000),
            (Some(Verb::Cancel), 1000),
            (None, 2000),
        ] {
            let count = picks.iter().filter(|pick| **pick == verb).count();
            assert!(count.abs_diff(expected) < 200, "{verb:?} {count}");
        }
    }

    #[test]
    fn shares_are_shares_of_a_whole() {
        assert_eq!(Mix::new(0.9, 0.05, 0.05), Ok(Mix::default()));
        assert!(Mix::new(1.0, 0.0, 0.0).is_ok());
        for (approved, rejected, cancelled) in [(0.9, 0.1, 0.1), (-0.1, 0.0, 0.0), (0.0, f64::NAN, 0.0)] {
            assert_eq!(Mix::new(approved, rejected, cancelled), Err(BadMix));
        }
    }
}
