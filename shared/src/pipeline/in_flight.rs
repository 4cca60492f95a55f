use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::keys::Slot;
use super::{Answer, OperationContext, Pipeline, Reply};
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
    pipeline: Pipeline,
    /// The time of its last step.
    now: Timestamp,
    drawn: Drawn,
    slot: Option<Slot>,
    ticket: Ticket,
    result: Option<Answer>,
    injected_refusal: bool,
}

impl InFlight {
    pub(super) fn new(
        pipeline: &Pipeline,
        now: Timestamp,
        drawn: Drawn,
        slot: Option<Slot>,
        ticket: Ticket,
    ) -> Self {
        tracing::debug!(
            operation = drawn.operation.name,
            outcome = drawn.outcome.name,
            attempt = drawn.attempt,
            "drew an outcome"
        );
        let pipeline = pipeline.clone();
        Self { pipeline, now, drawn, slot, ticket, result: None, injected_refusal: false }
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
        let is_silent = matches!(self.drawn.outcome.surface, Surface::Silence);
        let delay = if is_silent { HANG } else { self.drawn.delay };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
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
        self.now = self.clock().now();
        Some(self.end(reply))
    }

    /// The ledger's writer for this request, for work that outlives its step.
    pub fn writer(&self) -> &LedgerWriter {
        self.ticket.writer()
    }

    /// Runs a step before the operation. A reset comes entirely before or after it.
    pub fn prelude<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> T {
        let pipeline = self.pipeline.clone();
        let _stores = pipeline.0.stores.in_use();
        step(self)
    }

    fn end(&mut self, reply: Reply) -> Reply {
        self.ticket.finish(&reply.sent(), self.now);
        reply
    }

    /// Runs the one atomic step, and stores its result under the key.
    pub fn operate<T: Serialize>(
        &mut self,
        status: StatusCode,
        step: impl FnOnce(&mut OperationContext<'_>) -> Result<T, Problem>,
    ) {
        self.now = self.clock().now();
        self.operate_at_once(status, step);
    }

    /// The same for a request that has not waited since its last step, so that no time has passed.
    pub(super) fn operate_at_once<T: Serialize>(
        &mut self,
        status: StatusCode,
        step: impl FnOnce(&mut OperationContext<'_>) -> Result<T, Problem>,
    ) {
        let instead = (self.drawn.outcome.moment == Moment::Instead).then_some(self.drawn.outcome);
        let _stores = self.pipeline.0.stores.in_use();
        let writer = self.ticket.writer().clone();
        let mut ctx = OperationContext::new(self.now, &mut self.drawn.draw, writer, instead);
        let result = step(&mut ctx);
        self.injected_refusal = ctx.gave_injected_refusal() && result.is_err();
        self.result = Some(match self.slot.take() {
            Some(slot) => self.pipeline.0.keys.finish(&slot, status, result, self.now),
            None => Answer::of(status, result),
        });
    }

    /// Ends the request with a real refusal that was found before the operation ran. It is stored under
    /// the key, and answered at once: no fault strikes any more.
    pub fn refuse(mut self, refusal: Problem) -> Reply {
        self.now = self.clock().now();
        let answer = match self.slot.take() {
            Some(slot) => self.pipeline.0.keys.finish(&slot, StatusCode::OK, Err::<(), _>(refusal), self.now),
            None => Answer::Refusal(refusal),
        };
        if self.drawn.outcome.name != faults::SUCCESS.name {
            self.chaos().counting().overridden(self.drawn.operation);
        }
        self.end(Reply::Own(answer, None))
    }

    fn clock(&self) -> Clock {
        self.pipeline.0.clock
    }

    fn chaos(&self) -> &Chaos {
        &self.pipeline.0.chaos
    }

    /// Waits for the delay of a fault after the operation, and ends the request.
    pub async fn after(mut self) -> Reply {
        if !self.drawn.delay.is_zero() {
            tokio::time::sleep(self.drawn.delay).await;
            self.now = self.clock().now();
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
                self.chaos().counting().overridden(self.drawn.operation);
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
        let wait = kind.retry_after.map(|wait| self.chaos().time_scale().apply(wait));
        let problem = Problem::new(kind, self.drawn.outcome.summary).retry_after(wait);
        Reply::Injected(problem.injected(&self.drawn))
    }
}

/// When a client disconnects, its request is dropped at whatever step it is.
impl Drop for InFlight {
    fn drop(&mut self) {
        if self.ticket.is_open() {
            self.ticket.abandon(self.pipeline.0.clock.now());
        }
        if let Some(slot) = self.slot.take() {
            self.pipeline.0.keys.free(&slot);
        }
    }
}
