use shared::pipeline::OperationContext;
use smol_str::SmolStr;

use super::facts;
use super::ports::AuthorizationStore;
use crate::domain::{Error, Receipt};

/// Charge the held money.
#[derive(Debug, Hash)]
pub(crate) struct Capture {
    pub(crate) auth_id: SmolStr,
}

/// Charges everything that is held.
///
/// # Errors
/// [`Error::NotFound`], or how the hold ended. Chaos may inject [`Error::Expired`]; the hold then really
/// expires.
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
