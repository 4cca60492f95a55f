//! What is known about the effect of an activity after several attempts.

use serde::{Deserialize, Serialize};

use crate::workflow::{Certainty, Json};

/// Whether the other side may have done what it was asked for, after all attempts so far.
///
/// Unknown is sticky: a later attempt that certainly did not happen does not make up for one that may
/// have. Only a rejection does, since it says that nothing happened under the key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PossibleEffect {
    pub(super) may_have_happened: bool,
    /// The last heartbeat of the newest attempt that may have happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<Json>,
}

impl PossibleEffect {
    /// Counts one more failed attempt, with its last heartbeat.
    pub(super) fn count(&mut self, certainty: Certainty, heartbeat: Option<&Json>) {
        match certainty {
            Certainty::Unavailable => {}
            Certainty::Unknown => {
                *self = Self { may_have_happened: true, evidence: heartbeat.cloned() };
            }
            Certainty::Rejected => *self = Self::default(),
        }
    }

    /// The last heartbeat of any attempt, unless it is the evidence.
    pub(super) fn beside_evidence(&self, last_heartbeat: Option<Json>) -> Option<Json> {
        last_heartbeat.filter(|last| self.evidence.as_ref() != Some(last))
    }
}

#[cfg(test)]
mod tests {
    use Certainty::{Rejected, Unavailable, Unknown};

    use super::*;

    fn after(attempts: &[(Certainty, Option<&str>)]) -> (bool, Option<String>) {
        let mut effect = PossibleEffect::default();
        for (certainty, heartbeat) in attempts {
            effect.count(*certainty, heartbeat.map(|text| Json::of(text).unwrap()).as_ref());
        }
        (effect.may_have_happened, effect.evidence.map(|json| json.parse().unwrap()))
    }

    #[test]
    fn unknown_is_sticky_until_a_rejection() {
        assert_eq!(after(&[(Unavailable, None)]), (false, None));
        assert_eq!(after(&[(Unknown, Some("a")), (Unavailable, Some("b"))]), (true, Some("a".to_owned())));
        assert_eq!(after(&[(Unknown, Some("a")), (Rejected, Some("b"))]), (false, None));
        assert_eq!(after(&[(Rejected, None), (Unknown, Some("b"))]), (true, Some("b".to_owned())));
    }

    #[test]
    fn the_newest_attempt_that_may_have_happened_is_the_evidence() {
        assert_eq!(after(&[(Unknown, Some("a")), (Unknown, None)]), (true, None));
        assert_eq!(after(&[(Unknown, None), (Unknown, Some("b"))]), (true, Some("b".to_owned())));
    }
}
