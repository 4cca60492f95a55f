//! Waiting until nothing happens any more in the backends.

use std::time::Duration;

use jiff::Timestamp;
use shared::time::Clock;

use super::{Failure, MIN_INTERVAL};
use crate::audit::{Reading, Source, executing, executing_now, last_heard};
use crate::words::millis;

/// How long a system may take to settle.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(3600);

/// The ledgers, as soon as no request is executing and no fact in them is younger than `quiet`. Where
/// there is no fact, it is awaited for as long. `tell` learns what is awaited, once until that changes.
pub(super) async fn settled(
    source: &Source,
    quiet: Duration,
    clock: Clock,
    mut tell: impl FnMut(&str),
) -> Result<Reading, Failure> {
    let since = clock.now();
    let mut told = String::new();
    loop {
        let asked_at = clock.now();
        let reading = source.read().await?;
        let ledgers = &reading.ledgers;
        let age = elapsed(last_heard(ledgers).unwrap_or(since), asked_at);
        let rest = match quiet.saturating_sub(age) {
            _ if executing(ledgers).next().is_some() => quiet.max(MIN_INTERVAL),
            Duration::ZERO => return Ok(reading),
            rest => rest,
        };
        if elapsed(since, clock.now()) + rest > SETTLE_TIMEOUT.max(quiet) {
            return Err(Failure::Unsettled);
        }
        let awaited = executing_now(executing(ledgers)).map_or_else(
            || {
                format!(
                    "waiting until nothing has happened for {}",
                    millis(u64::try_from(quiet.as_millis()).unwrap_or(u64::MAX))
                )
            },
            |executing| format!("waiting: {executing}"),
        );
        if told != awaited {
            tell(&awaited);
            told = awaited;
        }
        tokio::time::sleep(rest).await;
    }
}

/// From one time to another; nothing if the other clock is ahead of ours.
fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::audit::tests::over_a_hold;

    #[tokio::test(start_paused = true)]
    async fn settling_takes_until_nothing_is_younger_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let (_, source) = over_a_hold(folder.path(), "");
        let clock = Clock::starting_at(Timestamp::from_second(15).unwrap());
        for (quiet, settled_at) in [(5, 15), (30, 40), (30, 40)] {
            settled(&source, Duration::from_secs(quiet), clock, |_| {}).await.unwrap();
            assert_eq!(clock.now().as_second(), settled_at);
        }
        let busy = settled(&source, Duration::from_secs(2 * 3600), clock, |_| {}).await;
        assert!(busy.is_ok(), "an hour's patience, or as long as was asked for");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_settles_while_a_request_is_executing() {
        let folder = tempfile::tempdir().unwrap();
        let (_, source) = over_a_hold(folder.path(), "");
        let path = folder.path().join("payment.jsonl");
        let ended = std::fs::read_to_string(&path).unwrap();
        let executing = ended.replace(r#""endedAt":"1970-01-01T00:00:10Z","#, "");
        std::fs::write(&path, &executing).unwrap();
        let clock = Clock::starting_at(Timestamp::from_second(15).unwrap());
        let mut told = Vec::new();
        let unsettled =
            settled(&source, Duration::from_secs(5), clock, |text| told.push(text.to_owned())).await;
        assert_eq!(told, ["waiting: 1 request is executing (payment.authorize of ORD-1)"]);
        assert!(matches!(unsettled, Err(Failure::Unsettled)), "{unsettled:?}");
        let since = clock.now();
        let answer = async {
            tokio::time::sleep(Duration::from_secs(16)).await;
            let at = clock.now().to_string();
            std::fs::write(&path, ended.replace("1970-01-01T00:00:10Z", &at)).unwrap();
        };
        told.clear();
        let tell = |text: &str| told.push(text.to_owned());
        let (ledgers, ()) = tokio::join!(settled(&source, Duration::from_secs(5), clock, tell), answer);
        assert!(ledgers.is_ok());
        insta::assert_snapshot!(told.join("\n"), @"
        waiting: 1 request is executing (payment.authorize of ORD-1)
        waiting until nothing has happened for 5 s
        ");
        assert_eq!(elapsed(since, clock.now()).as_secs(), 21, "5 s after the answer");
    }

    #[tokio::test(start_paused = true)]
    async fn what_happens_in_the_far_future_never_settles() {
        let folder = tempfile::tempdir().unwrap();
        let (_, source) = over_a_hold(folder.path(), "");
        let clock = Clock::starting_at(Timestamp::from_second(-7200).unwrap());
        let unsettled = settled(&source, Duration::from_secs(30), clock, |_| {}).await.unwrap_err();
        insta::assert_snapshot!(unsettled, @"the backends were still active after an hour");
    }

    #[test]
    fn a_clock_that_is_ahead_of_ours_makes_nothing_old() {
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(5).unwrap());
        assert_eq!(elapsed(early, late), Duration::from_secs(5));
        assert_eq!(elapsed(late, early), Duration::ZERO);
    }
}
