//! A service with one operation, `toy.make`, which counts what it made and refuses above a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::chaos::{Access, Chaos, Operation, Outcome, Plan, ProblemKind};
use shared::environment::Environment;
use shared::http::{Call, Correlated, Correlation, Fields, Problem, with_common};
use shared::ledger::{Fact, Ledger, Lifecycle, Record};
use shared::pipeline::{Intent, Pipeline};
use shared::service::{ledger, observe};
use shared::time::Clock;
use tower::ServiceExt;

static SOLD_OUT: ProblemKind = ProblemKind::new(409, "sold_out", "Sold out");
static ALREADY_MADE: ProblemKind = ProblemKind::new(409, "already_made", "Already made");

/// Makes one toy.
pub(crate) static MAKE: Operation = Operation {
    name: "toy.make",
    access: Access::Write,
    table: "success=40%, sold_out=30%, timeout=20%@4s, internal_error=10%",
    outcomes: &[
        Outcome::refusal(&SOLD_OUT, "All toys are sold."),
        Outcome::misreport(&ALREADY_MADE, "The toy was made before."),
    ],
};

/// Reads one toy.
pub(crate) static READ: Operation =
    Operation { name: "toy.status", access: Access::Read, table: "success=100%", outcomes: &[] };

pub(crate) static OPERATIONS: &[&Operation] = &[&MAKE, &READ];

#[derive(Clone)]
pub(crate) struct Toys {
    pipeline: Pipeline,
    limit: u32,
    made: Arc<AtomicU32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MakeRequest {
    colour: Option<String>,
    order_id: Option<String>,
    /// The box that the toy is put into.
    box_id: Option<String>,
}

#[derive(Hash)]
struct Make {
    colour: String,
}

#[derive(Serialize)]
struct Made {
    success: bool,
    id: String,
    colour: String,
}

impl Toys {
    /// The service under these variables, with at most `limit` toys.
    pub(crate) fn with(limit: u32, variables: &[(&str, &str)]) -> Self {
        let environment: Environment = variables.iter().copied().collect();
        let plan = Plan::from_environment(&environment, OPERATIONS, 42).unwrap();
        let clock = Clock::starting_at(Timestamp::from_second(1_750_000_000).unwrap());
        Self { pipeline: Pipeline::new(Arc::new(Chaos::new(plan)), clock, 100), limit, made: Arc::default() }
    }

    /// The same service with a ledger of at most `capacity` records.
    pub(crate) fn with_ledger_of(self, capacity: usize) -> Self {
        let (chaos, clock) = (self.pipeline.chaos().clone(), self.pipeline.clock());
        Self { pipeline: Pipeline::writing_into(Ledger::bounded_to(capacity), chaos, clock, 100), ..self }
    }

    /// A service whose every attempt meets `table`.
    pub(crate) fn meeting(table: &str) -> Self {
        Self::with(1000, &[("CHAOS_TOY_MAKE", table)])
    }

    pub(crate) fn chaos(&self) -> &Chaos {
        self.pipeline.chaos()
    }

    /// What the ledger says, a line each.
    pub(crate) fn ledger(&self) -> String {
        let line = |record: Record| serde_json::to_string(&record).unwrap();
        self.pipeline.ledger().records().into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    pub(crate) fn made(&self) -> u32 {
        self.made.load(SeqCst)
    }

    pub(crate) fn router(&self) -> Correlated {
        let routes = Router::new()
            .route("/toy/make", axum::routing::post(make))
            .route("/toy/status", axum::routing::get(look))
            .with_state(self.clone());
        let (observed, _) = observe("toy", self.pipeline.chaos()).split_for_parts();
        let (kept, _) = ledger("toy", &self.pipeline).split_for_parts();
        with_common(routes.merge(observed).merge(kept), Correlation::seeded(1))
    }

    /// Sends a request and shows status, the headers of interest and the body.
    pub(crate) async fn send(&self, request: Request<Body>) -> String {
        show(self.router().oneshot(request).await.unwrap()).await
    }
}

async fn make(State(toys): State<Toys>, call: Call) -> Response {
    let prepare = |body: MakeRequest| {
        let mut fields = Fields::new();
        let colour = fields.required_text("colour", body.colour, 10);
        let command = fields.finish(colour.map(|colour| Make { colour }))?;
        Ok(Intent { command, order: body.order_id.map(Into::into), resource: body.box_id.map(Into::into) })
    };
    let made = toys.made.clone();
    toys.pipeline
        .write(&MAKE, &call, StatusCode::CREATED, prepare, |command, ctx| {
            if made.load(SeqCst) >= toys.limit {
                return Err(Problem::new(&SOLD_OUT, "No toy is left."));
            }
            if ctx.injected_refusal().is_some() {
                return Err(Problem::new(&SOLD_OUT, "No toy is left, says chaos."));
            }
            made.fetch_add(1, SeqCst);
            let id = format!("toy_{:016x}", ctx.id::<u64>());
            ctx.record(&Fact::new("made", &id, Lifecycle::Opens).detail(&command.colour));
            Ok(Made { success: true, id, colour: command.colour })
        })
        .await
}

/// Looks at a toy, of which nothing is known but its id.
async fn look(State(toys): State<Toys>, call: Call) -> Response {
    toys.pipeline.read(&READ, &call, None, Some("toy_1"), |_| Ok(toys.made())).await
}

/// `POST /toy/make` for a red toy of an order.
pub(crate) fn make_for(order: &str) -> Request<Body> {
    make_with(&format!(r#"{{"colour":"red","orderId":"{order}"}}"#), &[])
}

/// `POST /toy/make` with this body and these headers.
pub(crate) fn make_with(body: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post("/toy/make").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// Status, the headers of interest and the body.
pub(crate) async fn show(response: Response) -> String {
    let (parts, body) = response.into_parts();
    if let Some(severed) = parts.extensions.get::<shared::http::Severed>() {
        return severed.to_string();
    }
    let mut shown = parts.status.to_string();
    for name in ["retry-after", "x-chaos-injected", "x-chaos-seed", "idempotent-replayed", "allow"] {
        if let Some(value) = parts.headers.get(name) {
            shown += &format!("\n{name}: {}", value.to_str().unwrap());
        }
    }
    let body = body.collect().await.unwrap().to_bytes();
    shown + "\n" + std::str::from_utf8(&body).unwrap()
}
