use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use shared::ledger::DomainStore;

use crate::application::ports::{AddError, LabelStore};
use crate::domain::{Error, Label, LabelId};

/// Labels in memory.
#[derive(Debug)]
pub(crate) struct MemoryLabels {
    kept: Mutex<Stored>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Stored {
    by_id: BTreeMap<LabelId, Label>,
    /// Settled labels, the first to be settled first.
    settled: VecDeque<LabelId>,
}

impl MemoryLabels {
    pub(crate) fn bounded_to(capacity: usize) -> Self {
        Self { kept: Mutex::default(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_room(&self, kept: &Stored) -> Result<(), Error> {
        let has_room = kept.by_id.len() < self.capacity || !kept.settled.is_empty();
        if has_room { Ok(()) } else { Err(Error::StoreFull { capacity: self.capacity }) }
    }
}

impl DomainStore for MemoryLabels {
    /// Labels do not expire: everything that happens to one is done by a request.
    fn expire(&self, _now: Timestamp) {}

    fn clear(&self) {
        *self.lock() = Stored::default();
    }
}

impl LabelStore for MemoryLabels {
    fn ensure_room(&self) -> Result<(), Error> {
        self.check_room(&self.lock())
    }

    fn add(&self, label: Label) -> Result<(), AddError> {
        let mut kept = self.lock();
        if kept.by_id.contains_key(&label.id) {
            return Err(AddError::IdTaken);
        }
        self.check_room(&kept)?;
        if kept.by_id.len() >= self.capacity
            && let Some(oldest) = kept.settled.pop_front()
        {
            kept.by_id.remove(&oldest);
        }
        kept.by_id.insert(label.id, label);
        Ok(())
    }

    fn change(&self, id: LabelId, step: &dyn Fn(&Label) -> Result<Label, Error>) -> Result<Label, Error> {
        let mut kept = self.lock();
        let label = kept.by_id.get_mut(&id).ok_or_else(|| Error::UnknownLabel { id: id.to_string() })?;
        let changed = step(label)?;
        let settles = changed.state.is_settled() && !label.state.is_settled();
        *label = changed.clone();
        if settles {
            kept.settled.push_back(id);
        }
        Ok(changed)
    }

    fn find(&self, id: LabelId) -> Option<Label> {
        self.lock().by_id.get(&id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Shipment, State};

    fn label(number: u64) -> Label {
        Label::requested(LabelId::from(number), "UPS", Some("ORD-123".into()), Timestamp::UNIX_EPOCH)
    }

    fn cancel(store: &dyn LabelStore, number: u64) -> Result<Label, Error> {
        store.change(LabelId::from(number), &|label| label.cancelled(Timestamp::UNIX_EPOCH))
    }

    /// What every adapter of the port must do. `of_capacity` makes an empty store.
    fn contract<S: LabelStore>(of_capacity: impl Fn(usize) -> S) {
        what_was_added_is_found(&of_capacity(2));
        a_taken_id_is_refused(&of_capacity(2));
        a_refused_step_changes_nothing(&of_capacity(2));
        settled_labels_leave_first_and_live_ones_never(&of_capacity(3));
        changes_at_once_do_not_lose_one_another(&of_capacity(1));
    }

    fn what_was_added_is_found(store: &dyn LabelStore) {
        assert_eq!(store.find(LabelId::from(1)), None);
        store.add(label(1)).unwrap();
        assert_eq!(store.find(LabelId::from(1)), Some(label(1)));
        let changed = store.change(LabelId::from(1), &|label| label.at_progress(25)).unwrap();
        assert_eq!(changed.state, State::Generating { progress: 25 });
        assert_eq!(store.find(LabelId::from(1)), Some(changed));
    }

    fn a_taken_id_is_refused(store: &dyn LabelStore) {
        store.add(label(1)).unwrap();
        cancel(store, 1).unwrap();
        assert_eq!(store.add(label(1)), Err(AddError::IdTaken));
        assert!(store.find(LabelId::from(1)).unwrap().state.is_settled());
    }

    fn a_refused_step_changes_nothing(store: &dyn LabelStore) {
        let id = LabelId::from(1);
        assert_eq!(cancel(store, 1), Err(Error::UnknownLabel { id: id.to_string() }));
        store.add(label(1)).unwrap();
        let refusal = Error::LabelCancelled { id };
        assert_eq!(store.change(id, &|_| Err(refusal.clone())), Err(refusal));
        assert_eq!(store.find(id), Some(label(1)));
    }

    fn settled_labels_leave_first_and_live_ones_never(store: &dyn LabelStore) {
        (1..=3).for_each(|number| store.add(label(number)).unwrap());
        let shipment = Shipment { tracking_number: "1Z".into(), created_at: Timestamp::UNIX_EPOCH };
        store.change(LabelId::from(1), &|label| label.generated(shipment.clone())).unwrap();
        let full = Error::StoreFull { capacity: 3 };
        assert_eq!(store.ensure_room(), Err(full.clone()));
        assert_eq!(store.add(label(4)), Err(AddError::Refused(full)));
        cancel(store, 3).unwrap();
        cancel(store, 2).unwrap();
        assert_eq!(store.ensure_room(), Ok(()));
        store.add(label(4)).unwrap();
        let kept = [1, 2, 3, 4].map(|number| store.find(LabelId::from(number)).is_some());
        assert_eq!(kept, [true, true, false, true]);
    }

    fn changes_at_once_do_not_lose_one_another(store: &dyn LabelStore) {
        store.add(label(1)).unwrap();
        let winners: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| cancel(store, 1).is_ok())).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(winners, 1);
    }

    #[test]
    fn memory_labels_keep_the_contract() {
        contract(MemoryLabels::bounded_to);
    }
}
