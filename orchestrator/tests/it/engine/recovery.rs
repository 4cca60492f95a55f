//! An engine that was killed, and the one after it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orchestrator::engine::embedded::Engine;
use orchestrator::workflow::{
    ActivityState, AttemptFailure, ClientError, Closed, Json, Reception, WorkflowClient,
};
use shared::time::Clock;
use tokio::time::sleep;

use super::crashing::{Crash, CrashingJournal};
use super::toy::{Ask, Op, World, error, local, start};

/// A bit of everything, whose end does not depend on what crashes do to attempts.
fn program() -> Vec<Op> {
    vec![
        Op::Attribute(1),
        Op::Work("flaky".into()),
        Op::AwaitFor("go".into(), 120_000),
        Op::Race(vec![Op::Work("left".into())], vec![Op::Sleep(60_000)]),
        Op::Child("child".into(), vec![Op::Work("c".into()), Op::Sleep(10), Op::Attribute(2)]),
        Op::Until(vec![Op::Sleep(900_000)], vec![Op::Work("end".into())]),
        Op::Label("beats".into()),
        Op::Patched(vec![Op::Sleep(3)], vec![]),
        Op::Random,
        Op::Undo("u".into()),
    ]
}

fn world(journal: &Arc<CrashingJournal>) -> World {
    let mut world = World::new(|ctx, input| async move {
        if input == "flaky" && ctx.attempt() < 3 {
            return Err(AttemptFailure::unknown("reset", "gone"));
        }
        if input == "beats" {
            for beat in 0..3 {
                ctx.heartbeat(&beat);
                sleep(Duration::from_secs(4)).await;
            }
        }
        Ok(input)
    });
    world.label.start_to_close = Duration::from_secs(60);
    world.journal = Arc::clone(journal) as _;
    world
}

/// What an engine has acknowledged: the next one must know it.
#[derive(Default)]
struct Acknowledged {
    started: bool,
    told: bool,
}

/// Places the order, decides and waits, and does what was not acknowledged again.
async fn insist(engine: &Engine, acknowledged: &mut Acknowledged) -> Option<(Vec<String>, Vec<String>)> {
    match WorkflowClient::start(engine, start("r", &program())).await {
        Ok(_) => assert!(!acknowledged.started, "an acknowledged start was lost"),
        Err(ClientError::AlreadyStarted { .. }) => {}
        Err(_) => return None,
    }
    acknowledged.started = true;
    match engine.tell("r", "go").await {
        Ok(Reception::Accepted) => assert!(!acknowledged.told, "an acknowledged signal was lost"),
        Ok(Reception::Duplicate) => {}
        Ok(late) => panic!("{late:?}"),
        Err(_) => return None,
    }
    acknowledged.told = true;
    let long = Duration::from_secs(10_000);
    let mut logs = Vec::new();
    for id in ["r", "child"] {
        match engine.result(id, long).await {
            Ok(Some(Closed::Completed(output))) => logs.push(output.parse().unwrap()),
            Err(ClientError::Unavailable { .. }) => return None,
            other => panic!("{id}: {other:?}"),
        }
    }
    let child = logs.pop()?;
    Some((logs.pop()?, child))
}

/// The end of both runs with a crash, and how many items were appended before it.
async fn with_crash(crash: Option<Crash>) -> Option<(Vec<String>, Vec<String>)> {
    local(async {
        let journal = CrashingJournal::new(crash);
        let world = world(&journal);
        let engine = world.start();
        journal.watch(&engine);
        let mut acknowledged = Acknowledged::default();
        if let Some(logs) = insist(&engine, &mut acknowledged).await {
            return if crash.is_some() && !journal.has_crashed() { None } else { Some(logs) };
        }
        assert!(journal.has_crashed(), "{crash:?}");
        let engine = world.start();
        let logs = insist(&engine, &mut acknowledged).await.expect("no second crash");
        let page =
            engine.list(&orchestrator::workflow::Filter { limit: 9, ..Default::default() }).await.unwrap();
        assert_eq!(page.runs.len(), 2);
        assert!(page.runs.iter().all(|run| run.closed_at.is_some()));
        Some(logs)
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn every_crash_before_or_after_an_append_leads_to_the_same_end() {
    let without = with_crash(None).await.unwrap();
    assert_eq!(without.1, ["c", "slept", "2"]);
    let mut crashes = 0;
    for item in 0.. {
        let mut met = false;
        for crash in [Crash::Before(item), Crash::After(item)] {
            if let Some(logs) = with_crash(Some(crash)).await {
                assert_eq!(logs, without, "{crash:?}");
                met = true;
                crashes += 1;
            }
        }
        if !met {
            break;
        }
    }
    assert!(crashes > 20, "{crashes} crash points");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_journal_byte_for_byte() {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let journal = CrashingJournal::new(None);
        let world = world(&journal);
        local(async {
            let engine = world.start();
            journal.watch(&engine);
            insist(&engine, &mut Acknowledged::default()).await.unwrap();
            for id in 0..50 {
                engine.run(&format!("r{id}"), vec![Op::Work("x".into()), Op::Sleep(id), Op::Random]).await;
            }
            engine.log("r49").await;
        })
        .await;
        seen.push(journal.seen());
    }
    assert!(seen[0].len() > 150);
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[1], seen[2]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_attempt_runs_again_under_its_number_and_counts_as_unknown() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&keys);
    let mut world = World::new(move |ctx, _| {
        let mut keys = seen.lock().unwrap();
        keys.push(ctx.idempotency_key());
        let hangs = keys.len() == 1;
        async move {
            ctx.heartbeat(&"lost");
            if hangs {
                std::future::pending::<()>().await;
            }
            Err(AttemptFailure::unavailable("busy", "later"))
        }
    });
    world.label.retry.max_attempts = Some(2);
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Label("x".into())]).await;
        sleep(Duration::from_secs(1)).await;
        engine.kill();
        let engine = world.start();
        let error = error(&engine.log("r").await[0]);
        assert_eq!((error.attempts, error.may_have_happened), (2, true));
        assert_eq!(error.heartbeat, None, "a crash may have lost a later one");
        let keys = keys.lock().unwrap();
        assert_eq!(keys.len(), 3);
        assert!(keys.iter().all(|key| key == &keys[0]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_rode_in_a_batch_survives_a_crash() {
    let attempts = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&attempts);
    let mut world = World::new(move |ctx, input| {
        let first = input == "x" && count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if input != "x" {
                return Ok(input);
            }
            if first {
                assert_eq!(ctx.last_heartbeat::<String>(), None);
                ctx.heartbeat(&"kept");
                std::future::pending::<()>().await;
            }
            assert_eq!(ctx.last_heartbeat::<String>().as_deref(), Some("kept"));
            Err(AttemptFailure::unavailable("busy", "later"))
        }
    });
    world.label.retry.max_attempts = Some(1);
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Label("x".into())]).await;
        sleep(Duration::from_secs(1)).await;
        engine.run("other", vec![Op::Work("y".into())]).await;
        engine.kill();
        let engine = world.start();
        let shown = engine.describe("r").await.unwrap().activities.remove(0);
        assert_eq!(shown.last_heartbeat.unwrap().text(), "\"kept\"");
        let error = error(&engine.log("r").await[0]);
        assert_eq!((error.attempts, error.may_have_happened), (1, true));
        assert_eq!(error.heartbeat.unwrap().text(), "\"kept\"");
    })
    .await;
}

/// The second execution may have made something else than the first, and sent no heartbeat about it.
#[tokio::test(start_paused = true)]
async fn a_heartbeat_is_no_evidence_of_a_later_execution_that_a_second_crash_cut_off() {
    let executions = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&executions);
    let mut world = World::new(move |ctx, input| {
        let execution = if input == "x" { count.fetch_add(1, Ordering::SeqCst) } else { u32::MAX };
        async move {
            match execution {
                0 => ctx.heartbeat(&"of the first"),
                1 => {}
                2 => return Err(AttemptFailure::unavailable("busy", "later")),
                _ => return Ok(input),
            }
            std::future::pending().await
        }
    });
    world.label.retry.max_attempts = Some(1);
    local(async {
        let mut engine = world.start();
        engine.run("r", vec![Op::Label("x".into())]).await;
        for crash in ["first", "second"] {
            sleep(Duration::from_secs(1)).await;
            engine.run(crash, vec![Op::Work("y".into())]).await;
            engine.kill();
            engine = world.start();
        }
        let error = error(&engine.log("r").await[0]);
        assert_eq!((executions.load(Ordering::SeqCst), error.may_have_happened), (3, true));
        assert_eq!(error.heartbeat, None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_not_due_before_the_crash_was_not_interrupted() {
    let mut world = World::new(|_, _| async { Err(AttemptFailure::unavailable("busy", "later")) });
    world.work.retry.max_attempts = Some(2);
    world.work.retry.initial = Duration::from_secs(60);
    world.work.retry.max_interval = Duration::from_secs(60);
    for (downtime, may_have_happened) in [(30, false), (90, true)] {
        local(async {
            let mut world = world.clone();
            world.journal = Arc::new(orchestrator::engine::embedded::MemoryJournal::new());
            world.engine.clock = Clock::starting_at(jiff::Timestamp::UNIX_EPOCH);
            let engine = world.start();
            engine.run("r", vec![Op::Work("x".into()), Op::Now]).await;
            sleep(Duration::from_millis(10)).await;
            engine.kill();
            sleep(Duration::from_secs(downtime)).await;
            let engine = world.start();
            let log = engine.log("r").await;
            assert_eq!(error(&log[0]).may_have_happened, may_have_happened);
            assert_eq!(log[1], if may_have_happened { "90010" } else { "60000" });
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn timers_that_came_due_during_downtime_fire_in_order_before_anything_else() {
    local(async {
        let world = World::echo();
        let engine = world.start();
        let told = |text: &str| vec![Op::Await(text.into())];
        let program = vec![
            Op::Race(vec![Op::Race(vec![Op::Sleep(30_000)], vec![Op::Sleep(20_000)])], told("go")),
            Op::Now,
        ];
        engine.run("r", program).await;
        engine.run("s", vec![Op::AwaitFor("go".into(), 10_000)]).await;
        engine.kill();
        sleep(Duration::from_secs(60)).await;
        let engine = world.start();
        // Sent before the engine had a chance to look at its runs.
        assert_eq!(engine.tell("r", "go").await, Ok(Reception::too_late("toy_over")));
        assert_eq!(engine.log("r").await[1..], ["right", "left", "60000"]);
        assert_eq!(engine.log("s").await, ["timeout"]);
        let fired: Vec<_> = engine.events("r").await.into_iter().map(|event| event.event).collect();
        assert_eq!(fired[..2], ["started", "timer_fired"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn timers_keep_their_time_over_a_restart() {
    local(async {
        let world = World::echo();
        let engine = world.start();
        engine.run("r", vec![Op::Sleep(60_000), Op::Now]).await;
        sleep(Duration::from_secs(40)).await;
        engine.kill();
        sleep(Duration::from_secs(5)).await;
        let engine = world.start();
        assert_eq!(engine.log("r").await, ["slept", "60000"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_no_cancel() {
    let attempts = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&attempts);
    let world = World::new(move |_, input| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                std::future::pending::<()>().await;
            }
            Ok(input)
        }
    });
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into())]).await;
        sleep(Duration::from_secs(1)).await;
        engine.shutdown().await;
        engine.shutdown().await;
        let stopped = engine.tell("r", "x").await.unwrap_err();
        assert!(matches!(stopped, ClientError::Unavailable { .. }));
        assert_eq!(engine.health().await, Err("the engine has stopped".into()));
        assert_eq!(engine.events("r").await.len(), 1, "nothing is journaled for the attempt");
        let engine = world.start();
        assert_eq!(engine.log("r").await, ["x"]);
        assert_eq!(attempts.load(Ordering::SeqCst), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_never_behind_the_journal() {
    local(async {
        let mut world = World::echo();
        let engine = world.start();
        engine.run("r", vec![Op::Sleep(60_000), Op::Now]).await;
        engine.log("r").await;
        engine.kill();
        world.engine.clock = Clock::starting_at(jiff::Timestamp::UNIX_EPOCH);
        let engine = world.start();
        engine.run("s", vec![Op::Now]).await;
        assert_eq!(engine.log("s").await, ["60000"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_lost_its_journal_to_another_stops() {
    local(async {
        let world = World::echo();
        let old = world.start();
        old.run("r", vec![Op::Await("go".into())]).await;
        let new = world.start();
        assert!(matches!(old.tell("r", "go").await, Err(ClientError::Unavailable { .. })));
        assert!(old.health().await.is_err());
        assert_eq!(new.tell("r", "go").await, Ok(Reception::Accepted));
        assert_eq!(new.log("r").await, ["told"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn describe_shows_a_run_that_is_not_in_memory() {
    local(async {
        let mut world = World::new(|_, _| async { Err(AttemptFailure::unknown("reset", "gone")) });
        world.work.retry.initial = Duration::from_secs(100);
        world.work.retry.max_interval = Duration::from_secs(100);
        world.engine.resident_runs = 0;
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into())]).await;
        sleep(Duration::from_secs(1)).await;
        let shown = engine.describe("r").await.unwrap();
        assert_eq!(shown.input, Json::of(&[Op::Work("x".into())]).unwrap());
        let activity = &shown.activities[0];
        assert_eq!(
            (activity.state, activity.attempts, activity.name.as_str()),
            (ActivityState::BackingOff, 1, "work")
        );
        assert_eq!(activity.next_attempt_at.unwrap().as_second(), 100);
        assert_eq!(activity.last_failure.as_deref(), Some("reset: gone"));
    })
    .await;
}
