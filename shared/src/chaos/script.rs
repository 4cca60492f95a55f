use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::table::{parse_delay, parse_outcome, split_delay};
use super::{Operation, Outcome};
use crate::digest::{DigestMap, digest_of};
use crate::environment::format_duration;

/// Outcomes fixed by hand, before any table: `ORD-7:payment.capture#1=lost_response`.
#[derive(Clone, Debug, Default)]
pub struct Script {
    lines: Vec<ScriptLine>,
    /// The first line for each attempt of an operation, for one order or for all.
    by_target: DigestMap<usize>,
}

/// One line of a [`Script`]. Its `Display` output parses back.
#[derive(Clone, Debug)]
pub struct ScriptLine {
    /// The order; `None` for every order.
    pub order: Option<String>,
    /// The operation.
    pub operation: &'static Operation,
    /// The attempt's number under the order, from 1.
    pub attempt: u32,
    /// What happens.
    pub outcome: &'static Outcome,
    /// How long it takes, before `TIME_SCALE`.
    pub delay: Duration,
}

impl Script {
    /// Reads lines separated by `;` or by line ends: `[order:]operation#attempt=outcome[@delay]`.
    /// Without an order it applies to that attempt of every order.
    ///
    /// # Errors
    /// A sentence that says which line is wrong and what is valid.
    pub fn parse(operations: &[&'static Operation], text: &str) -> Result<Self, String> {
        let lines = text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty());
        let mut seen = BTreeSet::new();
        let mut parse = |line| {
            let parsed = parse_line(operations, line)?;
            let target = (parsed.order.clone(), parsed.operation.name, parsed.attempt);
            if seen.insert(target) { Ok(parsed) } else { Err("this attempt is already scripted".to_owned()) }
        };
        lines.map(|line| parse(line).map_err(|e| format!("in `{line}`: {e}"))).collect()
    }

    /// The lines, in their order.
    pub fn lines(&self) -> &[ScriptLine] {
        &self.lines
    }

    /// What the script fixes for one attempt; a line that names the order takes precedence.
    pub(super) fn outcome(
        &self,
        operation: &Operation,
        order: Option<&str>,
        attempt: u32,
    ) -> Option<(&'static Outcome, Duration)> {
        if self.lines.is_empty() {
            return None;
        }
        let find = |order| self.by_target.get(&target(order, operation, attempt));
        let found = order.and_then(|order| find(Some(order))).or_else(|| find(None));
        let line = self.lines.get(*found?)?;
        Some((line.outcome, line.delay))
    }

    /// Whether it has no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl FromIterator<ScriptLine> for Script {
    fn from_iter<I: IntoIterator<Item = ScriptLine>>(lines: I) -> Self {
        let mut script = Self::default();
        for line in lines {
            let target = target(line.order.as_deref(), line.operation, line.attempt);
            script.by_target.entry(target).or_insert(script.lines.len());
            script.lines.push(line);
        }
        script
    }
}

fn target(order: Option<&str>, operation: &Operation, attempt: u32) -> u128 {
    digest_of(&(order, operation.name, attempt))
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines.iter().enumerate() {
            write!(f, "{}{line}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for ScriptLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(order) = &self.order {
            write!(f, "{order}:")?;
        }
        write!(f, "{}#{}={}", self.operation.name, self.attempt, self.outcome.name)?;
        if self.delay != self.operation.usual_delay(self.outcome) {
            write!(f, "@{}", format_duration(self.delay))?;
        }
        Ok(())
    }
}

/// An order id in a script. A separator of lines or fields inside it is taken for a mistake: a line
/// that can never match would be a fault that silently never strikes.
fn parse_order(id: &str) -> Result<String, String> {
    if id.is_empty() || id.contains(|c: char| c.is_whitespace() || "=#,".contains(c)) {
        return Err(format!("`{id}` is not an order id; lines are separated by `;`"));
    }
    Ok(id.to_owned())
}

fn parse_line(operations: &[&'static Operation], line: &str) -> Result<ScriptLine, String> {
    let form = "expected [order:]operation#attempt=outcome, such as ORD-7:payment.capture#1=lost_response";
    let (target, outcome) = line.rsplit_once('=').ok_or(form)?;
    let (target, attempt) = target.rsplit_once('#').ok_or(form)?;
    // An order id may contain colons; an operation does not.
    let (order, name) = match target.rsplit_once(':') {
        Some((order, name)) => (Some(parse_order(order.trim())?), name.trim()),
        None => (None, target.trim()),
    };
    let operation = operations.iter().find(|operation| operation.name == name).ok_or_else(|| {
        let valid: Vec<_> = operations.iter().map(|operation| operation.name).collect();
        format!("`{name}` is not an operation, expected one of {}", valid.join(", "))
    })?;
    let attempt = attempt.trim().parse().ok().filter(|attempt| *attempt > 0);
    let attempt = attempt.ok_or("the attempt must be a whole number from 1")?;
    let (outcome, delay) = split_delay(outcome);
    let outcome = parse_outcome(operation, outcome.trim())?;
    let delay = parse_delay(operation, outcome, delay)?;
    Ok(ScriptLine { order, operation, attempt, outcome, delay })
}
