//! A journal in memory: for simulations, tests and `--ephemeral`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

use super::event::Entry;
use super::journal::{
    Append, AppendError, Journal, JournalError, OnDurable, Reply, Row, RowUpdate, RunKey, RunRef, RunStart,
    Selection, StoredRun, Takeover,
};
use crate::workflow::{Comparison, Condition, Json, SearchAttribute, SearchKind, SearchValue};

/// Keeps runs in memory and answers every call before it returns: no thread, no task. Clones share
/// their runs, so that a second engine can resume where a first was killed.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal(Arc<Mutex<Runs>>);

#[derive(Debug, Default)]
struct Runs {
    epoch: u64,
    latest_ms: i64,
    next_key: u64,
    by_key: BTreeMap<RunKey, Box<Kept>>,
    by_id: HashMap<Arc<str>, RunKey, RandomState>,
    /// The closed runs that need no attention, by when they were closed.
    closed: BTreeSet<(i64, RunKey)>,
}

#[derive(Debug)]
struct Kept {
    row: Row,
    entries: Vec<Entry>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn take_over(&self, _: &BTreeMap<&'static str, SearchKind>) -> Result<Takeover, JournalError> {
        let mut runs = self.runs();
        runs.epoch += 1;
        let open = runs.by_key.values().filter(|run| run.row.ending.is_none());
        let due = open.filter_map(|run| Some((run.row.due_ms?, run.row.key))).collect();
        Ok(Takeover { epoch: runs.epoch, next_key: runs.next_key, latest_ms: runs.latest_ms, due })
    }

    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        let results = {
            let mut runs = self.runs();
            batch.into_iter().map(|item| runs.append(item)).collect()
        };
        on_durable(results);
    }

    fn load(&self, run: RunRef, reply: Reply<Option<StoredRun>>) {
        let found = {
            let runs = self.runs();
            let key = match &run {
                RunRef::Key(key) => Some(key),
                RunRef::Id(id) => runs.by_id.get(id),
            };
            let kept = key.and_then(|key| runs.by_key.get(key));
            kept.map(|kept| StoredRun { row: kept.row.clone(), entries: kept.entries.clone() })
        };
        reply(Ok(found.map(as_from_a_file)));
    }

    fn row(&self, workflow_id: &str, reply: Reply<Option<Row>>) {
        let row = self.runs().by_id(workflow_id).map(|kept| kept.row.clone());
        reply(Ok(row));
    }

    fn entries(&self, workflow_id: &str, from: u64, limit: usize, reply: Reply<Option<Vec<Entry>>>) {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let page = self
            .runs()
            .by_id(workflow_id)
            .map(|kept| kept.entries.iter().skip(from).take(limit).cloned().collect());
        reply(Ok(page));
    }

    fn list(&self, selection: Selection, reply: Reply<Vec<Row>>) {
        let page = {
            let runs = self.runs();
            let before = selection.before.unwrap_or(RunKey(u64::MAX));
            let newest_first = runs.by_key.range(..before).rev().map(|(_, kept)| &kept.row);
            newest_first.filter(|row| selection.takes(row)).take(selection.limit).cloned().collect()
        };
        reply(Ok(page));
    }

    fn prune(&self, closed_before_ms: i64, limit: usize, reply: Reply<usize>) {
        let pruned = {
            let mut runs = self.runs();
            let old = runs.closed.range(..(closed_before_ms, RunKey(0))).take(limit);
            let keys: Vec<_> = old.copied().collect();
            for closed in &keys {
                runs.closed.remove(closed);
                if let Some(kept) = runs.by_key.remove(&closed.1) {
                    runs.by_id.remove(&kept.row.start.workflow_id);
                }
            }
            keys.len()
        };
        reply(Ok(pruned));
    }

    fn close(&self) {}
}

/// What is resumed has been written and read, as if it came from a file. An ended run is only looked at.
fn as_from_a_file(mut run: StoredRun) -> StoredRun {
    if run.row.ending.is_none() {
        let text = |entry: &Entry| serde_json::to_string(&entry.event);
        let event = |text: String| serde_json::from_str(&text);
        let read = |entry: Entry| Some(Entry { event: text(&entry).and_then(event).ok()?, ..entry });
        run.entries = run.entries.into_iter().map_while(read).collect();
        let state = Json::from_text(run.row.state.text().to_owned());
        run.row.state = state.unwrap_or_else(|_| Json::null());
    }
    run
}

impl Runs {
    fn by_id(&self, workflow_id: &str) -> Option<&Kept> {
        self.by_key.get(self.by_id.get(workflow_id)?).map(Box::as_ref)
    }

    fn append(&mut self, item: Append) -> Result<(), AppendError> {
        self.check(&item)?;
        if item.child_starts.iter().any(|child| self.check(child).is_err()) {
            return Err(AppendError::Mismatch);
        }
        for child in item.child_starts {
            self.write(child.run, child.start, child.entries, child.update);
        }
        self.write(item.run, item.start, item.entries, item.update);
        Ok(())
    }

    fn check(&self, item: &Append) -> Result<(), AppendError> {
        if item.owner_epoch != self.epoch {
            return Err(AppendError::Fenced);
        }
        if let Some(start) = &item.start {
            return match self.by_id(&start.workflow_id) {
                Some(kept) => Err(AppendError::Exists { run_id: kept.row.start.run_id.as_ref().to_owned() }),
                None => Ok(()),
            };
        }
        let fits = self.by_key.get(&item.run).is_some_and(|kept| kept.row.length == item.expected_index);
        if fits { Ok(()) } else { Err(AppendError::Mismatch) }
    }

    fn write(&mut self, key: RunKey, start: Option<RunStart>, entries: Vec<Entry>, update: RowUpdate) {
        if let Some(start) = start {
            self.by_id.insert(Arc::clone(&start.workflow_id), key);
            let kept = Kept { row: new_row(key, start), entries: Vec::new() };
            self.by_key.insert(key, Box::new(kept));
            self.next_key = self.next_key.max(key.0 + 1);
        }
        if let Some(last) = entries.last() {
            self.latest_ms = self.latest_ms.max(last.at_ms);
        }
        if let Some(kept) = self.by_key.get_mut(&key) {
            kept.row.length += entries.len() as u64;
            if kept.entries.is_empty() {
                kept.entries = entries;
            } else {
                kept.entries.extend(entries);
            }
            kept.update(update);
            if let Some(ending) = &kept.row.ending
                && !kept.row.needs_attention
            {
                self.closed.insert((ending.at_ms, key));
            }
        }
    }
}

fn new_row(key: RunKey, start: RunStart) -> Row {
    Row {
        key,
        start,
        length: 0,
        due_ms: None,
        state: Json::null(),
        needs_attention: false,
        quarantine: None,
        attributes: Vec::new(),
        heartbeats: BTreeMap::new(),
        ending: None,
    }
}

impl Kept {
    fn update(&mut self, update: RowUpdate) {
        let row = &mut self.row;
        row.due_ms = update.due_ms;
        if let Some(state) = update.state {
            row.state = state;
        }
        if let Some(needs_attention) = update.needs_attention {
            row.needs_attention = needs_attention;
        }
        if let Some(quarantine) = update.quarantine {
            row.quarantine = quarantine;
        }
        if let Some(heartbeats) = update.heartbeats {
            row.heartbeats = heartbeats;
        }
        for attribute in update.attributes {
            match row.attributes.binary_search_by_key(&attribute.name, |set| set.name) {
                Ok(place) => row.attributes[place] = attribute,
                Err(place) => row.attributes.insert(place, attribute),
            }
        }
        row.ending = update.closed.or(row.ending.take());
    }
}

impl Selection {
    fn takes(&self, row: &Row) -> bool {
        self.needs_attention.is_none_or(|wanted| wanted == row.needs_attention)
            && self.conditions.iter().all(|condition| condition.holds(&row.attributes))
    }
}

impl Condition {
    fn holds(&self, attributes: &[SearchAttribute]) -> bool {
        let set = attributes.iter().find(|set| set.name == self.attribute);
        let order = set.and_then(|set| compare(&set.value, &self.value));
        order.is_some_and(|order| match self.comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::AtMost => order.is_le(),
        })
    }
}

fn compare(left: &SearchValue, right: &SearchValue) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (SearchValue::Bool(left), SearchValue::Bool(right)) => left.partial_cmp(right),
        (SearchValue::Int(left), SearchValue::Int(right)) => left.partial_cmp(right),
        (SearchValue::Datetime(left), SearchValue::Datetime(right)) => left.partial_cmp(right),
        (SearchValue::Keyword(left), SearchValue::Keyword(right)) => left.partial_cmp(right),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

fn number(value: &SearchValue) -> Option<f64> {
    match value {
        SearchValue::Int(value) => Some(*value as f64),
        SearchValue::Float(value) => Some(*value),
        _ => None,
    }
}
