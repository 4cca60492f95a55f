//! The requests. All fields are optional to the parser, so that one answer names every field that is
//! missing or wrong.

use serde::Deserialize;
use shared::http::{Fields, Problem};
use shared::number::Number;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::application::{Authorize, Capture, Refund, Release};
use crate::domain::{Amount, Currency, Money};

const MAX_REASON_LENGTH: usize = 1000;

/// What to hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::AuthorizeRequest)]
pub(super) struct AuthorizeRequest {
    /// Greater than zero, with at most 15 digits before the decimal point and 6 after it.
    #[schema(value_type = f64, exclusive_minimum = 0, example = 109.97)]
    amount: Option<Number>,
    /// An ISO 4217 code, in any case.
    #[schema(value_type = String, pattern = "^[A-Za-z]{3}$", example = "usd")]
    currency: Option<String>,
    /// The order that the money is for. Chaos is reproducible per order.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, example = "ORD-123")]
    order_id: Option<SmolStr>,
    /// Whose money it is.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, example = "CUST-456")]
    customer_id: Option<SmolStr>,
}

impl AuthorizeRequest {
    pub(super) fn validate(self) -> Result<Authorize, Problem> {
        let mut fields = Fields::new();
        let amount = fields.required("amount", self.amount);
        let amount = amount.and_then(|number| valid(&mut fields, "amount", Amount::new(number.0)));
        let currency = fields.required("currency", self.currency);
        let currency = currency.and_then(|code| valid(&mut fields, "currency", Currency::parse(&code)));
        let order_id = fields.optional_id("orderId", self.order_id);
        let customer_id = fields.optional_id("customerId", self.customer_id);
        let money = amount.zip(currency).map(|(amount, currency)| Money { amount, currency });
        fields.finish(money.map(|money| Authorize { money, order_id, customer_id }))
    }
}

/// Which authorization.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::AuthorizationRequest)]
pub(super) struct AuthorizationRequest {
    /// The `authId` that `authorize` returned.
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "auth_8f3b0c6d2a914e57")]
    auth_id: Option<SmolStr>,
}

impl AuthorizationRequest {
    pub(super) fn capture(self) -> Result<Capture, Problem> {
        self.validate().map(|auth_id| Capture { auth_id })
    }

    pub(super) fn release(self) -> Result<Release, Problem> {
        self.validate().map(|auth_id| Release { auth_id })
    }

    fn validate(self) -> Result<SmolStr, Problem> {
        let mut fields = Fields::new();
        let auth_id = fields.required_id("authId", self.auth_id);
        fields.finish(auth_id)
    }
}

/// What to refund.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = payment::RefundRequest)]
pub(super) struct RefundRequest {
    /// The `authId` that `authorize` returned.
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "auth_8f3b0c6d2a914e57")]
    auth_id: Option<SmolStr>,
    /// By default, everything not yet refunded.
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, example = 50)]
    amount: Option<Number>,
    /// Why.
    #[schema(min_length = 1, max_length = 1000, example = "requested_by_customer")]
    reason: Option<String>,
}

impl RefundRequest {
    pub(super) fn validate(self) -> Result<Refund, Problem> {
        let mut fields = Fields::new();
        let auth_id = fields.required_id("authId", self.auth_id);
        let amount = self.amount.and_then(|number| valid(&mut fields, "amount", Amount::new(number.0)));
        let reason = fields.optional_text("reason", self.reason, MAX_REASON_LENGTH).map(Into::into);
        fields.finish(auth_id.map(|auth_id| Refund { auth_id, amount, reason }))
    }
}

/// The value of a field, or what is wrong with it.
fn valid<T>(fields: &mut Fields, field: &str, value: Result<T, &'static str>) -> Option<T> {
    value.map_err(|message| fields.wrong(field, message)).ok()
}
