use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::{Backends, encode};
use crate::gateways::{CallContext, GatewayError, InventoryGateway, Reservation, ReservationRequest};

/// The inventory service over HTTP.
#[derive(Clone, Debug)]
pub struct HttpInventoryGateway(pub Backends);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByReservationId<'a> {
    reservation_id: &'a str,
}

impl InventoryGateway for HttpInventoryGateway {
    fn reserve<'a>(
        &'a self,
        request: &'a ReservationRequest,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<Reservation, GatewayError>> {
        Box::pin(async move { self.0.post("/inventory/reserve", encode(request)?, &context).await })
    }

    fn release<'a>(
        &'a self,
        reservation_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move {
            let body = encode(&ByReservationId { reservation_id })?;
            self.0.post("/inventory/release", body, &context).await.map(|IgnoredAny| ())
        })
    }
}
