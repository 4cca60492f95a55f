//! How activities are tried, tried again, and end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orchestrator::workflow::{
    ActivityOptions, ActivityState, AttemptFailure, Certainty, Json, RetryPolicy, WorkflowClient,
};
use tokio::time::{Instant, sleep};

use super::toy::{Ask, Op, World, error, local, options};

/// Runs one `work` whose attempts end as `script` says, the last one over and over; gives what the
/// workflow saw.
async fn work(
    script: Vec<Result<String, AttemptFailure>>,
    adjust: impl FnOnce(&mut ActivityOptions),
) -> (String, Vec<u64>) {
    let starts = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (seen, origin) = (Arc::clone(&starts), Instant::now());
    let mut world = World::new(move |ctx, _| {
        seen.lock().unwrap().push(origin.elapsed().as_secs());
        let result = script[(ctx.attempt() as usize - 1).min(script.len() - 1)].clone();
        async move { result }
    });
    adjust(&mut world.work);
    let engine = world.start();
    engine.run("r", vec![Op::Work("x".into())]).await;
    let said = engine.log("r").await.remove(0);
    let starts = starts.lock().unwrap().clone();
    (said, starts)
}

fn unavailable() -> Result<String, AttemptFailure> {
    Err(AttemptFailure::unavailable("busy", "later"))
}

fn unknown() -> Result<String, AttemptFailure> {
    Err(AttemptFailure::unknown("reset", "gone"))
}

fn rejected() -> Result<String, AttemptFailure> {
    Err(AttemptFailure::rejected("refused", "no"))
}

#[tokio::test(start_paused = true)]
async fn attempts_are_spaced_by_the_policy() {
    let (said, starts) = local(work(vec![unavailable()], |_| {})).await;
    assert_eq!(starts, [0, 1, 3, 7]);
    let error = error(&said);
    assert_eq!((error.certainty, error.kind.as_str(), error.attempts), (Certainty::Unavailable, "busy", 4));
    assert!(!error.may_have_happened);
}

#[tokio::test(start_paused = true)]
async fn a_later_attempt_may_succeed() {
    let (said, starts) = local(work(vec![unavailable(), unknown(), Ok("done".into())], |_| {})).await;
    assert_eq!((said.as_str(), &starts[..]), ("done", &[0, 1, 3][..]));
}

#[tokio::test(start_paused = true)]
async fn the_longest_wait_is_bounded() {
    let limit = |options: &mut ActivityOptions| {
        options.retry.max_interval = Duration::from_secs(5);
        options.retry.max_attempts = Some(6);
    };
    let (_, starts) = local(work(vec![unavailable()], limit)).await;
    assert_eq!(starts, [0, 1, 3, 7, 12, 17]);
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_or_hopeless_is_not_tried_again() {
    let hopeless = Err(AttemptFailure::unavailable("hopeless", "named in the policy"));
    for (result, kind) in [(rejected(), "refused"), (hopeless, "hopeless")] {
        let (said, starts) = local(work(vec![result], |_| {})).await;
        assert_eq!((error(&said).kind.as_str(), starts.len()), (kind, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_is_sticky_until_a_rejection() {
    for (script, may_have_happened) in [
        (vec![unknown(), unavailable()], true),
        (vec![unavailable(), unknown()], true),
        (vec![unknown(), rejected()], false),
        (vec![unavailable(), unavailable()], false),
        (vec![unavailable(), rejected()], false),
    ] {
        let last = script.len() as u32;
        let (said, _) = local(work(script, |options| options.retry.max_attempts = Some(last))).await;
        assert_eq!(error(&said).may_have_happened, may_have_happened, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_the_longer_of_backoff_and_what_the_other_side_asks() {
    let asks = |seconds| {
        Err(AttemptFailure::unavailable("busy", "later").retry_after(Some(Duration::from_secs(seconds))))
    };
    let (said, starts) = local(work(vec![asks(10), asks(1), unavailable(), asks(60)], |_| {})).await;
    assert_eq!(starts, [0, 10, 12, 16]);
    assert_eq!(error(&said).retry_at.unwrap().as_second(), 76);
    // An answer without such a wish takes back the one before; a time-out is no answer.
    let (said, _) =
        local(work(vec![asks(10), unavailable()], |options| options.retry.max_attempts = Some(2))).await;
    assert_eq!(error(&said).retry_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_time_out_keeps_what_the_last_answer_asked_for() {
    let mut world = World::new(|ctx, _| async move {
        if ctx.attempt() == 2 {
            std::future::pending::<()>().await;
        }
        Err(AttemptFailure::unavailable("busy", "later").retry_after(Some(Duration::from_secs(10))))
    });
    world.work.retry.max_attempts = Some(2);
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into())]).await;
        let error = error(&engine.log("r").await[0]);
        assert_eq!((error.kind.as_str(), error.retry_at.unwrap().as_second()), ("attempt_timeout", 10));
        assert!(error.may_have_happened);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_dropped_before_the_next_starts() {
    let running = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&running);
    let world = World::new(move |_, _| {
        let count = Arc::clone(&count);
        async move {
            assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
            let _running = Running(count);
            sleep(Duration::from_secs(11)).await;
            Ok("late".into())
        }
    });
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into()), Op::Now]).await;
        let log = engine.log("r").await;
        let error = error(&log[0]);
        assert_eq!((error.kind.as_str(), error.certainty), ("attempt_timeout", Certainty::Unknown));
        assert_eq!(log[1], "47000", "four attempts of 10 s, and waits of 1, 2 and 4 s");
    })
    .await;
    assert_eq!(running.load(Ordering::SeqCst), 0);
}

struct Running(Arc<AtomicU32>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_an_attempt_alive_and_reach_the_next() {
    let world = World::new(|ctx, _| async move {
        let resumed: Option<u32> = ctx.last_heartbeat();
        if ctx.attempt() == 3 {
            return Ok(format!("resumed at {resumed:?}"));
        }
        for beat in 0..3_u32 {
            sleep(Duration::from_secs(4)).await;
            ctx.heartbeat(&(ctx.attempt() * 10 + beat));
        }
        // Silence, longer than is allowed.
        sleep(Duration::from_secs(6)).await;
        Ok("never".into())
    });
    local(async {
        let mut world = world;
        world.label.start_to_close = Duration::from_secs(60);
        let engine = world.start();
        engine.run("r", vec![Op::Label("x".into()), Op::Now]).await;
        sleep(Duration::from_secs(9)).await;
        let running = engine.describe("r").await.unwrap().activities.remove(0);
        assert_eq!((running.state, running.attempts), (ActivityState::Running, 1));
        assert_eq!(running.last_heartbeat.unwrap().text(), "11");
        sleep(Duration::from_millis(8_500)).await;
        let waiting = engine.describe("r").await.unwrap().activities.remove(0);
        assert_eq!((waiting.state, waiting.attempts), (ActivityState::BackingOff, 1));
        assert_eq!(waiting.next_attempt_at.unwrap().as_second(), 18);
        assert_eq!(waiting.last_failure.unwrap(), "heartbeat_timeout: the attempt sent no heartbeat for 5s");
        assert_eq!(engine.log("r").await, ["resumed at Some(22)", "37000"]);
        let done = engine.describe("r").await.unwrap().activities.remove(0);
        assert_eq!((done.state, done.attempts, done.next_attempt_at), (ActivityState::Completed, 3, None));
        assert_eq!(done.ended_at.unwrap().as_second(), 37);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_error_carries_the_heartbeat_of_the_newest_attempt_that_may_have_happened() {
    for (last_beats, unavailable_last, heartbeat) in
        [(true, false, Some("2")), (false, false, None), (true, true, Some("1"))]
    {
        let mut world = World::new(move |ctx, _| async move {
            let is_last = ctx.attempt() == 2;
            if !is_last || last_beats {
                ctx.heartbeat(&ctx.attempt());
            }
            if is_last && unavailable_last {
                return Err(AttemptFailure::unavailable("busy", "later"));
            }
            Err(AttemptFailure::unknown("reset", "gone"))
        });
        world.label.retry.max_attempts = Some(2);
        local(async {
            let engine = world.start();
            engine.run("r", vec![Op::Label("x".into())]).await;
            let error = error(&engine.log("r").await[0]);
            assert_eq!(error.heartbeat.as_ref().map(Json::text), heartbeat);
            assert!(error.may_have_happened);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_unknown_failure() {
    let mut world = World::new(|_, _| async { panic!("the gateway has a bug") });
    world.work.retry.max_attempts = Some(2);
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Work("x".into())]).await;
        let error = error(&engine.log("r").await[0]);
        assert_eq!((error.kind.as_str(), error.certainty, error.attempts), ("panic", Certainty::Unknown, 2));
        assert_eq!(error.message, "panicked: the gateway has a bug");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_activity_that_is_not_registered_fails() {
    local(async {
        let engine = World::echo().start_without_activities();
        engine.run("r", vec![Op::Work("x".into())]).await;
        let error = error(&engine.log("r").await[0]);
        assert_eq!(
            (error.kind.as_str(), error.attempts, error.may_have_happened),
            ("not_registered", 0, false)
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn schedule_to_close_ends_a_running_attempt() {
    let mut world = World::new(|ctx, _| async move {
        ctx.heartbeat(&"half");
        std::future::pending().await
    });
    world.label = ActivityOptions {
        start_to_close: Duration::from_secs(60),
        schedule_to_close: Some(Duration::from_secs(3)),
        ..options()
    };
    local(async {
        let engine = world.start();
        engine.run("r", vec![Op::Label("x".into()), Op::Now]).await;
        let log = engine.log("r").await;
        let error = error(&log[0]);
        assert_eq!(
            (error.kind.as_str(), error.certainty, error.attempts),
            ("activity_timeout", Certainty::Unknown, 1)
        );
        assert_eq!(error.heartbeat.unwrap().text(), "\"half\"");
        assert_eq!(log[1], "3000");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn schedule_to_close_forbids_an_attempt_that_would_come_too_late() {
    let limit = |options: &mut ActivityOptions| {
        options.schedule_to_close = Some(Duration::from_secs(6));
        options.retry = RetryPolicy { max_attempts: None, ..options.retry.clone() };
    };
    let (said, starts) = local(work(vec![unknown(), unavailable()], limit)).await;
    let error = error(&said);
    assert_eq!(starts, [0, 1, 3]);
    assert_eq!((error.kind.as_str(), error.attempts, error.may_have_happened), ("activity_timeout", 3, true));
    assert!(error.message.contains("busy: later"), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn keys_are_the_same_for_all_attempts_and_unlike_between_calls() {
    let keys = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&keys);
    let world = World::new(move |ctx, _| {
        seen.lock().unwrap().push(ctx.idempotency_key());
        let first = ctx.attempt() == 1;
        async move { if first { unavailable() } else { Ok("ok".into()) } }
    });
    local(async {
        let engine = world.start();
        let started = engine.run("r", vec![Op::Work("x".into()), Op::Sleep(5), Op::Work("y".into())]).await;
        engine.log("r").await;
        let key = |nth| format!("r/{}/work:{nth}", started.run_id);
        assert_eq!(*keys.lock().unwrap(), [key(1), key(1), key(2), key(2)]);
    })
    .await;
}
