use std::time::Duration;

use jiff::Timestamp;
use shared::pipeline::OperationContext;
use smol_str::SmolStr;

use super::facts;
use super::ports::AuthorizationStore;
use crate::domain::{Authorization, Error, Money, Terms};

/// Hold a customer's money.
#[derive(Debug, Hash)]
pub(crate) struct Authorize {
    pub(crate) money: Money,
    pub(crate) order_id: Option<SmolStr>,
    pub(crate) customer_id: Option<SmolStr>,
}

/// Holds the money for `lifetime`.
///
/// # Errors
/// [`Error::InsufficientFunds`] when chaos injects it, [`Error::StoreFull`].
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

#[cfg(test)]
mod tests {
    use shared::chaos::Draw;
    use shared::ledger::Ledger;

    use super::*;
    use crate::domain::{Amount, AuthId, Currency};
    use crate::infrastructure::MemoryAuthorizations;

    #[test]
    fn an_id_that_collides_is_drawn_again() {
        let store = MemoryAuthorizations::bounded_to(9, Ledger::bounded_to(9));
        let authorize = |euros: &str| {
            let amount = Amount::new(euros.parse().unwrap()).unwrap();
            let money = Money { amount, currency: Currency::parse("eur").unwrap() };
            let command = Authorize { money, order_id: None, customer_id: None };
            let mut draw = Draw::seeded(1);
            let mut ctx = OperationContext::without_chaos(Timestamp::UNIX_EPOCH, &mut draw);
            super::authorize(&store, Duration::from_secs(1), command, &mut ctx).unwrap()
        };
        let mut draw = Draw::seeded(1);
        let drawn = [(); 2].map(|()| AuthId::from(draw.bits()));
        let [first, second] = ["1", "2"].map(authorize);
        assert_eq!([first.terms().id, second.terms().id], drawn);
        assert_eq!(store.find(drawn[0], Timestamp::UNIX_EPOCH), Some(first), "who was there first stays");
    }
}
