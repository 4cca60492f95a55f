use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What links everything that one order causes, here and in the backends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// The `x-correlation-id` of the request that placed the order.
    pub correlation_id: SmolStr,
    /// Its W3C `traceparent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<SmolStr>,
}
