//! Orders for testing an orchestrator: which are placed, and what people decide on each.
//!
//! Every order is a pure function of a seed and an index, and so is what the backends' chaos does to
//! it. One seed gives the same orders with the same outcomes, in simulated or in real time, one by one
//! or a thousand at once.

mod customer;
mod mix;
mod order_api;
mod order_name;

use std::time::Duration;

use rust_decimal::Decimal;
use shared::chaos::Draw;
use shared::digest::digest_of;
use shared::number::Number;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::audit::Verb;
use crate::domain::{Address, Item, OrderInput};

pub use customer::{Customer, Ended, Placed};
pub use mix::{BadMix, Mix};
pub use order_api::{OrderApi, Refused};
pub use order_name::OrderName;

/// The orders of one seed.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// The seed of the orders, and of the backends' chaos.
    pub seed: u64,
    /// What people decide.
    pub mix: Mix,
    /// The share of approved orders, from 0 to 1, that their customers cancel later.
    pub late_cancels: f64,
    /// The share of orders, from 0 to 1, that are placed twice at once.
    pub double_clicks: f64,
}

/// An order to place, and what people decide on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// What is ordered.
    pub order: OrderInput,
    /// The decision right after it; `None` if nobody decides.
    pub verb: Option<Verb>,
    /// How long after the approval, before `TIME_SCALE`, its customer cancels it; `None` if they do not.
    pub cancelled_after: Option<Duration>,
    /// Whether it is placed twice at once.
    pub is_double_clicked: bool,
}

/// Most orders are over by then.
const LATEST_CANCEL_MS: u32 = 60_000;

/// The products, with their prices in cents.
const CATALOGUE: [(&str, i64); 4] =
    [("ITEM-001", 2999), ("ITEM-002", 4999), ("ITEM-003", 1250), ("ITEM-004", 19_900)];

impl Workload {
    /// The orders of `seed`, with the default shares of decisions.
    pub fn new(seed: u64) -> Self {
        Self { seed, mix: Mix::default(), late_cancels: 0.0, double_clicks: 0.0 }
    }

    /// The id of order `index`.
    pub fn order_id(&self, index: u64) -> SmolStr {
        OrderName { seed: self.seed, index }.to_smolstr()
    }

    /// Order `index`.
    pub fn placement(&self, index: u64) -> Placement {
        let mut draw = Draw::seeded(digest_of(&("workload", self.seed, index)));
        let verb = self.mix.pick(&mut draw);
        let cancelled_after = self.cancelled_after(index).filter(|_| verb == Some(Verb::Approve));
        let is_double_clicked = self.draw("double click", index, self.double_clicks).is_some();
        let order = order(self.order_id(index), index, &mut draw);
        Placement { order, verb, cancelled_after, is_double_clicked }
    }

    fn cancelled_after(&self, index: u64) -> Option<Duration> {
        let mut draw = self.draw("late cancel", index, self.late_cancels)?;
        Some(Duration::from_millis(u64::from(draw.below(LATEST_CANCEL_MS))))
    }

    /// Whether order `index` is of the `share` of orders of which `what` is true, and what else to draw about it:
    /// by itself, so that it changes nothing else.
    fn draw(&self, what: &str, index: u64, share: f64) -> Option<Draw> {
        let mut draw = Draw::seeded(digest_of(&(what, self.seed, index)));
        (f64::from(draw.below(u32::MAX)) < share * f64::from(u32::MAX)).then_some(draw)
    }
}

/// An order of one to three different products.
fn order(order_id: SmolStr, customer: u64, draw: &mut Draw) -> OrderInput {
    let (first, lines) = (draw.below(CATALOGUE.len() as u32) as usize, draw.below(3) as usize + 1);
    let mut cents = 0;
    let items = CATALOGUE.iter().cycle().skip(first).take(lines).map(|(sku, price)| {
        let quantity = draw.below(3) + 1;
        cents += price * i64::from(quantity);
        Item { sku: SmolStr::new_static(sku), quantity, price: Number(Decimal::new(*price, 2)) }
    });
    let items = items.collect();
    OrderInput {
        order_id,
        customer_id: format_smolstr!("CUST-{customer}"),
        items,
        total_amount: Number(Decimal::new(cents, 2)),
        currency: SmolStr::new_static("usd"),
        shipping_address: address(),
        customer_email: SmolStr::new_static("customer@example.com"),
        requires_approval: true,
    }
}

fn address() -> Address {
    Address {
        street: SmolStr::new_static("123 Main St"),
        city: SmolStr::new_static("San Francisco"),
        state: SmolStr::new_static("CA"),
        zip: SmolStr::new_static("94105"),
        country: SmolStr::new_static("US"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_the_same_wherever_it_is_made_and_different_from_others() {
        let workload = Workload::new(7);
        let json = |index| serde_json::to_string(&workload.placement(index).order).unwrap();
        insta::assert_snapshot!(json(42), @r#"{"orderId":"ORD-7-42","customerId":"CUST-42","items":[{"sku":"ITEM-002","quantity":2,"price":49.99},{"sku":"ITEM-003","quantity":2,"price":12.5}],"totalAmount":124.98,"currency":"usd","shippingAddress":{"street":"123 Main St","city":"San Francisco","state":"CA","zip":"94105","country":"US"},"customerEmail":"customer@example.com","requiresApproval":true}"#);
        assert_eq!(json(42), json(42));
        assert_ne!(json(1), json(2));
    }

    #[test]
    fn approved_orders_alone_are_cancelled_later_and_some_are_placed_twice_and_nothing_else_changes() {
        let usual = Workload::new(7);
        let late = Workload { late_cancels: 0.5, double_clicks: 0.1, ..usual };
        let (mut approved, mut cancelled, mut double_clicked) = (0, 0, 0);
        for index in 0..1000 {
            let (before, after) = (usual.placement(index), late.placement(index));
            assert_eq!((before.order, before.verb, None), (after.order, after.verb, before.cancelled_after));
            approved += u32::from(after.verb == Some(Verb::Approve));
            cancelled += u32::from(after.cancelled_after.is_some());
            double_clicked += u32::from(after.is_double_clicked);
            assert!(!before.is_double_clicked);
            assert!(after.cancelled_after.is_none_or(|_| after.verb == Some(Verb::Approve)));
        }
        assert!((70..130).contains(&double_clicked), "{double_clicked} of 1000");
        assert!(
            (0.45..0.55).contains(&(f64::from(cancelled) / f64::from(approved))),
            "{cancelled} of {approved}"
        );
    }

    #[test]
    fn every_order_is_one_that_the_api_takes() {
        for index in 0..200 {
            let order = Workload::new(1).placement(index).order;
            let json = serde_json::value::to_raw_value(&order).unwrap();
            assert_eq!(OrderInput::from_json(&json), Ok(order));
        }
    }
}
