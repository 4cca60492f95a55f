use shared::way::Turn;

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
            None => Ok(held.capture(now)),
            Some(_) => {
                let Receipt { auth_id: id, at, .. } = held.expire(now);
                Err(Error::Expired { id, at })
            }
        }
    })
}
