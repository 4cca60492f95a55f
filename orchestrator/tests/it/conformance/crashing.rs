//! Crashes of the engine's process.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;

use futures_util::future::{join, join_all};
use orchestrator::audit::Verb;
use orchestrator::domain::OrderStatus;
use orchestrator::workflow::{ClientError, Either, Json, Reception, race};
use orchestrator::workflows::order_fulfillment::{GET_ORDER_STATUS, REJECT};

use super::Host;
use super::scenario::Scenario;
use super::stage::Stage;
use super::wire::Point;

/// Every operation of the way there and back, with what makes an order ask for it and its end.
fn operations() -> Vec<(&'static str, Scenario, OrderStatus)> {
    let refused = || Scenario::approved().with("shipping.create_label", 1, "address_validation_failed");
    let cancelled = Scenario::cancelled_after("shipping.create_label");
    vec![
        ("payment.authorize", Scenario::approved(), OrderStatus::Shipped),
        ("inventory.reserve", Scenario::approved(), OrderStatus::Shipped),
        ("payment.capture", Scenario::approved(), OrderStatus::Shipped),
        ("shipping.create_label", Scenario::approved(), OrderStatus::Shipped),
        ("notification.send", Scenario::approved(), OrderStatus::Shipped),
        ("payment.release", Scenario::rejected(), OrderStatus::Rejected),
        ("payment.refund", refused(), OrderStatus::Failed),
        ("inventory.release", refused(), OrderStatus::Failed),
        ("shipping.cancel", cancelled, OrderStatus::Cancelled),
    ]
}

/// Plays an order whose engine crashes at its first request of `operation`, and comes back.
async fn crash_at(operation: &str, point: Point, scenario: &Scenario) -> OrderStatus {
    let stage = Stage::new(&[("1", scenario)]).await;
    let order = stage.order("1");
    let held = stage.wire.hold(&order.id, operation, point);
    let crash = async {
        // Never goes on: its process is dead.
        let _request = held.await.unwrap();
        stage.crash().await;
        pending::<Infallible>().await
    };
    let Either::Right(ending) = race(pin!(crash), pin!(order.play(scenario))).await;
    assert_eq!(stage.crashes(), 1, "{operation} {point:?}: {ending:#?}");
    stage.judge(std::slice::from_ref(&ending));
    ending.state.status
}

#[test]
fn an_order_outlives_a_crash_at_any_of_its_requests() {
    let operations = operations();
    let crashes = async |point| {
        let orders = operations.iter().map(async |(operation, scenario, end)| {
            assert_eq!(crash_at(operation, point, scenario).await, *end, "{operation} {point:?}");
        });
        join_all(orders).await
    };
    Host::run(join(crashes(Point::Sent), crashes(Point::Answered)));
}

#[test]
fn an_order_outlives_crashes_while_it_waits() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        order.place(&Scenario::approved()).await;
        order.until(|state| state.status == OrderStatus::AwaitingApproval).await;
        stage.crash().await;
        assert_eq!(order.state().await.status, OrderStatus::AwaitingApproval);
        assert_eq!(order.decide(Verb::Approve).await, Reception::Accepted);
        stage.crash().await;
        assert_eq!(order.decide(Verb::Approve).await, Reception::Duplicate);
        let ending = order.ending(order.end().await);
        assert!(ending.is(OrderStatus::Shipped, None), "{ending:#?}");
        stage.judge(&[ending]);
    });
}

#[test]
fn nobody_is_answered_while_nothing_works_and_everybody_afterwards() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        order.place(&Scenario::approved()).await;
        order.until(|state| state.status == OrderStatus::AwaitingApproval).await;
        stage.host.crash().await;
        let client = stage.host.client();
        let query = client.query(&order.workflow_id, GET_ORDER_STATUS, Json::null());
        let signal = client.signal(&order.workflow_id, REJECT, Json::null());
        let (query, signal) = join(query, signal).await;
        assert!(matches!(query, Ok(_) | Err(ClientError::Unavailable { .. })), "{query:?}");
        assert!(matches!(signal, Err(ClientError::Unavailable { .. })), "{signal:?}");
        stage.host.restart().await;
        // Whether a decision that was not answered is taken is only known afterwards.
        let reception = order.decide(Verb::Reject).await;
        assert!(matches!(reception, Reception::Accepted | Reception::Duplicate), "{reception:?}");
        let ending = order.ending(order.end().await);
        assert!(ending.is(OrderStatus::Rejected, Some("rejected")), "{ending:#?}");
        stage.judge(&[ending]);
    });
}
