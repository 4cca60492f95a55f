use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::Results;
use super::results::{End, Ends, OperationResults};
use super::statistics::Quantiles;
use crate::audit::Format;
use crate::words::{count, counted, millis, percent};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Writes the run for people. It has colours, which the stream drops where nobody sees them.
///
/// # Errors
/// When it cannot be written.
pub(super) fn text(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    figures(results, out)?;
    operations(results, out)?;
    if results.placed() > 0 {
        Format::Text.write(&results.audit, out)?;
    }
    conditions(results, out)?;
    writeln!(out, "\n{BOLD}Repeat it:{BOLD:#} {}", results.setting.command)
}

fn figures(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let setting = &results.setting;
    let (orders, took) = (counted(results.placed(), "order"), millis(setting.took_ms));
    let (seed, scale, at_once) = (setting.seed, setting.time_scale, setting.concurrency);
    writeln!(out, "{BOLD}{orders} in {took}{BOLD:#}, seed {seed}, time scale {scale}, {at_once} at once")?;
    for note in &results.notes {
        writeln!(out, "{BAD}!{BAD:#} {note}")?;
    }
    let ends = End::ALL.into_iter().map(|end| (end, results.ended(end)));
    let ends = ends.filter(|(end, orders)| *orders > 0 || *end != End::NotEnded);
    let ends: Vec<_> = ends
        .map(|(end, orders)| format!("{} {} ({})", end.name(), count(orders), percent(results.share(orders))))
        .collect();
    line(out, "ended", &ends.join(", "))?;
    let (sent, accepted) = results.ends.iter().fold((0, 0), |(sent, accepted), row| {
        (sent + row.sent(), accepted + row.accepted + row.late_cancels_accepted)
    });
    line(out, "decisions", &format!("{} sent, {} accepted", count(sent), count(accepted)))?;
    if let Some(Quantiles { p50, p90, p99, max, .. }) = results.order_latency {
        let [p50, p90, p99, max] = [p50, p90, p99, max].map(millis);
        line(out, "order", &format!("p50 {p50}, p90 {p90}, p99 {p99}, max {max}"))?;
    }
    let requests = counted(results.sum(|row| row.requests), "request");
    let retries = counted(results.sum(|row| row.retries), "retry");
    let faults = counted(results.sum(|row| row.faults), "fault");
    line(out, "backends", &format!("{requests} ({retries}), {faults} injected"))?;
    let undone =
        results.compensations.iter().map(|row| format!("{} {} {}", row.domain, row.effect, count(row.count)));
    let undone: Vec<_> = undone.collect();
    line(out, "undone", if undone.is_empty() { "nothing".to_owned() } else { undone.join(", ") }.as_str())?;
    writeln!(out)
}

fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {DIM}{name:<10}{DIM:#}{value}")
}

const HEADS: [&str; 8] = ["operation", "requests", "retries", "faults", "p50", "p90", "p99", "max"];

fn operations(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<_> = results.operations.iter().map(columns).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row: &[String; 8]| row[column].chars().count());
        cells.max().unwrap_or(0).max(HEADS[column].len())
    };
    let aligned = |row: [&str; 8]| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    writeln!(out, "  {DIM}{}{DIM:#}", aligned(HEADS))?;
    for row in &rows {
        writeln!(out, "  {}", aligned(row.each_ref().map(String::as_str)))?;
    }
    writeln!(out)
}

fn columns(row: &OperationResults) -> [String; 8] {
    let time = |quantile: fn(&Quantiles) -> u64| {
        row.latency.as_ref().map_or_else(|| "-".to_owned(), |times| millis(quantile(times)))
    };
    let [requests, retries, faults] = [row.requests, row.retries, row.faults].map(count);
    let [p50, p90, p99, max] = [time(|q| q.p50), time(|q| q.p90), time(|q| q.p99), time(|q| q.max)];
    [row.operation.clone(), requests, retries, faults, p50, p90, p99, max]
}

fn conditions(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    for verdict in &results.conditions {
        let (condition, measured) = (&verdict.condition, &verdict.measured);
        if verdict.is_broken {
            writeln!(out, "{BAD}✗{BAD:#} --fail-on {condition}: measured {measured}")?;
        } else {
            writeln!(out, "{GOOD}✓{GOOD:#} --fail-on {condition}: measured {measured}")?;
        }
    }
    Ok(())
}

/// A decision as people say it.
pub(super) fn decision(row: &Ends) -> &'static str {
    match row.decision {
        Some(_) if row.late_cancel => "approve, cancel later",
        Some(verb) => verb.name(),
        None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sample;

    fn plain(results: &Results) -> String {
        let mut bytes = Vec::new();
        text(results, &mut bytes).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string()
    }

    #[test]
    fn a_clean_run_fits_a_screen() {
        insta::assert_snapshot!(plain(&sample::clean()), @"
        2 orders in 21.4 s, seed 7, time scale 0.001, 64 at once
          ended     shipped 1 (50 %), rejected 0 (0 %), cancelled 0 (0 %), failed 1 (50 %)
          decisions 2 sent, 1 accepted
          order     p50 4 ms, p90 140 ms, p99 140 ms, max 140 ms
          backends  5 requests (0 retries), 1 fault injected
          undone    nothing

          operation              requests  retries  faults     p50     p90     p99     max
          payment.authorize             2        0       1    3 ms   10 ms   10 ms   10 ms
          payment.capture               1        0       0    1 ms    1 ms    1 ms    1 ms
          inventory.reserve             1        0       0    2 ms    2 ms    2 ms    2 ms
          shipping.create_label         1        0       0  120 ms  120 ms  120 ms  120 ms

        2 orders judged.
        Clean: no findings.
        ✓ --fail-on error-rate>5%: measured 0 %
        ✓ --fail-on p99>1s: measured 140 ms

        Repeat it: fake-stripe-chaos run --orders 3 --seed 7
        ");
    }

    #[test]
    fn a_broken_run_tells_what_broke() {
        insta::assert_snapshot!(plain(&sample::broken()), @r#"
        3 orders in 21.4 s, seed 7, time scale 0.001, 64 at once
          ended     shipped 1 (33.3 %), rejected 0 (0 %), cancelled 0 (0 %), failed 2 (66.7 %)
          decisions 3 sent, 2 accepted
          order     p50 140 ms, p90 1.25 s, p99 1.25 s, max 1.25 s
          backends  7 requests (0 retries), 2 faults injected
          undone    nothing

          operation              requests  retries  faults     p50     p90     p99     max
          payment.authorize             3        0       1    3 ms   10 ms   10 ms   10 ms
          payment.capture               1        0       0    1 ms    1 ms    1 ms    1 ms
          inventory.reserve             2        0       1    1 ms    2 ms    2 ms    2 ms
          shipping.create_label         1        0       0  120 ms  120 ms  120 ms  120 ms

        VIOLATION ORD-<script>alert(1)</script>&"' hold_left_open
          109.97 is still on hold (auth_3), and the order has no live label.
          Usually the flow ended (a rejection, an approval that never came, a failed step) without releasing the hold, or an authorize whose answer was lost was taken for one that did not happen.
          +0.000s  payment.authorize#1  auth_3  201     key ORD-<script>alert(1)</script>&"'/payment.authorize, correlation placing ORD-<script>alert(1)</script>&"'
          +0.001s    held               auth_3  109.97

        3 orders judged.
        1 violation: hold_left_open 1.
        ✓ --fail-on error-rate>5%: measured 0 %
        ✗ --fail-on p99>1s: measured 1.25 s

        Repeat it: fake-stripe-chaos run --orders 3 --seed 7
        "#);
    }
}
