use crate::domain::Trace;

/// What accompanies a call besides its request.
#[derive(Clone, Debug)]
pub struct CallContext<'a> {
    /// The idempotency key; reads do not send it.
    pub key: &'a str,
    /// The trace that the call belongs to.
    pub trace: &'a Trace,
}
