use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::domain::{Label, LabelId, Shipment, State};

/// A label that was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelCreated {
    #[schema(example = true)]
    success: bool,
    #[schema(example = "lbl_5c7d0a4e9b1f2836")]
    label_id: String,
    #[schema(value_type = String, example = "1Z5R89390357567127")]
    tracking_number: SmolStr,
    #[schema(value_type = String, example = "UPS")]
    carrier: SmolStr,
    #[schema(example = "generated")]
    status: &'static str,
    #[schema(example = "https://labels.example/lbl_5c7d0a4e9b1f2836.pdf")]
    label_url: String,
    #[schema(value_type = String, format = DateTime, example = "2024-01-15T10:30:20Z")]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, example = "ORD-123")]
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<SmolStr>,
}

impl LabelCreated {
    pub(super) fn of(label: &Label, shipment: &Shipment) -> Self {
        Self {
            success: true,
            label_id: label.id.to_string(),
            tracking_number: shipment.tracking_number.clone(),
            carrier: label.carrier.clone(),
            status: label.state.name(),
            label_url: label_url(label.id),
            created_at: shipment.created_at,
            order_id: label.order.clone(),
        }
    }
}

/// A label that was cancelled.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelCancelled {
    #[schema(example = true)]
    success: bool,
    #[schema(example = "lbl_5c7d0a4e9b1f2836")]
    label_id: String,
    #[schema(example = "cancelled")]
    status: &'static str,
    #[schema(value_type = String, format = DateTime, example = "2024-01-15T10:31:00Z")]
    cancelled_at: Timestamp,
}

impl LabelCancelled {
    pub(super) fn of(label: &Label, cancelled_at: Timestamp) -> Self {
        let (label_id, status) = (label.id.to_string(), label.state.name());
        Self { success: true, label_id, status, cancelled_at }
    }
}

/// The status of a label.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelStatus {
    #[schema(example = true)]
    success: bool,
    #[schema(example = "lbl_5c7d0a4e9b1f2836")]
    label_id: String,
    /// `generating`, `generated`, `cancelled` or `abandoned`.
    #[schema(example = "generated")]
    status: &'static str,
    /// Per cent, while it is `generating`.
    #[schema(example = 50)]
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<u8>,
    #[schema(value_type = String, example = "UPS")]
    carrier: SmolStr,
    #[schema(value_type = Option<String>, example = "1Z5R89390357567127")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<SmolStr>,
    #[schema(example = "https://labels.example/lbl_5c7d0a4e9b1f2836.pdf")]
    #[serde(skip_serializing_if = "Option::is_none")]
    label_url: Option<String>,
    #[schema(value_type = String, format = DateTime, example = "2024-01-15T10:30:00Z")]
    requested_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, example = "2024-01-15T10:30:20Z")]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    abandoned_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "ORD-123")]
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<SmolStr>,
}

impl From<Label> for LabelStatus {
    fn from(label: Label) -> Self {
        let (progress, cancelled_at, abandoned_at) = match &label.state {
            State::Generating { progress } => (Some(*progress), None, None),
            State::Generated(_) => (None, None, None),
            State::Cancelled { at, .. } => (None, Some(*at), None),
            State::Abandoned { at } => (None, None, Some(*at)),
        };
        let shipment = label.shipment();
        Self {
            success: true,
            label_id: label.id.to_string(),
            status: label.state.name(),
            progress,
            tracking_number: shipment.map(|shipment| shipment.tracking_number.clone()),
            label_url: shipment.map(|_| label_url(label.id)),
            requested_at: label.requested_at,
            created_at: shipment.map(|shipment| shipment.created_at),
            cancelled_at,
            abandoned_at,
            carrier: label.carrier,
            order_id: label.order,
        }
    }
}

/// The data of a `progress` event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelProgress {
    #[schema(example = "lbl_5c7d0a4e9b1f2836")]
    label_id: String,
    /// Per cent.
    #[schema(example = 50)]
    progress: u8,
}

impl LabelProgress {
    pub(super) fn of(id: LabelId, progress: u8) -> Self {
        Self { label_id: id.to_string(), progress }
    }
}

fn label_url(id: LabelId) -> String {
    format!("https://labels.example/{id}.pdf")
}
