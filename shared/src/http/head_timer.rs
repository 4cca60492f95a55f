use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{Either, select};
use hyper::rt::{Sleep, Timer};
use tokio::time::{Instant, sleep_until};

/// The timer of one HTTP/1 connection, which limits how long the head of a request may take.
///
/// The server asks for a new sleep before each head. To create and drop one, or to move it, costs as much as a draw, so
/// that here a sleep is no more than a time that is noted: the connection has one real sleep, which looks for the noted
/// time when it is over.
#[derive(Clone, Debug)]
pub(super) struct HeadTimer(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    origin: Instant,
    /// When the head that was awaited last had to be there, in nanoseconds after `origin`.
    deadline: AtomicU64,
    is_over: AtomicBool,
}

impl HeadTimer {
    /// A timer for a connection that begins now.
    pub(super) fn new() -> Self {
        let (origin, deadline, is_over) = (Instant::now(), AtomicU64::new(0), AtomicBool::new(false));
        Self(Arc::new(Noted { origin, deadline, is_over }))
    }

    /// Runs the connection whose timer this is. Heads may take `limit`.
    pub(super) async fn run<C: Future>(self, connection: C, limit: Duration) -> C::Output {
        let mut connection = std::pin::pin!(connection);
        loop {
            let next = std::pin::pin!(sleep_until(self.next(limit)));
            if let Either::Left((ended, _)) = select(connection.as_mut(), next).await {
                return ended;
            }
        }
    }

    /// Ends the server's sleep if it is over; when to look again.
    fn next(&self, limit: Duration) -> Instant {
        let now = Instant::now();
        let deadline = self.0.origin + Duration::from_nanos(self.0.deadline.load(Relaxed));
        self.0.is_over.store(deadline <= now, Relaxed);
        // A head that is not awaited yet has the whole limit.
        if deadline <= now { now + limit } else { deadline }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let deadline = Instant::from_std(deadline).duration_since(self.0.origin);
        self.0.deadline.store(u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        self.0.is_over.store(false, Relaxed);
        Box::pin(HeadSleep(self.clone()))
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

/// The wait for one head. It does not wake anyone: it is polled again when [`HeadTimer::run`] looks.
struct HeadSleep(HeadTimer);

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.0.is_over.load(Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    }
}
