//! Notification: messages to customers, by e-mail, SMS and push. Nothing leaves the process.
//!
//! `presentation` (HTTP) calls `application`, which appends to an outbox of `domain` messages; the
//! adapter in `infrastructure` is chosen here.

mod application;
mod domain;
mod infrastructure;
mod presentation;

use std::sync::Arc;

use axum::Router;
use shared::environment::{ConfigError, Environment};
use shared::pipeline::Pipeline;
use utoipa_axum::router::OpenApiRouter;

pub use infrastructure::chaos::OPERATIONS;

use presentation::routes::Post;

/// Configuration of notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `NOTIFICATION_CAPACITY`: how many messages are kept.
    pub capacity: usize,
}

impl Default for Settings {
    /// A million messages.
    fn default() -> Self {
        Self { capacity: 1_000_000 }
    }
}

impl Settings {
    /// Reads the `NOTIFICATION_…` variables.
    ///
    /// # Errors
    /// `NOTIFICATION_CAPACITY`, when it is not a whole number from 1.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let capacity = environment.capacity_or("NOTIFICATION_CAPACITY", Self::default().capacity)?;
        Ok(Self { capacity })
    }
}

/// The routes under `/notification`, over an empty outbox in memory.
pub fn router(pipeline: Pipeline, settings: Settings) -> OpenApiRouter {
    presentation::routes::documented().with_state(post(pipeline, settings))
}

/// The same routes without their API document, which takes a hundred times as long to build: for
/// simulated worlds, of which there are thousands.
pub fn routes(pipeline: Pipeline, settings: Settings) -> Router {
    presentation::routes::bare().with_state(post(pipeline, settings))
}

fn post(pipeline: Pipeline, settings: Settings) -> Arc<Post> {
    let outbox = Arc::new(infrastructure::MemoryOutbox::bounded_to(settings.capacity));
    pipeline.keep(outbox.clone());
    Arc::new(Post { pipeline, outbox })
}
