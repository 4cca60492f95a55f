//! A workflow of the shape of the order saga, and its clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orchestrator::engine::embedded::Registry;
use orchestrator::workflow::{
    Activity, ActivityCtx, ActivityDef, ActivityOptions, ActivityRegistrar, AttemptFailure, Closed, Json,
    OnCancel, Reception, RetryPolicy, SearchAttribute, SearchKind, SearchValue, Start, UnknownMessage,
    WorkflowClient, WorkflowCtx, WorkflowDef, WorkflowFailure,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    order_id: String,
    customer_id: String,
    items: Vec<(String, u32)>,
    total: f64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct OrderState {
    status: String,
    progress: u32,
    approved: bool,
    steps: Vec<(String, String)>,
}

pub(crate) struct OrderSaga;

impl WorkflowDef for OrderSaga {
    const NAME: &'static str = "order";
    type Input = Order;
    type Output = OrderState;
    type State = OrderState;
    const SIGNALS: &'static [&'static str] = &["approve"];
    const QUERIES: &'static [&'static str] = &[];
    const SEARCH_ATTRIBUTES: &'static [(&'static str, SearchKind)] = &[
        ("OrderId", SearchKind::Keyword),
        ("CustomerId", SearchKind::Keyword),
        ("OrderStatus", SearchKind::Keyword),
        ("TotalAmount", SearchKind::Float),
        ("OrderCreatedAt", SearchKind::Datetime),
    ];

    fn init(_: &Order) -> OrderState {
        OrderState::default()
    }

    fn on_signal(state: &mut OrderState, _: &str, _: &Json) -> Result<Reception, UnknownMessage> {
        state.approved = true;
        Ok(Reception::Accepted)
    }

    fn on_query(_: &OrderState, name: &str, _: &Json) -> Result<Json, UnknownMessage> {
        Err(UnknownMessage(name.to_owned()))
    }

    fn needs_attention(_: &OrderState) -> bool {
        false
    }

    async fn run<C: WorkflowCtx<State = OrderState>>(
        ctx: C,
        order: Order,
    ) -> Result<OrderState, WorkflowFailure> {
        ctx.upsert_search_attributes(&[
            keyword("OrderId", &order.order_id),
            keyword("CustomerId", &order.customer_id),
            keyword("OrderStatus", "awaiting_approval"),
            SearchAttribute { name: "TotalAmount", value: SearchValue::Float(order.total) },
            SearchAttribute { name: "OrderCreatedAt", value: SearchValue::Datetime(ctx.now()) },
        ]);
        call(&ctx, "authorize", &order).await?;
        ctx.wait_until_for(Duration::from_secs(120), |state| state.approved).await?;
        status(&ctx, "processing");
        for step in ["reserve", "capture", "label", "notify", "close"] {
            call(&ctx, step, &order).await?;
        }
        status(&ctx, "shipped");
        Ok(ctx.read(Clone::clone))
    }
}

fn keyword(name: &'static str, value: &str) -> SearchAttribute {
    SearchAttribute { name, value: SearchValue::Keyword(value.into()) }
}

fn status<C: WorkflowCtx<State = OrderState>>(ctx: &C, status: &str) {
    ctx.update(|state| status.clone_into(&mut state.status));
    ctx.upsert_search_attributes(&[keyword("OrderStatus", status)]);
}

async fn call<C: WorkflowCtx<State = OrderState>>(
    ctx: &C,
    step: &str,
    order: &Order,
) -> Result<(), WorkflowFailure> {
    let input = Call { step: step.to_owned(), order: order.clone() };
    let done = ctx
        .activity::<Step>(input)
        .await
        .map_err(|error| WorkflowFailure { kind: error.kind.clone(), message: error.message })?;
    ctx.update(|state| {
        state.progress += 15;
        state.steps.push((step.to_owned(), done.id));
    });
    Ok(())
}

/// What the steps act through: whoever wants to know when the one after the decision begins.
pub(crate) struct Steps(pub(crate) Option<UnboundedSender<Instant>>);

struct Step;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    step: String,
    order: Order,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    id: String,
}

impl ActivityDef for Step {
    const NAME: &'static str = "step";
    type Input = Call;
    type Output = Done;
}

impl Activity<Steps> for Step {
    async fn execute(steps: Arc<Steps>, ctx: ActivityCtx, input: Call) -> Result<Done, AttemptFailure> {
        if let Some(begun) = steps.0.as_ref().filter(|_| input.step == "reserve") {
            // Nobody has to listen.
            let _ = begun.send(Instant::now());
        }
        Ok(Done { id: format!("{}-{}", input.step, ctx.idempotency_key()) })
    }
}

pub(crate) fn registry(steps: Steps) -> Registry<Steps> {
    let mut registry = Registry::new(Arc::new(steps));
    registry.register::<OrderSaga>();
    add_steps(&mut registry);
    registry
}

pub(crate) fn add_steps(registrar: &mut impl ActivityRegistrar<Steps>) {
    registrar.add::<Step>(ActivityOptions {
        start_to_close: Duration::from_secs(10),
        schedule_to_close: None,
        heartbeat: None,
        retry: RetryPolicy {
            initial: Duration::from_secs(1),
            backoff: 2.0,
            max_interval: Duration::from_secs(30),
            max_attempts: Some(4),
            non_retryable: &[],
        },
        on_cancel: OnCancel::FinishAttempt,
        compensation: false,
        concurrency: 256,
    });
}

/// An order, and the id of its run.
pub(crate) fn order(number: usize) -> Start {
    static PROCESS: AtomicUsize = AtomicUsize::new(0);
    let unique = PROCESS.fetch_add(1, Ordering::Relaxed);
    let order = Order {
        order_id: format!("ORD-{unique:08}"),
        customer_id: format!("CUST-{:04}", number % 1000),
        items: vec![("ITEM-001".to_owned(), 2), ("ITEM-002".to_owned(), 1)],
        total: 109.97,
    };
    let workflow_id = format!("order-fulfillment-{}", order.order_id);
    Start { workflow: "order", workflow_id, input: Json::of(&order).unwrap() }
}

/// Places `sagas` orders, `concurrency` at a time, approves each at once and waits for its end.
pub(crate) async fn drive<C>(engine: C, sagas: usize, concurrency: usize)
where
    C: WorkflowClient + Clone + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..concurrency)
        .map(|_| {
            let (engine, next) = (engine.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= sagas {
                        break;
                    }
                    let order = order(number);
                    let id = order.workflow_id.clone();
                    engine.start(order).await.unwrap();
                    engine.signal(&id, "approve", Json::null()).await.unwrap();
                    let end = engine.result(&id, Duration::from_secs(60)).await.unwrap();
                    assert!(matches!(end, Some(Closed::Completed(_))), "{end:?}");
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}
