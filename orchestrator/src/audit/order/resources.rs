use std::collections::HashMap;

use foldhash::fast::RandomState;
use rust_decimal::Decimal;

use super::{Change, Fact};
use crate::audit::Domain;

/// A customer's money, and what happened to it.
#[derive(Clone, Copy, Debug)]
pub struct Hold<'a> {
    /// The authorization.
    pub id: &'a str,
    /// When it was held.
    pub held: Option<Fact<'a>>,
    /// When it was charged.
    pub captured: Option<Fact<'a>>,
    /// When it was released.
    pub released: Option<Fact<'a>>,
    /// When it expired.
    pub expired: Option<Fact<'a>>,
    /// How much was refunded.
    pub refunded: Decimal,
    /// The newest refund.
    pub last_refund: Option<Fact<'a>>,
}

/// Reserved stock, and what happened to it.
#[derive(Clone, Copy, Debug)]
pub struct Reservation<'a> {
    /// The reservation.
    pub id: &'a str,
    /// When it was made.
    pub reserved: Option<Fact<'a>>,
    /// When it was released.
    pub released: Option<Fact<'a>>,
    /// When it expired.
    pub expired: Option<Fact<'a>>,
}

/// A label, and what happened to it.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// The label.
    pub id: &'a str,
    /// When it was ready.
    pub generated: Option<Fact<'a>>,
    /// When it was cancelled.
    pub cancelled: Option<Fact<'a>>,
}

impl Hold<'_> {
    /// Whether everything that was charged was refunded.
    pub fn is_refunded(&self) -> bool {
        self.captured.is_some_and(|captured| self.last_refund.is_some() && self.refunded >= captured.amount())
    }

    /// Whether money was charged and some of it was not refunded.
    pub fn is_kept(&self) -> bool {
        self.captured.is_some() && !self.is_refunded()
    }

    /// The amount that is held or was charged.
    pub fn amount(&self) -> Decimal {
        self.captured.or(self.held).map_or(Decimal::ZERO, |fact| fact.amount())
    }
}

impl<'a> Reservation<'a> {
    /// What ended it, if anything.
    pub fn ended(&self) -> Option<Fact<'a>> {
        self.released.or(self.expired)
    }
}

impl Label<'_> {
    /// Whether it was made and not cancelled.
    pub fn is_live(&self) -> bool {
        self.generated.is_some() && self.cancelled.is_none()
    }
}

/// The resources of an order, each with what happened to it.
#[derive(Clone, Debug, Default)]
pub struct Resources<'a> {
    /// Money.
    pub holds: Vec<Hold<'a>>,
    /// Stock.
    pub reservations: Vec<Reservation<'a>>,
    /// Labels.
    pub labels: Vec<Label<'a>>,
}

impl<'a> Resources<'a> {
    /// The resources after these facts, which are in time order.
    pub(super) fn after(facts: &[Fact<'a>]) -> Self {
        let (mut all, mut places) = (Self::default(), Places::default());
        for fact in facts {
            match fact.domain {
                Domain::Payment => all.hold(fact, &mut places),
                Domain::Inventory => all.reservation(fact, &mut places),
                Domain::Shipping => all.label(fact, &mut places),
                Domain::Notification => {}
            }
        }
        all
    }

    fn hold(&mut self, fact: &Fact<'a>, places: &mut Places<'a>) {
        let id = fact.effect.resource.as_str();
        let new = || Hold {
            id,
            held: None,
            captured: None,
            released: None,
            expired: None,
            refunded: Decimal::ZERO,
            last_refund: None,
        };
        let hold = place(&mut self.holds, fact, places, new);
        match fact.change {
            Change::Held => hold.held = Some(*fact),
            Change::Captured => hold.captured = Some(*fact),
            Change::Released => hold.released = Some(*fact),
            Change::Expired => hold.expired = Some(*fact),
            Change::Refunded => {
                hold.refunded = hold.refunded.saturating_add(fact.amount());
                hold.last_refund = Some(*fact);
            }
            _ => {}
        }
    }

    fn reservation(&mut self, fact: &Fact<'a>, places: &mut Places<'a>) {
        let id = fact.effect.resource.as_str();
        let new = || Reservation { id, reserved: None, released: None, expired: None };
        let reservation = place(&mut self.reservations, fact, places, new);
        match fact.change {
            Change::Reserved => reservation.reserved = Some(*fact),
            Change::Released => reservation.released = Some(*fact),
            Change::Expired => reservation.expired = Some(*fact),
            _ => {}
        }
    }

    fn label(&mut self, fact: &Fact<'a>, places: &mut Places<'a>) {
        let id = fact.effect.resource.as_str();
        let new = || Label { id, generated: None, cancelled: None };
        let label = place(&mut self.labels, fact, places, new);
        match fact.change {
            Change::Generated => label.generated = Some(*fact),
            Change::Cancelled => label.cancelled = Some(*fact),
            _ => {}
        }
    }
}

/// The place of each resource among those of its domain.
type Places<'a> = HashMap<(Domain, &'a str), usize, RandomState>;

/// The resource of the fact, added if there is none.
fn place<'i, 'a, T>(
    items: &'i mut Vec<T>,
    fact: &Fact<'a>,
    places: &mut Places<'a>,
    new: impl FnOnce() -> T,
) -> &'i mut T {
    let index = *places.entry((fact.domain, &fact.effect.resource)).or_insert_with(|| {
        items.push(new());
        items.len() - 1
    });
    &mut items[index]
}
