use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What can be undone. The names are those of the activities that undo it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compensation {
    /// Cancels the label.
    CancelShipping,
    /// Gives captured money back.
    RefundPayment,
    /// Gives reserved stock back.
    ReleaseInventory,
    /// Frees held money.
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

/// Where a compensation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompensationStatus {
    /// It is being tried.
    Running,
    /// Nothing of it is left to undo.
    Completed,
    /// It could not be done: the order needs attention.
    Failed,
}

/// A compensation that has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CompensationRecord {
    /// Which one.
    pub name: Compensation,
    /// Where it stands.
    pub status: CompensationStatus,
    /// How many attempts of it have ended.
    pub attempts: u32,
    /// When it took this status.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Why it failed, or why there was nothing to undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a person has to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NeedsAttention {
    /// The compensation that could not be done, or `nondeterminism` when the order's journal does not
    /// fit this version of the program.
    #[schema(example = "release_payment")]
    pub name: String,
    /// `kind: message` of the last failure.
    pub reason: String,
}
