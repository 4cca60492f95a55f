use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::{StepRecord, WorkflowState};
use crate::workflow::{Json, Reception, UnknownMessage};

/// The signal of a manager's yes; its payload is an [`Approval`].
pub const APPROVE: &str = "approveOrder";
/// The signal of a manager's no; its payload is a [`Rejection`].
pub const REJECT: &str = "rejectOrder";
/// The signal of a customer who does not want the order any more; its payload is a [`Cancellation`].
pub const CANCEL: &str = "cancelOrder";
/// The signal to try again what could not be undone; it has no payload.
pub const RETRY: &str = "retryCompensations";

/// The query for the whole [`WorkflowState`].
pub const GET_ORDER_STATUS: &str = "getOrderStatus";
/// The query for the progress in percent.
pub const GET_PROGRESS: &str = "getProgress";
/// The query for the ended steps: all, or those with the name that is its argument.
pub const GET_STEP_DETAILS: &str = "getStepDetails";

/// Why a signal is not accepted.
pub mod reason {
    /// The order has been approved.
    pub const ALREADY_APPROVED: &str = "already_approved";
    /// The order has been rejected.
    pub const ALREADY_REJECTED: &str = "already_rejected";
    /// The order is being undone.
    pub const ALREADY_COMPENSATING: &str = "already_compensating";
    /// The order has been shipped.
    pub const ALREADY_SHIPPED: &str = "already_shipped";
    /// The order has ended in another way.
    pub const ALREADY_ENDED: &str = "already_ended";
    /// No compensation has failed.
    pub const NOTHING_TO_RETRY: &str = "nothing_to_retry";
}

/// The longest text that a signal may carry.
const MAX_TEXT: usize = 1000;

/// The payload of [`APPROVE`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Approval {
    /// Who said yes.
    pub approved_by: Option<String>,
}

/// The payload of [`REJECT`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Rejection {
    /// Who said no.
    pub rejected_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The payload of [`CANCEL`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Cancellation {
    /// Why.
    pub reason: Option<String>,
}

/// All that signals change and queries read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    /// What every reader sees.
    pub order: WorkflowState,
    pub(super) phase: Phase,
    pub(super) decision: Option<Decision>,
    pub(super) cancellation: Option<Cancellation>,
    pub(super) retry_requested: bool,
}

/// How far a run is, as far as signals are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Phase {
    /// Steps run; the order can be cancelled.
    Forward,
    /// The notification is scheduled, or done.
    Shipped,
    /// What was done is being undone.
    Compensating,
    /// What was to be undone could not be, and somebody has to say when to try again.
    Stuck,
    /// Everything is undone.
    Ended,
}

/// The first decision of a manager; it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Decision {
    /// The order did not ask for one.
    NotRequired,
    Approved(Approval),
    Rejected(Rejection),
}

impl OrderState {
    pub(super) fn new(requires_approval: bool) -> Self {
        Self {
            order: WorkflowState::new(),
            phase: Phase::Forward,
            decision: (!requires_approval).then_some(Decision::NotRequired),
            cancellation: None,
            retry_requested: false,
        }
    }

    /// Takes a signal; see [`WorkflowDef::on_signal`](crate::workflow::WorkflowDef::on_signal).
    pub(super) fn receive(&mut self, signal: &str, payload: &Json) -> Result<Reception, UnknownMessage> {
        Ok(match signal {
            APPROVE => self.approve(read(signal, payload)?),
            REJECT => self.reject(read(signal, payload)?),
            CANCEL => self.cancel(read(signal, payload)?),
            RETRY => self.retry(),
            _ => return Err(UnknownMessage(format!("`{signal}` is not a signal of this workflow"))),
        })
    }

    /// Answers a query; see [`WorkflowDef::on_query`](crate::workflow::WorkflowDef::on_query).
    pub(super) fn answer(&self, query: &str, argument: &Json) -> Result<Json, UnknownMessage> {
        let answer = match query {
            GET_ORDER_STATUS => Json::of(&self.order),
            GET_PROGRESS => Json::of(&self.order.progress),
            GET_STEP_DETAILS => Json::of(&self.steps(argument)?),
            _ => return Err(UnknownMessage(format!("`{query}` is not a query of this workflow"))),
        };
        answer.map_err(|e| UnknownMessage(e.to_string()))
    }

    fn approve(&mut self, approval: Approval) -> Reception {
        match &self.decision {
            Some(Decision::Approved(_) | Decision::NotRequired) => Reception::Duplicate,
            Some(Decision::Rejected(_)) => Reception::TooLate(reason::ALREADY_REJECTED),
            None => self.decide(Decision::Approved(approval)),
        }
    }

    fn reject(&mut self, rejection: Rejection) -> Reception {
        match &self.decision {
            Some(Decision::Rejected(_)) => Reception::Duplicate,
            Some(Decision::Approved(_) | Decision::NotRequired) => {
                Reception::TooLate(reason::ALREADY_APPROVED)
            }
            None => self.decide(Decision::Rejected(rejection)),
        }
    }

    fn decide(&mut self, decision: Decision) -> Reception {
        match self.closed() {
            Some(reason) => Reception::TooLate(reason),
            None => {
                self.decision = Some(decision);
                Reception::Accepted
            }
        }
    }

    fn cancel(&mut self, cancellation: Cancellation) -> Reception {
        match self.closed() {
            _ if self.cancellation.is_some() => Reception::Duplicate,
            Some(reason) => Reception::TooLate(reason),
            None => {
                self.cancellation = Some(cancellation);
                Reception::Accepted
            }
        }
    }

    fn retry(&mut self) -> Reception {
        match self.phase {
            Phase::Stuck if self.retry_requested => Reception::Duplicate,
            Phase::Stuck => {
                self.retry_requested = true;
                Reception::Accepted
            }
            Phase::Forward => Reception::TooLate(reason::NOTHING_TO_RETRY),
            Phase::Compensating => Reception::TooLate(reason::ALREADY_COMPENSATING),
            Phase::Shipped | Phase::Ended => Reception::TooLate(reason::ALREADY_ENDED),
        }
    }

    /// Why nothing can be decided any more, if so. An order whose cancel was accepted is undone in
    /// any case, even while an attempt in flight still goes on.
    fn closed(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Forward if self.cancellation.is_none() => None,
            Phase::Forward | Phase::Compensating => Some(reason::ALREADY_COMPENSATING),
            Phase::Shipped => Some(reason::ALREADY_SHIPPED),
            Phase::Stuck | Phase::Ended => Some(reason::ALREADY_ENDED),
        }
    }

    fn steps(&self, argument: &Json) -> Result<Vec<&StepRecord>, UnknownMessage> {
        let name: Option<String> =
            argument.parse().map_err(|e| UnknownMessage(format!("{GET_STEP_DETAILS}: {e}")))?;
        let named = |step: &&StepRecord| name.as_ref().is_none_or(|name| step.name.name() == name);
        Ok(self.order.completed_steps.iter().filter(named).collect())
    }
}

/// A signal's payload; no payload is an empty one.
fn read<T: DeserializeOwned + Default>(signal: &str, payload: &Json) -> Result<T, UnknownMessage> {
    if payload.text().len() > MAX_TEXT {
        return Err(UnknownMessage(format!("{signal}: the payload is longer than {MAX_TEXT} bytes")));
    }
    let payload: Option<T> = payload.parse().map_err(|e| UnknownMessage(format!("{signal}: {e}")))?;
    Ok(payload.unwrap_or_default())
}
