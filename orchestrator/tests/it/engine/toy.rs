//! A workflow that interprets a program, so that a test says what its run does; activities that do
//! what a test's closure says; and an engine around them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orchestrator::engine::embedded::{Engine, EngineOptions, Journal, MemoryJournal, Registry};
use orchestrator::workflow::{
    Activity, ActivityCtx, ActivityDef, ActivityError, ActivityOptions, ActivityRegistrar, AttemptFailure,
    BoxFuture, ClientError, Closed, HistoryEvent, Json, OnCancel, Reception, RetryPolicy, SearchAttribute,
    SearchKind, SearchValue, Start, Started, UnknownMessage, WorkflowClient, WorkflowCtx, WorkflowDef,
    WorkflowFailure, race,
};
use serde::{Deserialize, Serialize};
use shared::time::Clock;
use tokio::task::LocalSet;

/// A step of a program. What each returns is added to the log, which is the run's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Op {
    /// Runs activity `work`.
    Work(String),
    /// Runs activity `label`, which is abandoned when its scope is cancelled.
    Label(String),
    /// Runs activity `undo` in a detached scope.
    Undo(String),
    Sleep(u64),
    /// Waits for a signal `tell` of this text.
    Await(String),
    AwaitFor(String, u64),
    /// Both at once; whichever is over first wins, and the other goes on without being heard.
    Race(Vec<Op>, Vec<Op>),
    /// The first until the second is over, then cancels its scope and waits for it to end.
    Until(Vec<Op>, Vec<Op>),
    Child(String, Vec<Op>),
    Attribute(i64),
    /// The first if the run knows the change, else the second.
    Patched(Vec<Op>, Vec<Op>),
    /// The first in version 1 of the code, the second in version 2.
    Version(Vec<Op>, Vec<Op>),
    Random,
    Now,
    NeedAttention,
    Fail(String),
    Panic,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ToyState {
    pub(super) told: Vec<String>,
    pub(super) log: Vec<String>,
    pub(super) is_over: bool,
    pub(super) needs_attention: bool,
}

/// The workflow, in two versions of its code.
pub(super) struct Toy<const VERSION: u8>;

impl<const VERSION: u8> WorkflowDef for Toy<VERSION> {
    const NAME: &'static str = "toy";
    type Input = Vec<Op>;
    type Output = Vec<String>;
    type State = ToyState;
    const SIGNALS: &'static [&'static str] = &["tell"];
    const QUERIES: &'static [&'static str] = &["log", "told"];
    const SEARCH_ATTRIBUTES: &'static [(&'static str, SearchKind)] = &[
        ("Number", SearchKind::Int),
        ("Name", SearchKind::Keyword),
        ("Price", SearchKind::Float),
        ("Flag", SearchKind::Bool),
        ("At", SearchKind::Datetime),
    ];

    fn init(_: &Vec<Op>) -> ToyState {
        ToyState::default()
    }

    fn on_signal(state: &mut ToyState, name: &str, payload: &Json) -> Result<Reception, UnknownMessage> {
        if name != "tell" {
            return Err(UnknownMessage(format!("no signal `{name}`")));
        }
        let text: String = payload.parse().map_err(|error| UnknownMessage(error.to_string()))?;
        if state.told.contains(&text) {
            return Ok(Reception::Duplicate);
        }
        if state.is_over {
            return Ok(Reception::too_late("toy_over"));
        }
        state.told.push(text);
        Ok(Reception::Accepted)
    }

    fn on_query(state: &ToyState, name: &str, _: &Json) -> Result<Json, UnknownMessage> {
        let answer = match name {
            "log" => Json::of(&state.log),
            "told" => Json::of(&state.told),
            _ => return Err(UnknownMessage(format!("no query `{name}`"))),
        };
        answer.map_err(|error| UnknownMessage(error.to_string()))
    }

    fn needs_attention(state: &ToyState) -> bool {
        state.needs_attention
    }

    async fn run<C: WorkflowCtx<State = ToyState>>(
        ctx: C,
        program: Vec<Op>,
    ) -> Result<Vec<String>, WorkflowFailure> {
        let result = interpret(ctx.clone(), VERSION, program).await;
        ctx.update(|state| state.is_over = true);
        result.map(|()| ctx.read(|state| state.log.clone()))
    }
}

type Interpretation = Pin<Box<dyn Future<Output = Result<(), WorkflowFailure>>>>;

fn interpret<C: WorkflowCtx<State = ToyState>>(ctx: C, version: u8, program: Vec<Op>) -> Interpretation {
    Box::pin(async move {
        for op in program {
            let said = step(&ctx, version, op).await?;
            ctx.update(|state| state.log.push(said));
        }
        Ok(())
    })
}

async fn step<C: WorkflowCtx<State = ToyState>>(
    ctx: &C,
    version: u8,
    op: Op,
) -> Result<String, WorkflowFailure> {
    Ok(match op {
        Op::Work(input) => show(ctx.activity::<Work>(input).await),
        Op::Label(input) => show(ctx.activity::<Label>(input).await),
        Op::Undo(input) => show(ctx.detached().activity::<Undo>(input).await),
        Op::Sleep(ms) => show(ctx.sleep(Duration::from_millis(ms)).await.map(|()| "slept")),
        Op::Await(text) => show(ctx.wait_until(|state| state.told.contains(&text)).await.map(|()| "told")),
        Op::AwaitFor(text, ms) => {
            let told =
                ctx.wait_until_for(Duration::from_millis(ms), |state| state.told.contains(&text)).await;
            show(told.map(|told| if told { "told" } else { "timeout" }))
        }
        Op::Race(left, right) => {
            let (left, right) =
                (interpret(ctx.clone(), version, left), interpret(ctx.clone(), version, right));
            match race(left, right).await {
                orchestrator::workflow::Either::Left(result) => result.map(|()| "left".to_owned())?,
                orchestrator::workflow::Either::Right(result) => result.map(|()| "right".to_owned())?,
            }
        }
        Op::Until(body, end) => {
            let scope = ctx.child_scope();
            let mut body = interpret(scope.clone(), version, body);
            match race(&mut body, interpret(ctx.clone(), version, end)).await {
                orchestrator::workflow::Either::Left(result) => result.map(|()| "body".to_owned())?,
                orchestrator::workflow::Either::Right(result) => {
                    result?;
                    scope.cancel("until");
                    body.await.map(|()| "cancelled".to_owned())?
                }
            }
        }
        Op::Child(id, program) => match version {
            2 => show(ctx.start_child::<Toy<2>>(id, program).await.map(|()| "born")),
            _ => show(ctx.start_child::<Toy<1>>(id, program).await.map(|()| "born")),
        },
        Op::Attribute(number) => {
            ctx.upsert_search_attributes(&[
                SearchAttribute { name: "Number", value: SearchValue::Int(number) },
                SearchAttribute { name: "Name", value: SearchValue::Keyword(format!("n{number}").into()) },
            ]);
            number.to_string()
        }
        Op::Patched(new, old) => {
            let program = if ctx.patched("change") { new } else { old };
            interpret(ctx.clone(), version, program).await.map(|()| "patched".to_owned())?
        }
        Op::Version(one, two) => {
            let program = if version == 1 { one } else { two };
            interpret(ctx.clone(), version, program).await.map(|()| "version".to_owned())?
        }
        Op::Random => ctx.random().to_string(),
        Op::Now => ctx.now().as_millisecond().to_string(),
        Op::NeedAttention => {
            ctx.update(|state| state.needs_attention = true);
            "attention".to_owned()
        }
        Op::Fail(kind) => return Err(WorkflowFailure { kind, message: "as told".to_owned() }),
        Op::Panic => panic!("as told"),
    })
}

fn show<T: std::fmt::Debug, E: Serialize>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}").replace('"', ""),
        Err(error) => format!("error {}", serde_json::to_string(&error).unwrap()),
    }
}

/// The activity error that a log speaks of.
pub(super) fn error(said: &str) -> ActivityError {
    let json = said.strip_prefix("error ").unwrap_or_else(|| panic!("`{said}` is no error"));
    serde_json::from_str(json).unwrap()
}

/// What an attempt does.
pub(super) type Behaviour =
    dyn Fn(ActivityCtx, String) -> BoxFuture<'static, Result<String, AttemptFailure>> + Send + Sync;

/// The services of the activities.
pub(super) struct Services(Box<Behaviour>);

macro_rules! activity {
    ($name:ident, $text:literal) => {
        pub(super) struct $name;
        impl ActivityDef for $name {
            const NAME: &'static str = $text;
            type Input = String;
            type Output = String;
        }
        impl Activity<Services> for $name {
            async fn execute(
                services: Arc<Services>,
                ctx: ActivityCtx,
                input: String,
            ) -> Result<String, AttemptFailure> {
                (services.0)(ctx, input).await
            }
        }
    };
}

activity!(Work, "work");
activity!(Label, "label");
activity!(Undo, "undo");

/// Options that a test changes where it matters.
pub(super) fn options() -> ActivityOptions {
    ActivityOptions {
        start_to_close: Duration::from_secs(10),
        schedule_to_close: None,
        heartbeat: None,
        retry: RetryPolicy {
            initial: Duration::from_secs(1),
            backoff: 2.0,
            max_interval: Duration::from_secs(30),
            max_attempts: Some(4),
            non_retryable: &["hopeless"],
        },
        on_cancel: OnCancel::FinishAttempt,
        compensation: false,
        concurrency: 256,
    }
}

/// An engine's parts, to start it with, again and again.
#[derive(Clone)]
pub(super) struct World {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) work: ActivityOptions,
    pub(super) label: ActivityOptions,
    pub(super) undo: ActivityOptions,
    pub(super) engine: EngineOptions,
    behaviour: Arc<Behaviour>,
}

impl World {
    /// Over memory, with attempts that do what `behaviour` says. Needs a paused runtime.
    pub(super) fn new<F>(behaviour: impl Fn(ActivityCtx, String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, AttemptFailure>> + Send + 'static,
    {
        Self {
            journal: Arc::new(MemoryJournal::new()),
            work: options(),
            label: ActivityOptions {
                heartbeat: Some(Duration::from_secs(5)),
                on_cancel: OnCancel::AbandonAttempt,
                ..options()
            },
            undo: ActivityOptions { compensation: true, ..options() },
            engine: EngineOptions {
                retention: None,
                ..EngineOptions::new(Clock::starting_at(Timestamp::UNIX_EPOCH), 7)
            },
            behaviour: Arc::new(move |ctx, input| Box::pin(behaviour(ctx, input))),
        }
    }

    /// Attempts answer at once with their input.
    pub(super) fn echo() -> Self {
        Self::new(|_, input| async { Ok(input) })
    }

    /// Attempts answer with their input after 2 s.
    pub(super) fn slow() -> Self {
        Self::new(|_, input| async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok(input)
        })
    }

    pub(super) fn registry<const VERSION: u8>(&self) -> Registry<Services> {
        let behaviour = Arc::clone(&self.behaviour);
        let mut registry =
            Registry::new(Arc::new(Services(Box::new(move |ctx, input| behaviour(ctx, input)))));
        registry.register::<Toy<VERSION>>();
        registry.add::<Work>(self.work.clone());
        registry.add::<Label>(self.label.clone());
        registry.add::<Undo>(self.undo.clone());
        registry
    }

    /// Starts version 1 of the code.
    pub(super) fn start(&self) -> Engine {
        self.start_version::<1>()
    }

    pub(super) fn start_without_activities(&self) -> Engine {
        let mut registry =
            Registry::new(Arc::new(Services(Box::new(|_, _| Box::pin(std::future::pending())))));
        registry.register::<Toy<1>>();
        Engine::start_local(Arc::clone(&self.journal), registry, self.engine.clone()).unwrap()
    }

    pub(super) fn start_version<const VERSION: u8>(&self) -> Engine {
        Engine::start_local(Arc::clone(&self.journal), self.registry::<VERSION>(), self.engine.clone())
            .unwrap()
    }
}

/// Runs a test's body where engines can be started.
pub(super) async fn local<T>(body: impl Future<Output = T>) -> T {
    LocalSet::new().run_until(body).await
}

/// Short forms of what tests ask of an engine.
pub(super) trait Ask {
    async fn run(&self, id: &str, program: Vec<Op>) -> Started;
    async fn tell(&self, id: &str, text: &str) -> Result<Reception, ClientError>;
    /// The log of a run that completes.
    async fn log(&self, id: &str) -> Vec<String>;
    async fn end(&self, id: &str) -> Closed;
    async fn events(&self, id: &str) -> Vec<HistoryEvent>;
}

impl Ask for Engine {
    async fn run(&self, id: &str, program: Vec<Op>) -> Started {
        WorkflowClient::start(self, start(id, &program)).await.unwrap()
    }

    async fn tell(&self, id: &str, text: &str) -> Result<Reception, ClientError> {
        self.signal(id, "tell", Json::of(text).unwrap()).await
    }

    async fn log(&self, id: &str) -> Vec<String> {
        match self.end(id).await {
            Closed::Completed(output) => output.parse().unwrap(),
            Closed::Failed(failure) => panic!("{id} failed: {failure}"),
        }
    }

    async fn end(&self, id: &str) -> Closed {
        self.result(id, Duration::from_secs(1_000_000)).await.unwrap().expect("the run ends")
    }

    async fn events(&self, id: &str) -> Vec<HistoryEvent> {
        self.history(id, 0, 1_000).await.unwrap().events
    }
}

pub(super) fn start(id: &str, program: &[Op]) -> Start {
    Start { workflow: "toy", workflow_id: id.to_owned(), input: Json::of(program).unwrap() }
}
