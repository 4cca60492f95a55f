use shared::pipeline::OperationContext;
use smol_str::SmolStr;

use super::facts;
use super::ports::AuthorizationStore;
use crate::domain::{Error, Receipt};

/// Release the held money.
#[derive(Debug, Hash)]
pub(crate) struct Release {
    pub(crate) auth_id: SmolStr,
}

/// Releases everything that is held.
///
/// # Errors
/// [`Error::NotFound`], or how the hold ended.
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
