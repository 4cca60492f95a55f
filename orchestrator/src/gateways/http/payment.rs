use futures_util::future::BoxFuture;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::IgnoredAny;

use super::{Backends, encode};
use crate::gateways::{Authorization, CallContext, GatewayError, Hold, PaymentGateway, PaymentStatus};

/// What an id may not contain as it stands where it is part of a path: all but RFC 3986's unreserved
/// characters.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The payment service over HTTP.
#[derive(Clone, Debug)]
pub struct HttpPaymentGateway(pub Backends);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByAuthId<'a> {
    auth_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl HttpPaymentGateway {
    async fn change(
        &self,
        path: &'static str,
        auth_id: &str,
        reason: Option<&str>,
        context: &CallContext<'_>,
    ) -> Result<(), GatewayError> {
        self.0.post(path, encode(&ByAuthId { auth_id, reason })?, context).await.map(|IgnoredAny| ())
    }
}

impl PaymentGateway for HttpPaymentGateway {
    fn authorize<'a>(
        &'a self,
        hold: &'a Hold,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(async move { self.0.post("/payment/authorize", encode(hold)?, &context).await })
    }

    fn capture<'a>(
        &'a self,
        auth_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move { self.change("/payment/capture", auth_id, None, &context).await })
    }

    fn release<'a>(
        &'a self,
        auth_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move { self.change("/payment/release", auth_id, None, &context).await })
    }

    fn refund<'a>(
        &'a self,
        auth_id: &'a str,
        reason: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move { self.change("/payment/refund", auth_id, Some(reason), &context).await })
    }

    fn status<'a>(
        &'a self,
        auth_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<PaymentStatus, GatewayError>> {
        let auth_id = utf8_percent_encode(auth_id, IN_PATH);
        Box::pin(async move { self.0.get(&format!("/payment/{auth_id}/status"), &context).await })
    }
}
