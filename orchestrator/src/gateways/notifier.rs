use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{CallContext, GatewayError};

/// Notifies customers. See [the gateways' contract](super) for keys and errors.
pub trait Notifier: Send + Sync {
    /// Sends a message.
    ///
    /// # Errors
    /// `invalid_recipient`, `validation_error` when refused; `delivery_failed` when it did not arrive.
    fn send<'a>(
        &'a self,
        message: &'a Message,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<SentMessage, GatewayError>>;
}

/// An e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its recipient.
    pub recipient: SmolStr,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub message: String,
    /// The order that it is about.
    pub order_id: SmolStr,
}

/// A message is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    /// The message's id.
    pub notification_id: SmolStr,
}
