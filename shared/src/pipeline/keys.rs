mod bodies;

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Answer;
use crate::chaos::Operation;
use crate::chunks::{Chunks, leaving_together};
use crate::digest::{DigestMap, ShortHash, digest_of};
use crate::http::Problem;
use crate::table::Index;
use crate::time::Millis;

use bodies::{Bodies, Place};

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
pub(super) struct Known {
    /// The keys in use, which are few.
    in_use: DigestMap<Claim>,
    /// The answers, oldest first, numbered from `evicted` on.
    answered: Chunks<Answered>,
    evicted: u32,
    /// The numbers of the answers, by their keys, and those of evicted answers until it has no room left.
    by_key: Index<u32>,
    bodies: Bodies,
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
    answer: Kept,
}

/// An answer as it is kept.
#[derive(Debug)]
enum Kept {
    Success(StatusCode, Place),
    Refusal(Problem),
}

/// Why a key cannot be claimed.
#[derive(Debug)]
pub(super) enum Taken {
    /// It has an answer.
    Answered(Answer),
    /// It is in use.
    InUse,
    /// It is in use, or has an answer, with another body.
    ByOtherBody,
}

/// A claim to a key, which its owner MUST end.
#[derive(Debug)]
pub(super) struct Slot {
    digest: u128,
    claim: u64,
}

/// What stands for a key.
pub(super) fn digest(operation: &Operation, key: &str) -> u128 {
    digest_of(&(operation.name, key))
}

impl Keys {
    pub(super) fn bounded_to(capacity: usize) -> Self {
        Self { known: Mutex::default(), capacity }
    }

    /// Ends a claim with an answer, which is written where it stays.
    pub(super) fn finish<T: Serialize>(
        &self,
        slot: &Slot,
        status: StatusCode,
        result: Result<T, Problem>,
        now: Timestamp,
    ) -> Answer {
        let mut known = self.known();
        let claim = known.end(slot);
        let (kept, answer) = match result.and_then(|value| known.bodies.write(&value)) {
            Ok(place) => (Kept::Success(status, place), known.answer(&Kept::Success(status, place))),
            Err(problem) => (Kept::Refusal(problem.clone()), Answer::Refusal(problem)),
        };
        // A failure of the service itself is not kept: a retry may succeed.
        let is_failure = matches!(&answer, Answer::Refusal(problem) if problem.status().is_server_error());
        if let (Some(claim), false) = (claim, is_failure) {
            known.keep(slot.digest, claim.body, kept, now + REMEMBERED);
            if known.answered.len().saturating_sub(self.capacity) > leaving_together(self.capacity) {
                while known.answered.len() > self.capacity {
                    known.forget_oldest();
                }
            }
        }
        answer
    }

    /// Ends a claim without an answer: the key is unused again.
    pub(super) fn free(&self, slot: &Slot) {
        self.known().end(slot);
    }

    pub(super) fn clear(&self) {
        let mut known = self.known();
        *known = Known { claims: known.claims, ..Known::default() };
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Claims a key, by its digest: it is the caller's until the claim is ended.
    pub(super) fn begin(&mut self, key: u128, body: u128, now: Timestamp) -> Result<Slot, Taken> {
        self.forget_until(now);
        if let Some(claim) = self.in_use.get(&key) {
            return Err(if claim.body == body { Taken::InUse } else { Taken::ByOtherBody });
        }
        match self.find(key) {
            Some(answered) if answered.body != body.to_ne_bytes() => Err(Taken::ByOtherBody),
            Some(answered) => Err(Taken::Answered(self.answer(&answered.answer))),
            None => {
                self.claims += 1;
                let claim = self.claims;
                self.in_use.insert(key, Claim { body, number: claim });
                Ok(Slot { digest: key, claim })
            }
        }
    }

    /// Announces that [`begin`](Self::begin) follows.
    pub(super) fn fetch(&self, key: u128) {
        self.by_key.fetch(ShortHash::of(key));
    }

    fn find(&self, key: u128) -> Option<&Answered> {
        let answer = |number: u32| self.answered.get(number.wrapping_sub(self.evicted) as usize);
        let is_it = |number| answer(number).is_some_and(|answered| answered.key == key.to_ne_bytes());
        answer(self.by_key.find(ShortHash::of(key), is_it)?)
    }

    fn keep(&mut self, key: u128, body: u128, answer: Kept, until: Timestamp) {
        let (evicted, answers) = (self.evicted, self.answered.len() as u32);
        let number = evicted.wrapping_add(answers);
        let is_kept = |_, number: u32| number.wrapping_sub(evicted) < answers;
        self.by_key.add(ShortHash::of(key), number, is_kept);
        let (key, body, until) = (key.to_ne_bytes(), body.to_ne_bytes(), until.into());
        self.answered.push_back(Answered { key, body, until, answer });
    }

    fn answer(&self, kept: &Kept) -> Answer {
        match kept {
            Kept::Success(status, place) => {
                Answer::Success(*status, Bytes::copy_from_slice(self.bodies.get(*place).unwrap_or_default()))
            }
            Kept::Refusal(problem) => Answer::Refusal(problem.clone()),
        }
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
        if let Some(Answered { answer: Kept::Success(_, place), .. }) = self.answered.front() {
            self.bodies.forget(*place);
        }
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
        let begin = |number: u32| keys.known().begin(digest(&PAY, &number.to_string()), 7, now);
        for number in 0..5000 {
            let Ok(slot) = begin(number) else { panic!("{number} is new") };
            assert!(matches!(begin(number), Err(Taken::InUse)));
            keys.finish(&slot, StatusCode::OK, Ok(number), now);
        }
        for number in 4000..5000 {
            let Err(Taken::Answered(Answer::Success(_, known))) = begin(number) else {
                panic!("{number} is known")
            };
            assert_eq!(known, body(number));
        }
        for number in 0..4000 - leaving_together(1000) as u32 {
            let Ok(slot) = begin(number) else { panic!("{number} was forgotten") };
            keys.free(&slot);
        }
        assert_eq!(keys.known().in_use.len(), 0);
    }
}
