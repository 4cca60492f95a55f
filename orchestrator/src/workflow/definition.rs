use std::borrow::Cow;
use std::future::Future;

use super::{Json, Payload, SearchKind, WorkflowCtx, WorkflowFailure};

/// A workflow type, written once for every engine. A zero-sized marker implements it.
pub trait WorkflowDef: Sized + 'static {
    /// The type's name in journals and in Temporal's UI.
    const NAME: &'static str;
    /// The input of a run.
    type Input: Payload;
    /// The output of a run.
    type Output: Payload;
    /// Everything that signals change and queries read. Plain data: an engine may store it with the run
    /// and answer queries from there.
    type State: Payload;

    /// The names that [`on_signal`](Self::on_signal) accepts.
    const SIGNALS: &'static [&'static str];
    /// The names that [`on_query`](Self::on_query) accepts.
    const QUERIES: &'static [&'static str];
    /// The search attributes that a run may upsert.
    const SEARCH_ATTRIBUTES: &'static [(&'static str, SearchKind)];

    /// The state before the first step.
    fn init(input: &Self::Input) -> Self::State;

    /// Handles a signal. Pure and synchronous: the same state and signal give the same answer in every
    /// replay. It MUST NOT change the state unless it answers [`Reception::Accepted`]: engines journal
    /// only accepted signals.
    ///
    /// # Errors
    /// A name that is not one of [`SIGNALS`](Self::SIGNALS), or a payload that does not fit. Never panics.
    fn on_signal(state: &mut Self::State, name: &str, payload: &Json) -> Result<Reception, UnknownMessage>;

    /// Answers a query from the state alone.
    ///
    /// # Errors
    /// A name that is not one of [`QUERIES`](Self::QUERIES), or an argument that does not fit.
    fn on_query(state: &Self::State, name: &str, argument: &Json) -> Result<Json, UnknownMessage>;

    /// Whether a run in this state needs a person's attention. Such runs are never pruned.
    fn needs_attention(state: &Self::State) -> bool;

    /// The workflow itself. Not `Send`: every engine polls a workflow on one thread.
    fn run<C: WorkflowCtx<State = Self::State>>(
        ctx: C,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, WorkflowFailure>> + 'static;
}

/// The answer to a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reception {
    /// It changed the state, and is journaled.
    Accepted,
    /// It repeats an accepted one; nothing changes.
    Duplicate,
    /// It cannot be taken any more; the reason is a stable name such as `already_shipped`.
    TooLate(Cow<'static, str>),
}

impl Reception {
    /// Why an ended run refuses a signal that its workflow would still accept.
    pub const ALREADY_ENDED: &'static str = "already_ended";

    /// It cannot be taken any more, for this reason.
    pub fn too_late(reason: &'static str) -> Self {
        Self::TooLate(reason.into())
    }

    /// What becomes of the signal when the run has ended: nothing is accepted any more.
    pub(crate) fn after_end(self) -> Self {
        if self == Self::Accepted { Self::too_late(Self::ALREADY_ENDED) } else { self }
    }
}

/// A signal or query that the workflow does not know, or whose payload does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownMessage(pub String);
