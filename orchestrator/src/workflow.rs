//! The port between workflow definitions and the engines that run them.
//!
//! A workflow is written once, against [`WorkflowCtx`], and runs unchanged on every engine. Four
//! rules make that possible:
//!
//! * a workflow accesses the world only through its context: no clock, no randomness, no I/O;
//! * what signals change and queries read lives in one `State`, changed and read by plain
//!   functions ([`WorkflowDef::on_signal`], [`WorkflowDef::on_query`]); there is no signal channel;
//! * concurrency inside a workflow is only [`race()`] (left-biased) and `async` blocks;
//! * dropping a future never cancels what it stands for: cancelling a *scope* does.
//!
//! Engines know no business term; this module knows no engine, no HTTP and no clock.

mod activity;
mod client;
mod context;
mod definition;
mod failure;
pub(crate) mod guard;
mod json;
mod race;
mod search;

pub use activity::{
    Activity, ActivityCtx, ActivityDef, ActivityHost, ActivityInfo, ActivityOptions, ActivityRegistrar,
    OnCancel, RetryPolicy,
};
pub use client::{
    ActivityState, ActivityView, ClientError, Closed, HistoryEvent, HistoryPage, Page, RunDescription,
    RunSummary, Start, Started, WorkflowClient,
};
pub use context::{WorkflowCtx, WorkflowInfo};
pub use definition::{Reception, UnknownMessage, WorkflowDef};
pub use failure::{ActivityError, AttemptFailure, Cancelled, Certainty, ChildError, WorkflowFailure, kind};
pub use json::Json;
pub use race::{Either, race};
pub use search::{Comparison, Condition, Filter, SearchAttribute, SearchKind, SearchValue};

use std::future::Future;
use std::pin::Pin;

/// A boxed future that may move between threads: the return type of object-safe async methods.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Anything that crosses the boundary between a workflow, its activities and its clients.
pub trait Payload:
    serde::Serialize + serde::de::DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + 'static
{
}

impl<T> Payload for T where
    T: serde::Serialize + serde::de::DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + 'static
{
}
