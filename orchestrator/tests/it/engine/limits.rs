//! Every queue has its bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orchestrator::workflow::{ClientError, Reception, WorkflowClient};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::stalling::StallingJournal;
use super::toy::{Ask, Op, World, local, start};

/// The most attempts that ran at once, when each of `runs` runs does `op`.
async fn most_at_once(runs: usize, op: Op, adjust: impl FnOnce(&mut World)) -> usize {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let mut world = World::new(move |_, input| {
        let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_secs(9)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(input)
        }
    });
    adjust(&mut world);
    local(async {
        let engine = world.start();
        for run in 0..runs {
            engine.run(&format!("r{run}"), vec![op.clone()]).await;
        }
        for run in 0..runs {
            assert_eq!(engine.log(&format!("r{run}")).await, ["x"]);
        }
    })
    .await;
    most.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn so_many_attempts_of_an_activity_run_at_once_and_waiting_counts_to_no_limit() {
    // Ten rounds of 9 s: the last waits far longer than an attempt may take.
    assert_eq!(most_at_once(30, Op::Work("x".into()), |world| world.work.concurrency = 3).await, 3);
    assert_eq!(most_at_once(30, Op::Work("x".into()), |_| {}).await, 30);
}

#[tokio::test(start_paused = true)]
async fn forward_work_does_not_starve_undos() {
    let gate = Arc::new(Semaphore::new(0));
    let closed = Arc::clone(&gate);
    let mut world = World::new(move |_, input| {
        let gate = Arc::clone(&closed);
        async move {
            if input == "forward" {
                drop(gate.acquire().await);
            }
            Ok(input)
        }
    });
    world.work.concurrency = 2;
    world.work.start_to_close = Duration::from_secs(1_000);
    world.undo.concurrency = 2;
    local(async {
        let engine = world.start();
        for run in 0..10 {
            engine.run(&format!("f{run}"), vec![Op::Work("forward".into())]).await;
        }
        engine.run("u", vec![Op::Undo("undo".into())]).await;
        assert_eq!(engine.log("u").await, ["undo"]);
        gate.add_permits(2);
        assert_eq!(engine.log("f9").await, ["forward"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_accepts_so_many_signals() {
    let mut world = World::echo();
    world.engine.signals_per_run = 3;
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Await("end".into())]).await;
        for text in ["a", "b", "c"] {
            assert_eq!(engine.tell("r", text).await, Ok(Reception::Accepted));
        }
        assert_eq!(engine.tell("r", "end").await, Err(ClientError::TooManySignals { limit: 3 }));
        assert_eq!(engine.tell("r", "a").await, Ok(Reception::Duplicate));
        engine.kill();
        let engine = world.start();
        assert_eq!(engine.tell("r", "end").await, Err(ClientError::TooManySignals { limit: 3 }));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_clients_and_keeps_results() {
    let journal = StallingJournal::new();
    let mut world = World::echo();
    world.journal = Arc::clone(&journal) as _;
    world.engine.journal_queue = 8;
    local(async {
        let engine = world.start();
        for run in 0..8 {
            engine
                .run(&format!("r{run}"), vec![Op::Sleep(1_000), Op::Work("x".into()), Op::Await("go".into())])
                .await;
        }
        sleep(Duration::from_millis(500)).await;
        journal.stall();
        // Two signals, and the timers of the six other runs: eight entries.
        let told: Vec<_> = (0..2)
            .map(|run| {
                let engine = engine.clone();
                tokio::task::spawn_local(async move { engine.tell(&format!("r{run}"), "other").await })
            })
            .collect();
        sleep(Duration::from_millis(600)).await;
        let started = WorkflowClient::start(&engine, start("late", &[Op::Now])).await;
        let Err(ClientError::Unavailable { reason, retry_after }) = started else { panic!("{started:?}") };
        assert_eq!(
            (reason.as_str(), retry_after),
            ("too many entries wait to be written", Duration::from_secs(1))
        );
        assert!(matches!(engine.tell("r7", "go").await, Err(ClientError::Unavailable { .. })));
        journal.go_on();
        for told in told {
            assert_eq!(told.await.unwrap(), Ok(Reception::Accepted));
        }
        for run in 0..8 {
            let id = format!("r{run}");
            assert_eq!(engine.tell(&id, "go").await, Ok(Reception::Accepted));
            assert_eq!(engine.log(&id).await, ["slept", "x", "told"]);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn so_many_requests_wait_for_the_engine() {
    let journal = StallingJournal::new();
    let mut world = World::echo();
    world.journal = Arc::clone(&journal) as _;
    world.engine.request_queue = 2;
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Await("go".into())]).await;
        journal.stall();
        let waiting: Vec<_> = ["a", "b"]
            .map(|text| {
                let engine = engine.clone();
                tokio::task::spawn_local(async move { engine.tell("r", text).await })
            })
            .into();
        sleep(Duration::from_millis(1)).await;
        assert!(matches!(engine.tell("r", "go").await, Err(ClientError::Unavailable { .. })));
        journal.go_on();
        for told in waiting {
            assert_eq!(told.await.unwrap(), Ok(Reception::Accepted));
        }
        assert_eq!(engine.tell("r", "go").await, Ok(Reception::Accepted));
    })
    .await;
}
