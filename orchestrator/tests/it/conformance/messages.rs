//! Messages that an engine must distinguish: unknown, malformed, repeated, without a run.

use orchestrator::audit::Verb;
use orchestrator::domain::OrderStatus;
use orchestrator::workflow::{ClientError, Json, Reception};
use orchestrator::workflows::order_fulfillment::{APPROVE, GET_STEP_DETAILS, REJECT};

use super::Host;
use super::order::Order;
use super::scenario::Scenario;
use super::stage::Stage;

fn json(text: &str) -> Json {
    Json::from_text(text.to_owned()).unwrap()
}

async fn refuses_bad_messages(order: &Order<'_>) {
    for (signal, payload) in
        [("explode", Json::null()), (APPROVE, json("7")), (REJECT, json(r#"{"reason":7}"#))]
    {
        let refused = order.signal(signal, payload).await;
        assert!(matches!(refused, Err(ClientError::Invalid(_))), "{signal}: {refused:?}");
    }
    for (query, argument) in [("getWeather", Json::null()), (GET_STEP_DETAILS, json("7"))] {
        let refused = order.query(query, argument).await;
        assert!(matches!(refused, Err(ClientError::Invalid(_))), "{query}: {refused:?}");
    }
}

#[test]
fn unknown_and_malformed_messages_are_refused_and_change_nothing() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        order.place(&Scenario::approved()).await;
        order.until(|state| state.status == OrderStatus::AwaitingApproval).await;
        refuses_bad_messages(&order).await;
        assert_eq!(order.state().await.status, OrderStatus::AwaitingApproval);
        let by = order.signal(APPROVE, json(r#"{"approvedBy":"ada","unheardOf":1}"#)).await;
        assert_eq!(by, Ok(Reception::Accepted));
        assert_eq!(order.decide(Verb::Approve).await, Reception::Duplicate);
        let ending = order.ending(order.end().await);
        assert!(ending.is(OrderStatus::Shipped, None), "{ending:#?}");
        refuses_bad_messages(&order).await;
        stage.judge(&[ending]);
    });
}

#[test]
fn an_order_is_fulfilled_once_however_often_it_is_placed() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        let run_id = order.start(&Scenario::approved()).await.unwrap().run_id;
        let again = Err(ClientError::AlreadyStarted { run_id });
        assert_eq!(order.start(&Scenario::approved()).await, again);
        order.decide(Verb::Approve).await;
        let ending = order.ending(order.end().await);
        assert_eq!(order.start(&Scenario::approved()).await, again);
        stage.judge(&[ending]);
    });
}

#[test]
fn nothing_can_be_asked_of_an_order_that_was_not_placed() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        assert_eq!(order.signal(APPROVE, Json::null()).await, Err(ClientError::NotFound));
        assert_eq!(order.query("getProgress", Json::null()).await, Err(ClientError::NotFound));
        let client = stage.host.client();
        let id = order.workflow_id.as_str();
        assert_eq!(client.describe(id).await.unwrap_err(), ClientError::NotFound);
        assert_eq!(client.cancel(id, "").await, Err(ClientError::NotFound));
        assert_eq!(client.result(id, std::time::Duration::ZERO).await, Err(ClientError::NotFound));
        assert_eq!(client.history(id, 0, 1).await.unwrap_err(), ClientError::NotFound);
    });
}
