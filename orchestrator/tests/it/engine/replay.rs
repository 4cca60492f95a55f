//! Runs that are rebuilt from their journals: the same as if they had stayed in memory.

use std::sync::Arc;
use std::time::Duration;

use orchestrator::engine::embedded::RecordedRun;
use orchestrator::workflow::{AttemptFailure, ClientError, Filter, Json, Reception, WorkflowClient};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::crashing::{Crash, CrashingJournal};
use super::toy::{Ask, Op, World, local, start};

/// Attempts whose ends depend on nothing but their input and number.
fn varied() -> World {
    World::new(|ctx, input| async move {
        let draw = input.bytes().fold(ctx.attempt() * 7, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
        ctx.heartbeat(&draw);
        sleep(Duration::from_millis(u64::from(draw % 5) * 400)).await;
        match draw % 4 {
            0 => Err(AttemptFailure::unknown("reset", "gone")),
            1 => Err(AttemptFailure::unavailable("busy", "later")),
            2 if ctx.attempt() > 2 => Err(AttemptFailure::rejected("refused", "no")),
            _ => Ok(input),
        }
    })
}

/// All that becomes durable when `program` runs, is told of things now and then, and is cancelled
/// at last; with as many runs in memory as may stay there.
async fn journal_of(
    program: Vec<Op>,
    tells: Vec<(u64, String)>,
    resident_runs: usize,
    crash: Option<Crash>,
) -> Vec<String> {
    local(async {
        let journal = CrashingJournal::new(crash);
        let mut world = varied();
        world.engine.resident_runs = resident_runs;
        world.journal = Arc::clone(&journal) as _;
        let mut engine = world.start();
        journal.watch(&engine);
        // A message that the crash left unanswered is sent again to the next engine.
        if WorkflowClient::start(&engine, start("r", &program)).await.is_err() {
            engine = world.start();
            let again = WorkflowClient::start(&engine, start("r", &program)).await;
            assert!(matches!(again, Ok(_) | Err(ClientError::AlreadyStarted { .. })), "{again:?}");
        }
        for (wait_ms, text) in tells {
            sleep(Duration::from_millis(wait_ms)).await;
            if engine.tell("r", &text).await.is_err() {
                engine = world.start();
                engine.tell("r", &text).await.unwrap();
            }
        }
        sleep(Duration::from_secs(500)).await;
        if engine.cancel("r", "enough").await.is_err() {
            engine = world.start();
            engine.cancel("r", "enough").await.unwrap();
        }
        if engine.result("r", Duration::from_secs(10_000)).await.is_err() {
            engine = world.start();
            engine.end("r").await;
        }
        let filter = Filter { needs_attention: Some(true), limit: 9, ..Filter::default() };
        assert_eq!(engine.list(&filter).await.unwrap().runs.len(), 0, "nothing is quarantined");
        journal.seen()
    })
    .await
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn name() -> impl Strategy<Value = String> {
    "[a-d]"
}

fn program() -> impl Strategy<Value = Vec<Op>> {
    let leaf = prop_oneof![
        name().prop_map(Op::Work),
        name().prop_map(Op::Label),
        name().prop_map(Op::Undo),
        (0..9_000_u64).prop_map(Op::Sleep),
        name().prop_map(Op::Await),
        (name(), 0..9_000_u64).prop_map(|(text, ms)| Op::AwaitFor(text, ms)),
        (0..9_i64).prop_map(Op::Attribute),
        Just(Op::Random),
        Just(Op::Now),
    ];
    let op = leaf.prop_recursive(3, 24, 4, |inner| {
        let body = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (body(), body()).prop_map(|(left, right)| Op::Race(left, right)),
            (body(), body()).prop_map(|(body, end)| Op::Until(body, end)),
            (body(), body()).prop_map(|(new, old)| Op::Patched(new, old)),
        ]
    });
    prop::collection::vec(op, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// With room for no run at all, each is rebuilt whenever something comes for it: the journal
    /// is the same to the byte, so replay took the path that the live run took.
    #[test]
    fn rebuilding_a_run_at_every_step_changes_nothing(
        program in program(),
        tells in prop::collection::vec((0..6_000_u64, name()), 0..6),
    ) {
        let resident = runtime().block_on(journal_of(program.clone(), tells.clone(), 10_000, None));
        let rebuilt = runtime().block_on(journal_of(program, tells, 0, None));
        prop_assert_eq!(resident, rebuilt);
    }

    /// Wherever an engine is killed, what it left can be replayed, goes on and comes to an end.
    #[test]
    fn a_run_outlives_its_engine(
        program in program(),
        tells in prop::collection::vec((0..6_000_u64, name()), 0..6),
        item in 0..20_usize,
        before in any::<bool>(),
    ) {
        let crash = if before { Crash::Before(item) } else { Crash::After(item) };
        let seen = runtime().block_on(journal_of(program, tells, 10_000, Some(crash)));
        prop_assert!(!seen.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_does_not_fit_its_code_is_quarantined_until_fixed_code_resumes_it() {
    local(async {
        let mut world = World::echo();
        world.engine.resident_runs = 0;
        let engine = world.start();
        let program = vec![
            Op::Version(vec![Op::Work("x".into())], vec![Op::Sleep(1)]),
            Op::Await("go".into()),
            Op::Now,
        ];
        engine.run("r", program.clone()).await;
        engine.run("fine", vec![Op::Await("go".into())]).await;
        sleep(Duration::from_secs(1)).await;
        engine.shutdown().await;
        let before = engine.events("r").await;

        let changed = world.start_version::<2>();
        let refused = changed.tell("r", "go").await.unwrap_err();
        let ClientError::Quarantined(reason) = refused else { panic!("{refused:?}") };
        assert_eq!(
            reason,
            "nondeterminism: event 1: the journal has `schedule activity work:1`, the code asks for \
             `start timer 1 until 1970-01-01T00:00:00.001Z`"
        );
        let in_need = Filter { needs_attention: Some(true), limit: 9, ..Filter::default() };
        let listed = changed.list(&in_need).await.unwrap().runs;
        assert_eq!(listed.iter().map(|run| run.workflow_id.as_str()).collect::<Vec<_>>(), ["r"]);
        assert_eq!(changed.describe("r").await.unwrap().quarantine, Some(reason));
        assert_eq!(changed.query("r", "log", Json::null()).await.unwrap().text(), r#"["x","version"]"#);
        assert_eq!(changed.tell("fine", "go").await, Ok(Reception::Accepted));
        assert_eq!(changed.events("r").await.len(), before.len(), "nothing is journaled for it");
        changed.shutdown().await;

        // The fixed code looks at it without being asked.
        let fixed = world.start();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(fixed.list(&in_need).await.unwrap().runs.len(), 0);
        assert_eq!(fixed.describe("r").await.unwrap().quarantine, None);
        assert_eq!(fixed.tell("r", "go").await, Ok(Reception::Accepted));
        assert_eq!(fixed.log("r").await[..3], ["x", "version", "told"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_quarantines_its_run_and_no_other() {
    local(async {
        let world = World::echo();
        let engine = world.start();
        let program = vec![Op::Await("go".into()), Op::Version(vec![Op::Panic], vec![Op::Now])];
        engine.run("r", program).await;
        engine.run("s", vec![Op::Await("go".into())]).await;
        let refused = ClientError::Quarantined("panicked: as told".into());
        assert_eq!(engine.tell("r", "go").await, Err(refused));
        assert_eq!(engine.tell("s", "go").await, Ok(Reception::Accepted));
        assert_eq!(engine.log("s").await, ["told"]);
        let at_once = WorkflowClient::start(&engine, start("t", &[Op::Panic])).await;
        assert_eq!(at_once, Err(ClientError::Quarantined("panicked: as told".into())));
        assert_eq!(engine.describe("t").await.unwrap_err(), ClientError::NotFound);
        engine.shutdown().await;
        let fixed = world.start_version::<2>();
        assert_eq!(fixed.tell("r", "go").await, Ok(Reception::Accepted));
        assert_eq!(fixed.log("r").await.len(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_patch_is_taken_by_new_runs_and_spared_old_ones() {
    local(async {
        // Version 1 does not know the change, version 2 guards it.
        let before = vec![Op::Work("a".into()), Op::Await("go".into())];
        let guarded = vec![
            Op::Patched(vec![Op::Work("new".into())], vec![Op::Work("a".into())]),
            Op::Await("go".into()),
        ];
        let program = vec![Op::Version(before, guarded)];
        let mut world = World::echo();
        world.engine.resident_runs = 0;
        let old = world.start();
        old.run("old", program.clone()).await;
        sleep(Duration::from_secs(1)).await;
        old.shutdown().await;
        let new = world.start_version::<2>();
        new.run("new", program).await;
        sleep(Duration::from_secs(1)).await;
        for id in ["old", "new"] {
            assert_eq!(new.tell(id, "go").await, Ok(Reception::Accepted));
        }
        assert_eq!(new.log("old").await[0], "a");
        assert_eq!(new.log("new").await[0], "new");
        let marks = |events: &[orchestrator::workflow::HistoryEvent]| {
            events
                .iter()
                .flat_map(|event| &event.commands)
                .filter(|command| *command == "mark patch change")
                .count()
        };
        assert_eq!(marks(&new.events("old").await), 0);
        assert_eq!(marks(&new.events("new").await), 1);
    })
    .await;
}

/// The program of the run in `journals/toy.json`, which was made by it.
fn kept_program() -> Vec<Op> {
    vec![
        Op::Attribute(1),
        Op::Work("b".into()),
        Op::AwaitFor("go".into(), 5_000),
        Op::Until(vec![Op::Label("c".into())], vec![Op::Sleep(300)]),
        Op::Patched(vec![Op::Sleep(1)], vec![]),
        Op::Version(vec![], vec![Op::Sleep(1)]),
        Op::Child("child".into(), vec![]),
    ]
}

/// What journals hold must not change by accident: running orders would be quarantined.
#[tokio::test(start_paused = true)]
async fn a_journal_kept_from_earlier_is_made_and_replayed_as_it_was() {
    let kept: RecordedRun = serde_json::from_str(include_str!("journals/toy.json")).unwrap();
    local(async {
        let world = varied();
        let engine = world.start();
        engine.run("r", kept_program()).await;
        sleep(Duration::from_secs(10)).await;
        engine.tell("r", "go").await.unwrap();
        engine.end("r").await;
        let made = RecordedRun::of(&super::journal::load(&*world.journal, "r").unwrap());
        assert_eq!(made, kept, "{}", serde_json::to_string(&made).unwrap());
        assert_eq!(kept.replay(&world.registry::<1>()), Ok(()));
        let changed = kept.replay(&world.registry::<2>()).unwrap_err();
        assert!(changed.starts_with("nondeterminism: event 6: "), "{changed}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn history_tells_the_journal_to_people() {
    local(async {
        let engine = varied().start();
        engine.run("r", vec![Op::Attribute(1), Op::Work("b".into()), Op::Sleep(1)]).await;
        engine.end("r").await;
        let lines: Vec<_> =
            engine.events("r").await.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"id":1,"at":"1970-01-01T00:00:00Z","event":"started","details":{"input":[{"Attribute":1},{"Work":"b"},{"Sleep":1}],"seed":997778335744930877},"commands":["set search attributes","schedule activity work:1"]}
        {"id":2,"at":"1970-01-01T00:00:00Z","event":"activity_completed","details":{"id":"work:1","attempt":1,"output":"b","heartbeat":315},"commands":["start timer 1 until 1970-01-01T00:00:00.001Z"]}
        {"id":3,"at":"1970-01-01T00:00:00.001Z","event":"timer_fired","details":{"timer":1},"commands":["complete"]}
        "#);
    })
    .await;
}
