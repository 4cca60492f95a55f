//! What cannot be undone at once.

use orchestrator::audit::Verb;
use orchestrator::domain::OrderStatus;
use orchestrator::workflow::{Comparison, Condition, Filter, Json, Reception, SearchAttribute, SearchValue};
use orchestrator::workflows::order_fulfillment::{ORDER_ID, ORDER_STATUS, RETRY, reason};

use super::Host;
use super::order::Order;
use super::scenario::Scenario;
use super::stage::Stage;
use super::wire::Point;

#[test]
fn what_cannot_be_undone_waits_for_a_person() {
    Host::run(async {
        let scenario = Scenario::approved().with("shipping.create_label", 1, "address_validation_failed");
        let stage = Stage::new(&[("1", &scenario)]).await;
        let order = stage.order("1");
        let refund = stage.wire.hold(&order.id, "payment.refund", Point::Sent);
        order.place(&scenario).await;
        order.decide(Verb::Approve).await;
        let refund = refund.await.unwrap();
        assert_eq!(order.decide(Verb::Cancel).await, Reception::too_late(reason::ALREADY_COMPENSATING));
        stage.forget();
        refund.release();
        let stuck = order.until(|state| state.status == OrderStatus::Failed).await;
        let stuck: Vec<_> = stuck.needs_attention.iter().map(|item| (&*item.name, &*item.reason)).collect();
        assert_eq!(
            stuck.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["refund_payment", "release_inventory"]
        );
        assert!(stuck.iter().all(|(_, reason)| reason.starts_with("not_found: ")), "{stuck:?}");
        let described = order.described(|run| run.summary.needs_attention).await;
        let status = SearchAttribute { name: ORDER_STATUS, value: SearchValue::Keyword("failed".into()) };
        assert!(described.summary.search_attributes.contains(&status));
        listed_in_need(&order, 1).await;
        assert_eq!(order.decide(Verb::Cancel).await, Reception::too_late(reason::ALREADY_ENDED));

        stage.remember();
        assert_eq!(order.signal(RETRY, Json::null()).await, Ok(Reception::Accepted));
        let ending = order.ending(order.end().await);
        assert!(ending.is(OrderStatus::Failed, Some("address_validation_failed")), "{ending:#?}");
        order.described(|run| !run.summary.needs_attention && run.summary.closed_at.is_some()).await;
        listed_in_need(&order, 0).await;
        stage.judge(&[ending]);
    });
}

/// Waits until the order is listed `count` times as in need of attention.
async fn listed_in_need(order: &Order<'_>, count: usize) {
    let order_id = SearchValue::Keyword(order.id.clone().into());
    let this = Condition { attribute: ORDER_ID, comparison: Comparison::Equal, value: order_id };
    let filter =
        Filter { conditions: vec![this], needs_attention: Some(true), limit: 9, ..Filter::default() };
    order.listed(&filter, |runs| runs.len() == count).await;
}
