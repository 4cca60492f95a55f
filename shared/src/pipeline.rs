//! The request pipeline: parse, validate, idempotency, draw, before-fault, operation, after-fault, answer.
//!
//! Domains run their operations through it with [`Pipeline::write`] and [`Pipeline::read`]; an operation
//! that takes time goes through it step by step with [`Pipeline::enter`] and [`InFlight`].
//!
//! * The operation is one synchronous step, and its result is stored under its key in that step.
//! * A client that disconnects before it (which drops the future) ends the request: nothing happened,
//!   the key is free again, the attempt is counted. One that disconnects after it changes nothing.
//! * A request answered 409 `idempotency_in_progress`, 422 or a validation error draws nothing.

mod context;
mod draw_key;
mod enter;
mod in_flight;
mod keys;
mod reply;
mod stores;

use std::hash::Hash;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use smol_str::SmolStr;

use crate::chaos::{Access, Chaos, Operation};
use crate::http::{Call, Problem};
use crate::ledger::{self, DomainStore, Ledger};
use crate::time::Clock;

pub use context::OperationContext;
pub use in_flight::InFlight;
pub use reply::{Answer, Reply};

use keys::Keys;
use stores::Stores;

/// How many idempotency keys a pipeline remembers by default, for 24 hours.
pub const CAPACITY: usize = 1_000_000;

/// The pipeline of one domain's operations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pipeline(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    chaos: Arc<Chaos>,
    keys: Keys,
    clock: Clock,
    ledger: Ledger,
    stores: Stores,
}

/// A validated request: what to do, and what it is about.
#[derive(Debug)]
pub struct Intent<C> {
    /// What to do. Its hash is the body's fingerprint: equal commands are the same body.
    pub command: C,
    /// The order id of the body, or of the resource that the body names.
    pub order: Option<SmolStr>,
    /// The id of the resource that the request names.
    pub resource: Option<SmolStr>,
}

/// What a request is about, as far as known.
#[derive(Clone, Copy, Debug, Default)]
struct About<'a> {
    order: Option<&'a SmolStr>,
    resource: Option<&'a str>,
    /// The digest of its body.
    body: Option<u128>,
}

impl Pipeline {
    /// The pipeline under `chaos`, keeping at most `capacity` idempotency keys, with a ledger of its own.
    pub fn new(chaos: Arc<Chaos>, clock: Clock, capacity: usize) -> Self {
        Self::writing_into(Ledger::bounded_to(ledger::CAPACITY), chaos, clock, capacity)
    }

    /// The same, writing into `ledger`.
    pub fn writing_into(ledger: Ledger, chaos: Arc<Chaos>, clock: Clock, capacity: usize) -> Self {
        let keys = Keys::bounded_to(capacity);
        Self(Arc::new(Parts { chaos, keys, clock, ledger, stores: Stores::default() }))
    }

    /// The pipeline's ledger. Expiries are in it only after [`settle`](Self::settle).
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Registers a domain store, for expiry and reset.
    pub fn keep(&self, store: Arc<dyn DomainStore>) {
        self.0.stores.at_rest().push(store);
    }

    /// Applies every expiry that is due by now, so that the ledger contains it.
    pub fn settle(&self) {
        let now = self.0.clock.now();
        self.0.stores.in_use().iter().for_each(|store| store.expire(now));
    }

    /// Clears the stores, ledgers and idempotency keys of `pipelines`, and everything that their chaos
    /// counts, all at once. Requests in flight end as they can.
    pub fn reset(pipelines: &[Self]) {
        // No step of any request is running, of whichever pipeline: they may share one chaos.
        let at_rest: Vec<_> = pipelines.iter().map(|pipeline| pipeline.0.stores.at_rest()).collect();
        for (pipeline, stores) in pipelines.iter().zip(&at_rest) {
            pipeline.0.keys.clear();
            stores.iter().for_each(|store| store.clear());
            pipeline.0.ledger.clear();
            pipeline.0.chaos.reset();
        }
    }

    /// The chaos of this pipeline.
    pub fn chaos(&self) -> &Arc<Chaos> {
        &self.0.chaos
    }

    /// The clock of this pipeline.
    pub fn clock(&self) -> Clock {
        self.0.clock
    }

    /// Runs a request for an operation that changes something, from its body to its answer.
    ///
    /// `prepare` validates the body and looks up what it is about; `operate` is the operation: one
    /// atomic change, which calls [`OperationContext::injected_refusal`] once it knows that it would succeed.
    pub async fn write<B: DeserializeOwned, C: Hash, T: Serialize>(
        &self,
        operation: &'static Operation,
        call: &Call,
        status: StatusCode,
        prepare: impl FnOnce(B) -> Result<Intent<C>, Problem>,
        operate: impl FnOnce(C, &mut OperationContext<'_>) -> Result<T, Problem>,
    ) -> Response {
        let intent = match self.prepare(operation, call, prepare) {
            Ok(intent) => intent,
            Err(refused) => return refused.into_response(),
        };
        let mut in_flight = match self.enter(operation, call, &intent) {
            Ok(in_flight) => in_flight,
            Err(answered) => return answered.into_response(),
        };
        if let Some(reply) = in_flight.before().await {
            return reply.into_response();
        }
        in_flight.operate_at_once(status, |ctx| operate(intent.command, ctx));
        in_flight.after().await.into_response()
    }

    /// Runs a request for an operation that changes nothing. It has no idempotency key.
    pub async fn read<T: Serialize>(
        &self,
        operation: &'static Operation,
        call: &Call,
        order: Option<&SmolStr>,
        resource: Option<&str>,
        operate: impl FnOnce(&mut OperationContext<'_>) -> Result<T, Problem>,
    ) -> Response {
        let about = About { order, resource, body: None };
        let mut in_flight = self.enter_without_key(operation, call, &about);
        if let Some(reply) = in_flight.before().await {
            return reply.into_response();
        }
        in_flight.operate_at_once(StatusCode::OK, operate);
        in_flight.after().await.into_response()
    }

    /// Reads and validates a request's body.
    ///
    /// # Errors
    /// The answer to a body that is invalid.
    pub fn prepare<B: DeserializeOwned, C>(
        &self,
        operation: &'static Operation,
        call: &Call,
        prepare: impl FnOnce(B) -> Result<Intent<C>, Problem>,
    ) -> Result<Intent<C>, Reply> {
        let key = if operation.access == Access::Write { call.require_key() } else { Ok(()) };
        key.and_then(|()| call.prepare(prepare)).map_err(|problem| {
            let refused = Reply::refused(problem);
            let now = self.0.clock.now();
            let order = call.named_order();
            let about = About { order: order.as_ref(), resource: None, body: call.digest() };
            let mut ticket = self.arrive(&mut self.0.ledger.state(), operation, call, &about, None, now);
            ticket.finish(&refused.sent(), now);
            refused
        })
    }
}
