use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::report::{self, Searched};
use super::{Args, Failure};
use crate::cli::process::{self, Ending};
use crate::simulate::{Decision, Exhaustive, Failures, RandomWorld, Subject};

/// Orders at random, a world for each seed.
pub(super) fn random(args: &Args, subject: &Arc<Subject>, out: &mut dyn Write) -> Result<Ending, Failure> {
    let world = RandomWorld {
        orders: args.orders_per_world,
        concurrency: args.concurrency,
        mix: args.decisions.mix()?,
        late_cancels: args.late_cancels,
        crashes: args.crashes,
        log: args.log.is_some(),
    };
    let unwritable = |error| Failure::File {
        path: args.log.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
        error,
    };
    let log = args.log.as_ref().map(File::create).transpose().map_err(unwritable)?;
    let mut log = log.map(BufWriter::new);
    let worlds = args.seeds.end().saturating_sub(*args.seeds.start()).saturating_add(1);
    let progress = Progress::new(worlds, "worlds");
    let (mut done, mut records, mut ends) = (0, 0, BTreeMap::<&str, u64>::new());
    let (mut failures, mut written) = (Failures::default(), Ok(()));
    let stop = process::stop_signal();
    let flow = world.run_all(subject, args.seeds.clone(), args.threads(), |report| {
        done += 1;
        records += report.records;
        for (end, orders) in report.ends {
            *ends.entry(end.unwrap_or("not ended")).or_default() += orders;
        }
        failures.join(report.failures);
        progress.at(done, worlds, failures.orders());
        if let (Some(log), Ok(())) = (&mut log, &written) {
            written = writeln!(log, "seed {}", report.seed)
                .and_then(|()| report.log.iter().try_for_each(|line| writeln!(log, "{line}")));
        }
        unless_stopped(&stop)
    });
    drop(progress);
    let flushed = written.and_then(|()| log.as_mut().map_or(Ok(()), Write::flush));
    flushed.map_err(unwritable)?;
    let searched = Searched::Random { worlds: done, orders: done * args.orders_per_world, records, ends };
    report::search(subject, &searched, &failures, flow, args.format, out)
}

/// Everything that can happen.
pub(super) fn exhaustive(
    args: &Args,
    subject: &Arc<Subject>,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let decisions = if args.decision.is_empty() { Decision::all() } else { args.decision.clone() };
    let search = Exhaustive { faults: args.faults, crashes: args.crashes, decisions };
    let progress = Progress::new(0, "schedules");
    let stop = process::stop_signal();
    let (coverage, failures, flow) = search.run(subject, args.threads(), |done, total| {
        progress.at(done, total, 0);
        unless_stopped(&stop)
    });
    drop(progress);
    report::search(subject, &Searched::Exhaustive(coverage), &failures, flow, args.format, out)
}

/// Whoever interrupts a search gets what was found until then.
fn unless_stopped(stop: &CancellationToken) -> ControlFlow<()> {
    if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use clap::Parser;
    use shared::environment::Environment;

    use super::*;
    use crate::cli::arguments::tests::Line;
    use crate::cli::simulate::replay::Replay;
    use crate::cli::simulate::subject;
    use crate::simulate::Flow;

    /// The shipped flow, whose orders wait longer than their stock, and one process of which panics at
    /// its start.
    fn panicking(process: u32) -> Subject {
        let environment: Environment = [("INVENTORY_RESERVATION_TTL", "5s")].into_iter().collect();
        let (started, shipped) = (AtomicU32::new(0), subject(Flow::shipped(), &environment).unwrap());
        let flow = shipped.flow.clone();
        let flow = Flow::new(move |context| {
            assert_ne!(started.fetch_add(1, Ordering::Relaxed) + 1, process, "as planted");
            flow.registry(context)
        });
        Subject { flow, ..shipped }
    }

    /// What is printed of a search, and how it ends.
    fn searched(
        subject: Subject,
        line: &str,
        search: impl Fn(&Args, &Arc<Subject>, &mut dyn Write) -> Result<Ending, Failure>,
    ) -> (String, Result<Ending, String>) {
        let Line { args } = Line::parse_from(format!("simulate --threads 1 {line}").split(' '));
        let mut out = Vec::new();
        let ending = tokio::task::block_in_place(|| search(&args, &Arc::new(subject), &mut out));
        (plain(&out), ending.map_err(|failure| failure.to_string()))
    }

    fn plain(out: &[u8]) -> String {
        String::from_utf8(anstream::adapter::strip_bytes(out).into_vec()).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_was_found_before_a_world_panicked_is_printed() {
        let (printed, ending) = searched(panicking(3), "--seeds 1..9 --orders-per-world 40", random);
        assert!(
            printed.contains("went wrong with ") && printed.contains("\n2 worlds, 80 orders, "),
            "{printed}"
        );
        assert!(printed.contains("stuck; until then "), "{printed}");
        assert_eq!(ending, Err("the world of seed 3 panicked: this is a bug".to_owned()));
        let line = "--exhaustive --decision none --decision approve";
        let (printed, ending) = searched(panicking(3), line, exhaustive);
        assert!(
            printed.contains("went wrong with ") && printed.contains("\n2 schedules, by faults: 2 with 0\n"),
            "{printed}"
        );
        assert!(ending.unwrap_err().ends_with(" and others panicked: this is a bug"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_was_found_is_printed_though_the_least_of_it_cannot_be_looked_for() {
        let (printed, ending) = searched(panicking(2), "--exhaustive --decision approve", exhaustive);
        assert!(
            printed.contains("\n  INVENTORY_RESERVATION_TTL=5s fake-stripe-chaos simulate --script"),
            "{printed}"
        );
        assert_eq!(ending, Ok(Ending::Bad));
        assert!(
            printed.contains("\nA schedule that went wrong was not extended. What no order"),
            "{printed}"
        );
        let trailing: Vec<_> = printed.lines().filter(|line| line.ends_with(' ')).collect();
        assert!(trailing.is_empty(), "{trailing:?}");
    }

    #[test]
    fn what_was_replayed_before_a_world_panicked_is_printed() {
        let line = "--script payment.capture#1=reset --decision approve";
        let subject = panicking(2);
        let replays = [1, 2].map(|_| Replay { subject: subject.clone(), schedule: line.parse().unwrap() });
        let mut out = Vec::new();
        let replay = || report::replays(&replays, report::Format::Text, &mut out);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(replay)).unwrap_err();
        assert!(plain(&out).contains("VIOLATION ORD-1-0 "), "{}", plain(&out));
    }
}
