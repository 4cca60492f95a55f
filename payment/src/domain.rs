//! The rules of payment: authorizations, what may happen to them, and refusals. Pure and synchronous.

mod authorization;
mod error;
mod money;
mod refund;

pub(crate) use authorization::{Authorization, Receipt, Status, Terms};
pub(crate) use error::Error;
pub(crate) use money::{Amount, Currency, Money};
pub(crate) use refund::Refund;

shared::typed_id!(
    /// Names an authorization.
    AuthId,
    "auth_"
);

shared::typed_id!(
    /// Names a refund.
    RefundId,
    "re_"
);
