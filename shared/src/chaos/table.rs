use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Draw, Operation, Outcome, Surface, faults};
use crate::environment::{format_duration, parse_duration};

/// One whole, in the billionths in which shares are counted: exact, so that the configured share is
/// the drawn share.
pub(super) const WHOLE: u32 = 1_000_000_000;

/// An operation's outcomes and how often each is drawn.
#[derive(Clone, Debug)]
pub struct Table {
    shares: Vec<Share>,
}

/// One row of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// What happens.
    pub outcome: &'static Outcome,
    /// How often, in billionths.
    pub billionths: u32,
    /// How long it takes, before `TIME_SCALE`.
    pub delay: Duration,
}

impl Share {
    /// The share as a fraction of 1.
    pub fn fraction(&self) -> f64 {
        f64::from(self.billionths) / f64::from(WHOLE)
    }

    /// The share as `40%`.
    pub fn percent(&self) -> String {
        format!("{}%", Decimal::new(i64::from(self.billionths), 7).normalize())
    }
}

impl Table {
    /// Reads `success=40%, timeout=20%@5s, …`: a share is `30%` or `0.3`, `@` sets the delay, a
    /// missing `success` takes the rest; otherwise the shares must sum to exactly 1.
    ///
    /// # Errors
    /// A sentence that says what is wrong and which outcomes the operation knows.
    pub fn parse(operation: &'static Operation, text: &str) -> Result<Self, String> {
        let mut seen = BTreeSet::new();
        let mut shares = Vec::new();
        for row in text.split(',').map(str::trim).filter(|row| !row.is_empty()) {
            let share = parse_row(operation, row)?;
            if !seen.insert(share.outcome.name) {
                return Err(format!("`{}` is listed twice", share.outcome.name));
            }
            shares.push(share);
        }
        if shares.is_empty() {
            return Err("is empty; write for example `success=90%, timeout=10%@5s`".to_owned());
        }
        let sum: u64 = shares.iter().map(|share| u64::from(share.billionths)).sum();
        let whole = u64::from(WHOLE);
        if sum < whole && !seen.contains(faults::SUCCESS.name) {
            shares.insert(0, success((whole - sum) as u32));
        } else if sum != whole {
            let sum = Decimal::from(sum) / Decimal::from(WHOLE / 100);
            return Err(format!("the shares sum to {}%, expected exactly 100%", sum.normalize()));
        }
        Ok(Self { shares })
    }

    /// The same failures in the same proportions, summing to `rate` billionths; `success` takes
    /// the rest. A table without failures stays as it is.
    #[must_use]
    pub(super) fn scaled_to(&self, rate: u32) -> Self {
        let failures: Vec<Share> = self.failures().copied().collect();
        let total: u64 = failures.iter().map(|share| u64::from(share.billionths)).sum();
        if total == 0 {
            return self.clone();
        }
        // Cumulative rounding: every share is within a billionth of exact, and their sum is `rate`.
        let scale = |billionths: u64| (billionths * u64::from(rate) / total) as u32;
        let mut below = 0;
        let mut scaled = vec![success(WHOLE - rate)];
        scaled.extend(failures.into_iter().map(|share| {
            let from = scale(below);
            below += u64::from(share.billionths);
            Share { billionths: scale(below) - from, ..share }
        }));
        Self { shares: scaled }
    }

    /// All rows, in the order in which they were configured.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// The rows that are not `success`.
    pub fn failures(&self) -> impl Iterator<Item = &Share> {
        self.shares.iter().filter(|share| share.outcome.name != faults::SUCCESS.name)
    }

    /// Draws one row.
    pub(super) fn pick(&self, draw: &mut Draw) -> usize {
        let mut point = draw.below(WHOLE);
        for (row, share) in self.shares.iter().enumerate() {
            match point.checked_sub(share.billionths) {
                Some(rest) => point = rest,
                None => return row,
            }
        }
        self.shares.len() - 1
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (row, share) in self.shares.iter().enumerate() {
            let comma = if row == 0 { "" } else { ", " };
            write!(f, "{comma}{}={}", share.outcome.name, share.percent())?;
            // The default one as well: people want to see it, and operations differ in it.
            if !share.delay.is_zero() || !share.outcome.delay.is_zero() {
                write!(f, "@{}", format_duration(share.delay))?;
            }
        }
        Ok(())
    }
}

fn success(billionths: u32) -> Share {
    Share { outcome: &faults::ANYWHERE[0], billionths, delay: Duration::ZERO }
}

fn parse_row(operation: &'static Operation, row: &str) -> Result<Share, String> {
    let (name, value) =
        row.split_once('=').ok_or_else(|| format!("`{row}` is not of the form outcome=share"))?;
    let outcome = parse_outcome(operation, name.trim())?;
    let (share, delay) = split_delay(value);
    let delay = parse_delay(operation, outcome, delay)?;
    let billionths = parse_share(share.trim())
        .ok_or_else(|| format!("`{}` is not a share such as 30% or 0.3", share.trim()))?;
    Ok(Share { outcome, billionths, delay })
}

/// The outcome with that name.
pub(super) fn parse_outcome(operation: &'static Operation, name: &str) -> Result<&'static Outcome, String> {
    operation.outcome(name).ok_or_else(|| {
        let valid: Vec<_> = operation.possible().map(|outcome| outcome.name).collect();
        format!("`{name}` is not an outcome of {}, expected one of {}", operation.name, valid.join(", "))
    })
}

/// The text before the `@`, and the delay after it.
pub(super) fn split_delay(text: &str) -> (&str, Option<&str>) {
    text.split_once('@').map_or((text, None), |(before, delay)| (before, Some(delay)))
}

/// The given delay, or the default one.
pub(super) fn parse_delay(
    operation: &Operation,
    outcome: &Outcome,
    given: Option<&str>,
) -> Result<Duration, String> {
    match given {
        None => Ok(operation.usual_delay(outcome)),
        Some(_) if matches!(outcome.surface, Surface::Silence) => Err(format!(
            "`{}` takes no delay: it lasts until the client disconnects, at most 5m",
            outcome.name
        )),
        Some(delay) => parse_duration(delay),
    }
}

/// A share, `30%` or `0.3`, in billionths; `None` unless it is from 0 to 1 and a whole number of them.
pub(super) fn parse_share(text: &str) -> Option<u32> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), WHOLE / 100),
        None => (text, WHOLE),
    };
    let billionths = Decimal::from_str_exact(number).ok()?.checked_mul(Decimal::from(unit))?;
    billionths.is_integer().then(|| billionths.to_u32()).flatten().filter(|share| *share <= WHOLE)
}
