use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shared::pipeline::OperationContext;

use super::facts;
use super::ports::AuthorizationStore;
use crate::domain::{Authorization, Error, Money, Terms};

/// Hold a customer's money.
#[derive(Debug, Hash)]
pub(crate) struct Authorize {
    pub(crate) money: Money,
    pub(crate) order_id: Option<Arc<str>>,
    pub(crate) customer_id: Option<Arc<str>>,
}

/// Holds the money for `lifetime`.
///
/// # Errors
/// [`Error::InsufficientFunds`] when chaos wants it, [`Error::StoreFull`].
pub(crate) fn authorize(
    store: &dyn AuthorizationStore,
    lifetime: Duration,
    Authorize { money, order_id, customer_id }: Authorize,
    ctx: &mut OperationContext<'_>,
) -> Result<Authorization, Error> {
    let created_at = ctx.now();
    store.add(created_at, &mut |is_taken| {
        if ctx.injected_refusal().is_some() {
            return Err(Error::InsufficientFunds { money });
        }
        let mut id = ctx.id();
        while is_taken(id) {
            id = ctx.id();
        }
        ctx.record(&facts::held(&id, money));
        Ok(Authorization::new(Terms {
            id,
            money,
            order_id: order_id.clone(),
            customer_id: customer_id.clone(),
            created_at,
            expires_at: created_at.saturating_add(lifetime).unwrap_or(Timestamp::MAX),
        }))
    })
}
