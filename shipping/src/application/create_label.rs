use std::time::Duration;

use jiff::Timestamp;
use shared::ledger::LedgerWriter;
use smol_str::SmolStr;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::Instant;

use super::LabelService;
use super::facts;
use super::ports::AddError;
use crate::domain::{Address, Error, Label, LabelId, Shipment, tracking_number};

/// How long a label takes, before `TIME_SCALE`. (Rule: WIRE, "Labels take time".)
pub(crate) const GENERATION: Duration = Duration::from_secs(20);

/// How many steps of progress that is.
const STEPS: u8 = 4;

/// A request for a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CreateLabel {
    /// Not stored with the label, as nothing is printed; it tells one request from another.
    pub(crate) address: Address,
    pub(crate) carrier: String,
    pub(crate) order: Option<SmolStr>,
}

/// What the request for a label was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The label's progress in per cent, below 100.
    Reached(u8),
    /// The time has passed: the label can be committed.
    Due,
    /// Somebody cancelled the label.
    Stopped,
}

/// A label while it is generated, owned by the request for it. Dropping it before
/// [`commit`](Self::commit) leaves the label abandoned.
#[derive(Debug)]
pub(crate) struct Generation {
    service: LabelService,
    id: LabelId,
    writer: LedgerWriter,
    carrier: String,
    stopped: oneshot::Receiver<()>,
    started: Instant,
    duration: Duration,
    next: u8,
}

impl LabelService {
    /// Begins a label that takes `duration`, under the first of the `ids` that is not taken. `writer`
    /// records what happens to it.
    pub(crate) fn begin(
        &self,
        order: &CreateLabel,
        duration: Duration,
        writer: LedgerWriter,
        mut ids: impl FnMut() -> LabelId,
    ) -> Result<Generation, Error> {
        let now = self.clock.now();
        let id = loop {
            let id = ids();
            match self.labels.add(Label::requested(id, &order.carrier, order.order.clone(), now)) {
                Ok(()) => break id,
                Err(AddError::IdTaken) => {}
                Err(AddError::Refused(error)) => return Err(error),
            }
        };
        writer.record(now, &facts::generating(&id));
        let stopped = self.stops.listen(id);
        let (service, carrier) = (self.clone(), order.carrier.clone());
        Ok(Generation { service, id, writer, carrier, stopped, started: Instant::now(), duration, next: 0 })
    }
}

impl Generation {
    /// The label's id.
    pub(crate) fn id(&self) -> LabelId {
        self.id
    }

    /// Waits for the next step; the first, at 0 per cent, comes at once.
    pub(crate) async fn next(&mut self) -> Step {
        let step = self.next;
        if step > 0 {
            let due = self.started + self.duration * u32::from(step) / u32::from(STEPS);
            // A signal takes precedence over a step at the same moment.
            if tokio::time::timeout_at(due, &mut self.stopped).await.is_ok() {
                return Step::Stopped;
            }
        }
        if self.is_stopped() {
            return Step::Stopped;
        }
        if step == STEPS {
            return Step::Due;
        }
        self.next += 1;
        let progress = step * (100 / STEPS);
        match self.service.labels.change(self.id, &|label| label.at_progress(progress)) {
            Ok(_) => Step::Reached(progress),
            Err(_) => Step::Stopped,
        }
    }

    /// Makes the label, which nothing but a cancellation undoes from here on. The tracking number
    /// comes from `bits`.
    pub(crate) fn commit(&mut self, bits: u64, now: Timestamp) -> Result<(Label, Shipment), Error> {
        let stopped = Error::LabelCancelled { id: self.id };
        if self.is_stopped() {
            return Err(stopped);
        }
        let tracking_number = tracking_number(&self.carrier, bits).into();
        let shipment = Shipment { tracking_number, created_at: now };
        let label = self.service.labels.change(self.id, &|label| {
            let generated = label.generated(shipment.clone())?;
            self.writer.record(now, &facts::generated(&self.id));
            Ok(generated)
        });
        // It is missing only after a reset, which cancels every label being generated.
        Ok((label.map_err(|_| stopped)?, shipment))
    }

    /// Whether the label was cancelled, or dropped by a reset and its id given to another.
    fn is_stopped(&mut self) -> bool {
        !matches!(self.stopped.try_recv(), Err(TryRecvError::Empty))
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if self.is_stopped() {
            return;
        }
        self.service.stops.forget(self.id);
        let now = self.service.clock.now();
        // A label that was made or cancelled refuses, and stays as it is.
        let _ = self.service.labels.change(self.id, &|label| {
            let abandoned = label.abandoned(now)?;
            self.writer.record(now, &facts::abandoned(&self.id));
            Ok(abandoned)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shared::ledger::Ledger;
    use shared::time::Clock;

    use super::*;
    use crate::infrastructure::memory_labels::MemoryLabels;

    fn service() -> LabelService {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        LabelService::new(Arc::new(MemoryLabels::bounded_to(10)), clock)
    }

    fn writer() -> LedgerWriter {
        LedgerWriter::of(Ledger::bounded_to(10))
    }

    fn begin(service: &LabelService, ids: impl IntoIterator<Item = u64>) -> Generation {
        let text = || "somewhere".to_owned();
        let address = Address { street: text(), city: text(), state: text(), zip: text(), country: text() };
        let order = CreateLabel { address, carrier: "UPS".to_owned(), order: None };
        let mut ids = ids.into_iter().map(LabelId::from);
        service.begin(&order, GENERATION, writer(), || ids.next().expect("more ids")).unwrap()
    }

    async fn until_due(generation: &mut Generation) -> Vec<u8> {
        let mut reached = Vec::new();
        while let Step::Reached(progress) = generation.next().await {
            reached.push(progress);
        }
        reached
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_that_a_cancellation_overtook_is_refused() {
        let service = service();
        let mut generation = begin(&service, [1]);
        assert_eq!(until_due(&mut generation).await, [0, 25, 50, 75]);
        let id = generation.id();
        let cancelled = service.cancel(&id.to_string(), service.clock.now(), &writer()).unwrap();
        assert_eq!(generation.commit(0, service.clock.now()), Err(Error::LabelCancelled { id }));
        drop(generation);
        assert_eq!(service.find(&id.to_string()), Ok(cancelled));
    }

    #[tokio::test(start_paused = true)]
    async fn a_committed_label_survives_its_request() {
        let service = service();
        let mut generation = begin(&service, [1]);
        until_due(&mut generation).await;
        let (label, _) = generation.commit(0, service.clock.now()).unwrap();
        drop(generation);
        assert_eq!(service.find(&label.id.to_string()), Ok(label));
    }

    #[tokio::test(start_paused = true)]
    async fn an_id_that_collides_is_drawn_again() {
        let service = service();
        let first = begin(&service, [1]);
        let second = begin(&service, [1, 1, 2]);
        assert_eq!([first.id(), second.id()], [1, 2].map(LabelId::from));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_left_of_a_signal_once_the_request_ended() {
        let service = service();
        drop(begin(&service, [1]));
        assert!(format!("{:?}", service.stops).contains("{}"), "{:?}", service.stops);
    }
}
