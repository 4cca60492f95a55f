//! Messages to customers, and where they can go. Pure and synchronous.

mod address;
mod error;

use jiff::Timestamp;
use smol_str::SmolStr;

pub(crate) use address::{Address, Channel};
pub(crate) use error::Error;

shared::typed_id!(
    /// Names a message that was sent.
    NotificationId,
    "ntf_"
);

/// A message, before it is sent.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Message {
    pub(crate) envelope: Envelope,
    pub(crate) text: String,
}

/// Where a message goes and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Envelope {
    pub(crate) address: Address,
    pub(crate) subject: Option<SmolStr>,
    pub(crate) order_id: Option<SmolStr>,
}

/// A message that was sent. Its text is not kept, so that a record stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    pub(crate) id: NotificationId,
    pub(crate) envelope: Envelope,
    pub(crate) sent_at: Timestamp,
}
