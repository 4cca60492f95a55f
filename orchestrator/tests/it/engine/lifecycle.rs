//! Starting, telling, asking and ending.

use orchestrator::workflow::{ClientError, Json, Reception, WorkflowClient};

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
        assert_eq!(engine.log("order-1").await, ["a", "told", "slept", "b", "3", "60000"]);
        assert_eq!(engine.tell("order-1", "go").await, Ok(Reception::Duplicate));
        assert_eq!(engine.tell("order-1", "no").await, Ok(Reception::TooLate("toy_over")));
        assert_eq!(engine.query("order-1", "told", Json::null()).await.unwrap().text(), r#"["go"]"#);
        let again = WorkflowClient::start(&engine, start("order-1", &program)).await;
        assert_eq!(again, Err(ClientError::AlreadyStarted { run_id: started.run_id }));
    })
    .await;
}
