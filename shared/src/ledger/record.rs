use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::number::Number;

/// One line of a ledger, as `GET /{domain}/ledger` shows it and as an audit reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// Something happened.
    Effect(Effect),
    /// A request.
    Request(Request),
}

/// Something that happened to a resource, recorded in the atomic step in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// The place in this domain's ledger; later records have higher numbers.
    pub seq: u64,
    /// When.
    #[serde(serialize_with = "to_the_millisecond")]
    pub at: Timestamp,
    /// The order id, else the correlation id that the client sent; absent if there is neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub order: Option<SmolStr>,
    /// What happened: `held`, `captured`, `released`, `refunded`, `expired`; `reserved`, `released`, `expired`;
    /// `generating`, `generated`, `cancelled`, `abandoned`; `sent`.
    #[schema(value_type = String)]
    pub effect: SmolStr,
    /// The resource.
    #[schema(value_type = String)]
    pub resource: SmolStr,
    /// How much money, where money moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Number>,
    /// What distinguishes two effects of a kind if the resource does not: a message's type, its
    /// recipient, its subject if it has one, and a digest of its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub detail: Option<SmolStr>,
    /// The `seq` of the request that caused it; absent for an expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
}

/// A POST or a status read, however it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The place in this domain's ledger, given on arrival.
    pub seq: u64,
    /// Such as `payment.capture`.
    #[schema(value_type = String)]
    pub operation: SmolStr,
    /// The order id, else the correlation id that the client sent; absent if there is neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub order: Option<SmolStr>,
    /// The resource that the request names, or the one that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub resource: Option<SmolStr>,
    /// Its `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub idempotency_key: Option<SmolStr>,
    /// Equal for equal bodies, in hexadecimal digits; for a body that was refused as invalid, equal for
    /// equal bytes. Absent for a body that did not arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub fingerprint: Option<SmolStr>,
    /// The chaos attempt, from 1; absent if nothing was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Whether it was answered from its key's stored answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
    /// The outcome that was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub outcome: Option<SmolStr>,
    /// The status that was sent; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The member `error` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub error: Option<SmolStr>,
    /// The answer's body was broken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub garbled: bool,
    /// How long the client was asked to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// When it arrived.
    #[serde(serialize_with = "to_the_millisecond")]
    pub started_at: Timestamp,
    /// When it ended, with or without an answer; absent while it is executing.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "perhaps_to_the_millisecond")]
    pub ended_at: Option<Timestamp>,
    /// The client disconnected before it got its answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abandoned: bool,
    /// Its correlation id, sent by the client or made here.
    #[schema(value_type = String)]
    pub correlation_id: SmolStr,
}

/// With three digits, so that times sort as text.
fn to_the_millisecond<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

fn perhaps_to_the_millisecond<S: Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => to_the_millisecond(at, serializer),
        None => serializer.serialize_none(),
    }
}

impl Record {
    /// The record's place in its domain's ledger.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Effect(effect) => effect.seq,
            Self::Request(request) => request.seq,
        }
    }

    /// The order, or correlation id, that the record belongs to.
    pub fn order(&self) -> Option<&str> {
        match self {
            Self::Effect(effect) => effect.order.as_deref(),
            Self::Request(request) => request.order.as_deref(),
        }
    }
}

/// By hand, because serde reads an amount in a tagged enum as a float.
impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Kind {
            Effect,
            Request,
        }
        #[derive(Deserialize)]
        struct Tagged {
            kind: Kind,
        }
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let record = match serde_json::from_str(json.get()).map_err(D::Error::custom)? {
            Tagged { kind: Kind::Effect } => serde_json::from_str(json.get()).map(Self::Effect),
            Tagged { kind: Kind::Request } => serde_json::from_str(json.get()).map(Self::Request),
        };
        record.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_the_wire_to_the_last_digit() {
        let lines = [
            r#"{"kind":"effect","seq":2,"at":"2026-01-28T10:00:00.000Z","order":"ORD-1","effect":"held","resource":"auth_1","amount":109.97,"request":1}"#,
            r#"{"kind":"effect","seq":3,"at":"2026-01-28T10:00:00.250Z","effect":"sent","resource":"ntf_1","detail":"email: Shipped"}"#,
            r#"{"kind":"request","seq":1,"operation":"payment.authorize","order":"ORD-1","attempt":1,"outcome":"success","status":201,"startedAt":"2026-01-28T10:00:00.000Z","endedAt":"2026-01-28T10:00:00.001Z","correlationId":"c-1"}"#,
        ];
        for line in lines {
            let record: Record = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_string(&record).unwrap(), line);
        }
        let unknown = serde_json::from_str::<Record>(r#"{"kind":"rumour"}"#).unwrap_err().to_string();
        assert!(unknown.contains("unknown variant `rumour`, expected `effect` or `request`"), "{unknown}");
    }
}
