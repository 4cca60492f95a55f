//! Starting, telling, asking, ending and being forgotten.

use std::sync::Arc;
use std::time::Duration;

use orchestrator::engine::embedded::{Engine, SqliteJournal};
use orchestrator::workflow::{
    ClientError, Closed, Comparison, Condition, Filter, Json, Reception, SearchAttribute, SearchValue, Start,
    WorkflowClient,
};
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::toy::{Ask, Op, World, local, start};

#[tokio::test(start_paused = true)]
async fn a_run_goes_from_its_start_to_its_end() {
    local(async {
        let engine = World::echo().start();
        let program = vec![
            Op::Work("a".into()),
            Op::Await("go".into()),
            Op::Sleep(60_000),
            Op::Work("b".into()),
            Op::Attribute(3),
            Op::Now,
        ];
        let started = engine.run("order-1", program.clone()).await;
        assert_eq!(engine.tell("order-1", "go").await, Ok(Reception::Accepted));
        assert_eq!(engine.tell("order-1", "go").await, Ok(Reception::Duplicate));
        let again = WorkflowClient::start(&engine, start("order-1", &program)).await;
        assert_eq!(again, Err(ClientError::AlreadyStarted { run_id: started.run_id.clone() }));
        assert_eq!(engine.log("order-1").await, ["a", "told", "slept", "b", "3", "60000"]);
        assert_eq!(engine.tell("order-1", "go").await, Ok(Reception::Duplicate));
        assert_eq!(engine.tell("order-1", "no").await, Ok(Reception::too_late("toy_over")));
        assert_eq!(engine.query("order-1", "told", Json::null()).await.unwrap().text(), r#"["go"]"#);
        let again = WorkflowClient::start(&engine, start("order-1", &program)).await;
        assert_eq!(again, Err(ClientError::AlreadyStarted { run_id: started.run_id }));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn starts_of_one_id_at_once_make_one_run() {
    local(async {
        let engine = World::echo().start();
        let starts: Vec<_> = (0..5)
            .map(|_| {
                let engine = engine.clone();
                tokio::task::spawn_local(async move {
                    WorkflowClient::start(&engine, start("r", &[Op::Now])).await
                })
            })
            .collect();
        let mut fresh = 0;
        for start in starts {
            match start.await.unwrap() {
                Ok(_) => fresh += 1,
                Err(ClientError::AlreadyStarted { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(fresh, 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn bad_messages_are_refused_and_leave_no_trace() {
    local(async {
        let engine = World::echo().start();
        engine.run("r", vec![Op::Await("go".into())]).await;
        let nobody = engine.tell("nobody", "go").await;
        assert_eq!(nobody, Err(ClientError::NotFound));
        assert_eq!(engine.cancel("nobody", "x").await, Err(ClientError::NotFound));
        assert_eq!(engine.query("nobody", "log", Json::null()).await, Err(ClientError::NotFound));
        assert_eq!(engine.result("nobody", Duration::from_secs(1)).await, Err(ClientError::NotFound));
        assert_eq!(engine.history("nobody", 0, 1).await.unwrap_err(), ClientError::NotFound);
        let unknown = Err(ClientError::Invalid("no signal `x`".into()));
        assert_eq!(engine.signal("r", "x", Json::null()).await, unknown);
        assert!(matches!(engine.signal("r", "tell", Json::null()).await, Err(ClientError::Invalid(_))));
        let unknown = Err(ClientError::Invalid("no query `x`".into()));
        assert_eq!(engine.query("r", "x", Json::null()).await, unknown);
        let start = |workflow, input: &str| {
            let input = Json::from_text(input.to_owned()).unwrap();
            WorkflowClient::start(&engine, Start { workflow, workflow_id: "s".into(), input })
        };
        assert_eq!(
            start("elf", "[]").await,
            Err(ClientError::Invalid("no workflow `elf` is registered".into()))
        );
        assert!(matches!(start("toy", "{}").await, Err(ClientError::Invalid(_))));
        assert_eq!(engine.events("r").await.len(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_is_waited_for_as_long_as_was_asked() {
    local(async {
        let engine = World::echo().start();
        engine.run("r", vec![Op::Sleep(10_000), Op::Fail("spoiled".into())]).await;
        assert_eq!(engine.result("r", Duration::from_secs(9)).await, Ok(None));
        let Closed::Failed(failure) = engine.end("r").await else { panic!("it fails") };
        assert_eq!(failure.to_string(), "spoiled: as told");
        assert_eq!(engine.result("r", Duration::ZERO).await, Ok(Some(Closed::Failed(failure))));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_is_told_of_runs_that_are_not_in_memory_and_of_those_that_come_back() {
    local(async {
        let mut world = World::echo();
        world.engine.resident_runs = 0;
        let engine = world.start();
        engine.run("r", vec![Op::Sleep(10_000), Op::Await("go".into()), Op::Sleep(10_000)]).await;
        assert_eq!(engine.result("r", Duration::ZERO).await, Ok(None));
        let waiting = engine.clone();
        let end = tokio::task::spawn_local(async move { waiting.log("r").await });
        sleep(Duration::from_secs(20)).await;
        engine.tell("r", "go").await.unwrap();
        assert_eq!(engine.result("r", Duration::from_secs(9)).await, Ok(None));
        assert_eq!(end.await.unwrap(), ["slept", "told", "slept"]);
        assert!(engine.result("r", Duration::ZERO).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_engine_that_is_gone() {
    for killed in [false, true] {
        local(async {
            let engine = World::echo().start();
            engine.run("r", vec![Op::Await("never".into())]).await;
            let waiting = engine.clone();
            let end =
                tokio::task::spawn_local(
                    async move { waiting.result("r", Duration::from_secs(1_000_000)).await },
                );
            sleep(Duration::from_secs(1)).await;
            if killed {
                engine.kill()
            } else {
                engine.shutdown().await
            }
            let stopped = Err(ClientError::Unavailable {
                reason: "the engine has stopped".into(),
                retry_after: Duration::from_secs(1),
            });
            assert_eq!(end.await.unwrap(), stopped);
            assert_eq!(engine.result("r", Duration::from_secs(1_000_000)).await, stopped);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_comes_with_its_timer_finds_that_the_timer_went_first() {
    for (told_at, said) in [(9_999, "told"), (10_000, "timeout")] {
        local(async {
            let engine = World::echo().start();
            engine.run("r", vec![Op::AwaitFor("go".into(), 10_000)]).await;
            sleep(Duration::from_millis(told_at)).await;
            engine.tell("r", "go").await.unwrap();
            assert_eq!(engine.log("r").await, [said]);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn lists_find_runs_by_their_attributes_page_by_page() {
    local(async {
        let engine = World::echo().start();
        for number in 0..7 {
            engine
                .run(
                    &format!("r{number}"),
                    vec![Op::Attribute(number % 2), Op::NeedAttention, Op::Await("x".into())],
                )
                .await;
        }
        let condition = |attribute, value| Condition { attribute, comparison: Comparison::Equal, value };
        let mut filter = Filter {
            conditions: vec![condition("Number", SearchValue::Int(0))],
            needs_attention: Some(true),
            cursor: None,
            limit: 3,
        };
        let first = engine.list(&filter).await.unwrap();
        let ids = |page: &orchestrator::workflow::Page| {
            page.runs.iter().map(|run| run.workflow_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&first), ["r6", "r4", "r2"]);
        assert_eq!(
            first.runs[0].search_attributes[0],
            SearchAttribute { name: "Name", value: SearchValue::Keyword("n0".into()) }
        );
        filter.cursor = first.next_cursor;
        let second = engine.list(&filter).await.unwrap();
        assert_eq!((ids(&second), second.next_cursor), (vec!["r0".to_owned()], None));
        filter.cursor = Some("nonsense".into());
        assert!(matches!(engine.list(&filter).await, Err(ClientError::Invalid(_))));
        let unknown = Filter {
            conditions: vec![condition("Colour", SearchValue::Int(0))],
            limit: 1,
            ..Filter::default()
        };
        assert_eq!(
            engine.list(&unknown).await.unwrap_err(),
            ClientError::Invalid("`Colour` is not a search attribute".into())
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn history_is_read_in_pages() {
    local(async {
        let engine = World::echo().start();
        engine.run("r", vec![Op::Work("x".into()), Op::Sleep(5), Op::Work("y".into())]).await;
        engine.log("r").await;
        let first = engine.history("r", 0, 3).await.unwrap();
        assert_eq!(first.events.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(first.next, Some(3));
        let second = engine.history("r", 3, 3).await.unwrap();
        assert_eq!(second.events.iter().map(|event| event.id).collect::<Vec<_>>(), [4]);
        assert_eq!((second.events[0].event.as_str(), second.next), ("activity_completed", None));
        let beyond = engine.history("r", u64::MAX, 3).await.unwrap();
        assert_eq!((beyond.events.len(), beyond.next), (0, None));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn closed_runs_leave_after_a_while_unless_someone_has_to_look_at_them() {
    local(async {
        let mut world = World::echo();
        world.engine.retention = Some(Duration::from_secs(3600));
        let engine = world.start();
        for run in 0..1_200 {
            engine.run(&format!("r{run}"), vec![]).await;
        }
        let before = engine.describe("r5").await.unwrap().summary.run_id;
        engine.run("in need", vec![Op::NeedAttention]).await;
        engine.run("open", vec![Op::Await("x".into())]).await;
        sleep(Duration::from_secs(3500)).await;
        engine.run("fresh", vec![]).await;
        let kept = async || {
            let page = engine.list(&Filter { limit: 5, ..Filter::default() }).await.unwrap();
            page.runs.into_iter().map(|run| run.workflow_id).collect::<Vec<_>>()
        };
        assert_eq!(kept().await, ["fresh", "open", "in need", "r1199", "r1198"]);
        sleep(Duration::from_secs(200)).await;
        assert_eq!(kept().await, ["fresh", "open", "in need"]);
        assert_eq!(engine.tell("r5", "x").await, Err(ClientError::NotFound));
        engine.run("r5", vec![]).await;
        let after = engine.describe("r5").await.unwrap().summary.run_id;
        assert_ne!(after, before, "what the run before was answered is not for this one");
    })
    .await;
}

/// As in production: an engine on a thread of its own, over a file, in real time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_on_its_own_thread_goes_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::echo();
    let open = || Arc::new(SqliteJournal::open(directory.path()).unwrap());
    let thread = |journal: Arc<SqliteJournal>| {
        Engine::start_on_thread(journal, world.registry::<1>(), world.engine.clone(), Handle::current())
            .unwrap()
    };
    let engine = thread(open());
    let runs = 40;
    for run in 0..runs {
        let child = Op::Child(format!("c{run}"), vec![Op::Work("c".into())]);
        let program =
            vec![Op::Attribute(run), Op::Work("x".into()), child, Op::Await("go".into()), Op::Sleep(20)];
        engine.run(&format!("r{run}"), program).await;
    }
    engine.shutdown().await;
    let journal = open();
    let engine = thread(Arc::clone(&journal));
    for run in 0..runs {
        assert_eq!(engine.tell(&format!("r{run}"), "go").await, Ok(Reception::Accepted));
    }
    // Killed in the middle; the journal lives on, as a file does.
    engine.kill();
    let engine = thread(journal);
    for run in 0..runs {
        assert_eq!(engine.log(&format!("r{run}")).await[1..], ["x", "born", "told", "slept"]);
        assert_eq!(engine.log(&format!("c{run}")).await, ["c"]);
        let told = engine.query(&format!("r{run}"), "told", Json::null()).await.unwrap();
        assert_eq!(told.text(), r#"["go"]"#);
    }
    engine.shutdown().await;
}
