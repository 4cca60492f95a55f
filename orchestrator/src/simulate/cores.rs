use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// How long, in real time, nothing may come to an end. A world takes a fraction of a second.
const STALLED: Duration = Duration::from_secs(120);
/// How much longer for each order of a world: a hundred times what one takes.
const STALLED_PER_ORDER: Duration = Duration::from_millis(50);

/// Why not all worlds came to an end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// This one never waits for the virtual clock, or waits for what never comes.
    #[error("{0} does not come to an end: a task spins, or all wait for what never comes")]
    Stalled(String),
    /// This one panicked; its message was printed.
    #[error("{0} panicked: this is a bug")]
    Panicked(String),
}

/// How many jobs a thread may be ahead of the one whose result is due.
const AHEAD: usize = 16;

/// A job's number, and its result unless it panicked.
type Done<R> = (usize, Option<R>);

/// The threads that share a search's jobs.
pub(super) struct Cores {
    threads: usize,
    patience: Duration,
}

impl Cores {
    /// This many threads, at least one.
    pub(super) fn new(threads: usize) -> Self {
        Self { threads: threads.max(1), patience: STALLED }
    }

    /// The same threads for jobs of so many orders.
    pub(super) fn of_orders(self, orders: u64) -> Self {
        let orders = u32::try_from(orders).unwrap_or(u32::MAX);
        Self { patience: STALLED + STALLED_PER_ORDER * orders, ..self }
    }

    /// Does `work` on the jobs, and hands the results to `take` in the order of the jobs, whatever order
    /// they finish in, until `take` breaks. `name` is how people know a job.
    pub(super) fn in_order<J, R>(
        &self,
        jobs: impl Iterator<Item = J> + Clone,
        name: impl Fn(&J) -> String,
        work: impl Fn(&J) -> R + Send + Sync + 'static,
        mut take: impl FnMut(&J, R) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Stuck>
    where
        J: Send + 'static,
        R: Send + 'static,
    {
        let window = self.threads * AHEAD;
        let (queue, results) = self.start(window, work);
        let mut ahead = jobs.clone().enumerate();
        ahead.by_ref().take(window).for_each(|job| drop(queue.send(job)));
        let mut early = BTreeMap::<usize, Option<R>>::new();
        for (at, job) in jobs.enumerate() {
            let result = loop {
                if let Some(result) = early.remove(&at) {
                    break result.ok_or_else(|| Stuck::Panicked(name(&job)))?;
                }
                match results.recv_timeout(self.patience) {
                    Ok((done, result)) => drop(early.insert(done, result)),
                    Err(RecvTimeoutError::Timeout) => return Err(Stuck::Stalled(name(&job))),
                    Err(RecvTimeoutError::Disconnected) => return Err(Stuck::Panicked(name(&job))),
                }
            };
            if take(&job, result).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if let Some(next) = ahead.next() {
                drop(queue.send(next));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Threads that work until their queue or their results are dropped.
    fn start<J: Send + 'static, R: Send + 'static>(
        &self,
        window: usize,
        work: impl Fn(&J) -> R + Send + Sync + 'static,
    ) -> (SyncSender<(usize, J)>, Receiver<Done<R>>) {
        let (queue, jobs) = sync_channel::<(usize, J)>(window);
        let (sender, results) = sync_channel(window);
        let (jobs, work) = (Arc::new(Mutex::new(jobs)), Arc::new(work));
        for number in 0..self.threads {
            let (work, jobs, sender) = (Arc::clone(&work), Arc::clone(&jobs), sender.clone());
            let thread = Builder::new().name(format!("world-{number}"));
            // Not scoped: whoever waits for a world that never ends would not end either.
            let spawned = thread.spawn(move || {
                while let Ok((at, job)) = {
                    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
                    jobs.recv()
                } {
                    let result = catch_unwind(AssertUnwindSafe(|| work(&job)));
                    if sender.send((at, result.ok())).is_err() {
                        return;
                    }
                }
            });
            drop(spawned);
        }
        (queue, results)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_on_however_many_threads() {
        for threads in [1, 3, 8] {
            let mut taken = Vec::new();
            let flow = Cores::new(threads).in_order(
                0..100_u64,
                u64::to_string,
                |job| job * 2,
                |job, result| {
                    taken.push((*job, result));
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(flow, Ok(ControlFlow::Continue(())));
            assert_eq!(taken, (0..100).map(|job| (job, job * 2)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn whoever_has_enough_gets_no_more() {
        let mut taken = Vec::new();
        let flow = Cores::new(3).in_order(
            0..u64::MAX,
            u64::to_string,
            |job| *job,
            |_, result| {
                taken.push(result);
                if result == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!((flow, taken), (Ok(ControlFlow::Break(())), (0..=7).collect()));
    }

    #[test]
    fn a_job_that_panics_is_named_after_the_results_before_it() {
        for threads in [1, 2] {
            let mut taken = Vec::new();
            let stuck = Cores::new(threads).in_order(
                1..=100,
                |job| format!("job {job}"),
                |job| assert_ne!(*job, 20),
                |job, ()| {
                    taken.push(*job);
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(stuck, Err(Stuck::Panicked("job 20".to_owned())));
            assert_eq!(taken, (1..20).collect::<Vec<_>>());
        }
    }

    #[test]
    fn large_worlds_get_more_time() {
        assert!(Cores::new(1).of_orders(1).patience < Duration::from_secs(121));
        assert!(Cores::new(1).of_orders(100_000).patience > Duration::from_secs(3600));
    }

    #[test]
    fn a_job_that_never_ends_is_named_and_few_are_done_beyond_it() {
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&begun);
        let cores = Cores { threads: 2, patience: Duration::from_millis(50) };
        let stuck = cores.in_order(
            0..u64::MAX,
            |job| format!("job {job}"),
            move |job| {
                counted.fetch_add(1, Ordering::Relaxed);
                if *job == 0 {
                    loop {
                        std::thread::park();
                    }
                }
            },
            |job, ()| panic!("{job} must wait for job 0"),
        );
        assert_eq!(stuck, Err(Stuck::Stalled("job 0".to_owned())));
        assert!(begun.load(Ordering::Relaxed) <= 2 * AHEAD);
    }
}
