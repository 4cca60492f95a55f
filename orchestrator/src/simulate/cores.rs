use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// How long, in real time, nothing may come to an end. A world takes a fraction of a second.
const STALLED: Duration = Duration::from_secs(120);

/// Why not all worlds came to an end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// This one goes on for ever without letting time pass, or its time has stopped.
    #[error("{0} does not come to an end: a task spins, or all wait for what never comes")]
    Stalled(String),
    /// This one panicked; its message was printed.
    #[error("{0} panicked: this is a bug")]
    Panicked(String),
}

/// Does `work` on every job on `threads` threads, and hands the results to `take` in the order of the jobs, whichever
/// is done first, for as long as it goes on. `name` is how people know a job.
pub(super) fn in_order<J, R>(
    threads: usize,
    jobs: impl Iterator<Item = J> + Clone + Send + 'static,
    name: impl Fn(&J) -> String,
    work: impl Fn(&J) -> R + Send + Sync + 'static,
    mut take: impl FnMut(&J, R) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Stuck>
where
    R: Send + 'static,
{
    let (next, work) = (Arc::new(Mutex::new(jobs.clone().enumerate())), Arc::new(work));
    let (sender, results) = channel();
    for number in 0..threads.max(1) {
        let (work, next, sender) = (Arc::clone(&work), Arc::clone(&next), sender.clone());
        let thread = Builder::new().name(format!("world-{number}"));
        // Not scoped: whoever waits for a world that never ends would not end either.
        let spawned = thread.spawn(move || {
            while let Some((at, job)) = {
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                next.next()
            } {
                let result = catch_unwind(AssertUnwindSafe(|| work(&job)));
                if sender.send((at, result.ok())).is_err() {
                    return;
                }
            }
        });
        drop(spawned);
    }
    drop(sender);
    let mut early = BTreeMap::<usize, Option<R>>::new();
    for (at, job) in jobs.enumerate() {
        let result = loop {
            if let Some(result) = early.remove(&at) {
                break result.ok_or_else(|| Stuck::Panicked(name(&job)))?;
            }
            match results.recv_timeout(STALLED) {
                Ok((done, result)) => drop(early.insert(done, result)),
                Err(RecvTimeoutError::Timeout) => return Err(Stuck::Stalled(name(&job))),
                Err(RecvTimeoutError::Disconnected) => return Err(Stuck::Panicked(name(&job))),
            }
        };
        if take(&job, result).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_on_however_many_threads() {
        for threads in [1, 3, 8] {
            let mut taken = Vec::new();
            let flow = in_order(
                threads,
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
        let flow = in_order(
            3,
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
            let stuck = in_order(
                threads,
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
}
