use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;

use super::decision::{Decision, Moment};
use super::moments::Moments;
use super::world::World;
use crate::audit;
use crate::domain::{OrderInput, OrderStatus, WorkflowState};
use crate::workflow::{ClientError, Closed, Either, Json, WorkflowClient, race};
use crate::workflows::order_fulfillment::{GET_ORDER_STATUS, workflow_id};
use crate::workload::Customer;

/// How much longer than its own limits an order may take: undoing has limits too.
const UNDOING_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// When everything is given up: the calendar, and virtual time with it, ends with the year 9999.
const LAST_LOOK: Timestamp = Timestamp::constant(221_845_392_000, 0);
/// After so long without an end, its status is looked at for the first time: an order that needs
/// attention has a final one, and goes on waiting.
const FIRST_LOOK: Duration = Duration::from_secs(3600);

/// What became of an order.
pub(super) struct OrderOutcome {
    /// How it ended, and what was accepted of the decisions.
    pub(super) decision: audit::Decision,
    /// Whether it ended before the moment of a late decision came.
    pub(super) is_undecided: bool,
}

/// The life of an order: it is placed, decided on and waited for. `moments` tells of a decision's
/// moment that does not go by the clock.
pub(super) async fn live(
    world: &World<'_>,
    order: &OrderInput,
    decision: Decision,
    moments: Option<&Moments>,
) -> OrderOutcome {
    let order_id = order.order_id.clone();
    let owner =
        Owner { world, customer: Customer::new(world.api.clone(), order_id.clone()), order_id: &order_id };
    let (mut accepted, mut is_undecided) = (Vec::new(), false);
    // In boxes, so that an order that waits takes no room for its requests.
    let placed = Box::pin(owner.customer.place(order)).await;
    owner.note(|| format!("customer places the order: {}", if placed.is_ok() { "201" } else { "refused" }));
    if let Decision::Early(verb) = decision {
        accepted.extend(owner.decide(verb).await);
    } else if decision.is_approved_first() {
        accepted.extend(owner.decide(audit::Verb::Approve).await);
    }
    let status = match decision {
        Decision::Nobody | Decision::Early(_) => owner.end().await,
        Decision::Late(verb, moment) => {
            let mut end = pin!(owner.end());
            match race(pin!(owner.decide_at(verb, moment, moments)), end.as_mut()).await {
                Either::Left(decided) => {
                    accepted.extend(decided);
                    end.await
                }
                Either::Right(status) => {
                    is_undecided = true;
                    status
                }
            }
        }
    };
    owner.note(|| format!("ends {}", status.map_or("never", OrderStatus::name)));
    OrderOutcome { decision: audit::Decision { order_id, accepted, status }, is_undecided }
}

/// Whoever has an order, in a world.
struct Owner<'a> {
    world: &'a World<'a>,
    customer: Customer,
    order_id: &'a str,
}

impl Owner<'_> {
    async fn decide(&self, verb: audit::Verb) -> Option<audit::Verb> {
        let answer = Box::pin(self.customer.decide(verb)).await;
        self.note(|| match &answer {
            Ok(()) => format!("customer says {}: 200", Decision::Early(verb)),
            Err(refused) => format!("customer says {}: {refused}", Decision::Early(verb)),
        });
        answer.is_ok().then_some(verb)
    }

    async fn decide_at(
        &self,
        verb: audit::Verb,
        moment: Moment,
        moments: Option<&Moments>,
    ) -> Option<audit::Verb> {
        match (moment, moments) {
            (Moment::Placed(later), _) => tokio::time::sleep(later).await,
            (_, Some(moments)) => {
                let due = moments.reached().await;
                tokio::time::sleep_until(self.world.clock.instant_at(due)).await;
            }
            (_, None) => return None,
        }
        let decided = self.decide(verb).await;
        if let Some(moments) = moments {
            moments.settle();
        }
        decided
    }

    /// The order's final status; the last one, if it does not come to an end.
    async fn end(&self) -> Option<OrderStatus> {
        let id = workflow_id(self.order_id);
        let give_up = self.give_up_at();
        let mut look_after = FIRST_LOOK;
        loop {
            let asked = match self.world.engines.result(&id, look_after).await {
                Ok(Some(Closed::Completed(output))) => output.value::<WorkflowState>().ok(),
                Ok(Some(Closed::Failed(_))) => return None,
                Ok(None) => {
                    look_after *= 2;
                    self.world
                        .engines
                        .query(&id, GET_ORDER_STATUS, Json::null())
                        .await
                        .ok()
                        .and_then(|state| state.value().ok())
                }
                Err(ClientError::Unavailable { retry_after, .. }) => {
                    tokio::time::sleep(retry_after).await;
                    continue;
                }
                Err(_) => return None,
            };
            let status = asked.map(|state: WorkflowState| state.status);
            if status.is_some_and(OrderStatus::is_final) || self.world.clock.now() >= give_up {
                return status;
            }
        }
    }

    fn give_up_at(&self) -> Timestamp {
        let limits = self.world.limits();
        let limit = UNDOING_LIMIT + limits.approval_timeout + limits.workflow_timeout;
        let limit = self.world.time_scale.apply_at_least(limit, limit);
        self.world.clock.now().saturating_add(limit).unwrap_or(Timestamp::MAX).min(LAST_LOOK)
    }

    fn note(&self, text: impl FnOnce() -> String) {
        if self.world.log.is_kept() {
            self.world.log.note(self.world.clock.now(), self.order_id, text);
        }
    }
}
