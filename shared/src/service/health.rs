use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// That the backends are up, and their configuration.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// The version of the program.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// The domains that are served here.
    #[schema(example = json!(["payment", "inventory", "shipping", "notification"]))]
    pub domains: Vec<&'static str>,
    /// The seed that all outcomes are drawn from.
    #[schema(example = 42)]
    pub seed: u64,
    /// The factor for simulated durations.
    #[schema(example = 1.0)]
    pub time_scale: f64,
    /// When the service was started, with empty ledgers.
    pub started_at: Timestamp,
}

/// The route `GET /health`, which chaos never touches.
pub fn health(health: Health) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(get_health)).with_state(health)
}

/// Liveness
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "service", 
    responses((status = 200, body = Health, description = "The service answers.")) )]
async fn get_health(State(health): State<Health>) -> Json<Health> {
    Json(health)
}
