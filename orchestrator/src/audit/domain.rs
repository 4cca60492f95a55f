use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use shared::ledger::Record;
use utoipa::ToSchema;

/// A backend, which keeps a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Holds, captures, releases, refunds.
    Payment,
    /// Stock and reservations.
    Inventory,
    /// Labels.
    Shipping,
    /// Messages to customers.
    Notification,
}

/// The ledgers to judge by. A domain without an entry is not served, and rules about it are not
/// judged. An empty entry says that nothing happened there.
pub type Ledgers = BTreeMap<Domain, Vec<Record>>;

/// How many orders have left each ledger to make room; a ledger that is complete has no entry.
pub type Evicted = BTreeMap<Domain, u64>;

impl Domain {
    /// Every domain.
    pub const ALL: [Self; 4] = [Self::Payment, Self::Inventory, Self::Shipping, Self::Notification];

    /// The name in URLs and operations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Inventory => "inventory",
            Self::Shipping => "shipping",
            Self::Notification => "notification",
        }
    }

    /// The domain with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|domain| domain.name() == name)
    }

    /// The domain whose ledger a record is from, if the record shows it: by the requested operation, or
    /// by the form of the resource's id.
    pub fn of(record: &Record) -> Option<Self> {
        let (text, separator) = match record {
            Record::Request(request) => (&request.operation, '.'),
            Record::Effect(effect) => (&effect.resource, '_'),
        };
        match text.split_once(separator)?.0 {
            "auth" | "re" => Some(Self::Payment),
            "res" => Some(Self::Inventory),
            "lbl" => Some(Self::Shipping),
            "ntf" => Some(Self::Notification),
            name => Self::named(name),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
