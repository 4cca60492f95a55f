use jiff::Timestamp;

use shared::ledger::LedgerWriter;

use super::{LabelService, facts, known};
use crate::domain::{Error, Label};

impl LabelService {
    /// Cancels a label. If it is still being generated, that stops at once.
    pub(crate) fn cancel(&self, id: &str, now: Timestamp, writer: &LedgerWriter) -> Result<Label, Error> {
        let label = self.labels.change(known(id)?, &|label| {
            let cancelled = label.cancelled(now)?;
            writer.record(now, &facts::cancelled(label));
            Ok(cancelled)
        })?;
        self.stops.stop(label.id);
        Ok(label)
    }
}
