//! The HTTP API of the orchestrator (port 3002): place orders, decide on them, watch them.
//!
//! It builds on [`WorkflowClient`] and may know nothing else of an engine. The handlers under
//! `/workflows` also answer under `/api/v1/order`, the paths of the original service.

mod answer;
mod decide;
mod docs;
mod extract;
mod health;
mod history;
mod list;
mod orders;
mod place;
mod problems;
mod result;
mod status;
mod steps;

use std::fmt;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::FromRef;
use axum::routing::post;
use shared::service::{document, with_docs};
use shared::time::{Clock, TimeScale};
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::gateways::Transport;
use crate::workflow::WorkflowClient;
use crate::workflows::order_fulfillment::Timings;
use health::Vitals;
use orders::Orders;

pub use decide::Decided;
pub use health::{Health, HealthStatus};
pub use history::{Event, History};
pub use list::{OrderList, OrderSummary};
pub use place::Placed;
pub use result::Outcome;
pub use status::{Progress, Status};
pub use steps::{StepState, StepView, Steps};

const DESCRIPTION: &str = "Fulfils orders as a saga: authorize the payment, wait for a manager, reserve the \
stock, capture the payment, create a label, notify the customer; when a step fails, what was done is undone.\n\n\
Every path under `/workflows` also works under `/api/v1/order`, with `POST /api/v1/order` for \
`POST /workflows/order` and `GET /api/v1/order` for `GET /workflows`. An order is named by its workflow's id, \
`order-fulfillment-{orderId}`, or by its `orderId` alone. Errors are `application/problem+json`; match on `error`.";

const WORKFLOWS: &str = "/workflows";
const ALIAS: &str = "/api/v1/order";

/// The dependencies of the API.
#[derive(Clone)]
pub struct Deps {
    /// The engine that runs the orders.
    pub client: Arc<dyn WorkflowClient>,
    /// The engine's name for people, such as `embedded`.
    pub engine: &'static str,
    /// The timeouts of new orders.
    pub timings: Timings,
    /// This process's `TIME_SCALE`, which the backends should share.
    pub time_scale: TimeScale,
    /// Reaches the backends, to check their health.
    pub backends: Arc<dyn Transport>,
    /// For the uptime.
    pub clock: Clock,
    /// Cancelled when the process is asked to stop: clients that wait for an order are told to ask again.
    pub stop: CancellationToken,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// State shared by all handlers.
#[derive(Clone)]
struct Api {
    orders: Orders,
    vitals: Arc<Vitals>,
}

impl From<Deps> for Api {
    fn from(deps: Deps) -> Self {
        let Deps { client, engine, timings, time_scale, backends, clock, stop } = deps;
        let vitals = Arc::new(Vitals::new(engine, time_scale, clock, backends));
        Self { orders: Orders::new(client, timings, stop), vitals }
    }
}

impl FromRef<Api> for Orders {
    fn from_ref(api: &Api) -> Self {
        api.orders.clone()
    }
}

impl FromRef<Api> for Arc<Vitals> {
    fn from_ref(api: &Api) -> Self {
        Arc::clone(&api.vitals)
    }
}

/// The routes, with their API document and Swagger UI at `/api/docs`; to be served within
/// [`shared::http::with_common`].
pub fn router(deps: Deps) -> Router {
    with_docs(documented().with_state(Api::from(deps)))
}

/// The routes alone, built once, for simulated worlds that come and go by the thousand.
pub fn routes(deps: Deps) -> Router {
    static ROUTES: LazyLock<Router<Api>> = LazyLock::new(|| documented().split_for_parts().0);
    ROUTES.clone().with_state(Api::from(deps))
}

/// The API document of the routes.
pub fn openapi() -> OpenApi {
    documented().into_openapi()
}

fn documented() -> OpenApiRouter<Api> {
    let aliases = Router::from(of_orders(ALIAS)).route(ALIAS, post(place::place));
    let mut all = of_orders(WORKFLOWS)
        .routes(under(WORKFLOWS, routes!(place::place)))
        .merge(OpenApiRouter::from(aliases))
        .routes(routes!(health::health));
    document(&mut all, "fake-stripe-chaos orchestrator", DESCRIPTION);
    docs::add_problem_schema(all.get_openapi_mut());
    all
}

fn of_orders(prefix: &str) -> OpenApiRouter<Api> {
    let routes = [
        routes!(list::list),
        routes!(status::status),
        routes!(status::progress),
        routes!(steps::steps),
        routes!(result::result),
        routes!(history::history),
        routes!(decide::approve),
        routes!(decide::reject),
        routes!(decide::cancel),
        routes!(decide::retry),
    ];
    routes.into_iter().fold(OpenApiRouter::new(), |all, routes| all.routes(under(prefix, routes)))
}

/// The routes at paths that begin with `prefix`. A nested router would wrap each of them twice, and cut each
/// request's path.
fn under(prefix: &str, routes: UtoipaMethodRouter<Api>) -> UtoipaMethodRouter<Api> {
    let (schemas, mut paths, methods) = routes;
    let whole = |path: String| if path == "/" { prefix.to_owned() } else { format!("{prefix}{path}") };
    paths.paths = paths.paths.into_iter().map(|(path, item)| (whole(path), item)).collect();
    (schemas, paths, methods)
}

/// A complete order, for examples.
pub fn sample_order() -> serde_json::Value {
    serde_json::from_str(include_str!("api/sample_order.json")).expect("the sample is checked by a test")
}
