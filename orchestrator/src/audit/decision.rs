use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::OrderStatus;

/// What an orchestrator said of an order: which decisions it accepted, and what became of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// The order.
    pub order_id: String,
    /// The decisions that were answered with a success.
    #[serde(default)]
    pub accepted: Vec<Verb>,
    /// Its status when it was last asked for; absent when nobody could tell.
    #[serde(default)]
    pub status: Option<OrderStatus>,
}

/// What somebody decided about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// A manager said yes.
    Approve,
    /// A manager said no.
    Reject,
    /// Its customer does not want it any more.
    Cancel,
}

impl Verb {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Reject, Self::Cancel];

    /// Its word in the API, and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Cancel => "cancel",
        }
    }
}

impl Decision {
    /// The decision that forbids to ship the order, if one does.
    pub fn forbids_shipping(&self) -> Option<Verb> {
        self.accepted.iter().copied().find(|verb| matches!(verb, Verb::Reject | Verb::Cancel))
    }
}
