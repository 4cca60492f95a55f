use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use shared::http::{Call, PathId, Problem, ProblemBody};
use shared::pipeline::{Intent, Pipeline};
use smol_str::SmolStr;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::requests::{CheckRequest, ReleaseRequest, ReserveRequest};
use super::responses::{AvailabilityBody, ReleasedBody, ReservationBody};
use crate::application::ports::StockLedger;
use crate::application::{self, Release, Reserve};
use crate::infrastructure::chaos::{CHECK, RELEASE, RESERVE, STATUS};

/// State shared by all handlers.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(crate) pipeline: Pipeline,
    pub(crate) stock: Arc<dyn StockLedger>,
    pub(crate) reservation_ttl: Duration,
}

/// The routes under `/inventory`, with their API document.
pub(crate) fn documented() -> OpenApiRouter<Arc<Inventory>> {
    OpenApiRouter::new()
        .routes(routes!(reserve))
        .routes(routes!(release))
        .routes(routes!(check))
        .routes(routes!(status))
}

/// The routes alone, built once.
pub(crate) fn bare() -> Router<Arc<Inventory>> {
    static ROUTES: LazyLock<Router<Arc<Inventory>>> = LazyLock::new(|| documented().split_for_parts().0);
    ROUTES.clone()
}

/// Reserve stock
///
/// Reserves all items or none. The reservation expires, by default after 30 minutes
/// (`INVENTORY_RESERVATION_TTL`).
#[utoipa::path(
    post, path = "/inventory/reserve", operation_id = "inventory.reserve", tag = "inventory",
    request_body(content = ReserveRequest, example = json!({
        "items": [{"sku": "ITEM-001", "quantity": 2}, {"sku": "ITEM-002", "quantity": 1, "warehouseId": "WH-EAST"}],
        "orderId": "ORD-123"
    })),
    responses(
        (status = 201, description = "The stock is reserved.", body = ReservationBody),
        (status = 409, description = "- `out_of_stock`: There is less of a SKU than was requested; nothing is reserved.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 503, description = "- `store_full`: All `INVENTORY_CAPACITY` reservations are live, so none can be evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    )
)]
async fn reserve(State(inventory): State<Arc<Inventory>>, call: Call) -> Response {
    let Inventory { pipeline, stock, reservation_ttl } = &*inventory;
    let prepare = |body: ReserveRequest| {
        let command = body.validate()?;
        let order = command.order.clone();
        Ok(Intent { command, order, resource: None })
    };
    pipeline
        .write(&RESERVE, &call, StatusCode::CREATED, prepare, |command: Reserve, ctx| {
            let reservation = application::reserve(&**stock, *reservation_ttl, &command, ctx)?;
            Ok(ReservationBody::from(reservation))
        })
        .await
}

/// Release a reservation
///
/// Releases the stock before the reservation expires.
#[utoipa::path(
    post, path = "/inventory/release", operation_id = "inventory.release", tag = "inventory",
    request_body = ReleaseRequest,
    responses(
        (status = 200, description = "The stock was released.", body = ReleasedBody),
        (status = 404, description = "- `not_found`: The reservation does not exist or has been evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 409, description = "- `already_released`: The reservation had already been released.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 410, description = "- `reservation_expired`: The reservation had already expired.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    )
)]
async fn release(State(inventory): State<Arc<Inventory>>, call: Call) -> Response {
    let Inventory { pipeline, stock, .. } = &*inventory;
    let prepare = |body: ReleaseRequest| {
        let command = body.validate()?;
        let order = order_of(&**stock, &command.reservation, pipeline.clock().now());
        let resource = Some(command.reservation.clone());
        Ok(Intent { command, order, resource })
    };
    pipeline
        .write(&RELEASE, &call, StatusCode::OK, prepare, |command: Release, ctx| {
            let released_at = application::release(&**stock, &command, ctx)?;
            Ok(ReleasedBody::new(command.reservation.into(), released_at))
        })
        .await
}

/// Check availability
///
/// Says whether all items could be reserved now. Nothing changes, and nothing is promised.
#[utoipa::path(
    post, path = "/inventory/check", operation_id = "inventory.check", tag = "inventory",
    request_body(content = CheckRequest, example = json!({"items": [{"sku": "ITEM-001", "quantity": 2}]})),
    responses((status = 200, description = "The availability of each SKU.", body = AvailabilityBody))
)]
async fn check(State(inventory): State<Arc<Inventory>>, call: Call) -> Response {
    let Inventory { pipeline, stock, .. } = &*inventory;
    let prepare = |body: CheckRequest| Ok(Intent { command: body.validate()?, order: None, resource: None });
    let items = match pipeline.prepare(&CHECK, &call, prepare) {
        Ok(Intent { command, .. }) => command,
        Err(refused) => return refused.into_response(),
    };
    pipeline
        .read(&CHECK, &call, None, None, |ctx| {
            let (available, levels) = application::check(&**stock, &items, ctx.now());
            Ok(AvailabilityBody::new(available, levels))
        })
        .await
}

/// Read a reservation
#[utoipa::path(
    get, path = "/inventory/{reservationId}/status", operation_id = "inventory.status", tag = "inventory",
    params(("reservationId" = String, Path, description = "The reservation's id.",
        example = "res_4c1f0e9a7b3d2856")),
    responses(
        (status = 200, description = "The reservation and its status.", body = ReservationBody),
        (status = 404, description = "- `not_found`: The reservation does not exist or has been evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    )
)]
async fn status(State(inventory): State<Arc<Inventory>>, PathId(id): PathId, call: Call) -> Response {
    let Inventory { pipeline, stock, .. } = &*inventory;
    let order = order_of(&**stock, &id, pipeline.clock().now());
    pipeline
        .read(&STATUS, &call, order.as_ref(), Some(&id), |ctx| {
            let reservation = application::status(&**stock, &id, ctx.now()).map_err(Problem::from)?;
            Ok(ReservationBody::from(reservation))
        })
        .await
}

/// The order that a reservation belongs to, if both are known.
fn order_of(stock: &dyn StockLedger, id: &str, now: Timestamp) -> Option<SmolStr> {
    application::status(stock, id, now).ok()?.order
}
