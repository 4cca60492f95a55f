use shared::pipeline::OperationContext;

use super::facts;
use super::ports::AuthorizationStore;
use crate::domain::{Error, Receipt};

/// Free what is held.
#[derive(Debug, Hash)]
pub(crate) struct Release {
    pub(crate) auth_id: String,
}

/// Frees all that is held.
///
/// # Errors
/// [`Error::NotFound`], and whatever became of the hold.
pub(crate) fn release(
    store: &dyn AuthorizationStore,
    command: &Release,
    ctx: &OperationContext<'_>,
) -> Result<Receipt, Error> {
    let now = ctx.now();
    store.decide(&command.auth_id, now, |authorization| {
        let receipt = authorization.held()?.release(now);
        ctx.record(&facts::released(&receipt.auth_id));
        Ok(receipt)
    })
}
