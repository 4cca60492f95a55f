use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json;

use super::Failure;
use super::replay::Replay;
use crate::audit::{self, Finding};
use crate::cli::process::Ending;
use crate::cli::unless_nobody_reads;
use crate::simulate::{Coverage, Failures, Schedule, Stuck, Subject, Trial};
use crate::words::counted;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// In which form a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// What a search has gone through.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Searched {
    Random { worlds: u64, orders: u64, records: u64, ends: BTreeMap<&'static str, u64> },
    Exhaustive(Coverage),
}

/// Reports a search, which may have been interrupted or got stuck.
pub(super) fn search(
    subject: &Subject,
    searched: &Searched,
    failures: &Failures,
    flow: Result<ControlFlow<()>, Stuck>,
    format: Format,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let found = failures.iter().map(|(rule, failure)| {
        // Whatever panics on the way to the least of them, what was found is told.
        let (schedule, findings) = match catch_unwind(AssertUnwindSafe(|| failure.shrunk(subject))) {
            Ok(Some((schedule, trial))) => (Some(schedule), trial.findings),
            Ok(None) => (None, failure.findings.clone()),
            Err(_) => (failure.examples.iter().flatten().next().cloned(), failure.findings.clone()),
        };
        let line = schedule.map(|schedule| line_of(subject, &schedule));
        Found { rule, orders: failure.orders, line, findings }
    });
    let found: Vec<_> = found.collect();
    let written = match format {
        Format::Text => text(searched, &found, &flow, out),
        Format::Json => {
            let report = json!({
                "searched": searched,
                "failures": found,
                "clean": failures.is_empty() && flow == Ok(ControlFlow::Continue(())),
                "interrupted": flow == Ok(ControlFlow::Break(())),
                "stuck": flow.as_ref().err().map(ToString::to_string),
            });
            writeln!(out, "{report:#}")
        }
    };
    unless_nobody_reads(written)?;
    Ok(match (failures.is_empty(), flow?) {
        (false, _) => Ending::Bad,
        (true, ControlFlow::Break(())) => Ending::Interrupted,
        (true, ControlFlow::Continue(())) => Ending::Good,
    })
}

/// A way to go wrong.
#[derive(Serialize)]
struct Found {
    rule: &'static str,
    orders: u64,
    line: Option<String>,
    findings: Vec<Finding>,
}

fn text(
    searched: &Searched,
    found: &[Found],
    flow: &Result<ControlFlow<()>, Stuck>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for Found { rule, orders, line, findings } in found {
        findings.iter().try_for_each(|finding| audit::Format::Text.write_finding(finding, out))?;
        writeln!(out, "{BOLD}{}{BOLD:#} went wrong with {rule}.", counted(*orders, "order"))?;
        match line {
            Some(line) => {
                writeln!(out, "To replay the smallest failing order, with its timeline:\n  {line}\n")?
            }
            None => writeln!(
                out,
                "No line reproduces the first of them, shown here, or the next ones tried: the order of a line is alone in its \
                 world.\n"
            )?,
        }
    }
    match searched {
        Searched::Random { worlds, orders, records, ends } => {
            let ends: Vec<_> = ends.iter().map(|(end, orders)| format!("{end} {orders}")).collect();
            let [worlds, orders, records] = [(worlds, "world"), (orders, "order"), (records, "record")]
                .map(|(number, noun)| counted(*number, noun));
            writeln!(out, "{worlds}, {orders}, {records}: {}", ends.join(", "))?;
        }
        Searched::Exhaustive(coverage) => covered(coverage, found.is_empty(), out)?,
    }
    let cut_short = match flow {
        Ok(ControlFlow::Continue(())) => return outcome(wrong(found), out),
        Ok(ControlFlow::Break(())) => "interrupted",
        Err(_) => "stuck",
    };
    write!(out, "{cut_short}; until then ")?;
    if found.is_empty() { writeln!(out, "no order went wrong") } else { outcome(wrong(found), out) }
}

fn wrong(found: &[Found]) -> u64 {
    found.iter().map(|found| found.orders).sum()
}

fn covered(coverage: &Coverage, is_clean: bool, out: &mut dyn Write) -> io::Result<()> {
    let Coverage { schedules, by_faults, by_faults_with_crash, decisions, outcomes, attempts, appends } =
        coverage;
    let counts = |counts: &BTreeMap<usize, u64>| {
        let counts: Vec<_> = counts.iter().map(|(faults, count)| format!("{count} with {faults}")).collect();
        counts.join(", ")
    };
    writeln!(out, "{BOLD}{schedules} schedules{BOLD:#}, by faults: {}", counts(by_faults))?;
    if !by_faults_with_crash.is_empty() {
        writeln!(out, "and with a crash: {}", counts(by_faults_with_crash))?;
    }
    writeln!(out, "\n{} decisions: {}", decisions.len(), decisions.join(", "))?;
    writeln!(out, "\nfaults, at every attempt that an order came to:")?;
    for (operation, outcomes) in outcomes {
        let attempts = attempts.get(*operation).copied().unwrap_or_default();
        writeln!(out, "  {operation} {DIM}(#1 to #{attempts}){DIM:#}: {}", outcomes.join(", "))?;
    }
    if !appends.is_empty() {
        let appends: Vec<_> = appends.iter().map(String::as_str).collect();
        writeln!(out, "\ncrashes before and after {} appends: {}", appends.len(), appends.join(", "))?;
    }
    let not_extended = if is_clean { "" } else { "A schedule that went wrong was not extended. " };
    writeln!(out, "\n{DIM}{not_extended}What no order came to was not tried.{DIM:#}")
}

fn outcome(wrong: u64, out: &mut dyn Write) -> io::Result<()> {
    match wrong {
        0 => writeln!(out, "{GOOD}clean{GOOD:#}"),
        wrong => writeln!(out, "{BAD}{} went wrong{BAD:#}", counted(wrong, "order")),
    }
}

/// Lets an order meet each schedule, and shows what happened to it.
pub(super) fn replays(replays: &[Replay], format: Format, out: &mut dyn Write) -> Result<Ending, Failure> {
    let mut trials = Vec::with_capacity(replays.len());
    for Replay { subject, schedule } in replays {
        let (line, trial) = (line_of(subject, schedule), schedule.run(subject, true));
        // At once: the next may panic.
        if format == Format::Text {
            unless_nobody_reads(replay(&line, &trial, out))?;
        }
        trials.push((line, trial));
    }
    let wrong = trials.iter().filter(|(_, trial)| !trial.findings.is_empty()).count();
    let written = match format {
        Format::Text => outcome(wrong as u64, out),
        Format::Json => {
            let trials = trials.iter().map(|(line, trial)| {
                json!({
                    "line": line,
                    "status": trial.decision.status,
                    "accepted": trial.decision.accepted,
                    "timeline": trial.log.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "missed": trial.missed,
                    "findings": trial.findings,
                })
            });
            let report = json!({ "replays": trials.collect::<Vec<_>>(), "clean": wrong == 0 });
            writeln!(out, "{report:#}")
        }
    };
    unless_nobody_reads(written)?;
    Ok(if wrong == 0 { Ending::Good } else { Ending::Bad })
}

fn replay(line: &str, trial: &Trial, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{DIM}{line}{DIM:#}\n")?;
    trial.log.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    writeln!(out)?;
    trial.missed.iter().try_for_each(|missed| writeln!(out, "{BAD}{missed}{BAD:#}"))?;
    trial.findings.iter().try_for_each(|finding| audit::Format::Text.write_finding(finding, out))
}

/// The command that lets an order meet the schedule, under the settings of this one.
fn line_of(subject: &Subject, schedule: &Schedule) -> String {
    let mut line = String::new();
    for (name, value) in subject.replay_variables() {
        line.push_str(&format!("{name}={value} "));
    }
    format!("{line}fake-stripe-chaos simulate {schedule}")
}
