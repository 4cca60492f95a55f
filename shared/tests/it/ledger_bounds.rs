//! A ledger is bounded, and what is settled leaves first.

use std::time::Duration;

use jiff::Timestamp;
use shared::ledger::{Fact, Ledger, Lifecycle, Record};

use crate::toy::{Toys, make_for};

fn write(ledger: &Ledger, order: &str, lifecycle: Lifecycle) {
    ledger.record_by_clock(Timestamp::UNIX_EPOCH, Some(order), &Fact::new("made", &order, lifecycle));
}

fn orders(ledger: &Ledger) -> Vec<String> {
    ledger.records().iter().filter_map(Record::order).map(str::to_owned).collect()
}

#[test]
fn settled_orders_leave_first_and_the_oldest_of_them() {
    let ledger = Ledger::bounded_to(10);
    write(&ledger, "live", Lifecycle::Opens);
    for order in 1..=12 {
        write(&ledger, &format!("settled {order}"), Lifecycle::Unchanged);
    }
    let expected = (4..=12).map(|order| format!("settled {order}"));
    assert_eq!(orders(&ledger), ["live".to_owned()].into_iter().chain(expected).collect::<Vec<_>>());
    assert_eq!(ledger.evicted_orders(), 3);
    write(&ledger, "live", Lifecycle::Closes);
    assert_eq!(orders(&ledger).len(), 10);
    for order in 13..=30 {
        write(&ledger, &format!("settled {order}"), Lifecycle::Unchanged);
    }
    assert!(!orders(&ledger).contains(&"live".to_owned()), "it is settled now, and old");
}

#[test]
fn an_order_leaves_whole() {
    let ledger = Ledger::bounded_to(4);
    for order in ["a", "b", "a", "b", "a", "b"] {
        write(&ledger, order, Lifecycle::Unchanged);
    }
    assert_eq!(orders(&ledger), ["b", "b", "b"]);
}

#[test]
fn live_orders_leave_only_when_nothing_else_is_left() {
    let ledger = Ledger::bounded_to(100);
    for order in 0..10_000 {
        write(&ledger, &format!("live {order}"), Lifecycle::Opens);
        assert!(ledger.records().len() <= 110, "a tenth beyond the capacity at most");
    }
    let newest = (9890..10_000).map(|order| format!("live {order}"));
    assert_eq!(orders(&ledger), newest.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn an_order_stays_while_a_request_of_it_is_executing() {
    // None is left, so that no order has a live toy.
    let script = "ORD-1:toy.make#1=timeout@60s; ORD-1:toy.make#2=timeout@60s";
    let toys = Toys::with(0, &[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", script)]).with_ledger_of(100);
    let slow = toys.clone();
    let slow = tokio::spawn(async move {
        // The first of two that overlap ends long before the second.
        let second = async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            slow.send(make_for("ORD-1")).await
        };
        tokio::join!(slow.send(make_for("ORD-1")), second)
    });
    let busy = async |seconds: u64| {
        for nth in 0..200 {
            toys.send(make_for(&format!("ORD-{seconds}-{nth}"))).await;
        }
        orders(toys.pipeline().ledger()).contains(&"ORD-1".to_owned())
    };
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(busy(10).await, "its first request is executing");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(busy(70).await, "its second is still executing");
    slow.await.unwrap();
    assert!(!busy(100).await, "both are over");
}
