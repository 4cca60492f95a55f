use std::time::Duration;

use shared::pipeline::OperationContext;
use smol_str::SmolStr;

use super::facts;
use super::ports::StockLedger;
use crate::domain::{Error, Items, Reservation, require};

/// Reserve these items. Its hash is the fingerprint of the request.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Reserve {
    pub(crate) items: Items,
    pub(crate) order: Option<SmolStr>,
}

/// Reserves stock for `ttl`, all or nothing.
///
/// # Errors
/// [`Error::OutOfStock`], [`Error::StoreFull`]; [`Error::StockWithheld`] when chaos injects it and
/// neither of them applies.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use shared::chaos::Draw;
    use shared::ledger::Ledger;

    use super::*;
    use crate::domain::{Item, Quantity, ReservationId, Sku, Stock};
    use crate::infrastructure::MemoryStockLedger;

    #[test]
    fn an_id_that_collides_is_drawn_again() {
        let books = MemoryStockLedger::new(Stock::new(BTreeMap::new(), 9), 9, Ledger::bounded_to(9));
        let reserve = |quantity: u32| {
            let sku = Sku::parse("ITEM-001").unwrap();
            let item = Item { sku, quantity: Quantity::new(quantity).unwrap(), warehouse: None };
            let command = Reserve { items: Items::new(vec![item]).unwrap(), order: None };
            let mut draw = Draw::seeded(1);
            let mut ctx = OperationContext::without_chaos(Timestamp::UNIX_EPOCH, &mut draw);
            super::reserve(&books, Duration::from_secs(1), &command, &mut ctx).unwrap()
        };
        let mut draw = Draw::seeded(1);
        let drawn = [(); 2].map(|()| ReservationId::from(draw.bits()));
        let [first, second] = [1, 2].map(reserve);
        assert_eq!([first.id, second.id], drawn);
        assert_eq!(books.find(drawn[0], Timestamp::UNIX_EPOCH), Some(first), "who was there first stays");
    }
}
