use jiff::Timestamp;

use shared::ledger::Scribe;

use super::{LabelDesk, facts, known};
use crate::domain::{Error, Label};

impl LabelDesk {
    /// Calls a label off. If it is still being generated, that stops at once.
    pub(crate) fn cancel(&self, id: &str, now: Timestamp, scribe: &Scribe) -> Result<Label, Error> {
        let label = self.labels.change(known(id)?, &|label| {
            let cancelled = label.cancelled(now)?;
            scribe.happened(now, &facts::cancelled(label));
            Ok(cancelled)
        })?;
        self.stops.stop(label.id);
        Ok(label)
    }
}
