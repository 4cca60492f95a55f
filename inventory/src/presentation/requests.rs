use std::fmt::Display;

use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use shared::http::{Fields, Object, Problem};
use shared::number::Number;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::application::{Release, Reserve};
use crate::domain::{Item, Items, Quantity, Sku};

/// What to reserve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReserveRequest {
    /// 1 to 100 lines. Lines of the same SKU add up.
    #[schema(value_type = Vec<ItemRequest>, min_items = 1, max_items = 100, required = true)]
    items: Option<Vec<Object<ItemRequest>>>,
    /// The order that the stock is for.
    #[schema(value_type = String, required = false, max_length = 255, example = "ORD-123")]
    order_id: Option<SmolStr>,
}

/// What to look up.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CheckRequest {
    /// 1 to 100 lines. Lines of the same SKU add up.
    #[schema(value_type = Vec<ItemRequest>, min_items = 1, max_items = 100, required = true)]
    items: Option<Vec<Object<ItemRequest>>>,
}

/// One line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ItemRequest)]
struct ItemRequest {
    /// The stock-keeping unit.
    #[schema(value_type = String, required = true, max_length = 128, example = "ITEM-001")]
    sku: Option<String>,
    /// A whole number.
    #[schema(value_type = u32, required = true, minimum = 1, maximum = 1_000_000, example = 2)]
    quantity: Option<Number>,
    /// Stored and returned; stock is not tracked per warehouse.
    #[schema(value_type = String, required = false, max_length = 255, example = "WH-EAST")]
    warehouse_id: Option<SmolStr>,
}

/// Which reservation to release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReleaseRequest {
    /// The reservation's id.
    #[schema(value_type = String, required = true, max_length = 255, example = "res_4c1f0e9a7b3d2856")]
    reservation_id: Option<SmolStr>,
}

impl ReserveRequest {
    pub(super) fn validate(self) -> Result<Reserve, Problem> {
        let mut fields = Fields::new();
        let items = valid_items(&mut fields, self.items);
        let order = fields.optional_id("orderId", self.order_id);
        fields.finish(items.map(|items| Reserve { items, order }))
    }
}

impl CheckRequest {
    pub(super) fn validate(self) -> Result<Items, Problem> {
        let mut fields = Fields::new();
        let items = valid_items(&mut fields, self.items);
        fields.finish(items)
    }
}

impl ReleaseRequest {
    pub(super) fn validate(self) -> Result<Release, Problem> {
        let mut fields = Fields::new();
        let reservation = fields.required_id("reservationId", self.reservation_id);
        fields.finish(reservation.map(|reservation| Release { reservation }))
    }
}

fn valid_items(fields: &mut Fields, lines: Option<Vec<Object<ItemRequest>>>) -> Option<Items> {
    let lines = fields.required("items", lines)?;
    if !Items::LINES.contains(&lines.len()) {
        let (fewest, most) = (Items::LINES.start(), Items::LINES.end());
        fields.wrong("items", format!("must have {fewest} to {most} lines"));
        return None;
    }
    // Every line is checked before the first wrong one ends the check, so that all of them are named.
    let lines = lines.into_iter().enumerate();
    let lines: Vec<_> = lines.map(|(at, Object(line))| line.validate(fields, at)).collect();
    Items::new(lines.into_iter().collect::<Option<_>>()?)
}

impl ItemRequest {
    fn validate(self, fields: &mut Fields, at: usize) -> Option<Item> {
        let sku = accept(fields, at, "sku", self.sku.map(|text| Sku::parse(&text)));
        // A fraction is as invalid as zero.
        let whole = |number: Number| number.0.is_integer().then(|| number.0.to_u32()).flatten().unwrap_or(0);
        let quantity =
            accept(fields, at, "quantity", self.quantity.map(|number| Quantity::new(whole(number))));
        let warehouse = self
            .warehouse_id
            .and_then(|text| fields.optional_id(&format!("items[{at}].warehouseId"), Some(text)));
        Some(Item { sku: sku?, quantity: quantity?, warehouse })
    }
}

/// The value of a line's required field, unless it is invalid.
fn accept<T>(
    fields: &mut Fields,
    at: usize,
    field: &str,
    value: Option<Result<T, impl Display>>,
) -> Option<T> {
    let wrong = match value {
        Some(Ok(value)) => return Some(value),
        Some(Err(error)) => error.to_string(),
        None => "is required".to_owned(),
    };
    fields.wrong(format!("items[{at}].{field}"), wrong);
    None
}
