//! What may have to be undone, newest last. An entry is pushed before the call whose effect it
//! undoes, because from then on that may have happened.

use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::verdict::label_in_heartbeat;
use crate::domain::Compensation;
use crate::workflow::{ActivityError, WorkflowCtx};
use crate::workflows::order_fulfillment::saga::Saga;
use crate::workflows::order_fulfillment::state::OrderState;

/// One effect that may have to be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Undo {
    pub(super) compensation: Compensation,
    pub(super) effect: Effect,
}

/// What is known about an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It happened; this is the id with which to undo it.
    Happened(SmolStr),
    /// It may have happened. Only a repeat can tell, and not before this time.
    MayHaveHappened(Timestamp),
}

impl<C: WorkflowCtx<State = OrderState>> Saga<C> {
    /// The call that `compensation` undoes is about to be made.
    pub(in super::super) fn may_happen(&mut self, compensation: Compensation) {
        self.undos.push(Undo { compensation, effect: Effect::MayHaveHappened(self.ctx.now()) });
    }

    /// The newest entry's call had its effect, which `id` names.
    pub(in super::super) fn happened(&mut self, id: &SmolStr) {
        if let Some(newest) = self.undos.last_mut() {
            newest.effect = Effect::Happened(id.clone());
        }
    }

    /// The newest entry's call failed: there is something to undo only if it may have happened.
    pub(in super::super) fn did_not_succeed(&mut self, error: &ActivityError) {
        if error.may_have_happened {
            self.may_have_happened(error);
        } else {
            self.undos.pop();
        }
    }

    /// The newest entry's call failed in a way that leaves its effect open.
    pub(in super::super) fn may_have_happened(&mut self, error: &ActivityError) {
        let backoff = SignedDuration::try_from(self.input.timings.repeat_backoff()).unwrap_or_default();
        let earliest = self.ctx.now().saturating_add(backoff).unwrap_or(Timestamp::MAX);
        let ask_after = error.retry_at.map_or(earliest, |retry_at| retry_at.max(earliest));
        if let Some(newest) = self.undos.last_mut() {
            newest.effect = match label_in_heartbeat(error) {
                Some(label_id) => Effect::Happened(label_id),
                None => Effect::MayHaveHappened(ask_after),
            };
        }
    }

    /// There is nothing for `compensation` to undo, as another answer has shown.
    pub(in super::super) fn forget(&mut self, compensation: Compensation) {
        self.undos.retain(|undo| undo.compensation != compensation);
        self.stuck.retain(|undo| undo.compensation != compensation);
        self.update(|order, now| order.settle_attention(compensation, now));
    }
}
