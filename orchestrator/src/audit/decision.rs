use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::domain::OrderStatus;

/// What an orchestrator said about an order: which decisions it accepted, and the order's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// The order.
    #[schema(value_type = String)]
    pub order_id: SmolStr,
    /// The decisions that were answered with success.
    #[serde(default)]
    pub accepted: Vec<Verb>,
    /// Its status when it was last read; absent if it is unknown.
    #[serde(default)]
    pub status: Option<OrderStatus>,
}

/// A decision about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// A manager approved it.
    Approve,
    /// A manager rejected it.
    Reject,
    /// Its customer cancelled it.
    Cancel,
}

impl Verb {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Reject, Self::Cancel];

    /// Its name in the API and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Cancel => "cancel",
        }
    }
}

impl Decision {
    /// The decision that forbids shipping the order, if there is one.
    pub fn forbids_shipping(&self) -> Option<Verb> {
        self.accepted.iter().copied().find(|verb| matches!(verb, Verb::Reject | Verb::Cancel))
    }
}
