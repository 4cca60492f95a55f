//! An order from its start to its end, and whether that is as it should be.

use orchestrator::audit::Verb;
use orchestrator::domain::{CompensationStatus, OrderStatus, WorkflowState};
use orchestrator::simulate::{Decision, Moment};
use orchestrator::workflow::{Either, race};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::order::{Order, POLL_INTERVAL};
use super::scenario::Scenario;
use super::wire::{Held, Point};

/// What became of an order.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) order_id: String,
    /// The decisions that the engine accepted.
    pub(super) accepted: Vec<Verb>,
    pub(super) state: WorkflowState,
}

impl Order<'_> {
    /// Places the order, decides on it as the scenario has it, and waits for its end.
    pub(super) async fn play(&self, scenario: &Scenario) -> Ending {
        let held = self.hold(scenario.decision);
        self.place(scenario).await;
        self.follow(scenario, held).await;
        self.ending(self.end().await)
    }

    pub(super) fn ending(&self, state: WorkflowState) -> Ending {
        Ending { order_id: self.id.clone(), accepted: self.accepted.borrow().clone(), state }
    }

    /// Has the request held that a decision is about.
    fn hold(&self, decision: Decision) -> Option<oneshot::Receiver<Held>> {
        let Decision::Late(_, moment) = decision else { return None };
        let (operation, point) = match moment {
            Moment::Sent(operation) | Moment::After(operation, _) => (operation, Point::Sent),
            Moment::Answered(operation) => (operation, Point::Answered),
            Moment::Placed(_) | Moment::Waiting | Moment::BeforeDeadline | Moment::Deadline => return None,
        };
        Some(self.stage.wire.hold(&self.id, operation, point))
    }

    /// Decides in the moment that the scenario tells. An order that comes to a request because it was
    /// approved is approved early.
    async fn follow(&self, scenario: &Scenario, held: Option<oneshot::Receiver<Held>>) {
        match (scenario.decision, held) {
            (Decision::Nobody, _) => {}
            (Decision::Early(verb), _) => {
                self.decide(verb).await;
            }
            (Decision::Late(verb, moment), None) => {
                self.wait_for(moment, scenario).await;
                self.decide(verb).await;
            }
            (Decision::Late(verb, moment), Some(held)) => {
                self.decide(Verb::Approve).await;
                // The order may end without such a request.
                if let Either::Left(held) = race(held, self.end()).await {
                    self.decide_while(verb, moment, held.unwrap()).await;
                }
            }
        }
    }

    async fn decide_while(&self, verb: Verb, moment: Moment, held: Held) {
        if let Moment::After(_, delay) = moment {
            held.release();
            sleep(self.stage.scale.apply(delay)).await;
            self.decide(verb).await;
        } else {
            self.decide(verb).await;
            held.release();
        }
    }

    /// Waits for a moment of the approval.
    async fn wait_for(&self, moment: Moment, scenario: &Scenario) {
        if let Moment::Placed(later) = moment {
            return sleep(later).await;
        }
        self.until(|it| it.status == OrderStatus::AwaitingApproval || it.status.is_final()).await;
        match moment {
            Moment::BeforeDeadline => sleep(scenario.approval_timeout - POLL_INTERVAL).await,
            Moment::Deadline => sleep(scenario.approval_timeout).await,
            _ => {}
        }
    }
}

impl Ending {
    pub(super) fn is(&self, status: OrderStatus, error: Option<&str>) -> bool {
        (self.state.status, self.state.error.as_deref()) == (status, error)
    }

    /// What is wrong with the order's state by itself, and beside the decisions that were accepted.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let state = &self.state;
        let undone = state.compensations.iter().all(|undo| undo.status == CompensationStatus::Completed);
        let shipped = state.status == OrderStatus::Shipped;
        let cancelled = self.accepted.contains(&Verb::Cancel);
        let checks = [
            (undone && state.needs_attention.is_empty(), "not all is undone"),
            (state.current_step.is_none(), "it ended in a step"),
            (shipped == (state.progress == 100), "its progress is not that of its status"),
            (shipped == state.error.is_none(), "its error is not that of its status"),
            (cancelled == (state.status == OrderStatus::Cancelled), "cancelled or not"),
            (!self.accepted.contains(&Verb::Reject) || !shipped, "rejected and shipped"),
        ];
        let wrong = checks.into_iter().filter(|(holds, _)| !holds);
        wrong.map(|(_, wrong)| format!("{wrong}: {self:#?}")).collect()
    }
}
