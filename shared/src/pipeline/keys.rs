use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Answer;
use crate::chaos::Operation;
use crate::digest::{DigestMap, digest_of};

/// How long an answer is stored under its key.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// The idempotency keys in use, and the answers that were given under them. A key belongs to one
/// operation. Bounded: the oldest answer is evicted first; a key in use never is.
#[derive(Debug)]
pub(super) struct Keys {
    known: Mutex<Known>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Known {
    /// Boxed, because a map keeps room for up to twice as many as it holds, and moves them to grow.
    by_key: DigestMap<Box<Entry>>,
    /// Keys with an answer, oldest first, with the time at which they expire.
    answered: VecDeque<(u128, Timestamp)>,
    /// How many keys were claimed so far, to tell a claim from before a reset from a later one.
    claims: u64,
}

#[derive(Debug)]
struct Entry {
    body: u128,
    claim: u64,
    answer: Option<Answer>,
}

/// The state of a key.
#[derive(Debug)]
pub(super) enum KeyClaim {
    /// Unused: it is the caller's until the slot is finished or dropped.
    New(Slot),
    /// It has an answer.
    Known(Answer),
    /// It is in use.
    Busy,
    /// It is in use, or has an answer, with another body.
    OtherBody,
}

impl Keys {
    pub(super) fn bounded_to(capacity: usize) -> Self {
        Self { known: Mutex::default(), capacity }
    }

    pub(super) fn begin(
        keys: &Arc<Self>,
        operation: &Operation,
        key: &str,
        body: u128,
        now: Timestamp,
    ) -> KeyClaim {
        let digest = digest_of(&(operation.name, key));
        let mut known = keys.lock();
        known.forget_until(now);
        match known.by_key.get(&digest).map(|entry| &**entry) {
            Some(entry) if entry.body != body => KeyClaim::OtherBody,
            Some(Entry { answer: Some(answer), .. }) => KeyClaim::Known(answer.clone()),
            Some(_) => KeyClaim::Busy,
            None => {
                known.claims += 1;
                let claim = known.claims;
                known.by_key.insert(digest, Box::new(Entry { body, claim, answer: None }));
                KeyClaim::New(Slot { keys: Arc::clone(keys), digest, claim })
            }
        }
    }

    pub(super) fn clear(&self) {
        let mut known = self.lock();
        *known = Known { claims: known.claims, ..Known::default() };
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget_until(&mut self, now: Timestamp) {
        while self.answered.front().is_some_and(|(_, until)| *until <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((digest, _)) = self.answered.pop_front() {
            self.by_key.remove(&digest);
        }
    }
}

/// A key in use. Dropping it frees the key.
#[derive(Debug)]
pub(super) struct Slot {
    keys: Arc<Keys>,
    digest: u128,
    claim: u64,
}

impl Slot {
    /// Stores the answer. A failure of the service itself is not stored: a retry may succeed.
    pub(super) fn finish(self, answer: &Answer, now: Timestamp) {
        if matches!(answer, Answer::Refusal(problem) if problem.status().is_server_error()) {
            return;
        }
        let mut known = self.keys.lock();
        let Some(entry) = self.entry(&mut known) else { return };
        entry.answer = Some(answer.clone());
        known.answered.push_back((self.digest, now + REMEMBERED));
        if known.answered.len() > self.keys.capacity {
            known.forget_oldest();
        }
    }

    /// What this slot claimed, unless a reset cleared it.
    fn entry<'a>(&self, known: &'a mut Known) -> Option<&'a mut Entry> {
        known.by_key.get_mut(&self.digest).map(|entry| &mut **entry).filter(|entry| entry.claim == self.claim)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut known = self.keys.lock();
        if self.entry(&mut known).is_some_and(|entry| entry.answer.is_none()) {
            known.by_key.remove(&self.digest);
        }
    }
}
