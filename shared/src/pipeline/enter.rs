//! How a request enters the pipeline: its key is claimed, its outcome drawn, its arrival written.

use std::hash::Hash;

use jiff::Timestamp;

use super::draw_key::{draw_key, order_of};
use super::keys::{self, Taken};
use super::{About, InFlight, Intent, Pipeline, Reply};
use crate::chaos::{Counting, Drawn, Keyed, Operation};
use crate::digest::digest_of;
use crate::http::{Call, Problem, problems};
use crate::ledger::{Arrival, LedgerState, Ticket};

impl Pipeline {
    /// Claims the request's idempotency key and draws its outcome.
    ///
    /// # Errors
    /// The answer, if there is one already: a replay, a key in use, a key used with another body.
    pub fn enter<C: Hash>(
        &self,
        operation: &'static Operation,
        call: &Call,
        intent: &Intent<C>,
    ) -> Result<InFlight, Reply> {
        let now = self.0.clock.now();
        let (order, resource) = (intent.order.as_ref(), intent.resource.as_deref());
        let about = About { order, resource, body: Some(digest_of(&intent.command)) };
        let key = call.key.as_deref().map(|key| keys::digest(operation, key));
        let keyed = self.keyed(operation, call, &about, call.key.as_deref());
        let _stores = self.0.stores.in_use();
        // Always in this order; nothing else holds two of them. All are locked before the first is asked: to lock
        // is to wait for whatever memory was asked for.
        let (mut keys, mut counting) = (self.0.keys.known(), self.0.chaos.counting());
        let mut ledger = self.0.ledger.state();
        if let Some(key) = key {
            keys.fetch(key);
        }
        if let Some(keyed) = keyed {
            counting.fetch(keyed);
        }
        if let Some(order) = order {
            ledger.fetch(order);
        }
        counting.request(operation);
        let claim = key.zip(about.body).map(|(key, body)| keys.begin(key, body, now)).transpose();
        let slot = match claim {
            Ok(slot) => slot,
            Err(taken) => {
                let answered = self.answer_to(taken, operation, &mut counting);
                let mut ticket = self.arrive(&mut ledger, operation, call, &about, None, now);
                drop(ledger);
                ticket.finish(&answered.sent(), now);
                return Err(answered);
            }
        };
        let keyed = keyed.unwrap_or_else(|| counting.arrival(operation));
        let drawn = counting.draw(operation, keyed, order_of(call, order));
        let ticket = self.arrive(&mut ledger, operation, call, &about, Some(&drawn), now);
        drop((keys, counting, ledger));
        Ok(InFlight::new(self, now, drawn, slot, ticket))
    }

    /// Draws the outcome of a request for an operation that takes no key.
    pub(super) fn enter_without_key(
        &self,
        operation: &'static Operation,
        call: &Call,
        about: &About<'_>,
    ) -> InFlight {
        let now = self.0.clock.now();
        let keyed = self.keyed(operation, call, about, None);
        let _stores = self.0.stores.in_use();
        let drawn = {
            let mut counting = self.0.chaos.counting();
            counting.request(operation);
            let keyed = keyed.unwrap_or_else(|| counting.arrival(operation));
            counting.draw(operation, keyed, order_of(call, about.order))
        };
        let ticket = self.arrive(&mut self.0.ledger.state(), operation, call, about, Some(&drawn), now);
        InFlight::new(self, now, drawn, None, ticket)
    }

    /// What a request's outcome is drawn by, unless it has no key of any kind.
    fn keyed<'a>(
        &self,
        operation: &'static Operation,
        call: &'a Call,
        about: &About<'a>,
        idempotency: Option<&'a str>,
    ) -> Option<Keyed<'a>> {
        let key = draw_key(call, about.order, idempotency, about.resource)?;
        Some(self.0.chaos.keyed(operation, key))
    }

    /// Writes the arrival of a request into the ledger.
    pub(super) fn arrive(
        &self,
        ledger: &mut LedgerState,
        operation: &'static Operation,
        call: &Call,
        about: &About<'_>,
        drawn: Option<&Drawn>,
        now: Timestamp,
    ) -> Ticket {
        let arrival = Arrival {
            context: &call.context,
            key: call.key.as_ref(),
            order: about.order,
            resource: about.resource,
            fingerprint: about.body,
            drawn: drawn.map(|drawn| (drawn.attempt, drawn.outcome)),
            now,
        };
        let (seq, order) = ledger.begin(operation, arrival);
        self.0.ledger.ticket(seq, order)
    }

    /// The answer to a request whose key is taken.
    fn answer_to(&self, taken: Taken, operation: &'static Operation, counting: &mut Counting<'_>) -> Reply {
        match taken {
            Taken::Answered(answer) => {
                counting.replay(operation);
                Reply::Replay(answer)
            }
            Taken::InUse => {
                let detail = "A request with this Idempotency-Key is still executing.";
                let kind = &problems::IDEMPOTENCY_IN_PROGRESS;
                let wait = kind.retry_after.map(|wait| self.0.chaos.time_scale().apply(wait));
                Reply::refused(Problem::new(kind, detail).retry_after(wait))
            }
            Taken::ByOtherBody => {
                let detail = "This Idempotency-Key was used with another body.";
                Reply::refused(Problem::new(&problems::IDEMPOTENCY_KEY_REUSE, detail))
            }
        }
    }
}
