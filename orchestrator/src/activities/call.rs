use serde::{Deserialize, Serialize};

use crate::domain::Trace;
use crate::gateways::CallContext;
use crate::workflow::ActivityCtx;

/// The input of every activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call<T> {
    /// The request.
    pub request: T,
    /// The idempotency key.
    pub key: String,
    /// The trace it belongs to.
    pub trace: Trace,
}

impl<T> Call<T> {
    pub(super) fn context(&self) -> CallContext<'_> {
        CallContext { key: &self.key, trace: &self.trace }
    }
}

/// Something was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// The number of attempts it took.
    pub attempts: u32,
}

impl Undone {
    pub(super) fn by(ctx: &ActivityCtx) -> Self {
        Self { attempts: ctx.attempt() }
    }
}
