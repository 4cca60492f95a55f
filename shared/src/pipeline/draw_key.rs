use smol_str::SmolStr;

use crate::chaos::DrawKey;
use crate::http::Call;

/// The first key that the request has, if it has any. (Rule: CHAOS, "Draws are reproducible under concurrency".)
pub(super) fn draw_key<'a>(
    call: &'a Call,
    order: Option<&'a SmolStr>,
    key: Option<&'a str>,
    resource: Option<&'a str>,
) -> Option<DrawKey<'a>> {
    let correlation = order_of(call, None);
    (order.map(|order| DrawKey::Order(order)))
        .or(key.map(DrawKey::Idempotency))
        .or(correlation.map(DrawKey::Correlation))
        .or(resource.map(DrawKey::Resource))
}

/// The order that the request belongs to, else the correlation id that the client sent.
pub(super) fn order_of<'a>(call: &'a Call, order: Option<&'a SmolStr>) -> Option<&'a str> {
    order.or_else(|| call.context.correlation_id.sent()).map(|order| &**order)
}
