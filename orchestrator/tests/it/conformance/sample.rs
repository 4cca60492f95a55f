//! A sample order.

use orchestrator::domain::OrderInput;

/// An order over 109.97 for CUST-456 that asks for approval.
pub(crate) fn order(order_id: &str) -> OrderInput {
    let json = format!(
        r#"{{"orderId":"{order_id}","customerId":"CUST-456","items":[{{"sku":"ITEM-001","quantity":2,"price":29.99}},
        {{"sku":"ITEM-002","quantity":1,"price":49.99}}],"totalAmount":109.97,"shippingAddress":{{"street":"123 Main St",
        "city":"San Francisco","state":"CA","zip":"94105","country":"US"}},"customerEmail":"customer@example.com"}}"#
    );
    OrderInput::from_json(serde_json::from_str(&json).unwrap()).unwrap()
}
