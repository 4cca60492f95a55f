//! Inventory: stock, availability, reservations. A stateful fake with injected faults.
//!
//! Reserving is all or nothing across SKUs; a reservation ends when it is released or expires. Reserved
//! stock is available to nobody else.
//!
//! Arrows point inwards: `presentation` and `infrastructure` know `application`, which knows
//! `domain`, which knows none of them. Only this file names both the port and its adapter.

mod application;
mod domain;
mod infrastructure;
mod presentation;
mod settings;

use std::sync::Arc;

use axum::Router;
use shared::pipeline::Pipeline;
use utoipa_axum::router::OpenApiRouter;

use domain::Stock;
use infrastructure::MemoryStockLedger;
use presentation::Inventory;

pub use domain::{InvalidSku, Sku};
pub use infrastructure::chaos::OPERATIONS;
pub use settings::Settings;

/// The inventory, with its stock in memory.
///
/// The routes need the layers that `shared::http::with_common` puts around them.
pub fn router(pipeline: Pipeline, settings: Settings) -> OpenApiRouter {
    presentation::documented().with_state(inventory(pipeline, settings))
}

/// The same routes without their API document, which takes a hundred times as long to build: for
/// simulated worlds, of which there are thousands.
pub fn routes(pipeline: Pipeline, settings: Settings) -> Router {
    presentation::bare().with_state(inventory(pipeline, settings))
}

fn inventory(pipeline: Pipeline, settings: Settings) -> Arc<Inventory> {
    let Settings { stock, default_stock, reservation_ttl, capacity } = settings;
    let initial = Stock::new(stock, default_stock);
    let stock = Arc::new(MemoryStockLedger::new(initial, capacity, pipeline.ledger().clone()));
    pipeline.keep(stock.clone());
    Arc::new(Inventory { pipeline, stock, reservation_ttl })
}
