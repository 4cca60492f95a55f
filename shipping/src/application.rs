//! The use cases of shipping.

mod cancel_label;
mod create_label;
mod facts;
pub(crate) mod ports;
mod stop_signals;

use std::sync::Arc;

use shared::time::Clock;
use smol_str::SmolStr;

use crate::domain::{Error, Label, LabelId};
use ports::LabelStore;
use stop_signals::StopSignals;

pub(crate) use create_label::{CreateLabel, GENERATION, Generation, Step};

/// Creates, cancels and reads labels. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct LabelService {
    labels: Arc<dyn LabelStore>,
    stops: Arc<StopSignals>,
    clock: Clock,
}

impl LabelService {
    pub(crate) fn new(labels: Arc<dyn LabelStore>, clock: Clock) -> Self {
        Self { labels, stops: Arc::default(), clock }
    }

    /// The label that `id` names.
    pub(crate) fn find(&self, id: &str) -> Result<Label, Error> {
        self.labels.find(known(id)?).ok_or_else(|| unknown(id))
    }

    /// The order that a label belongs to, if both are known.
    pub(crate) fn order_of(&self, id: &str) -> Option<SmolStr> {
        self.find(id).ok()?.order
    }

    /// Whether a label could begin now.
    pub(crate) fn ensure_room(&self) -> Result<(), Error> {
        self.labels.ensure_room()
    }
}

/// An id that this service may have made. Anything else names no label.
fn known(id: &str) -> Result<LabelId, Error> {
    LabelId::parse(id).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Error {
    Error::UnknownLabel { id: id.to_owned() }
}
