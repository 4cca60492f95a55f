use futures_util::future::BoxFuture;
use serde::Serialize;

use super::{Backends, encode};
use crate::gateways::{CallContext, GatewayError, Message, Notifier, SentMessage};

/// The notification service over HTTP.
#[derive(Clone, Debug)]
pub struct HttpNotifier(pub Backends);

#[derive(Serialize)]
struct Email<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    message: &'a Message,
}

impl Notifier for HttpNotifier {
    fn send<'a>(
        &'a self,
        message: &'a Message,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<SentMessage, GatewayError>> {
        Box::pin(async move {
            let body = encode(&Email { r#type: "email", message })?;
            self.0.post("/notification/send", body, &context).await
        })
    }
}
