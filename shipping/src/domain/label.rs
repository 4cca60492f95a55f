use jiff::Timestamp;
use smol_str::SmolStr;

use super::Error;

shared::typed_id!(
    /// Names a label from the moment its generation begins.
    LabelId,
    "lbl_"
);

/// A label, from the moment it was requested. Every change makes a new value and leaves this unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) id: LabelId,
    pub(crate) carrier: SmolStr,
    pub(crate) order: Option<SmolStr>,
    pub(crate) requested_at: Timestamp,
    pub(crate) state: State,
}

/// The state of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Being generated: `progress` per cent, below 100.
    Generating { progress: u8 },
    /// Ready to ship.
    Generated(Shipment),
    /// Cancelled, before or after it was generated.
    Cancelled { at: Timestamp, shipment: Option<Shipment> },
    /// Never generated: the request for it ended first.
    Abandoned { at: Timestamp },
}

/// The shipment of a generated label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shipment {
    pub(crate) tracking_number: SmolStr,
    pub(crate) created_at: Timestamp,
}

impl State {
    /// The name of the state.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Generating { .. } => "generating",
            Self::Generated(_) => "generated",
            Self::Cancelled { .. } => "cancelled",
            Self::Abandoned { .. } => "abandoned",
        }
    }

    /// Whether nothing can happen to the label any more.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self, Self::Cancelled { .. } | Self::Abandoned { .. })
    }
}

impl Label {
    /// A label whose generation begins.
    pub(crate) fn requested(id: LabelId, carrier: &str, order: Option<SmolStr>, now: Timestamp) -> Self {
        let state = State::Generating { progress: 0 };
        Self { id, carrier: carrier.into(), order, requested_at: now, state }
    }

    /// The shipment, if the label was ever made.
    pub(crate) fn shipment(&self) -> Option<&Shipment> {
        match &self.state {
            State::Generated(shipment) => Some(shipment),
            State::Cancelled { shipment, .. } => shipment.as_ref(),
            State::Generating { .. } | State::Abandoned { .. } => None,
        }
    }

    /// The label, `progress` per cent made.
    pub(crate) fn at_progress(&self, progress: u8) -> Result<Self, Error> {
        self.while_generating(State::Generating { progress })
    }

    /// The label, made.
    pub(crate) fn generated(&self, shipment: Shipment) -> Result<Self, Error> {
        self.while_generating(State::Generated(shipment))
    }

    /// The label, abandoned because nobody waits for it.
    pub(crate) fn abandoned(&self, at: Timestamp) -> Result<Self, Error> {
        self.while_generating(State::Abandoned { at })
    }

    /// The label, cancelled.
    pub(crate) fn cancelled(&self, at: Timestamp) -> Result<Self, Error> {
        match &self.state {
            State::Generating { .. } => Ok(self.with(State::Cancelled { at, shipment: None })),
            State::Generated(made) => Ok(self.with(State::Cancelled { at, shipment: Some(made.clone()) })),
            State::Cancelled { .. } | State::Abandoned { .. } => {
                Err(Error::AlreadyCancelled { id: self.id, state: self.state.name() })
            }
        }
    }

    /// Only the request that generates a label calls this, so if the generation has ended, it was by a
    /// cancellation.
    fn while_generating(&self, next: State) -> Result<Self, Error> {
        match self.state {
            State::Generating { .. } => Ok(self.with(next)),
            State::Generated(_) | State::Cancelled { .. } | State::Abandoned { .. } => {
                Err(Error::LabelCancelled { id: self.id })
            }
        }
    }

    fn with(&self, state: State) -> Self {
        Self { state, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Progress(u8),
        Generate,
        Abandon,
        Cancel,
    }

    fn act() -> impl Strategy<Value = Act> {
        let progress = (0u8..100).prop_map(Act::Progress);
        prop_oneof![progress, Just(Act::Generate), Just(Act::Abandon), Just(Act::Cancel)]
    }

    fn apply(label: &Label, act: Act, at: Timestamp) -> Result<Label, Error> {
        match act {
            Act::Progress(progress) => label.at_progress(progress),
            Act::Generate => label.generated(Shipment { tracking_number: "1Z".into(), created_at: at }),
            Act::Abandon => label.abandoned(at),
            Act::Cancel => label.cancelled(at),
        }
    }

    /// The allowed transitions. (Rule: WIRE.)
    fn may_follow(before: &State, act: Act) -> bool {
        match before {
            State::Generating { .. } => true,
            State::Generated(_) => matches!(act, Act::Cancel),
            State::Cancelled { .. } | State::Abandoned { .. } => false,
        }
    }

    proptest! {
        #[test]
        fn no_path_leads_to_an_illegal_state(acts in prop::collection::vec(act(), 0..12)) {
            let start = Timestamp::UNIX_EPOCH;
            let mut label = Label::requested(LabelId::from(1), "UPS", Some("ORD-123".into()), start);
            for (second, act) in (1..).zip(acts) {
                let before = label.clone();
                let result = apply(&before, act, Timestamp::from_second(second).unwrap());
                prop_assert_eq!(result.is_ok(), may_follow(&before.state, act));
                if let Ok(after) = result {
                    // Once made, a label keeps its shipment, and nothing renames it.
                    prop_assert!(before.shipment().is_none() || before.shipment() == after.shipment());
                    prop_assert_eq!((after.id, after.requested_at), (before.id, before.requested_at));
                    label = after;
                }
            }
        }
    }

    #[test]
    fn refusals_say_why() {
        let at = Timestamp::UNIX_EPOCH;
        let label = Label::requested(LabelId::from(1), "UPS", None, at);
        let (cancelled, abandoned) = (label.cancelled(at).unwrap(), label.abandoned(at).unwrap());
        let said = [
            cancelled.cancelled(at).unwrap_err(),
            abandoned.cancelled(at).unwrap_err(),
            cancelled.at_progress(25).unwrap_err(),
        ]
        .map(|error| error.to_string());
        insta::assert_snapshot!(said.join("\n"), @"
        label lbl_0000000000000001 was already cancelled
        label lbl_0000000000000001 was already abandoned
        label lbl_0000000000000001 was cancelled while it was generated
        ");
    }
}
