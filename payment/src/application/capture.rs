use shared::way::Turn;

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
    turn: &mut Turn<'_>,
) -> Result<Receipt, Error> {
    let now = turn.now();
    store.decide(&command.auth_id, now, |authorization| {
        let held = authorization.held()?;
        match turn.overruled() {
            None => {
                let receipt = held.capture(now);
                turn.happened(&facts::captured(&receipt));
                Ok(receipt)
            }
            Some(_) => {
                let receipt = held.expire(now);
                turn.happened(&facts::expired(&receipt.auth_id));
                Err(Error::Expired { id: receipt.auth_id, at: receipt.at })
            }
        }
    })
}
