//! The signals and queries of a run. Pure functions of the state.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::state::{Decision, OrderState, Phase};
use crate::domain::StepRecord;
use crate::workflow::{Json, Reception, UnknownMessage};

/// The signal of a manager's approval; its payload is an [`Approval`].
pub const APPROVE: &str = "approveOrder";
/// The signal of a manager's rejection; its payload is a [`Rejection`].
pub const REJECT: &str = "rejectOrder";
/// The signal of a customer's cancellation; its payload is a [`Cancellation`].
pub const CANCEL: &str = "cancelOrder";
/// The signal to retry failed compensations; it has no payload.
pub const RETRY: &str = "retryCompensations";

/// The query for the whole [`WorkflowState`](crate::domain::WorkflowState).
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
    pub const ALREADY_ENDED: &str = crate::workflow::Reception::ALREADY_ENDED;
    /// No compensation has failed.
    pub const NOTHING_TO_RETRY: &str = "nothing_to_retry";
}

/// The longest payload of a signal, in bytes: room for the longest name and reason that the HTTP API
/// accepts, with every character escaped.
const MAX_PAYLOAD: usize = 4096;

/// An approval: the payload of the signal `approveOrder`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Approval {
    /// Who approved.
    pub approved_by: Option<String>,
}

/// A rejection: the payload of the signal `rejectOrder`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Rejection {
    /// Who rejected.
    pub rejected_by: Option<String>,
    /// The reason.
    pub reason: Option<String>,
}

/// A cancellation: the payload of the signal `cancelOrder`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Cancellation {
    /// The reason.
    pub reason: Option<String>,
}

impl OrderState {
    /// Handles a signal; see [`WorkflowDef::on_signal`](crate::workflow::WorkflowDef::on_signal).
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
            GET_ORDER_STATUS => Ok(Json::holding(self.order.clone())),
            GET_PROGRESS => Json::of(&self.order.progress),
            GET_STEP_DETAILS => Json::of(&self.steps(argument)?),
            _ => return Err(UnknownMessage(format!("`{query}` is not a query of this workflow"))),
        };
        answer.map_err(|e| UnknownMessage(e.to_string()))
    }

    fn approve(&mut self, approval: Approval) -> Reception {
        match &self.decision {
            Some(Decision::Approved(_) | Decision::NotRequired) => Reception::Duplicate,
            Some(Decision::Rejected(_)) => Reception::too_late(reason::ALREADY_REJECTED),
            None => self.decide(Decision::Approved(approval)),
        }
    }

    fn reject(&mut self, rejection: Rejection) -> Reception {
        match &self.decision {
            Some(Decision::Rejected(_)) => Reception::Duplicate,
            Some(Decision::Approved(_) | Decision::NotRequired) => {
                Reception::too_late(reason::ALREADY_APPROVED)
            }
            None => self.decide(Decision::Rejected(rejection)),
        }
    }

    fn decide(&mut self, decision: Decision) -> Reception {
        match self.closed() {
            Some(reason) => Reception::too_late(reason),
            None => {
                self.decision = Some(decision);
                Reception::Accepted
            }
        }
    }

    fn cancel(&mut self, cancellation: Cancellation) -> Reception {
        match self.closed() {
            _ if self.cancellation.is_some() => Reception::Duplicate,
            Some(reason) => Reception::too_late(reason),
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
            Phase::Forward => Reception::too_late(reason::NOTHING_TO_RETRY),
            Phase::Compensating => Reception::too_late(reason::ALREADY_COMPENSATING),
            Phase::Shipped | Phase::Ended => Reception::too_late(reason::ALREADY_ENDED),
        }
    }

    /// Why nothing can be decided any more, if so. An order whose cancel was accepted is undone in any
    /// case, even while an attempt in flight is still running.
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
        Ok(self.order.completed_steps.iter().map(Arc::as_ref).filter(named).collect())
    }
}

/// A signal's payload; a missing payload counts as an empty one.
fn read<T: DeserializeOwned + Default>(signal: &str, payload: &Json) -> Result<T, UnknownMessage> {
    if payload.text().len() > MAX_PAYLOAD {
        return Err(UnknownMessage(format!("{signal}: the payload is longer than {MAX_PAYLOAD} bytes")));
    }
    let payload: Option<T> = payload.parse().map_err(|e| UnknownMessage(format!("{signal}: {e}")))?;
    Ok(payload.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNALS: [&str; 4] = [APPROVE, REJECT, CANCEL, RETRY];

    fn state(phase: Phase) -> OrderState {
        OrderState { phase, ..OrderState::new(true) }
    }

    fn send(state: &mut OrderState, signal: &str) -> Reception {
        state.receive(signal, &Json::null()).unwrap()
    }

    /// What each signal gets in turn, in a fresh copy of `state`.
    fn receptions(state: &OrderState) -> [Reception; 4] {
        SIGNALS.map(|signal| send(&mut state.clone(), signal))
    }

    #[test]
    fn what_is_accepted_depends_on_how_far_the_run_is() {
        use Reception::Accepted;
        let [approve, reject, cancel, retry] = receptions(&state(Phase::Forward));
        assert_eq!([approve, reject, cancel], [Accepted, Accepted, Accepted]);
        assert_eq!(retry, Reception::too_late(reason::NOTHING_TO_RETRY));

        let decisions = |phase| {
            let [approve, reject, cancel, retry] = receptions(&state(phase));
            assert_eq!([&approve, &reject], [&cancel, &cancel]);
            [cancel, retry]
        };
        let compensating = Reception::too_late(reason::ALREADY_COMPENSATING);
        let (shipped, ended) =
            (Reception::too_late(reason::ALREADY_SHIPPED), Reception::too_late(reason::ALREADY_ENDED));
        assert_eq!(decisions(Phase::Compensating), [compensating.clone(), compensating]);
        assert_eq!(decisions(Phase::Shipped), [shipped, ended.clone()]);
        assert_eq!(decisions(Phase::Stuck), [ended.clone(), Accepted]);
        assert_eq!(decisions(Phase::Ended), [ended.clone(), ended]);
    }

    #[test]
    fn the_first_decision_stands_for_ever() {
        for phase in [Phase::Forward, Phase::Compensating, Phase::Shipped, Phase::Stuck, Phase::Ended] {
            for (first, other, reason) in
                [(APPROVE, REJECT, reason::ALREADY_APPROVED), (REJECT, APPROVE, reason::ALREADY_REJECTED)]
            {
                let mut state = state(Phase::Forward);
                assert_eq!(send(&mut state, first), Reception::Accepted);
                state.phase = phase;
                assert_eq!(send(&mut state, first), Reception::Duplicate);
                assert_eq!(send(&mut state, other), Reception::too_late(reason));
            }
        }
    }

    #[test]
    fn an_accepted_cancel_stands_and_leaves_nothing_to_decide() {
        let mut state = state(Phase::Forward);
        assert_eq!(send(&mut state, CANCEL), Reception::Accepted);
        let compensating = Reception::too_late(reason::ALREADY_COMPENSATING);
        assert_eq!(send(&mut state, APPROVE), compensating);
        assert_eq!(send(&mut state, REJECT), compensating);
        state.phase = Phase::Ended;
        assert_eq!(send(&mut state, CANCEL), Reception::Duplicate);
    }

    #[test]
    fn an_order_that_needs_no_approval_is_approved() {
        let mut state = OrderState::new(false);
        assert_eq!(send(&mut state, APPROVE), Reception::Duplicate);
        assert_eq!(send(&mut state, REJECT), Reception::too_late(reason::ALREADY_APPROVED));
        assert_eq!(send(&mut state, CANCEL), Reception::Accepted);
    }

    #[test]
    fn only_accepted_signals_change_the_state() {
        for phase in [Phase::Forward, Phase::Compensating, Phase::Shipped, Phase::Stuck, Phase::Ended] {
            for first in SIGNALS {
                let mut state = state(phase);
                send(&mut state, first);
                for second in SIGNALS {
                    let before = Json::of(&state).unwrap();
                    let accepted = send(&mut state, second) == Reception::Accepted;
                    assert_eq!(accepted, before != Json::of(&state).unwrap(), "{phase:?} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn bad_messages_are_refused_and_change_nothing() {
        let mut state = state(Phase::Forward);
        let json = |text: &str| Json::from_text(text.to_owned()).unwrap();
        let long = json(&format!(r#"{{"reason":"{}"}}"#, "x".repeat(MAX_PAYLOAD)));
        for (signal, payload) in [
            ("explode", Json::null()),
            (APPROVE, json("7")),
            (REJECT, json(r#"{"reason":7}"#)),
            (CANCEL, long),
        ] {
            state.receive(signal, &payload).unwrap_err();
        }
        assert_eq!(receptions(&state)[0], Reception::Accepted);
        state.answer("getWeather", &Json::null()).unwrap_err();
        state.answer(GET_STEP_DETAILS, &json("7")).unwrap_err();
        assert_eq!(state.answer(GET_PROGRESS, &Json::null()).unwrap(), json("0"));
    }
}
