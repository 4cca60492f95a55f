use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use shared::environment::{format_duration, parse_duration};

use crate::audit::Verb;

/// What people decide on an order, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody says anything.
    Nobody,
    /// A decision right after the order was placed.
    Early(Verb),
    /// A decision in a certain moment. One that comes after the approval finds the order approved
    /// right after it was placed.
    Late(Verb, Moment),
}

/// Where nothing is said of a decision, the order is approved.
impl Default for Decision {
    fn default() -> Self {
        Self::Early(Verb::Approve)
    }
}

/// A moment in the life of an order. Of requests it is the first that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This long after the order was placed.
    Placed(Duration),
    /// The order waits for a manager.
    Waiting,
    /// The last millisecond in which a manager can decide.
    BeforeDeadline,
    /// The millisecond in which the time to decide is over.
    Deadline,
    /// A request of this step is on its way, and the backend has not seen it.
    Sent(&'static str),
    /// It has succeeded, or its answer is lost, and the orchestrator has not seen that.
    Answered(&'static str),
    /// This long after it was sent.
    After(&'static str, Duration),
}

/// The operations of the steps of an order, in that order.
pub(super) const STEPS: [&str; 5] = [
    "payment.authorize",
    "inventory.reserve",
    "payment.capture",
    "shipping.create_label",
    "notification.send",
];

const FORM: &str = "expected none, approve, reject or cancel, each but none with a moment if need be, such as \
cancel@payment.capture, cancel@payment.capture:answered, cancel@shipping.create_label+7s, cancel@placed+7s, \
cancel@approval, approve@deadline or approve@deadline:before";

impl Decision {
    /// Every decision that an exhaustive search tries, the simplest first: right after the start; while a
    /// manager is waited for and on both sides of the end of that wait; and a cancel around every request
    /// of every step.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Early(Verb::Approve), Self::Nobody];
        all.extend([Verb::Reject, Verb::Cancel].map(Self::Early));
        all.push(Self::Late(Verb::Cancel, Moment::Waiting));
        for verb in Verb::ALL {
            all.extend([Moment::BeforeDeadline, Moment::Deadline].map(|moment| Self::Late(verb, moment)));
        }
        for step in STEPS {
            all.extend([Moment::Sent(step), Moment::Answered(step)].map(|m| Self::Late(Verb::Cancel, m)));
        }
        // In the wait before a second attempt, if there is one; else in the midst of a later step. Of two
        // names of one moment, that of the later step says more about it.
        for step in STEPS.into_iter().rev() {
            all.push(Self::Late(Verb::Cancel, Moment::After(step, Duration::from_millis(500))));
        }
        // When the carrier has told of some progress.
        let midway = Moment::After("shipping.create_label", Duration::from_secs(7));
        all.push(Self::Late(Verb::Cancel, midway));
        all
    }

    /// Whether the order is approved right after it was placed, so that it comes to the moment of
    /// another decision.
    pub(super) fn is_approved_first(self) -> bool {
        match self {
            Self::Late(_, Moment::Waiting | Moment::BeforeDeadline | Moment::Deadline) => false,
            Self::Late(..) => true,
            Self::Nobody | Self::Early(_) => false,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("none"),
            Self::Early(verb) => f.write_str(verb.name()),
            Self::Late(verb, moment) => write!(f, "{}@{moment}", verb.name()),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placed(later) => write!(f, "placed+{}", format_duration(*later)),
            Self::Waiting => f.write_str("approval"),
            Self::BeforeDeadline => f.write_str("deadline:before"),
            Self::Deadline => f.write_str("deadline"),
            Self::Sent(step) => f.write_str(step),
            Self::Answered(step) => write!(f, "{step}:answered"),
            Self::After(step, delay) => write!(f, "{step}+{}", format_duration(*delay)),
        }
    }
}

impl FromStr for Decision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a decision, {FORM}");
        let (verb, moment) = match text.split_once('@') {
            None if text == "none" => return Ok(Self::Nobody),
            None => (text, None),
            Some((verb, moment)) => (verb, Some(moment)),
        };
        let verb = Verb::ALL.into_iter().find(|known| known.name() == verb).ok_or_else(wrong)?;
        let Some(moment) = moment else { return Ok(Self::Early(verb)) };
        Ok(Self::Late(verb, parse_moment(moment).ok_or_else(wrong)?))
    }
}

fn parse_moment(text: &str) -> Option<Moment> {
    let step = |name: &str| STEPS.into_iter().find(|step| *step == name);
    match text {
        "approval" => Some(Moment::Waiting),
        "deadline" => Some(Moment::Deadline),
        "deadline:before" => Some(Moment::BeforeDeadline),
        _ => match (text.strip_suffix(":answered"), text.split_once('+')) {
            (Some(name), _) => step(name).map(Moment::Answered),
            (None, Some(("placed", later))) => parse_duration(later).ok().map(Moment::Placed),
            (None, Some((name, later))) => Some(Moment::After(step(name)?, parse_duration(later).ok()?)),
            (None, None) => step(text).map(Moment::Sent),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_reads_back() {
        let placed = Decision::Late(Verb::Cancel, Moment::Placed(Duration::from_millis(1500)));
        for decision in Decision::all().into_iter().chain([placed]) {
            assert_eq!(decision.to_string().parse(), Ok(decision));
        }
        for text in
            ["", "maybe", "none@approval", "cancel@", "cancel@payment.steal", "cancel@payment.capture+soon"]
        {
            assert!(text.parse::<Decision>().is_err(), "{text}");
        }
    }
}
