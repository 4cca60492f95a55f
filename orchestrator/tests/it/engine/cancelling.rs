//! What a cancelled scope does to what stands in it.

use std::time::Duration;

use orchestrator::workflow::{AttemptFailure, Certainty, Closed, Json, WorkflowClient};
use tokio::time::sleep;

use super::toy::{Ask, Op, World, error, local};

/// Cancels the scope of `body` when `stop` is told.
fn until_told(body: Op) -> Vec<Op> {
    vec![Op::Until(vec![body], vec![Op::Await("stop".into())]), Op::Now]
}

#[tokio::test(start_paused = true)]
async fn an_attempt_in_flight_goes_on_to_its_own_end() {
    let world = World::new(|ctx, _| async move {
        ctx.cancelled().await;
        sleep(Duration::from_secs(2)).await;
        Ok("finished".into())
    });
    local(async {
        let engine = world.start();
        engine.run("r", until_told(Op::Work("x".into()))).await;
        sleep(Duration::from_secs(1)).await;
        engine.tell("r", "stop").await.unwrap();
        assert_eq!(engine.log("r").await, ["told", "finished", "cancelled", "3000"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_attempt_follows_one_that_was_in_flight() {
    let world = World::new(|ctx, _| async move {
        ctx.cancelled().await;
        Err(AttemptFailure::unavailable("busy", "later"))
    });
    local(async {
        let engine = world.start();
        engine.run("r", until_told(Op::Work("x".into()))).await;
        sleep(Duration::from_secs(1)).await;
        engine.tell("r", "stop").await.unwrap();
        let log = engine.log("r").await;
        let error = error(&log[1]);
        assert_eq!((error.kind.as_str(), error.attempts, error.may_have_happened), ("busy", 1, false));
        assert_eq!(log[3], "1000");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_between_attempts_keeps_the_mark_of_those_before() {
    for (certainty, may_have_happened) in [(Certainty::Unknown, true), (Certainty::Unavailable, false)] {
        let world = World::new(move |_, _| async move {
            Err(AttemptFailure { certainty, ..AttemptFailure::unknown("reset", "gone") })
        });
        local(async {
            let engine = world.start();
            engine.run("r", until_told(Op::Work("x".into()))).await;
            sleep(Duration::from_millis(500)).await;
            engine.tell("r", "stop").await.unwrap();
            let log = engine.log("r").await;
            let error = error(&log[1]);
            assert!(error.is_cancelled());
            assert_eq!((error.certainty, error.attempts), (certainty, 1));
            assert_eq!(error.may_have_happened, may_have_happened);
            assert!(error.message.contains("reset: gone"), "{}", error.message);
            assert_eq!(log[3], "500");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_attempt_is_dropped_at_once_with_its_heartbeat() {
    let world = World::new(|ctx, _| async move {
        ctx.heartbeat(&"l-1");
        std::future::pending().await
    });
    local(async {
        let engine = world.start();
        engine.run("r", until_told(Op::Label("x".into()))).await;
        sleep(Duration::from_secs(1)).await;
        engine.tell("r", "stop").await.unwrap();
        let log = engine.log("r").await;
        let error = error(&log[1]);
        assert!(error.is_cancelled() && error.may_have_happened);
        assert_eq!((error.certainty, error.heartbeat.unwrap().text()), (Certainty::Unknown, "\"l-1\""));
        assert_eq!(log[3], "1000");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_waits_for_a_slot_never_starts() {
    for op in [Op::Work("second".into()), Op::Label("second".into())] {
        let mut world = World::new(|_, input| async move {
            assert_eq!(input, "first", "the second is cancelled in the queue");
            sleep(Duration::from_secs(5)).await;
            Ok(input)
        });
        (world.work.concurrency, world.label.concurrency) = (1, 1);
        local(async {
            let engine = world.start();
            let first =
                if let Op::Work(_) = op { Op::Work("first".into()) } else { Op::Label("first".into()) };
            engine.run("a", vec![first]).await;
            engine.run("b", until_told(op)).await;
            sleep(Duration::from_secs(1)).await;
            engine.tell("b", "stop").await.unwrap();
            let error = error(&engine.log("b").await[1]);
            assert_eq!((error.is_cancelled(), error.attempts, error.may_have_happened), (true, 0, false));
            assert_eq!(engine.log("a").await, ["first"]);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_cancelled_scope_asks_for_fails_at_once() {
    let world = World::new(|_, _| async { panic!("nothing is started") });
    local(async {
        let engine = world.start();
        let body = vec![Op::Sleep(60_000), Op::Work("x".into()), Op::Sleep(1), Op::Await("never".into())];
        let program = vec![Op::Until(body, vec![Op::Sleep(5)]), Op::Now];
        engine.run("r", program).await;
        let log = engine.log("r").await;
        assert_eq!(log[..2], ["slept", r#"error {"reason":"until"}"#]);
        let error = error(&log[2]);
        assert_eq!((error.is_cancelled(), error.attempts, error.may_have_happened), (true, 0, false));
        assert_eq!(log[3..5], [r#"error {"reason":"until"}"#, r#"error {"reason":"until"}"#]);
        assert_eq!(log[5..], ["cancelled", "5"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_engines_own_cancel_cancels_the_root_scope() {
    local(async {
        let engine = World::echo().start();
        engine.run("r", vec![Op::Sleep(60_000), Op::Undo("u".into()), Op::Fail("cancelled".into())]).await;
        engine.cancel("r", "by hand").await.unwrap();
        // A second cancel changes nothing, and leaves no trace.
        engine.cancel("r", "again").await.unwrap();
        assert!(matches!(engine.end("r").await, Closed::Failed(failure) if failure.kind == "cancelled"));
        engine.cancel("r", "after its end").await.unwrap();
        let log = engine.query("r", "log", Json::null()).await.unwrap();
        assert_eq!(log.parse::<Vec<String>>().unwrap(), [r#"error {"reason":"by hand"}"#, "u"]);
        let events = engine.events("r").await;
        assert_eq!(events.iter().filter(|event| event.event == "cancel_requested").count(), 1);
    })
    .await;
}
