//! Runs step, what they did is appended, and then executed.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::{Driver, Message};
use crate::engine::embedded::journal::{Append, AppendError, Outcome, RunKey};
use crate::engine::embedded::run::{Answer, InFlight, Input, Moment};
use crate::workflow::ClientError;

/// How many items are appended at once: the journal writes them while the next runs step.
const ITEMS_AT_ONCE: usize = 32;

impl Driver {
    /// Lets every queued run step, and appends what they did.
    pub(super) fn append_steps(&mut self) {
        let (mut batch, mut sent) = self.room_for_steps();
        let mut now_ms = self.now_ms();
        while self.may_append()
            && let Some(key) = self.residents.next_in_line()
        {
            if let Some(item) = self.step(key, now_ms) {
                self.entries_in_flight += item.entries.len();
                batch.push(item);
                sent.push(Some(key));
            }
            if batch.len() >= ITEMS_AT_ONCE && self.residents.runs_in_line() > 0 {
                self.append(batch, sent);
                (batch, sent) = self.room_for_steps();
                now_ms = self.now_ms();
            }
        }
        if !batch.is_empty() {
            for key in self.take_fresh_heartbeats() {
                let run = self.residents.peek_mut(key);
                let item = run.and_then(|run| run.store_heartbeats(self.epoch, &self.catalogue));
                batch.extend(item.inspect(|_| sent.push(None)));
            }
            self.append(batch, sent);
        }
        self.evict();
    }

    /// Room for what the queued runs will do, as far as it is appended at once.
    fn room_for_steps(&self) -> (Vec<Append>, Vec<Option<RunKey>>) {
        let items = self.residents.runs_in_line().min(ITEMS_AT_ONCE);
        (Vec::with_capacity(items), Vec::with_capacity(items))
    }

    pub(super) fn append(&mut self, batch: Vec<Append>, sent: Vec<Option<RunKey>>) {
        self.batches_in_flight += 1;
        let shared = Arc::clone(&self.shared);
        let on_durable = move |results| shared.send(Message::Durable { sent, results });
        self.journal.append(batch, Box::new(on_durable));
    }

    fn step(&mut self, key: RunKey, now_ms: i64) -> Option<Append> {
        let run = self.residents.get_mut(key)?;
        if run.in_flight.is_some() {
            return None;
        }
        if run.is_broken() {
            self.load(key);
            return None;
        }
        run.wake_attempts(now_ms);
        let mut moment = Moment {
            now_ms,
            epoch: self.epoch,
            signal_limit: self.shared.options.signals_per_run,
            catalogue: &self.catalogue,
            factory: &mut self.factory,
        };
        match run.step(&mut moment) {
            Ok(Some(item)) => return Some(item),
            Ok(None) => self.go_on(key, now_ms),
            Err(reason) => self.quarantine(key, reason),
        }
        None
    }

    /// The result of a batch.
    pub(super) fn appended(&mut self, sent: Vec<Option<RunKey>>, results: Vec<Result<(), AppendError>>) {
        self.batches_in_flight -= 1;
        let now_ms = self.now_ms();
        for (key, result) in sent.into_iter().zip(results) {
            match (&result, key) {
                (Err(AppendError::Journal(error)), _) => self.begin_outage(error),
                (Err(AppendError::Fenced), _) => self.fenced(),
                (Ok(()), _) => self.end_outage(),
                (Err(AppendError::Exists { .. } | AppendError::Mismatch | AppendError::Refused(_)), _) => {}
            }
            let in_flight = key.and_then(|key| Some((key, self.residents.peek_mut(key)?.in_flight.take()?)));
            if let Some((key, in_flight)) = in_flight {
                self.entries_in_flight -= in_flight.entries;
                match result {
                    Ok(()) => self.durable(key, in_flight, now_ms),
                    Err(error) => self.not_durable(key, in_flight, &error),
                }
            }
        }
    }

    fn durable(&mut self, key: RunKey, in_flight: InFlight, now_ms: i64) {
        // Before what follows them begins.
        drop(in_flight.ended);
        in_flight.answers.into_iter().for_each(Answer::give);
        for mut child in in_flight.children {
            let key = child.key;
            child.in_flight = None;
            self.residents.keep(child);
            self.go_on(key, now_ms);
        }
        self.go_on(key, now_ms);
    }

    /// Everything that a run has applied is durable: its commands are executed.
    fn go_on(&mut self, key: RunKey, now_ms: i64) {
        let Some(run) = self.residents.peek(key) else { return };
        if let Some(ending) = &run.ending {
            let outcome = ending.outcome.clone();
            self.ended(key, &outcome);
            return;
        }
        self.act(key);
        let Some(run) = self.residents.peek(key) else { return };
        let is_due = run.due_ms(&self.catalogue).is_some_and(|due| due <= now_ms);
        if is_due || run.is_busy() {
            self.residents.enqueue(key);
        } else {
            self.relist(key);
        }
    }

    /// A run has ended, and that is durable.
    pub(super) fn ended(&mut self, key: RunKey, outcome: &Outcome) {
        if let Some(run) = self.residents.peek(key) {
            self.waiting_for_end.tell(&run.start.workflow_id, outcome);
        }
        self.remove_and_deliver_again(key);
    }

    fn not_durable(&mut self, key: RunKey, in_flight: InFlight, error: &AppendError) {
        let refusal = match error {
            AppendError::Exists { run_id } => ClientError::AlreadyStarted { run_id: run_id.clone() },
            other => self.unavailable(other),
        };
        in_flight.answers.into_iter().for_each(|answer| answer.refuse(refusal.clone()));
        let children = in_flight.children.iter().map(|child| child.key);
        self.look_for_started(children, error);
        let Some(run) = self.residents.get_mut(key) else { return };
        if !in_flight.ended.is_empty() {
            // Their heartbeats were not stored meanwhile.
            self.fresh_heartbeats.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        }
        if !run.breaks(in_flight.entries, in_flight.ended) {
            // It never existed: its inputs are for the run that has its id.
            self.remove_and_deliver_again(key);
            self.look_for_started([key].into_iter(), error);
        } else if let AppendError::Refused(reason) = error {
            self.quarantine(key, reason.clone());
        } else {
            let waiting = std::mem::take(&mut run.inputs).into_iter();
            let inputs = in_flight.results.into_iter().chain(waiting);
            run.inputs = inputs.filter_map(|input| input.refuse(refusal.clone())).collect();
            self.residents.enqueue(key);
        }
    }

    /// Reads runs later whose start failed: it may be durable all the same, and then they continue.
    fn look_for_started(&mut self, runs: impl Iterator<Item = RunKey>, error: &AppendError) {
        if let AppendError::Journal(_) = error {
            runs.for_each(|key| self.try_again_later(key));
        }
    }

    /// Removes a run from memory; its inputs go to the run that the journal has under its id.
    pub(super) fn remove_and_deliver_again(&mut self, key: RunKey) {
        let Some(run) = self.remove(key) else { return };
        for input in run.inputs {
            self.deliver_again(&run.start.workflow_id, input);
        }
    }

    fn deliver_again(&mut self, id: &Arc<str>, input: Input) {
        match input {
            Input::StartAgain(_) | Input::Signal { .. } | Input::Cancel { .. } => self.deliver(id, input),
            Input::Start { .. }
            | Input::AttemptEnded { .. }
            | Input::NotRegistered(_)
            | Input::ChildLookedUp { .. } => {}
        }
    }

    /// The run's code and its journal do not fit: it is left alone until a fixed binary takes over.
    pub(super) fn quarantine(&mut self, key: RunKey, reason: String) {
        let Some(run) = self.remove(key) else { return };
        tracing::error!(workflow_id = %run.start.workflow_id, "quarantined: {reason}");
        let error = ClientError::Quarantined(reason.clone());
        if run.is_started() {
            self.append(vec![Append::quarantine(key, run.length(), self.epoch, reason)], vec![None]);
        }
        run.inputs.into_iter().for_each(|input| drop(input.refuse(error.clone())));
    }

    /// Another engine owns the journal: this one must do nothing more.
    fn fenced(&self) {
        tracing::error!("another engine has taken over the journal; this one stops");
        self.shared.kill();
    }

    fn unavailable(&self, error: &AppendError) -> ClientError {
        match &self.outage {
            Some(outage) => outage.error(),
            None => {
                ClientError::Unavailable { reason: error.to_string(), retry_after: Duration::from_secs(1) }
            }
        }
    }
}
