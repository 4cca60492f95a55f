use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What can be undone. The names are those of the activities that undo it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compensation {
    /// Cancels the label.
    CancelShipping,
    /// Refunds captured money.
    RefundPayment,
    /// Releases reserved stock.
    ReleaseInventory,
    /// Releases held money.
    ReleasePayment,
}

impl Compensation {
    /// Its name on the wire and in idempotency keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CancelShipping => "cancel_shipping",
            Self::RefundPayment => "refund_payment",
            Self::ReleaseInventory => "release_inventory",
            Self::ReleasePayment => "release_payment",
        }
    }
}

/// The status of a compensation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompensationStatus {
    /// It is in progress.
    Running,
    /// Nothing is left to undo.
    Completed,
    /// It failed: the order needs attention.
    Failed,
}

/// A compensation that has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CompensationRecord {
    /// Which one.
    pub name: Compensation,
    /// Its status.
    pub status: CompensationStatus,
    /// The number of attempts that have ended.
    pub attempts: u32,
    /// When it took this status.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Why it failed, or why nothing had to be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What needs a person's attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NeedsAttention {
    /// The compensation that failed; or `nondeterminism` if the order's journal does not fit this version
    /// of the program, or `terminated` if its run was ended from outside.
    #[schema(example = "release_payment")]
    pub name: String,
    /// `kind: message` of the last failure.
    pub reason: String,
}
