//! A journal that cannot be written for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use orchestrator::workflow::{AttemptFailure, ClientError, Json, Reception, WorkflowClient};
use tokio::time::sleep;

use super::stalling::StallingJournal;
use super::toy::{Ask, Op, World, local, start};

#[tokio::test(start_paused = true)]
async fn nothing_is_acknowledged_and_results_are_kept_until_there_is_room() {
    let journal = StallingJournal::new();
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let mut world = World::new(move |_, input| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(Duration::from_secs(2)).await;
            Ok(input)
        }
    });
    world.journal = Arc::clone(&journal) as _;
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into()), Op::Await("go".into()), Op::Now]).await;
        sleep(Duration::from_secs(1)).await;
        journal.fill();
        let told = engine.tell("r", "go").await;
        let Err(ClientError::Unavailable { reason, retry_after }) = told else { panic!("{told:?}") };
        assert_eq!(reason, "the journal cannot be written: database or disk is full");
        assert_eq!(retry_after, Duration::from_millis(100));
        assert_eq!(engine.health().await, Err(reason));
        let refused = WorkflowClient::start(&engine, start("s", &[Op::Now])).await;
        assert!(matches!(refused, Err(ClientError::Unavailable { .. })));
        // The attempt ends while there is no room, and what it returned is tried again and again.
        sleep(Duration::from_secs(20)).await;
        assert_eq!(engine.query("r", "log", Json::null()).await.unwrap().text(), "[]", "reads go on");
        assert_eq!(engine.describe("s").await.unwrap_err(), ClientError::NotFound);
        journal.go_on();
        sleep(Duration::from_secs(6)).await;
        assert_eq!(engine.query("r", "log", Json::null()).await.unwrap().text(), r#"["x"]"#);
        assert_eq!(engine.health().await, Ok(()));
        assert_eq!(engine.tell("r", "go").await, Ok(Reception::Accepted));
        assert_eq!(engine.log("r").await, ["x", "told", "27000"]);
        assert_eq!(attempts.load(Ordering::SeqCst), 1, "its result was kept");
        engine.run("s", vec![Op::Now]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_is_served_again_though_nothing_else_is_pending() {
    let journal = StallingJournal::new();
    let mut world = World::echo();
    world.journal = Arc::clone(&journal) as _;
    local(async {
        let engine = world.start();
        journal.fill();
        for _ in 0..5 {
            let refused = WorkflowClient::start(&engine, start("r", &[Op::Now])).await;
            assert!(matches!(refused, Err(ClientError::Unavailable { .. })));
            sleep(Duration::from_secs(6)).await;
        }
        journal.go_on();
        engine.run("r", vec![Op::Now]).await;
        assert_eq!(engine.log("r").await.len(), 1);
        assert_eq!(engine.health().await, Ok(()));
    })
    .await;
}

/// One batch fails, the next does not, and somebody asks in between for a run that the next one starts.
#[tokio::test(start_paused = true)]
async fn a_run_whose_start_is_on_its_way_when_an_outage_begins_goes_on() {
    let journal = StallingJournal::new();
    let mut world = World::slow();
    world.journal = Arc::clone(&journal) as _;
    local(async {
        let engine = world.start();
        journal.stall();
        let starts = ["lost", "kept"].map(|id| {
            let engine = engine.clone();
            async move { WorkflowClient::start(&engine, start(id, &[Op::Work("x".into())])).await }
        });
        let [mut lost, mut kept] = starts.map(Box::pin);
        for start in [&mut lost, &mut kept] {
            assert!(start.now_or_never().is_none());
            sleep(Duration::from_millis(1)).await;
        }
        let asked = WorkflowClient::start(&engine, start("kept", &[Op::Work("x".into())]));
        let mut again = Box::pin(asked);
        assert!((&mut again).now_or_never().is_none());
        journal.go_on_without_the_first();
        assert!(matches!(lost.await, Err(ClientError::Unavailable { .. })));
        assert!(matches!(again.await, Err(ClientError::Unavailable { .. })));
        kept.await.unwrap();
        assert_eq!(engine.log("kept").await, ["x"]);
    })
    .await;
}

/// The journal says that a write failed, and it had not: the run is read again, and nothing is done twice.
#[tokio::test(start_paused = true)]
async fn a_write_that_failed_only_in_appearance_is_found_in_the_journal() {
    let journal = StallingJournal::new();
    let mut world = World::new(|_, input| async move {
        sleep(Duration::from_secs(2)).await;
        if input == "bad" { Err(AttemptFailure::rejected("refused", "no")) } else { Ok(input) }
    });
    world.journal = Arc::clone(&journal) as _;
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into()), Op::Await("go".into()), Op::Work("y".into())]).await;
        engine.run("last", vec![Op::Work("bad".into())]).await;
        sleep(Duration::from_secs(1)).await;
        journal.lie();
        assert!(engine.tell("r", "go").await.is_err());
        sleep(Duration::from_secs(3)).await;
        journal.go_on();
        assert_eq!(engine.tell("r", "go").await, Ok(Reception::Duplicate));
        assert_eq!(engine.log("r").await, ["x", "told", "y"]);
        assert_eq!(engine.log("last").await.len(), 1);
        let ends = engine.events("r").await.into_iter().filter(|event| event.event == "activity_completed");
        assert_eq!(ends.count(), 2);
    })
    .await;
}

/// As above, of an attempt that failed and is made again: it counts once.
#[tokio::test(start_paused = true)]
async fn a_failed_attempt_whose_entry_failed_only_in_appearance_counts_once() {
    let journal = StallingJournal::new();
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let mut world = World::new(move |_, input| {
        let attempt = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            sleep(Duration::from_secs(2)).await;
            if attempt < 3 { Err(AttemptFailure::unavailable("busy", "later")) } else { Ok(input) }
        }
    });
    world.journal = Arc::clone(&journal) as _;
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into())]).await;
        sleep(Duration::from_secs(1)).await;
        journal.lie();
        sleep(Duration::from_millis(1_050)).await;
        journal.go_on();
        assert_eq!(engine.log("r").await, ["x"]);
        let events = engine.events("r").await.into_iter().map(|event| event.event).collect::<Vec<_>>();
        assert_eq!(events, ["started", "attempt_failed", "attempt_failed", "activity_completed"]);
        assert_eq!(attempts.load(Ordering::SeqCst), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_failed_only_in_appearance_is_found_in_the_journal() {
    let journal = StallingJournal::new();
    let mut world = World::echo();
    world.journal = Arc::clone(&journal) as _;
    local(async {
        let engine = world.start();
        let child = vec![Op::Await("go".into()), Op::Child("child".into(), vec![Op::Work("c".into())])];
        engine.run("parent", child).await;
        journal.lie();
        assert!(WorkflowClient::start(&engine, start("r", &[Op::Work("x".into())])).await.is_err());
        journal.go_on();
        sleep(Duration::from_secs(1)).await;
        let again = WorkflowClient::start(&engine, start("r", &[Op::Work("x".into())])).await;
        assert!(matches!(again, Err(ClientError::AlreadyStarted { .. })), "{again:?}");
        assert_eq!(engine.log("r").await, ["x"]);
        engine.tell("parent", "go").await.unwrap();
        assert_eq!(engine.log("child").await, ["c"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_start_failed_only_in_appearance_runs() {
    let journal = StallingJournal::new();
    let mut world = World::slow();
    world.journal = Arc::clone(&journal) as _;
    local(async {
        let engine = world.start();
        let child = Op::Child("child".into(), vec![Op::Work("c".into())]);
        engine.run("parent", vec![Op::Await("go".into()), child]).await;
        journal.lie_after(1);
        engine.tell("parent", "go").await.unwrap();
        sleep(Duration::from_secs(1)).await;
        journal.go_on();
        assert_eq!(engine.log("parent").await, ["told", "born"]);
        assert_eq!(engine.log("child").await, ["c"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_forgotten_before_its_end_was_believed_keeps_nobody_waiting() {
    let journal = StallingJournal::new();
    let mut world = World::echo();
    world.journal = Arc::clone(&journal) as _;
    world.engine.retention = Some(Duration::ZERO);
    local(async {
        let engine = world.start();
        // Forgotten after a minute, and read again when the outage is over.
        engine.run("r", vec![Op::Sleep(59_950)]).await;
        journal.lie();
        sleep(Duration::from_secs(70)).await;
        journal.go_on();
        assert_eq!(engine.tell("r", "x").await, Err(ClientError::NotFound));
        engine.run("r", vec![]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_attempt_that_could_not_be_written_counts_as_unknown() {
    let journal = StallingJournal::new();
    let mut world = World::new(|ctx, _| async move {
        ctx.heartbeat(&"l");
        sleep(Duration::from_secs(8)).await;
        Err(AttemptFailure::unavailable("busy", "later"))
    });
    world.journal = Arc::clone(&journal) as _;
    world.label.start_to_close = Duration::from_secs(30);
    world.label.heartbeat = None;
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Until(vec![Op::Label("x".into())], vec![Op::Await("stop".into())])]).await;
        sleep(Duration::from_secs(1)).await;
        journal.fill();
        assert!(engine.tell("r", "stop").await.is_err());
        sleep(Duration::from_millis(50)).await;
        journal.go_on();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(engine.tell("r", "stop").await, Ok(Reception::Accepted));
        let error = super::toy::error(&engine.log("r").await[1]);
        assert!(error.is_cancelled() && error.may_have_happened);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_due_meanwhile_is_done_afterwards() {
    let journal = StallingJournal::new();
    let mut world = World::echo();
    world.journal = Arc::clone(&journal) as _;
    world.engine.resident_runs = 1;
    local(async {
        let engine = world.start();
        for run in 0..300 {
            engine.run(&format!("r{run}"), vec![Op::Sleep(1_000), Op::Work("x".into())]).await;
        }
        journal.fill();
        assert!(WorkflowClient::start(&engine, start("s", &[Op::Now])).await.is_err());
        sleep(Duration::from_secs(60)).await;
        journal.go_on();
        for run in 0..300 {
            assert_eq!(engine.log(&format!("r{run}")).await, ["slept", "x"]);
        }
    })
    .await;
}
