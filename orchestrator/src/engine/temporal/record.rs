//! What is known about an activity's attempts. The server keeps it from one attempt to the next as the
//! second payload of the heartbeat details, after the activity's own, which readers see first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;
use temporalio_common::protos::temporal::api::common::v1::Payload;

use super::payload::{from_payload, to_payload};
use crate::engine::possible_effect::PossibleEffect;
use crate::workflow::{ActivityError, Certainty, Json};

/// The attempts of an activity as the current or last one knows them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttemptRecord {
    /// The attempt that wrote this, from 1.
    pub(super) attempt: u32,
    /// Whether that attempt has failed and is counted here.
    ended: bool,
    /// Whether the first payload is that attempt's own heartbeat.
    own_heartbeat: bool,
    effect: PossibleEffect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retry_at: Option<Timestamp>,
}

/// Heartbeat details as the server keeps them.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    /// The last heartbeat of any attempt.
    pub(super) heartbeat: Option<Json>,
    pub(super) record: AttemptRecord,
}

impl Details {
    pub(super) fn read(payloads: &[Payload]) -> Self {
        let record = payloads.get(1).and_then(from_payload).and_then(|json| json.parse().ok());
        let heartbeat = payloads.first().and_then(from_payload).filter(|json| *json != Json::null());
        Self { heartbeat, record: record.unwrap_or_default() }
    }

    pub(super) fn write(&self) -> RawValue {
        let heartbeat = self.heartbeat.clone().unwrap_or_else(Json::null);
        let record = Json::of(&self.record).unwrap_or_else(|_| Json::null());
        RawValue::new(vec![to_payload(&heartbeat), to_payload(&record)])
    }
}

impl Details {
    /// The record at the beginning of `attempt`, whose predecessors left these details. Attempts that
    /// ended without a report, because their worker died or lost the server, may have happened.
    pub(super) fn at_start_of(&self, attempt: u32) -> AttemptRecord {
        let last = &self.record;
        let told = if last.ended { last.attempt } else { last.attempt.saturating_sub(1) };
        let mut record = last.clone();
        if told + 1 < attempt {
            let is_newest = last.attempt + 1 == attempt;
            record.effect.count(Certainty::Unknown, self.own_heartbeat().filter(|_| is_newest));
        }
        AttemptRecord { attempt, ended: false, own_heartbeat: false, ..record }
    }

    /// The record after an end that no attempt reported.
    pub(super) fn after_silence(&self) -> AttemptRecord {
        let attempt = self.record.attempt + u32::from(self.record.ended);
        self.at_start_of(attempt.max(1) + 1).numbered(attempt.max(1))
    }

    /// The heartbeat of an attempt that has not reported its end.
    fn own_heartbeat(&self) -> Option<&Json> {
        self.heartbeat.as_ref().filter(|_| self.record.own_heartbeat && !self.record.ended)
    }
}

impl AttemptRecord {
    fn numbered(self, attempt: u32) -> Self {
        Self { attempt, ended: true, ..self }
    }

    /// The record while the attempt runs.
    pub(super) fn running(&self, own_heartbeat: bool) -> Self {
        Self { own_heartbeat, ..self.clone() }
    }

    /// The record after the attempt has failed, with its own last heartbeat.
    pub(super) fn after(&self, certainty: Certainty, heartbeat: Option<&Json>) -> Self {
        let mut record = self.clone();
        record.effect.count(certainty, heartbeat);
        Self { ended: true, own_heartbeat: heartbeat.is_some(), ..record }
    }

    /// The same record, with the time before which not to retry, if the answer gave one.
    pub(super) fn asking(self, retry_at: Option<Timestamp>) -> Self {
        Self { retry_at, ..self }
    }

    /// The activity's error after this attempt. `last_heartbeat` is that of any attempt.
    pub(super) fn error(
        &self,
        certainty: Certainty,
        kind: &str,
        message: String,
        last_heartbeat: Option<Json>,
    ) -> ActivityError {
        ActivityError {
            certainty,
            kind: kind.to_owned(),
            message,
            may_have_happened: self.effect.may_have_happened,
            attempts: self.attempt,
            retry_at: self.retry_at,
            heartbeat: self.effect.evidence.clone(),
            last_heartbeat: self.effect.beside_evidence(last_heartbeat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(record: AttemptRecord, heartbeat: Option<&str>) -> Details {
        let heartbeat = heartbeat.map(|text| Json::of(text).unwrap());
        let written = Details { heartbeat, record }.write();
        Details::read(&written.payloads)
    }

    fn failed(before: &Details, attempt: u32, certainty: Certainty, beat: Option<&str>) -> Details {
        let heartbeat = beat.map(|text| Json::of(text).unwrap());
        details(before.at_start_of(attempt).after(certainty, heartbeat.as_ref()), beat)
    }

    fn known(record: &AttemptRecord) -> (bool, Option<String>) {
        let error = record.error(Certainty::Unavailable, "x", String::new(), None);
        (error.may_have_happened, error.heartbeat.map(|json| json.parse().unwrap()))
    }

    #[test]
    fn unknown_sticks_until_a_rejection() {
        use Certainty::{Rejected, Unavailable, Unknown};
        let first = failed(&Details::default(), 1, Unavailable, None);
        assert_eq!(known(&first.at_start_of(2)), (false, None));
        let second = failed(&first, 2, Unknown, Some("lbl_1"));
        let third = failed(&second, 3, Unavailable, None);
        assert_eq!(known(&third.at_start_of(4)), (true, Some("lbl_1".to_owned())));
        assert_eq!(known(&third.at_start_of(4).after(Unknown, None)), (true, None));
        assert_eq!(known(&third.at_start_of(4).after(Rejected, None)), (false, None));
    }

    #[test]
    fn an_attempt_that_ended_without_a_word_may_have_happened() {
        let first = failed(&Details::default(), 1, Certainty::Unavailable, None);
        assert_eq!(known(&Details::default().at_start_of(2)), (true, None));
        assert_eq!(known(&first.at_start_of(3)), (true, None));
        let beating = details(first.at_start_of(2).running(true), Some("lbl_2"));
        assert_eq!(known(&beating.at_start_of(3)), (true, Some("lbl_2".to_owned())));
        assert_eq!(known(&beating.at_start_of(4)), (true, None), "a later attempt left no heartbeat");
        let borrowed = details(first.at_start_of(2).running(false), Some("of attempt 1"));
        assert_eq!(known(&borrowed.at_start_of(3)), (true, None));
    }

    #[test]
    fn an_end_that_only_the_server_tells_may_have_happened() {
        assert_eq!(known(&Details::default().after_silence()), (true, None));
        let first = failed(&Details::default(), 1, Certainty::Unavailable, Some("old"));
        assert_eq!((known(&first.after_silence()), first.after_silence().attempt), ((true, None), 2));
        let beating = details(first.at_start_of(2).running(true), Some("lbl_2"));
        let silent = beating.after_silence();
        assert_eq!((known(&silent), silent.attempt), ((true, Some("lbl_2".to_owned())), 2));
    }
}
