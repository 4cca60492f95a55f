use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::domain::{Item, Level, Reservation, State};

/// A reservation and its status.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reservation)]
pub(super) struct ReservationBody {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// The reservation's id.
    #[schema(example = "res_4c1f0e9a7b3d2856")]
    reservation_id: String,
    /// What was requested.
    items: Vec<ItemBody>,
    /// Whether the stock is still reserved.
    status: Status,
    /// When the stock was reserved.
    #[schema(value_type = String, format = DateTime, example = "2025-06-15T15:06:40Z")]
    created_at: Timestamp,
    /// When the reservation expires.
    #[schema(value_type = String, format = DateTime, example = "2025-06-15T15:36:40Z")]
    expires_at: Timestamp,
    /// When it was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = DateTime)]
    released_at: Option<Timestamp>,
    /// When it expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = DateTime)]
    expired_at: Option<Timestamp>,
    /// The order that the stock is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "ORD-123")]
    order_id: Option<SmolStr>,
}

/// Whether stock is reserved.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReservationStatus)]
enum Status {
    Reserved,
    Released,
    Expired,
}

/// One line of a reservation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReservedItem)]
struct ItemBody {
    /// The stock-keeping unit.
    #[schema(value_type = String, example = "ITEM-001")]
    sku: SmolStr,
    /// The quantity.
    #[schema(example = 2)]
    quantity: u32,
    /// The warehouse that the request named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "WH-EAST")]
    warehouse_id: Option<SmolStr>,
}

/// Stock was given back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReservationReleased)]
pub(super) struct ReleasedBody {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// The reservation's id.
    #[schema(example = "res_4c1f0e9a7b3d2856")]
    reservation_id: String,
    /// Always `released`.
    status: Status,
    /// When that was.
    #[schema(value_type = String, format = DateTime, example = "2025-06-15T15:07:40Z")]
    released_at: Timestamp,
}

/// Whether there is enough.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Availability)]
pub(super) struct AvailabilityBody {
    /// Always true, also when there is not enough.
    #[schema(example = true)]
    success: bool,
    /// Whether all of it could be reserved now.
    #[schema(example = true)]
    available: bool,
    /// Each SKU once, in the order of first mention.
    items: Vec<LevelBody>,
}

/// How much of one SKU is requested and available.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockLevel)]
struct LevelBody {
    /// The stock-keeping unit.
    #[schema(value_type = String, example = "ITEM-001")]
    sku: SmolStr,
    /// How many were requested, in all lines.
    #[schema(example = 2)]
    requested: u64,
    /// How many could be reserved now.
    #[schema(example = 100)]
    available: u64,
    /// Whether that is enough.
    #[schema(example = true)]
    sufficient: bool,
}

impl From<Reservation> for ReservationBody {
    fn from(reservation: Reservation) -> Self {
        let (status, released_at, expired_at) = match reservation.state() {
            State::Reserved => (Status::Reserved, None, None),
            State::Released { at } => (Status::Released, Some(at), None),
            State::Expired { at } => (Status::Expired, None, Some(at)),
        };
        Self {
            success: true,
            reservation_id: reservation.id.to_string(),
            items: reservation.items.iter().cloned().map(ItemBody::from).collect(),
            status,
            created_at: reservation.created_at,
            expires_at: reservation.expires_at,
            released_at,
            expired_at,
            order_id: reservation.order,
        }
    }
}

impl From<Item> for ItemBody {
    fn from(item: Item) -> Self {
        Self { sku: item.sku.into(), quantity: item.quantity.get(), warehouse_id: item.warehouse }
    }
}

impl ReleasedBody {
    pub(super) fn new(reservation_id: String, released_at: Timestamp) -> Self {
        Self { success: true, reservation_id, status: Status::Released, released_at }
    }
}

impl AvailabilityBody {
    pub(super) fn new(available: bool, levels: Vec<Level>) -> Self {
        Self { success: true, available, items: levels.into_iter().map(LevelBody::from).collect() }
    }
}

impl From<Level> for LevelBody {
    fn from(level: Level) -> Self {
        let sufficient = level.is_sufficient();
        Self { sku: level.sku.into(), requested: level.requested, available: level.available, sufficient }
    }
}
