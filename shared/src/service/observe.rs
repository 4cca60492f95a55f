use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::response::Json;
use axum::routing::{get, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::chaos::{Chaos, OperationStats};
use crate::http::Call;

/// The configured outcomes of a domain's operations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Distributions {
    /// Always true.
    success: bool,
    /// For each operation, the share of each outcome, such as `"40%"`.
    #[schema(example = json!({"authorize": {"success": "40%", "insufficient_funds": "30%"}}))]
    distributions: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
}

/// The requests to a domain's operations and what was drawn for them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stats {
    /// Always true.
    success: bool,
    /// Each operation.
    operations: Vec<OperationStats>,
}

/// An acknowledgement.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    /// Always true.
    success: bool,
}

/// The routes `GET /{domain}/chaos/distribution`, `GET /{domain}/stats` and
/// `POST /{domain}/stats/reset`, which chaos never touches.
pub fn observe(domain: &'static str, chaos: &Arc<Chaos>) -> OpenApiRouter {
    let distribution = {
        let chaos = Arc::clone(chaos);
        move || std::future::ready(Json(distributions(&chaos, domain)))
    };
    let stats = {
        let chaos = Arc::clone(chaos);
        move || std::future::ready(Json(Stats { success: true, operations: chaos.stats(domain) }))
    };
    let reset = {
        let chaos = Arc::clone(chaos);
        move |_: Call| {
            chaos.reset_stats(domain);
            std::future::ready(Json(Done { success: true }))
        }
    };
    let [of_distribution, of_stats, of_reset] =
        ["chaos/distribution", "stats", "stats/reset"].map(|path| format!("/{domain}/{path}"));
    let routes = Router::new()
        .route(&of_distribution, get(distribution))
        .route(&of_stats, get(stats))
        .route(&of_reset, post(reset));
    let described = [
        (
            of_distribution,
            HttpMethod::Get,
            "chaos.distribution",
            "The configured share of each outcome",
            "Distributions",
        ),
        (
            of_stats,
            HttpMethod::Get,
            "stats",
            "What has been drawn so far, next to what is configured",
            "Stats",
        ),
        (of_reset, HttpMethod::Post, "stats.reset", "Sets the counters to zero", "Done"),
    ];
    let mut router = OpenApiRouter::from(routes);
    let document = router.get_openapi_mut();
    for (path, method, id, summary, schema) in described {
        document.paths.add_path_operation(path, vec![method], describe(domain, id, summary, schema));
    }
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let mut needed = Vec::new();
    for (name, schema) in [
        ("Distributions", <Distributions as utoipa::PartialSchema>::schema()),
        ("Stats", <Stats as utoipa::PartialSchema>::schema()),
        ("Done", <Done as utoipa::PartialSchema>::schema()),
    ] {
        needed.push((name.to_owned(), schema));
    }
    Stats::schemas(&mut needed);
    schemas.extend(needed);
    router
}

fn describe(domain: &str, id: &str, summary: &str, schema: &str) -> utoipa::openapi::path::Operation {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let response = ResponseBuilder::new().description(summary).content("application/json", body).build();
    OperationBuilder::new()
        .operation_id(Some(format!("{domain}.{id}")))
        .tag(domain)
        .summary(Some(summary))
        .response("200", response)
        .build()
}

fn distributions(chaos: &Chaos, domain: &str) -> Distributions {
    let operations = chaos.operations_of(domain).map(|planned| {
        let shares = planned.table.shares().iter().map(|share| (share.outcome.name, share.percent()));
        let name = planned.operation.name.split_once('.').map_or(planned.operation.name, |(_, name)| name);
        (name, shares.collect())
    });
    Distributions { success: true, distributions: operations.collect() }
}
