//! The facts that payment writes into its ledger.

use shared::ledger::{Fact, Lifecycle};
use shared::number::Number;

use crate::domain::{Amount, AuthId, Money, Receipt};

pub(super) fn held(id: &AuthId, money: Money) -> Fact<'_> {
    Fact::new("held", id, Lifecycle::Opens).amount(number(money.amount))
}

pub(super) fn captured(receipt: &Receipt) -> Fact<'_> {
    Fact::new("captured", &receipt.auth_id, Lifecycle::Closes).amount(number(receipt.money.amount))
}

pub(super) fn released(id: &AuthId) -> Fact<'_> {
    Fact::new("released", id, Lifecycle::Closes)
}

pub(crate) fn expired(id: &AuthId) -> Fact<'_> {
    Fact::new("expired", id, Lifecycle::Closes)
}

pub(super) fn refunded(id: &AuthId, amount: Amount) -> Fact<'_> {
    Fact::new("refunded", id, Lifecycle::Unchanged).amount(number(amount))
}

fn number(amount: Amount) -> Number {
    Number(amount.size())
}
