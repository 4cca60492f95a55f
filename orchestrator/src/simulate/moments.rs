use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::decision::Moment;
use crate::activities::AuthorizePayment;
use crate::engine::embedded::{Entry, Event, Recorded};
use crate::workflow::ActivityDef;

const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

/// Finds the one moment in which somebody decides: the journal and the wire tell of what happens,
/// and the customer waits. Where it matters what goes first, the wire waits for the customer.
#[derive(Debug)]
pub(super) struct Moments {
    awaited: Moment,
    state: Mutex<State>,
    reached: Notify,
    settled: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// When to decide, once that is known.
    due: Option<Timestamp>,
    is_settled: bool,
}

impl Moments {
    pub(super) fn new(awaited: Moment) -> Self {
        Self { awaited, state: Mutex::default(), reached: Notify::new(), settled: Notify::new() }
    }

    /// When to decide.
    pub(super) async fn reached(&self) -> Timestamp {
        loop {
            let due = self.state().due;
            match due {
                Some(due) => return due,
                None => self.reached.notified().await,
            }
        }
    }

    /// The decision was answered.
    pub(super) fn settle(&self) {
        self.state().is_settled = true;
        self.settled.notify_one();
    }

    /// An entry becomes durable.
    pub(super) fn journaled(&self, entry: &Entry) {
        let Event::ActivityCompleted { id, .. } = &entry.event else { return };
        if !id.starts_with(AuthorizePayment::NAME) {
            return;
        }
        let now = millisecond(entry.at_ms);
        let deadline = entry.commands.iter().find_map(|command| match command {
            Recorded::Timer { due_ms, .. } => Some(millisecond(*due_ms)),
            _ => None,
        });
        match self.awaited {
            Moment::Waiting => self.reach(Some(now)),
            Moment::Deadline => self.reach(deadline),
            Moment::BeforeDeadline => self.reach(deadline.map(|deadline| deadline - MILLISECOND)),
            Moment::Placed(_) | Moment::Sent(_) | Moment::Answered(_) | Moment::After(..) => false,
        };
    }

    /// A request is on its way; it goes on when this returns.
    pub(super) async fn sent(&self, operation: &str, now: Timestamp) {
        match self.awaited {
            Moment::Sent(awaited) if awaited == operation && self.reach(Some(now)) => self.settled().await,
            Moment::After(awaited, delay) if awaited == operation => {
                self.reach(now.saturating_add(SignedDuration::try_from(delay).unwrap_or_default()).ok());
            }
            _ => {}
        }
    }

    /// Whether the end of an answer matters.
    pub(super) fn awaits_answer_of(&self, operation: &str) -> bool {
        matches!(self.awaited, Moment::Answered(awaited) if awaited == operation)
            && self.state().due.is_none()
    }

    /// An answer is there; it goes on to the orchestrator when this returns.
    pub(super) async fn answered(&self, now: Timestamp) {
        if self.reach(Some(now)) {
            self.settled().await;
        }
    }

    /// Whether this is the first time.
    fn reach(&self, due: Option<Timestamp>) -> bool {
        let mut state = self.state();
        let is_first = state.due.is_none() && due.is_some();
        if is_first {
            state.due = due;
            self.reached.notify_one();
        }
        is_first
    }

    async fn settled(&self) {
        while !self.state().is_settled {
            self.settled.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millisecond(epoch_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(epoch_ms).unwrap_or_default()
}
