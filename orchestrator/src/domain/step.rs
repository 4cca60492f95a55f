use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;

/// The steps of an order, in sequence. Their names are those of the activities that execute them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Hold the money.
    PaymentAuthorization,
    /// Wait for a manager's decision.
    ManagerApproval,
    /// Reserve the stock.
    InventoryReservation,
    /// Charge the money.
    PaymentCapture,
    /// Create a shipping label.
    ShippingLabel,
    /// Notify the customer. Not critical.
    CustomerNotification,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 6] = [
        Self::PaymentAuthorization,
        Self::ManagerApproval,
        Self::InventoryReservation,
        Self::PaymentCapture,
        Self::ShippingLabel,
        Self::CustomerNotification,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaymentAuthorization => "payment_authorization",
            Self::ManagerApproval => "manager_approval",
            Self::InventoryReservation => "inventory_reservation",
            Self::PaymentCapture => "payment_capture",
            Self::ShippingLabel => "shipping_label",
            Self::CustomerNotification => "customer_notification",
        }
    }

    /// An order's progress in percent while this step runs.
    pub const fn progress(self) -> u8 {
        match self {
            Self::PaymentAuthorization => 0,
            Self::ManagerApproval => 20,
            Self::InventoryReservation => 40,
            Self::PaymentCapture => 60,
            Self::ShippingLabel => 70,
            Self::CustomerNotification => 90,
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// It succeeded.
    Completed,
    /// It failed, or its answer was no.
    Failed,
    /// The order did not need it.
    Skipped,
}

/// A step that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StepRecord {
    /// Which step.
    pub name: Step,
    /// How it ended.
    pub status: StepStatus,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// What it yielded (`authId`), who decided (`approvedBy`), or what went wrong (`error`, `message`).
    #[schema(value_type = BTreeMap<String, String>)]
    pub data: StepData,
}

/// Texts by name, in the order of their names. A list, because a step has at most two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<SmolStr, SmolStr>")]
pub struct StepData(Box<[(SmolStr, SmolStr)]>);

impl StepData {
    /// Every name with its text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<(&'static str, &'a str)> for StepData {
    fn from_iter<I: IntoIterator<Item = (&'static str, &'a str)>>(texts: I) -> Self {
        let texts = texts.into_iter().map(|(name, text)| (SmolStr::new_static(name), SmolStr::new(text)));
        let mut texts: Vec<_> = texts.collect();
        texts.sort_unstable();
        Self(texts.into())
    }
}

impl From<BTreeMap<SmolStr, SmolStr>> for StepData {
    fn from(texts: BTreeMap<SmolStr, SmolStr>) -> Self {
        Self(texts.into_iter().collect())
    }
}

impl Serialize for StepData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
