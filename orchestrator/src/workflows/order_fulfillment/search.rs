use smol_str::SmolStr;

use super::OrderFulfillmentInput;
use crate::domain::OrderStatus;
use crate::workflow::{SearchAttribute, SearchKind, SearchValue};

/// The order's id.
pub const ORDER_ID: &str = "OrderId";
/// Who placed it.
pub const CUSTOMER_ID: &str = "CustomerId";
/// [`OrderStatus::keyword`].
pub const ORDER_STATUS: &str = "OrderStatus";
/// The amount charged; for ranges, not for accounting.
pub const TOTAL_AMOUNT: &str = "TotalAmount";
/// When its run was started.
pub const ORDER_CREATED_AT: &str = "OrderCreatedAt";

pub(super) const ATTRIBUTES: &[(&str, SearchKind)] = &[
    (ORDER_ID, SearchKind::Keyword),
    (CUSTOMER_ID, SearchKind::Keyword),
    (ORDER_STATUS, SearchKind::Keyword),
    (TOTAL_AMOUNT, SearchKind::Float),
    (ORDER_CREATED_AT, SearchKind::Datetime),
];

pub(super) fn of_order(input: &OrderFulfillmentInput, created_at: jiff::Timestamp) -> [SearchAttribute; 4] {
    let keyword = |text: &SmolStr| SearchValue::Keyword(text.clone());
    let total = input.order.total_amount.to_double();
    [
        SearchAttribute { name: ORDER_ID, value: keyword(&input.order.order_id) },
        SearchAttribute { name: CUSTOMER_ID, value: keyword(&input.order.customer_id) },
        SearchAttribute { name: TOTAL_AMOUNT, value: SearchValue::Float(total) },
        SearchAttribute { name: ORDER_CREATED_AT, value: SearchValue::Datetime(created_at) },
    ]
}

pub(super) fn of_status(status: OrderStatus) -> SearchAttribute {
    SearchAttribute { name: ORDER_STATUS, value: SearchValue::Keyword(SmolStr::new_static(status.keyword())) }
}
