//! What an append that failed must not have done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orchestrator::workflow::{AttemptFailure, ClientError, Reception, WorkflowClient};
use tokio::time::{sleep, timeout};

use super::stalling::StallingJournal;
use super::toy::{Ask, Op, World, error, local, start};

fn over(journal: &Arc<StallingJournal>, mut world: World) -> World {
    world.journal = Arc::clone(journal) as _;
    world
}

/// A world whose attempts do this, and how many there were.
fn counting<F>(attempt: impl Fn(String) -> F + Send + Sync + 'static) -> (World, Arc<AtomicUsize>)
where
    F: Future<Output = Result<String, AttemptFailure>> + Send + 'static,
{
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let world = World::new(move |_, input| {
        count.fetch_add(1, Ordering::SeqCst);
        attempt(input)
    });
    (world, attempts)
}

fn unavailable<T>(answer: &Result<T, ClientError>) -> bool {
    matches!(answer, Err(ClientError::Unavailable { .. }))
}

/// The label is there; only the entry that says so could not be written.
#[tokio::test(start_paused = true)]
async fn a_result_counts_though_its_deadline_passes_before_it_can_be_written() {
    let journal = StallingJournal::new();
    let world = over(&journal, World::slow());
    local(async {
        let engine = world.start();
        let deadline = vec![Op::Sleep(3_000), Op::Await("cancelled".into())];
        engine.run("r", vec![Op::Until(vec![Op::Label("x".into())], deadline.clone())]).await;
        let stopped = Op::Until(vec![Op::Label("x".into())], vec![Op::Sleep(3_000)]);
        engine.run("stopped", vec![stopped]).await;
        sleep(Duration::from_secs(1)).await;
        journal.fill();
        sleep(Duration::from_secs(20)).await;
        journal.go_on();
        assert_eq!(engine.log("r").await, ["x", "body"]);
        assert_eq!(engine.log("stopped").await, ["x", "body"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_signal_was_refused_is_still_due_in_time() {
    let journal = StallingJournal::new();
    let world = over(&journal, World::echo());
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::AwaitFor("go".into(), 15_000), Op::Now]).await;
        sleep(Duration::from_secs(1)).await;
        journal.fill();
        assert!(unavailable(&engine.tell("r", "go").await));
        sleep(Duration::from_secs(1)).await;
        journal.go_on();
        assert_eq!(engine.log("r").await, ["timeout", "15000"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_was_refused_neither_hurries_nor_blames_the_next_attempt() {
    let journal = StallingJournal::new();
    let (world, attempts) = counting(|_| async {
        let busy = AttemptFailure::unavailable("busy", "later");
        Err(AttemptFailure { retry_after: Some(Duration::from_secs(30)), ..busy })
    });
    let world = over(&journal, world);
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into())]).await;
        sleep(Duration::from_secs(10)).await;
        journal.fill();
        assert!(unavailable(&engine.cancel("r", "changed my mind").await));
        journal.go_on();
        sleep(Duration::from_secs(15)).await;
        assert_eq!(attempts.load(Ordering::SeqCst), 1, "the next attempt waits for its time");
        sleep(Duration::from_secs(10)).await;
        assert_eq!(attempts.load(Ordering::SeqCst), 2);
        engine.cancel("r", "changed my mind").await.unwrap();
        let error = error(&engine.log("r").await[0]);
        assert!(error.is_cancelled() && !error.may_have_happened, "{error:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_goes_on_until_the_cancel_that_abandons_it_is_durable() {
    let journal = StallingJournal::new();
    let (world, attempts) = counting(|input| async {
        sleep(Duration::from_secs(4)).await;
        Ok(input)
    });
    let world = over(&journal, world);
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Until(vec![Op::Label("x".into())], vec![Op::Await("stop".into())])]).await;
        sleep(Duration::from_secs(1)).await;
        journal.fill();
        assert!(unavailable(&engine.tell("r", "stop").await));
        sleep(Duration::from_secs(1)).await;
        journal.go_on();
        assert_eq!(engine.log("r").await, ["x", "body"]);
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
    })
    .await;
}

/// An attempt that waits for a slot is kept from starting by the event that ends it.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_kept_from_starting_is_made_if_the_cancel_was_refused() {
    let journal = StallingJournal::new();
    let mut world = over(&journal, World::slow());
    world.work.concurrency = 1;
    local(async {
        let engine = world.start();
        engine.run("first", vec![Op::Work("x".into())]).await;
        engine.run("second", vec![Op::Work("y".into())]).await;
        sleep(Duration::from_secs(1)).await;
        journal.fill();
        assert!(unavailable(&engine.cancel("second", "changed my mind").await));
        sleep(Duration::from_secs(5)).await;
        journal.go_on();
        assert_eq!(engine.log("first").await, ["x"]);
        assert_eq!(engine.log("second").await, ["y"]);
    })
    .await;
}

/// A start finds out only from the journal that its id is taken.
#[tokio::test(start_paused = true)]
async fn what_arrives_with_a_repeated_start_is_for_the_run_that_exists() {
    let journal = StallingJournal::new();
    let world = over(&journal, World::echo());
    local(async {
        let before = world.start();
        for id in ["told", "cancelled"] {
            before.run(id, vec![Op::Await("go".into())]).await;
        }
        before.kill();
        let engine = world.start();
        let program = [Op::Await("go".into())];
        let again = |id| WorkflowClient::start(&engine, start(id, &program));
        let (first, told, second) = tokio::join!(again("told"), engine.tell("told", "go"), again("told"));
        assert_eq!(told, Ok(Reception::Accepted));
        for refused in [first, second] {
            assert!(matches!(refused, Err(ClientError::AlreadyStarted { .. })), "{refused:?}");
        }
        assert_eq!(engine.log("told").await, ["told"]);
        let (start, cancelled) = tokio::join!(again("cancelled"), engine.cancel("cancelled", "enough"));
        assert!(matches!(start, Err(ClientError::AlreadyStarted { .. })), "{start:?}");
        assert_eq!(cancelled, Ok(()));
        assert_eq!(engine.log("cancelled").await, [r#"error {"reason":"enough"}"#]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_journal_that_can_be_neither_read_nor_written() {
    let journal = StallingJournal::new();
    let world = over(&journal, World::echo());
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Await("go".into())]).await;
        journal.lose();
        for _ in 0..20 {
            let told = timeout(Duration::from_millis(10), engine.tell("r", "go")).await;
            assert!(unavailable(&told.expect("an answer")));
            assert!(engine.health().await.is_err());
            sleep(Duration::from_millis(700)).await;
        }
        journal.go_on();
        sleep(Duration::from_secs(6)).await;
        assert_eq!(engine.tell("r", "go").await, Ok(Reception::Accepted));
        assert_eq!(engine.log("r").await, ["told"]);
        assert_eq!(engine.health().await, Ok(()));
    })
    .await;
}
