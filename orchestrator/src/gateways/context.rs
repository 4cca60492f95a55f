use std::borrow::Cow;

use crate::domain::Trace;

/// What accompanies a call beside its request.
#[derive(Clone, Debug)]
pub struct CallContext<'a> {
    /// The idempotency key; reads do not send it.
    pub key: Cow<'a, str>,
    /// What the call is part of.
    pub trace: &'a Trace,
}
