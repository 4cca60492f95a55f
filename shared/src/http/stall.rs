use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// A limit on how long a client may accept nothing of what is written to it.
#[derive(Debug)]
pub(super) struct Stall {
    limit: Duration,
    /// Runs only while a write waits.
    over: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    pub(super) fn limited_to(limit: Duration) -> Self {
        Self { limit, over: None }
    }

    /// The result of a write, which fails if it and those before it have waited for too long.
    pub(super) fn limit(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.over = None;
            return written;
        }
        let limit = self.limit;
        ready!(self.over.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}
