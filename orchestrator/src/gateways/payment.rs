use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use shared::number::Number;
use smol_str::SmolStr;

use super::{CallContext, GatewayError};

/// Holds, charges and refunds customers' money.
///
/// An authorization is `authorized` (held) until it is captured, released or expires; captured money
/// can be refunded. See [the gateways' contract](super) for keys and errors.
pub trait PaymentGateway: Send + Sync {
    /// Holds money.
    ///
    /// # Errors
    /// `insufficient_funds`, `validation_error` when refused.
    fn authorize<'a>(
        &'a self,
        hold: &'a Hold,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>>;

    /// Charges all the held money.
    ///
    /// # Errors
    /// `already_captured` may also answer an earlier request whose answer was lost: read the
    /// [status](Self::status). `already_released`, `authorization_expired`, `not_found` when refused.
    fn capture<'a>(
        &'a self,
        auth_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;

    /// Releases the held money.
    ///
    /// # Errors
    /// `already_released`, `authorization_expired` when nothing is held any more; `already_captured`
    /// when it must be refunded instead; `not_found`.
    fn release<'a>(
        &'a self,
        auth_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;

    /// Refunds everything that was captured and not yet refunded.
    ///
    /// # Errors
    /// `already_refunded` when nothing is left; `not_captured`, `not_found` when refused.
    fn refund<'a>(
        &'a self,
        auth_id: &'a str,
        reason: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;

    /// Reads the status of an authorization. Changes nothing; the key is not used.
    ///
    /// # Errors
    /// `not_found`.
    fn status<'a>(
        &'a self,
        auth_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<PaymentStatus, GatewayError>>;
}

/// What to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// In the unit of `currency`; greater than zero.
    pub amount: Number,
    /// Its ISO 4217 code.
    pub currency: SmolStr,
    /// The order.
    pub order_id: SmolStr,
    /// The customer.
    pub customer_id: SmolStr,
}

/// Money is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// The authorization's id.
    pub auth_id: SmolStr,
}

/// The status of an authorization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatus {
    /// Its state now.
    pub status: AuthorizationState,
}

/// The states of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationState {
    /// Held.
    Authorized,
    /// Charged, and not refunded in full.
    Captured,
    /// Refunded in full.
    Refunded,
    /// Released.
    Released,
    /// No longer held, because it has expired.
    Expired,
}
