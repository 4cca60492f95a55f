//! JSON as Temporal carries it: `json/plain`, which every SDK reads, with every digit preserved.

use std::collections::HashMap;

use temporalio_common::data_converters::{
    PayloadConversionError, SerializationContext, TemporalDeserializable, TemporalSerializable,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

use crate::workflow::Json;

const ENCODING: &str = "encoding";
const PLAIN: &str = "json/plain";
const NULL: &str = "binary/null";

/// The argument or result of anything that is sent through Temporal.
#[derive(Clone, Debug)]
pub(super) struct Wire(pub(super) Json);

impl TemporalSerializable for Wire {
    fn to_payload(&self, _: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        Ok(to_payload(&self.0))
    }
}

impl TemporalDeserializable for Wire {
    fn from_payload(_: &SerializationContext<'_>, payload: Payload) -> Result<Self, PayloadConversionError> {
        from_payload(&payload).map(Self).ok_or(PayloadConversionError::WrongEncoding)
    }

    fn from_payloads(
        _: &SerializationContext<'_>,
        payloads: Vec<Payload>,
    ) -> Result<Self, PayloadConversionError> {
        first_of(&payloads).map(Self).ok_or(PayloadConversionError::WrongEncoding)
    }
}

pub(super) fn to_payload(json: &Json) -> Payload {
    let encoding = if json.text() == "null" { NULL } else { PLAIN };
    let data = if encoding == NULL { Vec::new() } else { json.text().as_bytes().to_vec() };
    let metadata = HashMap::from([(ENCODING.to_owned(), encoding.as_bytes().to_vec())]);
    Payload { metadata, data, ..Payload::default() }
}

/// `None` if it is not JSON.
pub(super) fn from_payload(payload: &Payload) -> Option<Json> {
    match payload.metadata.get(ENCODING).map(Vec::as_slice) {
        Some(encoding) if encoding == PLAIN.as_bytes() => {
            Json::from_text(String::from_utf8(payload.data.clone()).ok()?).ok()
        }
        Some(encoding) if encoding == NULL.as_bytes() => Some(Json::null()),
        _ => None,
    }
}

/// The first of some payloads; `null` if there is none, because other SDKs call without arguments.
pub(super) fn first_of(payloads: &[Payload]) -> Option<Json> {
    payloads.first().map_or_else(|| Some(Json::null()), from_payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_comes_back_as_it_was_sent() {
        for text in ["null", "109.970", r#"{"b":1,"a":[]}"#, r#""text""#] {
            let json = Json::from_text(text.to_owned()).unwrap();
            assert_eq!(from_payload(&to_payload(&json)), Some(json));
        }
        assert_eq!(first_of(&[]), Some(Json::null()));
    }

    #[test]
    fn what_is_not_json_is_not_taken_for_it() {
        let broken = Payload { data: b"{".to_vec(), ..to_payload(&Json::of("x").unwrap()) };
        let metadata = HashMap::from([(ENCODING.to_owned(), b"binary/plain".to_vec())]);
        let binary = Payload { metadata, data: b"1".to_vec(), ..Payload::default() };
        for payload in [broken, binary, Payload::default()] {
            assert_eq!(first_of(&[payload]), None);
        }
    }
}
