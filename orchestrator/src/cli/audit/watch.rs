use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::time::Duration;

use shared::environment::Environment;
use shared::ledger::Record;
use shared::time::{Clock, TimeScale};
use tokio_util::sync::CancellationToken;

use super::{Args, Failure, append_summary, before, require_orders};
use crate::audit::{Audit, Error, Finding, Format, Report, Severity, Source, step_summary_as, summary};
use crate::cli::{process, unless_nobody_reads};
use crate::words::counted;

/// How long an order may be silent and yet go on: it waits two minutes for a decision.
const SILENCE: Duration = Duration::from_secs(150);
const MIN_SILENCE: Duration = Duration::from_secs(10);

/// Judges again and again, and prints each finding once, until interrupted; tells whether there was
/// no violation.
pub(super) async fn run(
    args: &Args,
    environment: &Environment,
    clock: Clock,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    if args.format == Format::Junit {
        return Err(Failure::WatchedDocument);
    }
    let stop = process::stop_signal();
    let mut watch = Watch::new(args.source()?, args.audit()?, clock, stop);
    let report = watch.run(args, out).await?;
    if !watch.judged {
        require_orders(&report, "--quiet says how long orders may be silent")?;
    }
    if args.format != Format::Json {
        for line in summary(&report) {
            unless_nobody_reads(writeln!(out, "{line}"))?;
        }
        unless_nobody_reads(writeln!(out, "{}", watch.printed()))?;
    }
    let summary = format!("{}\n{}\n", step_summary_as(&report, watch.clean), watch.printed());
    append_summary(args.format, environment, &summary)?;
    Ok(watch.clean)
}

struct Watch {
    source: Source,
    audit: Audit,
    clock: Clock,
    stop: CancellationToken,
    /// What was printed: order and rule. Orders that have left the ledger are forgotten.
    known: BTreeSet<(String, &'static str)>,
    /// Whether there ever was an order to judge.
    judged: bool,
    clean: bool,
    /// How many findings were printed.
    violations: u64,
    warnings: u64,
}

impl Watch {
    fn new(source: Source, audit: Audit, clock: Clock, stop: CancellationToken) -> Self {
        let known = BTreeSet::new();
        Self { source, audit, clock, stop, known, judged: false, clean: true, violations: 0, warnings: 0 }
    }

    /// Judges until interrupted; the last report. What was found stands, though a later look fails.
    async fn run(&mut self, args: &Args, out: &mut dyn Write) -> Result<Report, Failure> {
        let stop = self.stop.clone();
        let unread = || Failure::Nothing("interrupted before the ledgers were read".to_owned());
        let mut report = stop.run_until_cancelled(self.look(args, out)).await.ok_or_else(unread)??;
        while stop.run_until_cancelled(tokio::time::sleep(args.every)).await.is_some() {
            match stop.run_until_cancelled(self.look(args, out)).await {
                None => break,
                Some(Ok(newer)) => report = newer,
                // Backends that answered once may be restarted meanwhile.
                Some(Err(Failure::Source(error @ Error::Unreachable { .. }))) => tracing::warn!("{error}"),
                Some(Err(failure)) if self.clean => return Err(failure),
                Some(Err(failure)) => {
                    crate::cli::tell(format_args!("error: {failure}"));
                    break;
                }
            }
        }
        Ok(report)
    }

    /// Judges once, and prints what is new.
    async fn look(&mut self, args: &Args, out: &mut dyn Write) -> Result<Report, Failure> {
        let asked_at = self.clock.now();
        let reading = self.source.read().await?;
        let quiet = args.quiet.unwrap_or_else(|| usual_quiet(reading.time_scale));
        let report = self.audit.report_until(&reading.ledgers, before(asked_at, quiet));
        let report = report.lacking(reading.evicted);
        let name = |finding: &Finding| (finding.order.clone(), finding.rule);
        let mut new = report.findings.iter().filter(|finding| !self.known.contains(&name(finding)));
        let written = new.try_for_each(|finding| {
            match finding.severity {
                Severity::Violation => self.violations += 1,
                Severity::Warning => self.warnings += 1,
            }
            args.format.write_finding(finding, out)
        });
        match written.and_then(|()| out.flush()) {
            // Whoever read our output has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.stop.cancel(),
            written => written?,
        }
        let kept: BTreeSet<_> = reading.ledgers.values().flatten().filter_map(Record::order).collect();
        self.known.retain(|(order, _)| kept.contains(order.as_str()));
        self.known.extend(report.findings.iter().map(name));
        self.judged |= report.orders > 0;
        self.clean &= report.is_clean();
        Ok(report)
    }

    /// What the summary of the last look does not tell, because findings leave with their orders.
    fn printed(&self) -> String {
        let found = [(self.violations, "violation"), (self.warnings, "warning")];
        let [violations, warnings] = found.map(|(number, noun)| counted(number, noun));
        format!("The whole watch printed {violations} and {warnings}.")
    }
}

fn usual_quiet(time_scale: f64) -> Duration {
    let scale = TimeScale::parse(&time_scale.to_string()).unwrap_or(TimeScale::REAL);
    scale.apply_at_least(SILENCE, MIN_SILENCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::audit::tests::over_a_hold;
    use jiff::Timestamp;
    use std::path::Path;

    /// A watch that begins this many seconds after the epoch, over a hold that is left open.
    fn watching_a_hold(folder: &Path, second: i64) -> (Args, Watch) {
        let (args, source) = over_a_hold(folder, "--watch --quiet 20s --format json");
        let clock = Clock::starting_at(Timestamp::from_second(second).unwrap());
        (args, Watch::new(source, Audit::default(), clock, CancellationToken::new()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_finding_is_printed_once_when_its_order_has_been_quiet() {
        let folder = tempfile::tempdir().unwrap();
        let (args, mut watch) = watching_a_hold(folder.path(), 15);
        let mut printed = Vec::new();
        for _ in 0..3 {
            let mut out = Vec::new();
            let report = watch.look(&args, &mut out).await.unwrap();
            printed.push((report.young, String::from_utf8(out).unwrap().lines().count()));
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
        assert_eq!(printed, [(1, 0), (0, 1), (0, 0)]);
        assert!(watch.clean, "a warning is no violation");
    }

    #[tokio::test(start_paused = true)]
    async fn a_finding_is_not_printed_again_when_its_order_was_busy_in_between() {
        let folder = tempfile::tempdir().unwrap();
        let (args, mut watch) = watching_a_hold(folder.path(), 40);
        let mut printed = Vec::new();
        let mut out = Vec::new();
        watch.look(&args, &mut out).await.unwrap();
        let read = concat!(
            "\n",
            r#"{"kind":"request","seq":2,"operation":"payment.status","order":"ORD-1","resource":"auth_1","status":200,"#,
            r#""startedAt":"1970-01-01T00:00:41Z","endedAt":"1970-01-01T00:00:42Z","correlationId":"c-1"}"#
        );
        let mut ledger =
            std::fs::OpenOptions::new().append(true).open(folder.path().join("payment.jsonl")).unwrap();
        ledger.write_all(read.as_bytes()).unwrap();
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_secs(15)).await;
            printed.push(watch.look(&args, &mut out).await.unwrap().young);
        }
        assert_eq!(printed, [1, 0, 0]);
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_printed_is_counted_though_its_order_has_left_the_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let (args, mut watch) = watching_a_hold(folder.path(), 40);
        watch.look(&args, &mut Vec::new()).await.unwrap();
        std::fs::write(folder.path().join("payment.jsonl"), "[]").unwrap();
        let report = watch.look(&args, &mut Vec::new()).await.unwrap();
        assert_eq!(report.findings.len(), 0);
        insta::assert_snapshot!(watch.printed(), @"The whole watch printed 0 violations and 1 warning.");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_found_stands_though_a_later_look_fails() {
        let folder = tempfile::tempdir().unwrap();
        for (strict, stands) in [(true, true), (false, false)] {
            let (args, mut watch) = watching_a_hold(folder.path(), 40);
            watch.audit.strict = strict;
            let spoil = async {
                tokio::time::sleep(args.every / 2).await;
                std::fs::write(folder.path().join("payment.jsonl"), "spoilt").unwrap();
            };
            let mut out = Vec::new();
            let (report, ()) = tokio::join!(watch.run(&args, &mut out), spoil);
            assert_eq!((report.is_ok(), watch.clean), (stands, !stands), "{report:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_interruption_does_not_wait_for_a_look() {
        let folder = tempfile::tempdir().unwrap();
        let (args, mut watch) = watching_a_hold(folder.path(), 40);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        watch.source = Source::at(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        watch.stop.cancel();
        let unread = watch.run(&args, &mut Vec::new()).await.unwrap_err();
        insta::assert_snapshot!(unread, @"there is nothing to judge: interrupted before the ledgers were read");
    }

    #[test]
    fn an_order_may_be_silent_for_as_long_as_it_may_wait() {
        assert_eq!(usual_quiet(1.0), Duration::from_secs(150));
        assert_eq!(usual_quiet(0.1), Duration::from_secs(15));
        assert_eq!(usual_quiet(0.001), Duration::from_secs(10));
    }
}
