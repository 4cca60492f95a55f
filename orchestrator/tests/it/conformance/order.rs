//! An order on a stage, and its customer.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use orchestrator::activities::ActivitySettings;
use orchestrator::audit::Verb;
use orchestrator::domain::{Trace, WorkflowState};
use orchestrator::workflow::{
    ClientError, Closed, Filter, Json, Page, Reception, RunDescription, RunSummary, Start, Started,
    WorkflowClient, WorkflowDef,
};
use orchestrator::workflows::order_fulfillment::{
    APPROVE, CANCEL, GET_ORDER_STATUS, OrderFulfillment, OrderFulfillmentInput, REJECT, Timings, workflow_id,
};
use shared::time::TimeScale;
use tokio::time::sleep;

use super::sample;
use super::scenario::Scenario;
use super::stage::Stage;

/// Between two looks at something that is waited for.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// An order. Whoever asks for something asks again while the engine is unavailable, as one does who is
/// answered 503.
pub(super) struct Order<'a> {
    pub(super) stage: &'a Stage,
    pub(super) id: String,
    pub(super) workflow_id: String,
    /// The decisions that the engine accepted.
    pub(super) accepted: RefCell<Vec<Verb>>,
}

impl<'a> Order<'a> {
    pub(super) fn new(stage: &'a Stage, id: &str) -> Self {
        Self { stage, id: id.to_owned(), workflow_id: workflow_id(id), accepted: RefCell::default() }
    }

    pub(super) async fn place(&self, scenario: &Scenario) {
        match self.start(scenario).await {
            // A crash may have kept the answer to an earlier try.
            Ok(_) | Err(ClientError::AlreadyStarted { .. }) => {}
            Err(error) => panic!("{} was not started: {error}", self.id),
        }
    }

    /// Places it for another customer.
    pub(super) async fn place_for(&self, customer_id: &str) {
        let mut input = self.input(&Scenario::approved());
        input.order.customer_id = customer_id.into();
        self.start_with(&input).await.unwrap();
    }

    pub(super) async fn start(&self, scenario: &Scenario) -> Result<Started, ClientError> {
        self.start_with(&self.input(scenario)).await
    }

    fn input(&self, scenario: &Scenario) -> OrderFulfillmentInput {
        let settings = ActivitySettings {
            approval_timeout: scenario.approval_timeout,
            workflow_timeout: scenario.workflow_timeout,
            ..ActivitySettings::default()
        };
        let mut order = sample::order(&self.id);
        order.requires_approval = scenario.requires_approval;
        OrderFulfillmentInput {
            order,
            timings: Timings::new(&settings, TimeScale::REAL),
            trace: Trace { correlation_id: self.id.clone().into(), traceparent: None },
        }
    }

    async fn start_with(&self, input: &OrderFulfillmentInput) -> Result<Started, ClientError> {
        let start = Start {
            workflow: OrderFulfillment::NAME,
            workflow_id: self.workflow_id.clone(),
            input: Json::of(input).unwrap(),
        };
        self.ask(async |client| client.start(start.clone()).await).await
    }

    pub(super) async fn decide(&self, verb: Verb) -> Reception {
        let signal = match verb {
            Verb::Approve => APPROVE,
            Verb::Reject => REJECT,
            Verb::Cancel => CANCEL,
        };
        let reception = self.signal(signal, Json::null()).await.unwrap();
        // A crash may have kept the answer to an earlier try, which makes this one a duplicate.
        let is_taken = matches!(reception, Reception::Accepted | Reception::Duplicate);
        if is_taken && !self.accepted.borrow().contains(&verb) {
            self.accepted.borrow_mut().push(verb);
        }
        reception
    }

    pub(super) async fn signal(&self, name: &str, payload: Json) -> Result<Reception, ClientError> {
        self.ask(async |client| client.signal(&self.workflow_id, name, payload.clone()).await).await
    }

    pub(super) async fn query(&self, name: &str, argument: Json) -> Result<Json, ClientError> {
        self.ask(async |client| client.query(&self.workflow_id, name, argument.clone()).await).await
    }

    pub(super) async fn state(&self) -> WorkflowState {
        self.query(GET_ORDER_STATUS, Json::null()).await.unwrap().parse().unwrap()
    }

    /// Waits until the order's state is so, which may not come after the order's end.
    pub(super) async fn until(&self, holds: impl Fn(&WorkflowState) -> bool) -> WorkflowState {
        loop {
            let state = self.state().await;
            if holds(&state) {
                return state;
            }
            assert!(!state.status.is_final(), "it ended before: {state:#?}");
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits for the description of the run to be so, which may not come after the run's end.
    pub(super) async fn described(&self, holds: impl Fn(&RunDescription) -> bool) -> RunDescription {
        loop {
            let described = self.ask(async |client| client.describe(&self.workflow_id).await).await.unwrap();
            if holds(&described) {
                return described;
            }
            assert!(described.summary.closed_at.is_none(), "it ended before: {described:#?}");
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits for a list of runs, this one's or others', to be so.
    pub(super) async fn listed(
        &self,
        filter: &Filter,
        holds: impl Fn(&[RunSummary]) -> bool,
    ) -> Vec<RunSummary> {
        loop {
            let runs = self.page(filter).await.runs;
            if holds(&runs) {
                return runs;
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    pub(super) async fn page(&self, filter: &Filter) -> Page {
        self.ask(async |client| client.list(filter).await).await.unwrap()
    }

    /// The engine's own cancel, which means what the customer's does.
    pub(super) async fn cancel(&self) {
        self.accepted.borrow_mut().push(Verb::Cancel);
        self.ask(async |client| client.cancel(&self.workflow_id, "by the operator").await).await.unwrap();
    }

    pub(super) async fn end(&self) -> WorkflowState {
        loop {
            match self.closed().await.unwrap() {
                Some(Closed::Completed(state)) => return state.parse().unwrap(),
                Some(Closed::Failed(failure)) => panic!("{} failed as a workflow: {failure}", self.id),
                None => {}
            }
        }
    }

    async fn closed(&self) -> Result<Option<Closed>, ClientError> {
        self.ask(async |client| client.result(&self.workflow_id, Duration::from_secs(60)).await).await
    }

    pub(super) async fn ask<T>(
        &self,
        question: impl AsyncFn(Arc<dyn WorkflowClient>) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        loop {
            match question(self.stage.host.client()).await {
                Err(ClientError::Unavailable { .. }) => sleep(POLL_INTERVAL).await,
                answer => return answer,
            }
        }
    }
}
