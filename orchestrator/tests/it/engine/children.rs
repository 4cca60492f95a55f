//! Runs that start runs.

use std::time::Duration;

use orchestrator::workflow::{Closed, Filter, WorkflowClient};
use tokio::time::sleep;

use super::toy::{Ask, Op, World, local};

#[tokio::test(start_paused = true)]
async fn a_child_runs_on_by_itself() {
    local(async {
        let engine = World::echo().start();
        let child = vec![Op::Sleep(60_000), Op::Work("c".into()), Op::Now];
        engine.run("parent", vec![Op::Child("child".into(), child), Op::Now]).await;
        assert_eq!(engine.log("parent").await, ["born", "0"]);
        assert_eq!(engine.log("child").await, ["slept", "c", "60000"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_id_is_used_once_by_children_too() {
    local(async {
        let mut world = World::echo();
        world.engine.resident_runs = 0;
        let engine = world.start();
        engine.run("open", vec![Op::Await("go".into())]).await;
        engine.run("closed", vec![]).await;
        engine.log("closed").await;
        let child = |id: &str| Op::Child(id.into(), vec![]);
        engine.run("r", vec![child("open"), child("closed"), child("r"), child("new"), child("new")]).await;
        let exists = r#"error "AlreadyExists""#;
        assert_eq!(engine.log("r").await, [exists, exists, exists, "born", exists]);
        let page = engine.list(&Filter { limit: 9, ..Filter::default() }).await.unwrap();
        assert_eq!(
            page.runs.iter().map(|run| run.workflow_id.as_str()).collect::<Vec<_>>(),
            ["new", "r", "closed", "open"]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_children_of_one_id_at_once_are_one() {
    local(async {
        let engine = World::echo().start();
        let child = || vec![Op::Child("child".into(), vec![Op::Sleep(9)])];
        // The second fails at once, and so wins.
        engine.run("r", vec![Op::Race(child(), child()), Op::Sleep(5)]).await;
        assert_eq!(engine.log("r").await, [r#"error "AlreadyExists""#, "right", "slept"]);
        engine.run("s", child()).await;
        assert_eq!(engine.log("s").await, [r#"error "AlreadyExists""#]);
        assert_eq!(engine.log("child").await, ["slept"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_child_that_panics_at_once_is_refused() {
    local(async {
        let engine = World::echo().start();
        engine.run("r", vec![Op::Child("bad".into(), vec![Op::Panic]), Op::Now]).await;
        assert_eq!(engine.log("r").await, [r#"error {"Refused":"panicked: as told"}"#, "0"]);
        assert!(engine.describe("bad").await.is_err());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_parents_cancel_does_not_reach_its_child() {
    local(async {
        let engine = World::echo().start();
        let program = vec![
            Op::Child("child".into(), vec![Op::Sleep(9_000)]),
            Op::Sleep(60_000),
            Op::Fail("over".into()),
        ];
        engine.run("r", program).await;
        sleep(Duration::from_secs(1)).await;
        engine.cancel("r", "by hand").await.unwrap();
        assert!(matches!(engine.end("r").await, Closed::Failed(_)));
        assert_eq!(engine.log("child").await, ["slept"]);
    })
    .await;
}
