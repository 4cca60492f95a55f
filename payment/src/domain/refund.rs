use jiff::Timestamp;
use smol_str::SmolStr;

use super::{Amount, RefundId};

/// Captured money that was returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) id: RefundId,
    /// In the currency of the authorization.
    pub(crate) amount: Amount,
    pub(crate) reason: Option<SmolStr>,
    pub(crate) created_at: Timestamp,
}
