//! Payment: holds, captures, releases and refunds. Who owes whom, faked with real rules.
//!
//! The layers point inwards: `presentation` (HTTP) calls `application` (use cases and the ports they
//! need), which changes `domain` (the rules); `infrastructure` fills the ports. This file alone
//! knows which adapter fills which.

mod application;
mod domain;
mod infrastructure;
mod presentation;
mod settings;

use std::sync::Arc;

use shared::way::Way;
use utoipa_axum::router::OpenApiRouter;

pub use infrastructure::chaos::OPERATIONS;
pub use settings::Settings;

use infrastructure::MemoryAuthorizations;
use presentation::routes::Api;

/// The routes under `/payment`, over an empty store in memory.
pub fn router(way: Way, settings: Settings) -> OpenApiRouter {
    let Settings { authorization_ttl, capacity } = settings;
    let store = Arc::new(MemoryAuthorizations::bounded_to(capacity, way.ledger().clone()));
    way.keep(store.clone());
    presentation::routes::routes(Api { way, store, authorization_ttl })
}
