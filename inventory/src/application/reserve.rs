use std::sync::Arc;
use std::time::Duration;

use shared::pipeline::OperationContext;

use super::facts;
use super::ports::StockLedger;
use crate::domain::{Error, Items, Reservation, require};

/// Keep these items aside. Its hash is the fingerprint of the request.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Reserve {
    pub(crate) items: Items,
    pub(crate) order: Option<Arc<str>>,
}

/// Keeps stock aside for `ttl`, all of it or nothing.
///
/// # Errors
/// [`Error::OutOfStock`], [`Error::StoreFull`]; [`Error::StockWithheld`] when chaos wants so and
/// neither of them is true.
pub(crate) fn reserve(
    ledger: &dyn StockLedger,
    ttl: Duration,
    command: &Reserve,
    ctx: &mut OperationContext<'_>,
) -> Result<Reservation, Error> {
    let Reserve { items, order } = command;
    let now = ctx.now();
    ledger.reserve(items, now, &mut |levels, is_taken| {
        require(levels)?;
        if ctx.injected_refusal().is_some() {
            return Err(Error::StockWithheld);
        }
        let mut id = ctx.id();
        while is_taken(id) {
            id = ctx.id();
        }
        ctx.record(&facts::reserved(&id));
        Ok(Reservation::new(id, items.clone(), order.clone(), now, ttl))
    })
}
