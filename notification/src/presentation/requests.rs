use serde::Deserialize;
use shared::http::{Fields, Problem};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::domain::{Address, Channel, Envelope, Message};

/// Device tokens are the longest recipients; no known one is longer than this.
const MAX_RECIPIENT_LENGTH: usize = 4096;
/// The longest line of a mail (RFC 5322, 2.1.1).
const MAX_SUBJECT_LENGTH: usize = 998;
const MAX_MESSAGE_LENGTH: usize = 100_000;

/// What to send, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = notification::SendRequest)]
pub(super) struct SendRequest {
    /// `email`, `sms` or `push`.
    #[schema(value_type = String, pattern = "^(email|sms|push)$", example = "email")]
    r#type: Option<String>,
    /// An e-mail address, a phone number or a device token, depending on `type`.
    #[schema(value_type = String, example = "customer@example.com")]
    recipient: Option<String>,
    /// Required for an e-mail; for the other types an empty one counts as absent.
    #[schema(max_length = 998, example = "Your order ORD-123 has shipped")]
    subject: Option<String>,
    /// The text.
    #[schema(value_type = String, min_length = 1, max_length = 100_000, example = "It is on its way to you.")]
    message: Option<String>,
    /// The order that the message is about. Chaos is reproducible per order.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, example = "ORD-123")]
    order_id: Option<SmolStr>,
}

impl SendRequest {
    pub(super) fn validate(self) -> Result<Message, Problem> {
        let mut fields = Fields::new();
        let channel = fields
            .required("type", self.r#type)
            .and_then(|name| Channel::parse(&name).map_err(|message| fields.wrong("type", message)).ok());
        let address = address(&mut fields, channel, self.recipient);
        let subject = match channel {
            Some(Channel::Email) => fields.required_text("subject", self.subject, MAX_SUBJECT_LENGTH),
            _ => {
                let subject = self.subject.filter(|subject| !subject.is_empty());
                fields.optional_text("subject", subject, MAX_SUBJECT_LENGTH)
            }
        };
        let text = fields.required_text("message", self.message, MAX_MESSAGE_LENGTH);
        let order_id = fields.optional_id("orderId", self.order_id);
        let subject = subject.map(Into::into);
        let message = address.zip(text).map(|(address, text)| {
            let envelope = Envelope { address, subject, order_id };
            Message { envelope, text }
        });
        fields.finish(message)
    }
}

/// The recipient, if it is present and valid for the channel (if that is known).
fn address(fields: &mut Fields, channel: Option<Channel>, recipient: Option<String>) -> Option<Address> {
    let recipient = fields.required("recipient", recipient)?;
    if recipient.len() > MAX_RECIPIENT_LENGTH || recipient.contains(char::is_control) {
        let rule = format!("must have at most {MAX_RECIPIENT_LENGTH} bytes, and no control characters");
        fields.wrong("recipient", rule);
        return None;
    }
    Address::new(channel?, &recipient).map_err(|rule| fields.wrong("recipient", rule)).ok()
}
