use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{CallContext, GatewayError};

/// Who keeps stock aside for orders. See [the gateways' contract](super) for keys and errors.
pub trait InventoryGateway: Send + Sync {
    /// Keeps aside all that is asked for, or nothing. A reservation expires by itself.
    ///
    /// # Errors
    /// `out_of_stock`, `validation_error` when refused.
    fn reserve<'a>(
        &'a self,
        request: &'a ReservationRequest,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<Reservation, GatewayError>>;

    /// Gives reserved stock back.
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
    pub order_id: String,
}

/// So many of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockItem {
    /// What.
    pub sku: String,
    /// How many.
    pub quantity: u32,
}

/// Stock is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// Names the reservation from now on.
    pub reservation_id: String,
}
