use jiff::Timestamp;

use super::{LabelDesk, known};
use crate::domain::{Error, Label};

impl LabelDesk {
    /// Calls a label off. If it is still being generated, that stops at once.
    pub(crate) fn cancel(&self, id: &str, now: Timestamp) -> Result<Label, Error> {
        let label = self.labels.change(known(id)?, &|label| label.cancelled(now))?;
        self.stops.stop(label.id);
        Ok(label)
    }
}
