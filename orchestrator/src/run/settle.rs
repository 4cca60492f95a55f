//! Waits until nothing of the run's orders is executing in the backends any more.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::ledger::Request;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Error, News};
use crate::audit::{Ledgers, executing, executing_now};

/// How long an interrupted run waits for requests that its orders left behind.
const SHORT_DRAIN: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// To read ledgers takes the longer the larger they are.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The ledgers, when no request is executing any more of an order that has `ended`, or after `patience`: an
/// order ends with the last of its requests, or tells of its end too early. `on_news` learns what is
/// awaited, whenever that changes.
pub(super) async fn settled(
    read: impl AsyncFn() -> Result<Ledgers, Error>,
    ended: &BTreeSet<&str>,
    patience: Duration,
    on_news: &(dyn Fn(News) + Sync),
    stop: &CancellationToken,
) -> Result<Ledgers, Error> {
    let mut deadline = Instant::now() + patience;
    let (mut pause, mut told, mut hurried) = (FIRST_PAUSE, String::new(), false);
    loop {
        if stop.is_cancelled() && !hurried {
            hurried = true;
            deadline = deadline.min(Instant::now() + SHORT_DRAIN);
        }
        let ledgers = read().await?;
        let ours = |request: &&Request| request.order.as_deref().is_some_and(|order| ended.contains(order));
        let awaited = executing_now(executing(&ledgers).filter(ours));
        let Some(awaited) = awaited.filter(|_| Instant::now() < deadline) else { return Ok(ledgers) };
        if told != awaited {
            on_news(News::Awaiting(format!("waiting: {awaited}")));
            told = awaited;
        }
        let rest = tokio::time::sleep_until(deadline.min(Instant::now() + pause));
        if hurried {
            rest.await;
        } else {
            stop.run_until_cancelled(rest).await;
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::super::records::tests::ledgers;
    use super::*;

    /// How many seconds settling takes, and what is told, while a request of ORD-1 executes for
    /// `busy_for` seconds; it is interrupted after that many seconds.
    async fn settling(ended: &str, busy_for: u64, interrupted_after: u64) -> (u64, String) {
        let begun = Instant::now();
        let read = async || {
            let busy = begun.elapsed() < Duration::from_secs(busy_for);
            Ok(ledgers(&[json!({}), if busy { json!({"endedAt": null}) } else { json!({}) }]))
        };
        let (stop, told) = (CancellationToken::new(), Mutex::new(Vec::new()));
        let on_news = |news| match news {
            News::Awaiting(requests) => told.lock().unwrap().push(requests),
            News::Ended(end) => panic!("all had ended before, and not {end:?}"),
        };
        let (ended, patience) = ([ended].into(), Duration::from_secs(300));
        let interrupted = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(interrupted_after)).await;
            interrupted.cancel();
        });
        let ledgers = settled(read, &ended, patience, &on_news, &stop).await;
        assert_eq!(ledgers.unwrap().values().flatten().count(), 2);
        let told = told.lock().unwrap().join("\n");
        (begun.elapsed().as_secs(), told)
    }

    #[tokio::test(start_paused = true)]
    async fn what_executes_of_the_orders_is_awaited_and_told_once() {
        assert_eq!(settling("ORD-1", 0, 1000).await, (0, String::new()));
        assert_eq!(settling("ORD-2", 1000, 1000).await, (0, String::new()), "of no order that ended");
        let (took, told) = settling("ORD-1", 30, 1000).await;
        insta::assert_snapshot!(told, @"waiting: 1 request is executing (payment.capture of ORD-1)");
        assert!((30..=32).contains(&took), "{took}");
        assert_eq!(settling("ORD-1", 1000, 1000).await, (300, told), "no longer than an order may take");
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupted_run_does_not_wait_for_long() {
        assert_eq!(settling("ORD-1", 1000, 0).await.0, 10);
        assert_eq!(settling("ORD-1", 1000, 50).await.0, 60);
        assert_eq!(settling("ORD-1", 1000, 295).await.0, 300);
        let (took, _) = settling("ORD-1", 53, 50).await;
        assert!((53..=55).contains(&took), "{took}");
    }
}
