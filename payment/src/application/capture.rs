use shared::pipeline::OperationContext;

use super::facts;
use super::ports::AuthorizationStore;
use crate::domain::{Error, Receipt};

/// Charge what is held.
#[derive(Debug, Hash)]
pub(crate) struct Capture {
    pub(crate) auth_id: String,
}

/// Charges all that is held.
///
/// # Errors
/// [`Error::NotFound`], and whatever became of the hold. Chaos may want [`Error::Expired`]; the hold
/// then expires indeed.
pub(crate) fn capture(
    store: &dyn AuthorizationStore,
    command: &Capture,
    ctx: &mut OperationContext<'_>,
) -> Result<Receipt, Error> {
    let now = ctx.now();
    store.decide(&command.auth_id, now, |authorization| {
        let held = authorization.held()?;
        match ctx.injected_refusal() {
            None => {
                let receipt = held.capture(now);
                ctx.record(&facts::captured(&receipt));
                Ok(receipt)
            }
            Some(_) => {
                let receipt = held.expire(now);
                ctx.record(&facts::expired(&receipt.auth_id));
                Err(Error::Expired { id: receipt.auth_id, at: receipt.at })
            }
        }
    })
}
