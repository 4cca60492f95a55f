use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::number::Number;
use smol_str::SmolStr;

mod fields;
mod rules;

use fields::Fields;

/// An order as its customer placed it. Equal orders are the same order placed twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderInput {
    /// 1 to 128 of `A-Z a-z 0-9 . _ : -`, the first a letter or digit; not beginning with
    /// `order-fulfillment-`, which names runs.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "ORD-123")]
    pub order_id: SmolStr,
    /// Who placed it.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "CUST-456")]
    pub customer_id: SmolStr,
    /// What is ordered.
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<Item>,
    /// What is charged, in the unit of `currency`.
    #[schema(value_type = f64, exclusive_minimum = 0, example = 109.97)]
    pub total_amount: Number,
    /// `usd` by default.
    #[schema(value_type = String, required = false, default = "usd", pattern = "^[A-Za-z]{3}$")]
    pub currency: SmolStr,
    /// Where it is shipped.
    pub shipping_address: Address,
    /// Who is notified when it has shipped.
    #[schema(value_type = String, min_length = 3, max_length = 254, example = "customer@example.com")]
    pub customer_email: SmolStr,
    /// Whether a manager must decide first; true by default.
    #[schema(required = false, default = true)]
    pub requires_approval: bool,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Item {
    /// The stock-keeping unit.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "ITEM-001")]
    pub sku: SmolStr,
    /// The quantity.
    #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
    pub quantity: u32,
    /// The price of one.
    #[schema(value_type = f64, minimum = 0, example = 29.99)]
    pub price: Number,
}

/// Where an order is shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Address {
    /// Street and number.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "123 Main St")]
    pub street: SmolStr,
    /// City.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "San Francisco")]
    pub city: SmolStr,
    /// State or province.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "CA")]
    pub state: SmolStr,
    /// Postal code.
    #[schema(value_type = String, min_length = 1, max_length = 20, example = "94105")]
    pub zip: SmolStr,
    /// Country.
    #[schema(value_type = String, min_length = 1, max_length = 60, example = "US")]
    pub country: SmolStr,
}

/// What is wrong with one field of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path, such as `items[0].quantity`.
    pub field: String,
    /// What is valid, such as `must be a whole number from 1 to 1000000`.
    pub message: String,
}

/// Why an order cannot be accepted: the fields that break rules, in document order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.0))]
pub struct InvalidOrder(pub Vec<Violation>);

/// The prefix of the ids of orders' runs. Orders are named by their own ids or by those of their runs,
/// so that no order's id may begin with it.
pub const WORKFLOW_ID_PREFIX: &str = "order-fulfillment-";

const DEFAULT_CURRENCY: &str = "usd";
const MAX_ITEMS: usize = 100;
const MAX_QUANTITY: u32 = 1_000_000;

impl OrderInput {
    /// Reads an order. Unknown fields are ignored.
    ///
    /// # Errors
    /// [`InvalidOrder`], with everything that is wrong.
    pub fn from_json(json: &RawValue) -> Result<Self, InvalidOrder> {
        let mut violations = Vec::new();
        let order = Self::read(&mut Fields::of(json, &mut violations));
        if violations.is_empty() { Ok(order) } else { Err(InvalidOrder(violations)) }
    }

    fn read(fields: &mut Fields<'_, '_>) -> Self {
        Self {
            order_id: fields.required("orderId", rules::order_id),
            customer_id: fields.required("customerId", rules::text::<128>),
            items: fields.list("items", MAX_ITEMS, Item::read),
            total_amount: Number(fields.required("totalAmount", rules::positive_amount)),
            currency: fields
                .optional("currency", rules::currency)
                .unwrap_or_else(|| SmolStr::new_static(DEFAULT_CURRENCY)),
            shipping_address: fields.object("shippingAddress", Address::read),
            customer_email: fields.required("customerEmail", rules::email),
            requires_approval: fields.optional("requiresApproval", rules::yes_or_no).unwrap_or(true),
        }
    }
}

impl Item {
    fn read(fields: &mut Fields<'_, '_>) -> Self {
        Self {
            sku: fields.required("sku", rules::text::<128>),
            quantity: fields.required("quantity", rules::whole_number::<MAX_QUANTITY>),
            price: Number(fields.required("price", rules::amount)),
        }
    }
}

impl Address {
    fn read(fields: &mut Fields<'_, '_>) -> Self {
        Self {
            street: fields.required("street", rules::text::<200>),
            city: fields.required("city", rules::text::<100>),
            state: fields.required("state", rules::text::<100>),
            zip: fields.required("zip", rules::text::<20>),
            country: fields.required("country", rules::text::<60>),
        }
    }
}

fn list(violations: &[Violation]) -> String {
    let all: Vec<_> = violations.iter().map(|v| format!("{} {}", v.field, v.message)).collect();
    all.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORDER: &str = r#"{"orderId":"ORD-123","customerId":"CUST-456","items":[
        {"sku":"ITEM-001","quantity":2,"price":29.99},{"sku":"ITEM-002","quantity":1,"price":49.99}],
        "totalAmount":109.97,"shippingAddress":{"street":"123 Main St","city":"San Francisco","state":"CA",
        "zip":"94105","country":"US"},"customerEmail":"customer@example.com"}"#;

    fn read(json: &str) -> Result<OrderInput, InvalidOrder> {
        OrderInput::from_json(serde_json::from_str(json).unwrap())
    }

    fn violations(json: &str) -> String {
        match read(json) {
            Err(error) => error.to_string(),
            Ok(order) => panic!("accepted: {order:?}"),
        }
    }

    #[test]
    fn the_example_order_is_taken_with_its_defaults_and_its_exact_amount() {
        let order = read(ORDER).unwrap();
        assert_eq!(order.total_amount.to_string(), "109.97");
        assert_eq!((order.currency.as_str(), order.requires_approval), ("usd", true));
        let journaled = serde_json::to_string(&order).unwrap();
        assert!(journaled.contains(r#""totalAmount":109.97"#), "{journaled}");
        assert_eq!(serde_json::from_str::<OrderInput>(&journaled).unwrap(), order);
    }

    #[test]
    fn unknown_fields_order_of_fields_and_spelled_out_defaults_make_no_difference() {
        let same = ORDER.replacen('{', r#"{"coupon":{"a":[1]},"currency":"USD","requiresApproval":null,"#, 1);
        let same = same.replace(r#""quantity":2"#, r#""quantity":2.0"#);
        assert_eq!(read(&same), read(ORDER));
    }

    #[test]
    fn every_violation_is_named_at_once() {
        insta::assert_snapshot!(violations("{}").replace("; ", "
"), @r"
        orderId is required
        customerId is required
        items is required
        totalAmount is required
        shippingAddress is required
        customerEmail is required
        ");
        let bad = r#"{"orderId":"-x","customerId":7,"items":[{"sku":"","quantity":0,"price":-1},4,{"sku":"A","quantity":1.5,"price":"9"}],
            "totalAmount":0,"currency":"dollars","shippingAddress":{"street":"","city":null},"customerEmail":"nobody","requiresApproval":"no"}"#;
        insta::assert_snapshot!(violations(bad).replace("; ", "
"), @r"
        orderId must be letters, digits and . _ : - only, beginning with a letter or digit
        customerId must be text
        items[0].sku must not be empty
        items[0].quantity must be a whole number from 1 to 1000000
        items[0].price must not be negative
        items[1] must be an object
        items[2].quantity must be a whole number from 1 to 1000000
        items[2].price must be a number
        totalAmount must be greater than 0
        currency must be a currency code of three letters, such as usd
        shippingAddress.street must not be empty
        shippingAddress.city is required
        shippingAddress.state is required
        shippingAddress.zip is required
        shippingAddress.country is required
        customerEmail must be an e-mail address
        requiresApproval must be true or false
        ");
    }

    #[test]
    fn a_member_given_twice_is_refused_unless_nobody_knows_it() {
        let twice = ORDER.replace(r#""price":29.99"#, r#""price":29.99,"price":null"#);
        let twice = twice.replacen('{', r#"{"totalAmount":1,"coupon":1,"coupon":2,"#, 1);
        insta::assert_snapshot!(violations(&twice), @"items[0].price must not be given twice; totalAmount must not be given twice");
    }

    #[test]
    fn an_order_has_1_to_100_items() {
        let with = |count| {
            let items = vec![r#"{"sku":"A","quantity":1,"price":1}"#; count].join(",");
            let (before, rest) = ORDER.split_once('[').unwrap();
            let (_, after) = rest.split_once(']').unwrap();
            format!("{before}[{items}]{after}")
        };
        assert!(read(&with(1)).is_ok() && read(&with(100)).is_ok());
        insta::assert_snapshot!(violations(&with(0)), @"items must not be empty");
        insta::assert_snapshot!(violations(&with(101)), @"items must have at most 100 entries");
    }

    #[test]
    fn no_order_has_the_name_of_another_orders_run() {
        let id = format!("{WORKFLOW_ID_PREFIX}ORD-123");
        insta::assert_snapshot!(violations(&ORDER.replace("ORD-123", &id)), @"orderId must not begin with order-fulfillment-, which names an order's run");
    }

    #[test]
    fn what_is_not_an_object_is_said_so() {
        insta::assert_snapshot!(violations("[]"), @"body must be an object");
        insta::assert_snapshot!(violations(&ORDER.replace("[\n", "[1,\n").replace("109.97", "1e400")), @"items[0] must be an object; totalAmount must have at most 28 significant digits");
    }

    proptest! {
        #[test]
        fn a_damaged_order_is_read_as_it_is_journaled_or_refused_with_a_reason(
            at in 0..ORDER.len(),
            byte in any::<u8>(),
        ) {
            let mut bytes = ORDER.as_bytes().to_vec();
            bytes[at] = byte;
            if let Ok(json) = serde_json::from_slice(&bytes) {
                match OrderInput::from_json(json) {
                    Ok(order) => prop_assert_eq!(read(&serde_json::to_string(&order).unwrap()), Ok(order)),
                    Err(InvalidOrder(violations)) => prop_assert!(!violations.is_empty()),
                }
            }
        }
    }
}
