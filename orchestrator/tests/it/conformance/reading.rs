//! What readers see of orders.

use orchestrator::audit::Verb;
use orchestrator::domain::OrderStatus;
use orchestrator::simulate::Decision;
use orchestrator::workflow::{
    ActivityState, Comparison, Condition, Filter, Json, Reception, SearchAttribute, SearchValue,
};
use orchestrator::workflows::order_fulfillment::{
    CUSTOMER_ID, GET_PROGRESS, GET_STEP_DETAILS, ORDER_ID, ORDER_STATUS, OrderFulfillmentInput, TOTAL_AMOUNT,
};
use serde_json::{Value, json};

use super::Host;
use super::order::Order;
use super::scenario::Scenario;
use super::stage::Stage;
use super::wire::Point;

/// The answer to a query about one step, or all.
async fn steps(order: &Order<'_>, argument: Value) -> Vec<String> {
    let answer = order.query(GET_STEP_DETAILS, Json::of(&argument).unwrap()).await.unwrap();
    let steps: Vec<Value> = answer.parse().unwrap();
    steps.iter().map(|step| step["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_order_can_be_asked_about_while_it_runs_and_when_it_has_ended() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        order.place(&Scenario::approved()).await;
        let waiting = order.until(|state| state.status == OrderStatus::AwaitingApproval).await;
        assert_eq!(waiting.current_step.as_deref(), Some("manager_approval"));
        let progress = async || order.query(GET_PROGRESS, Json::null()).await.unwrap().parse::<u8>().unwrap();
        assert_eq!(progress().await, waiting.progress);
        assert_eq!(steps(&order, Value::Null).await, ["payment_authorization"]);
        order.decide(Verb::Approve).await;
        let end = order.end().await;
        assert_eq!((order.state().await, progress().await), (end.clone(), 100));
        assert_eq!(steps(&order, json!("payment_capture")).await, ["payment_capture"]);
        assert_eq!(steps(&order, json!("unheard_of")).await, [""; 0]);
        let all = [
            "payment_authorization",
            "manager_approval",
            "inventory_reservation",
            "payment_capture",
            "shipping_label",
            "customer_notification",
        ];
        assert_eq!(steps(&order, Value::Null).await, all);
        stage.judge(&[order.ending(end)]);
    });
}

#[test]
fn a_run_is_described_with_its_activities() {
    Host::run(async {
        let scenario = Scenario::approved().with("payment.authorize", 1, "unavailable");
        let stage = Stage::new(&[("1", &scenario)]).await;
        let order = stage.order("1");
        let making = stage.wire.hold(&order.id, "shipping.create_label", Point::Answering);
        order.place(&scenario).await;
        order.decide(Verb::Approve).await;
        let making = making.await.unwrap();
        // While the label is made, its carrier's progress is shown.
        let label = |state: &orchestrator::workflow::RunDescription| {
            let label = state.activities.iter().find(|activity| activity.name == "shipping_label");
            label.is_some_and(|label| label.state == ActivityState::Running && label.last_heartbeat.is_some())
        };
        order.described(label).await;
        making.release();
        let end = order.end().await;
        let described = order.described(|run| run.summary.closed_at.is_some()).await;
        let activities: Vec<_> =
            described.activities.iter().map(|it| (it.activity_id.as_str(), it.attempts, it.state)).collect();
        let done = |id, attempts| (id, attempts, ActivityState::Completed);
        let expected = [
            done("payment_authorization:1", 2),
            done("inventory_reservation:1", 1),
            done("payment_capture:1", 1),
            done("shipping_label:1", 1),
            done("customer_notification:1", 1),
        ];
        assert_eq!(activities, expected);
        assert!(described.activities.iter().all(|it| it.ended_at >= Some(it.scheduled_at)));
        assert_eq!(described.quarantine, None);
        let input: OrderFulfillmentInput = described.input.parse().unwrap();
        assert_eq!(input.order, super::sample::order(&order.id));
        for (name, value) in [
            (ORDER_ID, SearchValue::Keyword(order.id.clone().into())),
            (CUSTOMER_ID, SearchValue::Keyword("CUST-456".into())),
            (ORDER_STATUS, SearchValue::Keyword("shipped".into())),
            (TOTAL_AMOUNT, SearchValue::Float(109.97)),
        ] {
            let attribute = SearchAttribute { name, value };
            assert!(
                described.summary.search_attributes.contains(&attribute),
                "{attribute:?}: {described:#?}"
            );
        }
        stage.judge(&[order.ending(end)]);
    });
}

#[test]
fn an_activity_that_waits_for_its_next_attempt_tells_why() {
    Host::run(async {
        let limited = |it: Scenario, attempt| it.with("shipping.create_label", attempt, "rate_limited");
        let scenario = (1..=5).fold(Scenario::approved(), limited);
        let stage = Stage::new(&[("1", &scenario)]).await;
        let order = stage.order("1");
        order.place(&scenario).await;
        order.decide(Verb::Approve).await;
        let backing_off = |run: &orchestrator::workflow::RunDescription| {
            run.activities.iter().any(|activity| activity.state == ActivityState::BackingOff)
        };
        let described = order.described(backing_off).await;
        let label = described.activities.last().unwrap();
        assert!(label.last_failure.as_ref().unwrap().starts_with("rate_limited: "), "{label:?}");
        assert!(label.next_attempt_at.is_some(), "{label:?}");
        let end = order.end().await;
        stage.judge(&[order.ending(end)]);
    });
}

#[test]
fn a_history_can_be_read_page_by_page() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        order.place(&Scenario::new(Decision::Nobody)).await;
        let end = order.end().await;
        let page = async |after, limit| {
            order.ask(async |client| client.history(&order.workflow_id, after, limit).await).await.unwrap()
        };
        let all = page(0, 1000).await;
        assert_eq!(all.next, None);
        assert!(all.events.is_sorted_by_key(|event| event.id), "{all:?}");
        let (mut events, mut next) = (Vec::new(), Some(0));
        while let Some(after) = next {
            let page = page(after, 2).await;
            assert!(page.events.len() <= 2, "{page:?}");
            events.extend(page.events);
            next = page.next;
        }
        let names = |events: &[orchestrator::workflow::HistoryEvent]| {
            events.iter().map(|event| (event.id, event.event.clone())).collect::<Vec<_>>()
        };
        assert_eq!(names(&events), names(&all.events));
        stage.judge(&[order.ending(end)]);
    });
}

#[test]
fn orders_are_found_by_their_search_attributes() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let customer = format!(r#"O'Brien "x" \ OR 1=1 {}"#, stage.name);
        let mut endings = Vec::new();
        for (name, verb) in
            [("1", Verb::Cancel), ("2", Verb::Cancel), ("3", Verb::Cancel), ("4", Verb::Reject)]
        {
            let order = stage.order(name);
            order.place_for(&customer).await;
            assert_eq!(order.decide(verb).await, Reception::Accepted);
            endings.push(order.ending(order.end().await));
        }
        let keyword = |text: &str| SearchValue::Keyword(text.into());
        let equal = |attribute, value| Condition { attribute, comparison: Comparison::Equal, value };
        let amount = |comparison, amount| Condition {
            attribute: TOTAL_AMOUNT,
            comparison,
            value: SearchValue::Float(amount),
        };
        let of_customer = |conditions: &[Condition]| Filter {
            conditions: [&[equal(CUSTOMER_ID, keyword(&customer))], conditions].concat(),
            limit: 10,
            ..Filter::default()
        };
        assert_eq!(endings[3].state.status, OrderStatus::Rejected, "{endings:#?}");
        let order = stage.order("4");
        let found = order.listed(&of_customer(&[]), |runs| runs.len() == 4).await;
        assert!(found.is_sorted_by(|newer, older| newer.started_at >= older.started_at), "{found:#?}");
        let rejected = of_customer(&[equal(ORDER_STATUS, keyword("rejected"))]);
        let found = order.listed(&rejected, |runs| runs.len() == 1).await;
        assert_eq!(found[0].workflow_id, order.workflow_id);
        let between = [amount(Comparison::AtLeast, 100.0), amount(Comparison::AtMost, 110.0)];
        order.listed(&of_customer(&between), |runs| runs.len() == 4).await;
        order.listed(&of_customer(&[amount(Comparison::AtLeast, 110.0)]), <[_]>::is_empty).await;

        let mut page = Filter { limit: 3, ..of_customer(&[]) };
        let first = order.page(&page).await;
        page.cursor = first.next_cursor;
        let second = order.page(&page).await;
        assert_eq!((first.runs.len(), second.runs.len(), second.next_cursor), (3, 1, None));
        stage.judge(&endings);
    });
}

#[test]
fn a_page_of_orders_has_something_although_those_of_like_customers_come_before() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let customer = |name: &str| format!(r#"Ann "{name}" {}"#, stage.name);
        let of = |name: &str| Filter {
            conditions: vec![Condition {
                attribute: CUSTOMER_ID,
                comparison: Comparison::Equal,
                value: SearchValue::Keyword(customer(name).into()),
            }],
            limit: 1,
            ..Filter::default()
        };
        let mut endings = Vec::new();
        for (id, name) in [("1", "x"), ("2", "y"), ("3", "y")] {
            let order = stage.order(id);
            order.place_for(&customer(name)).await;
            order.decide(Verb::Cancel).await;
            endings.push(order.ending(order.end().await));
            order.listed(&of(name), |runs| runs.iter().any(|run| run.workflow_id == order.workflow_id)).await;
        }
        let order = stage.order("1");
        let page = order.page(&of("x")).await;
        let found: Vec<_> = page.runs.iter().map(|run| &run.workflow_id).collect();
        assert_eq!(found, [&order.workflow_id]);
        stage.judge(&endings);
    });
}
