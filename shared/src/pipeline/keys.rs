use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Answer;
use crate::chaos::Operation;
use crate::chunks::Chunks;
use crate::digest::{DigestMap, ShortHash, digest_of};
use crate::http::{Problem, write_json};
use crate::table::Table;
use crate::time::Millis;

/// How long an answer is stored under its key.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// How many bytes of answers are kept together.
const BODIES: usize = 64 * 1024;

/// The idempotency keys in use, and the answers that were given under them. A key belongs to one
/// operation. Bounded: the oldest answer is evicted first; a key in use never is.
#[derive(Debug)]
pub(super) struct Keys {
    known: Mutex<Known>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Known {
    /// The keys in use, which are few.
    in_use: DigestMap<Claim>,
    /// The answers, oldest first, numbered from `evicted` on.
    answered: Chunks<Answered>,
    evicted: u32,
    /// The numbers of the answers, by their keys, and those of evicted answers until the table has no room left. With
    /// hashes, so that it can grow without a look at every answer.
    by_key: Table<(ShortHash, u32)>,
    /// Where answers are kept one after the other: they leave in the order in which they came.
    bodies: BytesMut,
    draft: Vec<u8>,
    /// How many keys were claimed so far, to tell a claim from before a reset from a later one.
    claims: u64,
}

#[derive(Debug)]
struct Claim {
    body: u128,
    number: u64,
}

/// The digests are bytes here because numbers of that size would have to be aligned.
#[derive(Debug)]
struct Answered {
    key: [u8; 16],
    body: [u8; 16],
    until: Millis,
    answer: Answer,
}

/// The state of a key.
#[derive(Debug)]
pub(super) enum KeyClaim {
    /// Unused: it is the caller's until it ends the claim.
    New(Slot),
    /// It has an answer.
    Known(Answer),
    /// It is in use.
    Busy,
    /// It is in use, or has an answer, with another body.
    OtherBody,
}

/// A claim to a key, which its owner MUST end.
#[derive(Debug)]
pub(super) struct Slot {
    digest: u128,
    claim: u64,
}

impl Keys {
    pub(super) fn bounded_to(capacity: usize) -> Self {
        Self { known: Mutex::default(), capacity }
    }

    pub(super) fn begin(&self, operation: &Operation, key: &str, body: u128, now: Timestamp) -> KeyClaim {
        let digest = digest_of(&(operation.name, key));
        let mut known = self.lock();
        known.forget_until(now);
        if let Some(claim) = known.in_use.get(&digest) {
            return if claim.body == body { KeyClaim::Busy } else { KeyClaim::OtherBody };
        }
        match known.find(digest) {
            Some(answered) if answered.body != body.to_ne_bytes() => KeyClaim::OtherBody,
            Some(answered) => KeyClaim::Known(answered.answer.clone()),
            None => {
                known.claims += 1;
                let claim = known.claims;
                known.in_use.insert(digest, Claim { body, number: claim });
                KeyClaim::New(Slot { digest, claim })
            }
        }
    }

    /// Ends a claim with an answer, which is written where it stays.
    pub(super) fn finish<T: Serialize>(
        &self,
        slot: &Slot,
        status: StatusCode,
        result: Result<T, Problem>,
        now: Timestamp,
    ) -> Answer {
        let mut known = self.lock();
        let claim = known.end(slot);
        let answer = match result.and_then(|value| known.write(&value)) {
            Ok(body) => Answer::Success(status, body),
            Err(problem) => Answer::Refusal(problem),
        };
        // A failure of the service itself is not kept: a retry may succeed.
        let is_kept = !matches!(&answer, Answer::Refusal(problem) if problem.status().is_server_error());
        if let (Some(claim), true) = (claim, is_kept) {
            known.keep(slot.digest, claim.body, answer.clone(), now + REMEMBERED);
            if known.answered.len() > self.capacity {
                known.forget_oldest();
            }
        }
        answer
    }

    /// Ends a claim without an answer: the key is unused again.
    pub(super) fn free(&self, slot: &Slot) {
        self.lock().end(slot);
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
    fn find(&self, key: u128) -> Option<&Answered> {
        let hash = ShortHash::of(key);
        let answer = |number: u32| self.answered.get(number.wrapping_sub(self.evicted) as usize);
        let is_it = |number| answer(number).is_some_and(|answered| answered.key == key.to_ne_bytes());
        let found = self.by_key.find(hash.spread(), |(known, number)| *known == hash && is_it(*number));
        found.and_then(|(_, number)| answer(*number))
    }

    fn keep(&mut self, key: u128, body: u128, answer: Answer, until: Timestamp) {
        let hash = ShortHash::of(key);
        let (evicted, answers) = (self.evicted, self.answered.len() as u32);
        let number = evicted.wrapping_add(answers);
        let is_kept = |(_, number): &(_, u32)| number.wrapping_sub(evicted) < answers;
        self.by_key.add((hash, number), |(hash, _)| hash.spread(), is_kept);
        let (key, body, until) = (key.to_ne_bytes(), body.to_ne_bytes(), until.into());
        self.answered.push_back(Answered { key, body, until, answer });
    }

    /// `value` as a body, next to the one before.
    fn write(&mut self, value: &impl Serialize) -> Result<Bytes, Problem> {
        self.draft.clear();
        write_json(&mut self.draft, value)?;
        if self.bodies.capacity() < self.draft.len() {
            self.bodies = BytesMut::with_capacity(BODIES.max(self.draft.len()));
        }
        self.bodies.extend_from_slice(&self.draft);
        Ok(self.bodies.split().freeze())
    }

    /// Ends a claim, unless a reset cleared it.
    fn end(&mut self, slot: &Slot) -> Option<Claim> {
        let is_this = self.in_use.get(&slot.digest).is_some_and(|known| known.number == slot.claim);
        is_this.then(|| self.in_use.remove(&slot.digest)).flatten()
    }

    fn forget_until(&mut self, now: Timestamp) {
        while self.answered.front().is_some_and(|answered| answered.until.timestamp() <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        self.answered.drop_front();
        self.evicted = self.evicted.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::Access;

    #[test]
    fn the_newest_answers_are_known_however_many_there_were() {
        static PAY: Operation =
            Operation { name: "toy.pay", access: Access::Write, table: "", outcomes: &[] };
        let (keys, now) = (Keys::bounded_to(1000), Timestamp::UNIX_EPOCH);
        let body = |number: u32| Bytes::from(number.to_string());
        let begin = |number: u32| keys.begin(&PAY, &number.to_string(), 7, now);
        for number in 0..5000 {
            let KeyClaim::New(slot) = begin(number) else { panic!("{number} is new") };
            assert!(matches!(begin(number), KeyClaim::Busy));
            keys.finish(&slot, StatusCode::OK, Ok(number), now);
        }
        for number in 4000..5000 {
            let KeyClaim::Known(Answer::Success(_, known)) = begin(number) else {
                panic!("{number} is known")
            };
            assert_eq!(known, body(number));
        }
        for number in 0..4000 {
            let KeyClaim::New(slot) = begin(number) else { panic!("{number} was forgotten") };
            keys.free(&slot);
        }
        assert_eq!(keys.lock().in_use.len(), 0);
    }
}
