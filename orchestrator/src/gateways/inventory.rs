use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{CallContext, GatewayError};

/// Reserves stock for orders. See [the gateways' contract](super) for keys and errors.
pub trait InventoryGateway: Send + Sync {
    /// Reserves all items or none. A reservation expires by itself.
    ///
    /// # Errors
    /// `out_of_stock`, `validation_error` when refused.
    fn reserve<'a>(
        &'a self,
        request: &'a ReservationRequest,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<Reservation, GatewayError>>;

    /// Releases reserved stock.
    ///
    /// # Errors
    /// `already_released`, `reservation_expired` when nothing is reserved any more; `not_found`.
    fn release<'a>(
        &'a self,
        reservation_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;
}

/// What to reserve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReservationRequest {
    /// At least one line.
    pub items: Vec<StockItem>,
    /// For which order.
    pub order_id: SmolStr,
}

/// A quantity of one SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockItem {
    /// The stock-keeping unit.
    pub sku: SmolStr,
    /// The quantity.
    pub quantity: u32,
}

/// Stock is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// The reservation's id.
    pub reservation_id: SmolStr,
}
