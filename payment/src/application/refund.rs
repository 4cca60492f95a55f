use shared::pipeline::OperationContext;
use smol_str::SmolStr;

use super::facts;
use super::ports::AuthorizationStore;
use crate::domain::{self, Amount, AuthId, Currency, Error};

/// Give captured money back.
#[derive(Debug, Hash)]
pub(crate) struct Refund {
    pub(crate) auth_id: SmolStr,
    /// `None` for everything not yet refunded.
    pub(crate) amount: Option<Amount>,
    pub(crate) reason: Option<SmolStr>,
}

/// Money was given back.
#[derive(Debug)]
pub(crate) struct Refunded {
    pub(crate) auth_id: AuthId,
    pub(crate) currency: Currency,
    pub(crate) refund: domain::Refund,
}

/// Refunds the requested amount, or everything not yet refunded.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotCaptured`], [`Error::AlreadyRefunded`],
/// [`Error::RefundExceedsCaptured`], [`Error::TooManyRefunds`].
pub(crate) fn refund(
    store: &dyn AuthorizationStore,
    command: &Refund,
    ctx: &mut OperationContext<'_>,
) -> Result<Refunded, Error> {
    let now = ctx.now();
    store.decide(&command.auth_id, now, |authorization| {
        let refund = authorization.refund(command.amount, command.reason.clone(), now, || ctx.id())?;
        let terms = authorization.terms();
        ctx.record(&facts::refunded(&terms.id, refund.amount));
        Ok(Refunded { auth_id: terms.id, currency: terms.money.currency, refund })
    })
}
