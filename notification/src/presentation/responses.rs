use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::domain::Notification;

/// A message was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = notification::SentBody)]
pub(super) struct SentBody {
    #[schema(example = true)]
    success: bool,
    #[schema(example = "ntf_5b0e7d1c93f6a248")]
    notification_id: String,
    #[schema(example = "email")]
    r#type: &'static str,
    #[schema(value_type = String, example = "customer@example.com")]
    recipient: SmolStr,
    #[schema(example = "sent")]
    status: &'static str,
    #[schema(value_type = String, format = DateTime, example = "2026-01-28T10:03:00Z")]
    sent_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "ORD-123")]
    order_id: Option<SmolStr>,
}

impl From<Notification> for SentBody {
    fn from(Notification { id, envelope, sent_at }: Notification) -> Self {
        Self {
            success: true,
            notification_id: id.to_string(),
            r#type: envelope.address.channel().name(),
            recipient: envelope.address.recipient().clone(),
            status: "sent",
            sent_at,
            order_id: envelope.order_id,
        }
    }
}

/// The status of a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = notification::StatusBody)]
pub(super) struct StatusBody {
    #[serde(flatten)]
    sent: SentBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "Your order ORD-123 has shipped")]
    subject: Option<SmolStr>,
}

impl From<Notification> for StatusBody {
    fn from(notification: Notification) -> Self {
        Self { subject: notification.envelope.subject.clone(), sent: notification.into() }
    }
}
