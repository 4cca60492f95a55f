//! Payment: holds, captures, releases and refunds, faked with real rules.
//!
//! The layers point inwards: `presentation` (HTTP) calls `application` (use cases and the ports they
//! need), which changes `domain` (the rules); `infrastructure` implements the ports. This file alone
//! knows which adapter implements which.

mod application;
mod domain;
mod infrastructure;
mod presentation;
mod settings;

use std::sync::Arc;

use axum::Router;
use shared::pipeline::Pipeline;
use utoipa_axum::router::OpenApiRouter;

pub use infrastructure::chaos::OPERATIONS;
pub use settings::Settings;

use infrastructure::MemoryAuthorizations;
use presentation::routes::Api;

/// The routes under `/payment`, over an empty store in memory.
pub fn router(pipeline: Pipeline, settings: Settings) -> OpenApiRouter {
    presentation::routes::documented().with_state(api(pipeline, settings))
}

/// The same routes without their API document, which takes a hundred times as long to build: for
/// simulated worlds, of which there are thousands.
pub fn routes(pipeline: Pipeline, settings: Settings) -> Router {
    presentation::routes::bare().with_state(api(pipeline, settings))
}

fn api(pipeline: Pipeline, settings: Settings) -> Arc<Api> {
    let Settings { authorization_ttl, capacity } = settings;
    let store = Arc::new(MemoryAuthorizations::bounded_to(capacity, pipeline.ledger().clone()));
    pipeline.keep(store.clone());
    Arc::new(Api { pipeline, store, authorization_ttl })
}
