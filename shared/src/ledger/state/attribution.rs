//! Clients that name no order, and send another correlation id with each request, or with some of them only.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::chaos::Access;
use crate::http::CorrelationId;

static OPERATION: Operation =
    Operation { name: "toy.change", access: Access::Write, table: "success=100%", outcomes: &[] };

/// Writes a request, with what it did to `resource`, which it named unless it made it.
fn ask(state: &mut LedgerState, correlation: Option<&str>, resource: &str, lifecycle: Lifecycle) {
    let made_here = CorrelationId::Made(Uuid::nil());
    let correlation_id = correlation.map_or(made_here, |id| CorrelationId::Sent(id.into()));
    let context = Context { correlation_id, traceparent: None };
    let arrival = Arrival {
        context: &context,
        key: None,
        order: None,
        resource: (lifecycle != Lifecycle::Opens).then_some(resource),
        fingerprint: None,
        drawn: None,
        now: Timestamp::UNIX_EPOCH,
    };
    let (seq, order) = state.begin(&OPERATION, arrival);
    let fact = Fact::new("changed", &resource, lifecycle);
    state.effect(Timestamp::UNIX_EPOCH, order.as_deref(), Some(seq), &fact);
    state.finish(seq, &Sent::default(), Timestamp::UNIX_EPOCH);
}

fn is_settled(state: &LedgerState, order: &str) -> bool {
    state.orders[state.orders.find(order).unwrap()].is_settled()
}

fn orders(state: &LedgerState) -> Vec<String> {
    let records = state.page(&Selection::default()).0;
    records.iter().map(|record| record.order().unwrap_or("none").to_owned()).collect()
}

#[test]
fn what_happens_to_a_resource_is_recorded_under_the_id_that_it_was_made_under() {
    let mut state = LedgerState::new(Sequence::default(), 100);
    ask(&mut state, Some("first"), "auth_1", Lifecycle::Opens);
    assert!(!is_settled(&state, "first"));
    ask(&mut state, Some("second"), "auth_1", Lifecycle::Closes);
    assert!(is_settled(&state, "first"));
    ask(&mut state, None, "auth_1", Lifecycle::Unchanged);
    ask(&mut state, Some("second"), "auth_2", Lifecycle::Closes);
    assert_eq!(orders(&state), ["first", "first", "first", "first", "first", "first", "second", "second"]);
}

/// The ledger after resources were made under one id each and closed under another, or under none; except
/// the resource `open`.
fn after(capacity: usize, made: &[(u8, Option<u8>)], open: usize) -> LedgerState {
    let mut state = LedgerState::new(Sequence::default(), capacity);
    for (number, (maker, closer)) in made.iter().enumerate() {
        let resource = format!("auth_{number}");
        ask(&mut state, Some(&id(*maker)), &resource, Lifecycle::Opens);
        if number != open {
            ask(&mut state, closer.map(id).as_deref(), &resource, Lifecycle::Closes);
        }
    }
    state
}

fn id(number: u8) -> String {
    format!("req-{number}")
}

fn resources() -> impl Strategy<Value = Vec<(u8, Option<u8>)>> {
    prop::collection::vec((0u8..8, prop::option::of(0u8..8)), 1..60)
}

proptest! {
    #[test]
    fn an_order_is_settled_when_all_that_was_made_under_it_is_closed(made in resources(), open in 0usize..60) {
        let state = after(1000, &made, open);
        let unsettled = state.orders.iter().filter(|order| !order.is_settled());
        let unsettled: Vec<_> = unsettled.map(|order| order.id.to_string()).collect();
        let expected: Vec<_> = made.get(open).map(|(maker, _)| id(*maker)).into_iter().collect();
        prop_assert_eq!(unsettled, expected);
    }

    #[test]
    fn nothing_is_attributed_to_an_order_that_left(made in resources(), open in 0usize..60) {
        let state = after(20, &made, open);
        let attributed: usize = state.resources.values().map(Vec::len).sum();
        prop_assert_eq!(state.attributed.len(), attributed);
    }
}
