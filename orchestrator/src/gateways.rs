//! The orchestrator's interface to the world: money, stock, labels and messages.
//!
//! Each gateway is a port, a role in the domain's language, with one adapter that speaks the
//! backends' HTTP contract. The adapters share [`http`], the one place that knows what an answer
//! means, and send through a [`Transport`]: the network, or the same routers in this process.
//!
//! # The contract of every gateway
//! * A call that changes something carries an idempotency key, and is idempotent under it: the same
//!   request under the same key has its effect at most once and, after that, always gives the same
//!   answer. Repeating it under the key is therefore always safe, and is the only way to find out the
//!   outcome of a call whose answer was lost.
//! * A call does not retry, except that it waits while an earlier request under its key is still
//!   executing. It has no timeout of its own: the caller drops it, which is how the other side learns
//!   that nobody waits any more.
//! * A failure says what is known about the effect: see [`GatewayError`].

mod carrier;
mod client;
mod context;
mod error;
pub mod http;
mod inventory;
mod notifier;
mod payment;
mod transport;

pub use carrier::{CarrierGateway, Label, LabelProgress, LabelRequest, OnProgress};
pub use client::base_url;
pub(crate) use client::{client_builder, innermost};
pub use context::CallContext;
pub use error::GatewayError;
pub(crate) use http::retry_after_of;
pub use inventory::{InventoryGateway, Reservation, ReservationRequest, StockItem};
pub use notifier::{Message, Notifier, SentMessage};
pub use payment::{Authorization, AuthorizationState, Hold, PaymentGateway, PaymentStatus};
pub use transport::{BadBaseUrl, InProcess, Network, Transport, TransportError};
