//! The answers.

use std::fmt::Display;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use shared::number::Number;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::application::Refunded;
use crate::domain::{AuthId, Authorization, Currency, Receipt, Refund, RefundId, Status};

/// Money is held.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::AuthorizeResponse)]
pub(super) struct AuthorizeResponse {
    #[schema(example = true)]
    success: bool,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "auth_8f3b0c6d2a914e57")]
    auth_id: AuthId,
    #[schema(value_type = f64, example = 109.97)]
    amount: Number,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "usd")]
    currency: Currency,
    /// `authorized`, `captured` (also when refunded in part), `refunded`, `released` or `expired`.
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "authorized")]
    status: Status,
    #[schema(value_type = String, format = DateTime, example = "2026-01-28T10:00:00Z")]
    created_at: Timestamp,
    /// When the hold expires.
    #[schema(value_type = String, format = DateTime, example = "2026-02-04T10:00:00Z")]
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "ORD-123")]
    order_id: Option<SmolStr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "CUST-456")]
    customer_id: Option<SmolStr>,
}

impl From<Authorization> for AuthorizeResponse {
    fn from(authorization: Authorization) -> Self {
        let terms = authorization.terms();
        Self {
            success: true,
            auth_id: terms.id,
            amount: Number(terms.money.amount.size()),
            currency: terms.money.currency,
            status: authorization.status(),
            created_at: terms.created_at,
            expires_at: terms.expires_at,
            order_id: terms.order_id.clone(),
            customer_id: terms.customer_id.clone(),
        }
    }
}

/// Held money was captured.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::CaptureResponse)]
pub(super) struct CaptureResponse {
    #[schema(example = true)]
    success: bool,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "auth_8f3b0c6d2a914e57")]
    auth_id: AuthId,
    #[schema(value_type = f64, example = 109.97)]
    amount: Number,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "usd")]
    currency: Currency,
    #[schema(example = "captured")]
    status: &'static str,
    #[schema(value_type = String, format = DateTime, example = "2026-01-28T10:02:00Z")]
    captured_at: Timestamp,
}

impl From<Receipt> for CaptureResponse {
    fn from(Receipt { auth_id, money, at }: Receipt) -> Self {
        let (amount, currency) = (Number(money.amount.size()), money.currency);
        Self { success: true, auth_id, amount, currency, status: "captured", captured_at: at }
    }
}

/// Held money was released.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::ReleaseResponse)]
pub(super) struct ReleaseResponse {
    #[schema(example = true)]
    success: bool,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "auth_8f3b0c6d2a914e57")]
    auth_id: AuthId,
    #[schema(value_type = f64, example = 109.97)]
    amount: Number,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "usd")]
    currency: Currency,
    #[schema(example = "released")]
    status: &'static str,
    #[schema(value_type = String, format = DateTime, example = "2026-01-28T10:02:00Z")]
    released_at: Timestamp,
}

impl From<Receipt> for ReleaseResponse {
    fn from(Receipt { auth_id, money, at }: Receipt) -> Self {
        let (amount, currency) = (Number(money.amount.size()), money.currency);
        Self { success: true, auth_id, amount, currency, status: "released", released_at: at }
    }
}

/// Captured money was refunded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::RefundResponse)]
pub(super) struct RefundResponse {
    #[schema(example = true)]
    success: bool,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "auth_8f3b0c6d2a914e57")]
    auth_id: AuthId,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "usd")]
    currency: Currency,
    #[serde(flatten)]
    refund: RefundBody,
}

impl From<Refunded> for RefundResponse {
    fn from(Refunded { auth_id, currency, refund }: Refunded) -> Self {
        Self { success: true, auth_id, currency, refund: (&refund).into() }
    }
}

/// One refund.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::Refund)]
pub(super) struct RefundBody {
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, example = "re_1c9d6f20b7e84a35")]
    refund_id: RefundId,
    #[schema(value_type = f64, example = 50)]
    amount: Number,
    #[schema(example = "succeeded")]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "requested_by_customer")]
    reason: Option<SmolStr>,
    #[schema(value_type = String, format = DateTime, example = "2026-01-28T10:05:00Z")]
    created_at: Timestamp,
}

impl From<&Refund> for RefundBody {
    fn from(refund: &Refund) -> Self {
        Self {
            refund_id: refund.id,
            amount: Number(refund.amount.size()),
            status: "succeeded",
            reason: refund.reason.clone(),
            created_at: refund.created_at,
        }
    }
}

/// The status of an authorization.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::StatusResponse)]
pub(super) struct StatusResponse {
    #[serde(flatten)]
    authorization: AuthorizeResponse,
    /// What was charged, refunded or not.
    #[schema(value_type = f64, example = 109.97)]
    captured_amount: Number,
    /// The sum of all refunds.
    #[schema(value_type = f64, example = 50)]
    refunded_amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = DateTime, example = "2026-01-28T10:02:00Z")]
    captured_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = DateTime)]
    released_at: Option<Timestamp>,
    /// When the hold expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = DateTime)]
    expired_at: Option<Timestamp>,
    /// When it was refunded in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = DateTime)]
    refunded_at: Option<Timestamp>,
    /// Oldest first.
    refunds: Vec<RefundBody>,
}

impl From<Authorization> for StatusResponse {
    fn from(authorization: Authorization) -> Self {
        let captured_at = authorization.captured_at();
        let amount = authorization.terms().money.amount.size();
        let refunds = authorization.refunds();
        let is_refunded = authorization.status() == Status::Refunded;
        Self {
            captured_amount: Number(captured_at.map_or(Decimal::ZERO, |_| amount)),
            refunded_amount: Number(refunds.iter().map(|refund| refund.amount.size()).sum()),
            captured_at,
            released_at: authorization.released_at(),
            expired_at: authorization.expired_at(),
            refunded_at: refunds.last().filter(|_| is_refunded).map(|last| last.created_at),
            refunds: refunds.iter().map(RefundBody::from).collect(),
            authorization: authorization.into(),
        }
    }
}

fn text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
