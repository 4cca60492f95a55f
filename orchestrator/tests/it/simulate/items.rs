//! What goes wrong with some items alone is reproduced with them.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use orchestrator::gateways::{Transport, TransportError};
use orchestrator::simulate::{Failures, RandomWorld, Schedule};
use orchestrator::workload::{Mix, OrderName};

use super::bugs::keys::extend_key;
use super::bugs::over;
use super::{rules_of, subject};

/// Reserves one of the products twice.
struct Twice(Arc<dyn Transport>);

impl Transport for Twice {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let has_it = request.body().windows(ITEM.len()).any(|text| text == ITEM.as_bytes());
        if !has_it || request.uri().path() != "/inventory/reserve" {
            return self.0.send(request);
        }
        let mut again = request.clone();
        extend_key(&mut again, "again");
        Box::pin(async {
            self.0.send(request).await?;
            self.0.send(again).await
        })
    }
}

const ITEM: &str = "ITEM-004";
const RULE: &str = "double_reservation";

/// Whether the order in whose place `order` is put orders it.
fn has_it(order: OrderName) -> bool {
    order.order().items.iter().any(|item| item.sku == ITEM)
}

fn found(failures: &Failures) -> orchestrator::simulate::Failure {
    let mut all = failures.iter().map(|(_, failure)| failure);
    all.find(|failure| rules_of(&failure.findings).contains(&RULE)).unwrap().clone()
}

#[test]
fn what_goes_wrong_with_some_items_alone_is_reproduced_with_them() {
    let planted = subject(over(|backends, _| Arc::new(Twice(backends))), &[("CHAOS_FAILURE_RATE", "0")]);
    let usual = OrderName { seed: planted.backends.plan.seed, index: 0 };
    assert!(!has_it(usual), "the usual order goes wrong too: choose another item");
    let mix = Mix::new(1.0, 0.0, 0.0).unwrap();
    let world =
        RandomWorld { orders: 20, concurrency: 1, mix, late_cancels: 0.0, crashes: false, log: false };
    let (schedule, trial) = found(&world.run(&planted, 5).failures).shrunk(&planted).unwrap();
    assert!(schedule.order.is_some_and(has_it), "{schedule}");
    assert!(rules_of(&trial.findings).contains(&RULE));
    let printed = format!("fake-stripe-chaos simulate {schedule}");
    let read: Schedule = printed.parse().unwrap();
    assert!(rules_of(&read.run(&planted, false).findings).contains(&RULE), "{printed}");
}
