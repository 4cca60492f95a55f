//! What people should know of the orders before they read on.

use shared::environment::format_duration;

use super::Plan;
use super::results::{End, OrderResult};
use crate::words::{count, counted};

/// Why not all orders were placed or waited for, if so.
pub(super) fn why_cut_short(plan: &Plan, orders: &[OrderResult], interrupted: Option<u64>) -> Option<String> {
    let (known, order_timeout) = (orders.len() as u64, format_duration(plan.order_timeout));
    if let Some(open) = interrupted {
        let (left, open) = (count(plan.orders - known - open), counted(open, "open order"));
        let conditions = if plan.conditions.is_empty() { "" } else { " --fail-on was not looked at." };
        return Some(format!("Interrupted: {open} not judged, {left} not placed.{conditions}"));
    }
    (known < plan.orders).then(|| {
        let known = counted(known, "order");
        format!(
            "Given up after {known}: an order was refused or did not end within {order_timeout} (--order-timeout), and no \
             other ended meanwhile."
        )
    })
}

/// How many orders did not end, with the orchestrator's last answer about one of them.
pub(super) fn not_ended(orders: &[OrderResult]) -> Option<String> {
    let open = || orders.iter().filter(|order| order.end == End::NotEnded);
    let (example, answer) = open().find_map(|order| Some((&order.order_id, order.reason.as_ref()?)))?;
    let open = counted(open().count() as u64, "order");
    Some(format!("{open} did not end, such as {example} ({answer})."))
}
