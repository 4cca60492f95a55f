use std::fmt;
use std::time::Duration;

use super::table::parse_outcome;
use super::{Operation, Outcome};
use crate::environment::{format_duration, parse_duration};

/// Outcomes fixed by hand, before any table: `ORD-7:payment.capture#1=lost_response`.
#[derive(Clone, Debug, Default)]
pub struct Script {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    order: Option<String>,
    operation: &'static Operation,
    attempt: u32,
    outcome: &'static Outcome,
    delay: Duration,
}

impl Script {
    /// Reads lines separated by `;` or by line ends: `[order:]operation#attempt=outcome[@delay]`.
    /// Without an order it holds for that attempt of every order.
    ///
    /// # Errors
    /// A sentence that says which line is wrong and what is valid.
    pub fn parse(operations: &[&'static Operation], text: &str) -> Result<Self, String> {
        let lines = text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty());
        let lines = lines.map(|line| parse_line(operations, line).map_err(|e| format!("in `{line}`: {e}")));
        Ok(Self { lines: lines.collect::<Result<_, _>>()? })
    }

    /// What the script fixes for one attempt; a line that names the order goes before one that does not.
    pub(super) fn outcome(
        &self,
        operation: &Operation,
        order: Option<&str>,
        attempt: u32,
    ) -> Option<(&'static Outcome, Duration)> {
        let fits = |line: &&Line| line.attempt == attempt && line.operation.name == operation.name;
        let named = self
            .lines
            .iter()
            .filter(fits)
            .find(|line| line.order.is_some() && line.order.as_deref() == order);
        let line = named.or_else(|| self.lines.iter().filter(fits).find(|line| line.order.is_none()))?;
        Some((line.outcome, line.delay))
    }

    /// Whether nothing is fixed.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "; " })?;
            if let Some(order) = &line.order {
                write!(f, "{order}:")?;
            }
            write!(f, "{}#{}={}", line.operation.name, line.attempt, line.outcome.name)?;
            if line.delay != line.outcome.delay {
                write!(f, "@{}", format_duration(line.delay))?;
            }
        }
        Ok(())
    }
}

fn parse_line(operations: &[&'static Operation], line: &str) -> Result<Line, String> {
    let form = "expected [order:]operation#attempt=outcome, such as ORD-7:payment.capture#1=lost_response";
    let (target, outcome) = line.rsplit_once('=').ok_or(form)?;
    let (target, attempt) = target.rsplit_once('#').ok_or(form)?;
    // An order id may contain colons; an operation does not.
    let (order, name) = match target.rsplit_once(':') {
        Some((order, name)) => (Some(order.trim().to_owned()), name.trim()),
        None => (None, target.trim()),
    };
    let operation = operations.iter().find(|operation| operation.name == name).ok_or_else(|| {
        let valid: Vec<_> = operations.iter().map(|operation| operation.name).collect();
        format!("`{name}` is not an operation, expected one of {}", valid.join(", "))
    })?;
    let attempt = attempt.trim().parse().ok().filter(|attempt| *attempt > 0);
    let attempt = attempt.ok_or("the attempt is a whole number from 1")?;
    let (outcome, delay) = match outcome.split_once('@') {
        Some((outcome, delay)) => (outcome.trim(), Some(parse_duration(delay)?)),
        None => (outcome.trim(), None),
    };
    let outcome = parse_outcome(operation, outcome)?;
    Ok(Line { order, operation, attempt, outcome, delay: delay.unwrap_or(outcome.delay) })
}
