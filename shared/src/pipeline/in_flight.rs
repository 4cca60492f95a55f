use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use super::keys::Slot;
use super::stores::Stores;
use super::{Answer, OperationContext, Pipeline, Reply, answer_of};
use crate::chaos::{Chaos, Drawn, Moment, ProblemKind, Severed, Surface, faults};
use crate::http::Problem;
use crate::ledger::{LedgerWriter, Ticket};
use crate::time::Clock;

/// How long a `hang` lasts for a client that does not disconnect. Not scaled: usually the client's own
/// timeout ends it, and that has a minimum.
const HANG: Duration = Duration::from_secs(300);

/// A request in flight, past the idempotency check and the draw. Dropping it before
/// [`operate`](Self::operate) frees its key.
#[derive(Debug)]
pub struct InFlight {
    chaos: Arc<Chaos>,
    clock: Clock,
    stores: Stores,
    drawn: Drawn,
    slot: Option<Slot>,
    ticket: Ticket,
    result: Option<Answer>,
    injected_refusal: bool,
}

impl InFlight {
    pub(super) fn new(pipeline: &Pipeline, drawn: Drawn, slot: Option<Slot>, ticket: Ticket) -> Self {
        tracing::debug!(
            operation = drawn.operation.name,
            outcome = drawn.outcome.name,
            attempt = drawn.attempt,
            "drew an outcome"
        );
        Self {
            chaos: pipeline.chaos.clone(),
            clock: pipeline.clock,
            stores: pipeline.stores.clone(),
            drawn,
            slot,
            ticket,
            result: None,
            injected_refusal: false,
        }
    }

    /// What was drawn.
    pub fn drawn(&self) -> &Drawn {
        &self.drawn
    }

    /// An id for a resource that is named before its operation runs.
    pub fn id<I: From<u64>>(&mut self) -> I {
        I::from(self.drawn.draw.bits())
    }

    /// Waits for the delay of a fault that strikes before the operation, and ends the request with it.
    /// `None` if there is none: then the operation is next.
    pub async fn before(&mut self) -> Option<Reply> {
        if self.drawn.outcome.moment != Moment::Before {
            return None;
        }
        if matches!(self.drawn.outcome.surface, Surface::Silence) {
            tokio::time::sleep(HANG).await;
        } else if !self.drawn.delay.is_zero() {
            tokio::time::sleep(self.drawn.delay).await;
        }
        self.fault()
    }

    /// Ends the request with the fault that strikes before the operation, without its delay. `None` if
    /// there is none.
    pub fn fault(&mut self) -> Option<Reply> {
        if self.drawn.outcome.moment != Moment::Before {
            return None;
        }
        let reply = match self.drawn.outcome.surface {
            Surface::Problem(kind) => self.injected(kind),
            Surface::Severed(how) => Reply::Severed(how),
            Surface::Silence | Surface::Answer | Surface::Garbled => Reply::Severed(Severed::Empty),
        };
        Some(self.end(reply))
    }

    /// The ledger's writer for this request, for work that outlives its step.
    pub fn writer(&self) -> &LedgerWriter {
        self.ticket.writer()
    }

    /// Runs a step before the operation. A reset comes entirely before or after it.
    pub fn prelude<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> T {
        let stores = self.stores.clone();
        let _stores = stores.in_use();
        step(self)
    }

    fn end(&mut self, reply: Reply) -> Reply {
        self.ticket.finish(&reply.sent(), self.clock.now());
        reply
    }

    /// Runs the one atomic step, and stores its result under the key.
    pub fn operate<T: Serialize>(
        &mut self,
        status: StatusCode,
        step: impl FnOnce(&mut OperationContext<'_>) -> Result<T, Problem>,
    ) {
        let instead = (self.drawn.outcome.moment == Moment::Instead).then_some(self.drawn.outcome);
        let _stores = self.stores.in_use();
        let now = self.clock.now();
        let writer = self.ticket.writer().clone();
        let mut ctx = OperationContext::new(now, &mut self.drawn.draw, writer, instead);
        let result = step(&mut ctx);
        self.injected_refusal = ctx.gave_injected_refusal() && result.is_err();
        let answer = answer_of(status, result);
        if let Some(slot) = self.slot.take() {
            slot.finish(&answer, now);
        }
        self.result = Some(answer);
    }

    /// Ends the request with a real refusal that was found before the operation ran. It is stored under
    /// the key, and answered at once: no fault strikes any more.
    pub fn refuse(mut self, refusal: Problem) -> Reply {
        let answer = Answer::Refusal(refusal);
        if let Some(slot) = self.slot.take() {
            slot.finish(&answer, self.clock.now());
        }
        if self.drawn.outcome.name != faults::SUCCESS.name {
            self.chaos.count_overridden(self.drawn.operation);
        }
        self.end(Reply::Own(answer, None))
    }

    /// Waits for the delay of a fault after the operation, and ends the request.
    pub async fn after(mut self) -> Reply {
        if !self.drawn.delay.is_zero() {
            tokio::time::sleep(self.drawn.delay).await;
        }
        let reply = match self.result.take() {
            Some(answer) => self.reply(answer),
            None => Reply::Severed(Severed::Empty),
        };
        self.end(reply)
    }

    fn reply(&self, answer: Answer) -> Reply {
        let outcome = self.drawn.outcome;
        match (outcome.moment, &answer) {
            (Moment::Instead, Answer::Refusal(problem)) if self.injected_refusal => {
                Reply::Injected(problem.clone().injected(&self.drawn))
            }
            (Moment::Before | Moment::Instead, _) | (Moment::AfterSuccess, Answer::Refusal(_)) => {
                self.chaos.count_overridden(self.drawn.operation);
                Reply::Own(answer, None)
            }
            (Moment::After | Moment::AfterSuccess, _) => self.after_fault(answer),
        }
    }

    fn after_fault(&self, answer: Answer) -> Reply {
        match self.drawn.outcome.surface {
            Surface::Problem(kind) => self.injected(kind),
            Surface::Severed(how) => Reply::Severed(how),
            Surface::Garbled => match answer {
                Answer::Success(_, body) => Reply::Garbled(body.slice(..body.len() / 2), self.drawn.clone()),
                Answer::Refusal(_) => Reply::Own(answer, None),
            },
            Surface::Answer | Surface::Silence => {
                let is_late = self.drawn.outcome.name != faults::SUCCESS.name;
                Reply::Own(answer, is_late.then(|| self.drawn.clone()))
            }
        }
    }

    fn injected(&self, kind: &'static ProblemKind) -> Reply {
        let wait = kind.retry_after.map(|wait| self.chaos.time_scale().apply(wait));
        let problem = Problem::new(kind, self.drawn.outcome.summary).retry_after(wait);
        Reply::Injected(problem.injected(&self.drawn))
    }
}

/// When a client disconnects, its request is dropped at whatever step it is.
impl Drop for InFlight {
    fn drop(&mut self) {
        if self.ticket.is_open() {
            self.ticket.abandon(self.clock.now());
        }
    }
}
