#[cfg(test)]
mod properties;

use std::fmt;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::{Amount, AuthId, Error, Money, Refund, RefundId};

/// How many refunds one authorization may have, so that its record stays bounded.
const MAX_REFUNDS: usize = 100;

/// A customer's money, held for a merchant, and what happened to it.
///
/// It is `authorized` until it is captured, released or expires; captured money can be refunded, also
/// in parts. Each change is one method here or on [`Held`]; a refusal changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    terms: Terms,
    state: State,
}

/// The terms agreed when the money was held; they never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) id: AuthId,
    pub(crate) money: Money,
    pub(crate) order_id: Option<SmolStr>,
    pub(crate) customer_id: Option<SmolStr>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Authorized,
    /// Boxed, because every hold takes as much memory as the largest state.
    Captured(Box<Captured>),
    Released {
        at: Timestamp,
    },
    Expired {
        at: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Captured {
    at: Timestamp,
    refunds: Vec<Refund>,
    left: Option<Amount>,
}

/// The state in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Authorized,
    Captured,
    /// Refunded in full.
    Refunded,
    Released,
    Expired,
}

/// What was done, with whose money, how much and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) auth_id: AuthId,
    pub(crate) money: Money,
    pub(crate) at: Timestamp,
}

/// An authorization whose money is held: only such a one can be captured, released or expire.
#[derive(Debug)]
pub(crate) struct Held<'a>(&'a mut Authorization);

impl Authorization {
    /// Holds money on these terms.
    pub(crate) fn new(terms: Terms) -> Self {
        Self { terms, state: State::Authorized }
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(crate) fn status(&self) -> Status {
        match &self.state {
            State::Authorized => Status::Authorized,
            State::Captured(captured) if captured.left.is_some() => Status::Captured,
            State::Captured(_) => Status::Refunded,
            State::Released { .. } => Status::Released,
            State::Expired { .. } => Status::Expired,
        }
    }

    pub(crate) fn captured_at(&self) -> Option<Timestamp> {
        if let State::Captured(captured) = &self.state { Some(captured.at) } else { None }
    }

    pub(crate) fn released_at(&self) -> Option<Timestamp> {
        if let State::Released { at } = self.state { Some(at) } else { None }
    }

    pub(crate) fn expired_at(&self) -> Option<Timestamp> {
        if let State::Expired { at } = self.state { Some(at) } else { None }
    }

    /// All refunds, oldest first.
    pub(crate) fn refunds(&self) -> &[Refund] {
        if let State::Captured(captured) = &self.state { &captured.refunds } else { &[] }
    }

    /// The hold, if the money is held.
    ///
    /// # Errors
    /// How the hold ended.
    pub(crate) fn held(&mut self) -> Result<Held<'_>, Error> {
        let id = self.terms.id;
        match self.state {
            State::Authorized => Ok(Held(self)),
            State::Captured(ref captured) => Err(Error::AlreadyCaptured { id, at: captured.at }),
            State::Released { at } => Err(Error::AlreadyReleased { id, at }),
            State::Expired { at } => Err(Error::Expired { id, at }),
        }
    }

    /// Refunds `amount` of what was captured, or the rest of it. The refund's id is the first from `ids`
    /// that no other refund of this authorization has.
    ///
    /// # Errors
    /// When nothing was captured, too little is left, or there are too many refunds.
    pub(crate) fn refund(
        &mut self,
        amount: Option<Amount>,
        reason: Option<SmolStr>,
        created_at: Timestamp,
        mut ids: impl FnMut() -> RefundId,
    ) -> Result<Refund, Error> {
        let (status, Terms { id, money, .. }) = (self.status(), &self.terms);
        let (id, money) = (*id, *money);
        let State::Captured(captured) = &mut self.state else {
            return Err(Error::NotCaptured { id, status });
        };
        let Captured { refunds, left, .. } = &mut **captured;
        let all = left.ok_or(Error::AlreadyRefunded { id, money })?;
        let amount = amount.unwrap_or(all);
        if amount > all {
            let asked = Money { amount, ..money };
            return Err(Error::RefundExceedsCaptured { id, asked, left: all });
        }
        if amount < all && refunds.len() + 1 >= MAX_REFUNDS {
            return Err(Error::TooManyRefunds { id, refunds: refunds.len() });
        }
        let mut id = ids();
        while refunds.iter().any(|refund| refund.id == id) {
            id = ids();
        }
        let refund = Refund { id, amount, reason, created_at };
        refunds.push(refund.clone());
        *left = all.without(amount);
        Ok(refund)
    }
}

impl Held<'_> {
    /// Charges everything that is held.
    pub(crate) fn capture(self, at: Timestamp) -> Receipt {
        let left = Some(self.0.terms.money.amount);
        self.end(State::Captured(Box::new(Captured { at, refunds: Vec::new(), left })), at)
    }

    /// Releases the money to the customer.
    pub(crate) fn release(self, at: Timestamp) -> Receipt {
        self.end(State::Released { at }, at)
    }

    /// Ends the hold because it has expired.
    pub(crate) fn expire(self, at: Timestamp) -> Receipt {
        self.end(State::Expired { at }, at)
    }

    fn end(self, state: State, at: Timestamp) -> Receipt {
        self.0.state = state;
        Receipt { auth_id: self.0.terms.id, money: self.0.terms.money, at }
    }
}

impl Status {
    /// Whether nothing can happen to it any more, so that its record may be evicted.
    pub(crate) fn is_settled(self) -> bool {
        match self {
            Self::Authorized | Self::Captured => false,
            Self::Refunded | Self::Released | Self::Expired => true,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Released => "released",
            Self::Expired => "expired",
        })
    }
}
