use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::report::{self, Searched};
use super::{Args, Ending, Failure};
use crate::cli::process;
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
    })?;
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
    let (stop, mut flow) = (process::stop_signal(), ControlFlow::Continue(()));
    let (coverage, failures) = search.run(subject, args.threads(), |done, total| {
        progress.at(done, total, 0);
        flow = unless_stopped(&stop);
        flow
    })?;
    drop(progress);
    report::search(subject, &Searched::Exhaustive(coverage), &failures, flow, args.format, out)
}

/// Whoever interrupts a search gets what was found until then.
fn unless_stopped(stop: &CancellationToken) -> ControlFlow<()> {
    if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
