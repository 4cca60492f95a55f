use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::crash::event_name;
use super::world::ORIGIN;
use crate::domain::WORKFLOW_ID_PREFIX;
use crate::engine::embedded::{Entry, RunKey};

/// What happened in a world, in the order in which it happened. Kept only when somebody wants it.
#[derive(Debug, Default)]
pub(super) struct Log(Option<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    lines: Vec<Line>,
    orders: BTreeMap<RunKey, String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in milliseconds since the world began.
    pub at_ms: i64,
    /// To which order; to all of them when it is empty.
    pub order: String,
    /// What.
    pub text: String,
}

impl Log {
    /// A log that is kept if `wanted`.
    pub(super) fn if_wanted(wanted: bool) -> Self {
        Self(wanted.then(Mutex::default))
    }

    pub(super) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn note(&self, at: Timestamp, order: &str, text: impl FnOnce() -> String) {
        if let Some(mut kept) = self.kept() {
            kept.lines.push(Line { at_ms: since_origin(at), order: order.to_owned(), text: text() });
        }
    }

    /// The run of this key is the order's.
    pub(super) fn name(&self, run: RunKey, workflow_id: &str) {
        if let Some(mut kept) = self.kept() {
            let order = workflow_id.strip_prefix(WORKFLOW_ID_PREFIX).unwrap_or(workflow_id);
            kept.orders.insert(run, order.to_owned());
        }
    }

    pub(super) fn journaled(&self, at: Timestamp, run: RunKey, entry: &Entry) {
        let Some(mut kept) = self.kept() else { return };
        let order = kept.orders.get(&run).cloned().unwrap_or_default();
        let mut text = format!("journal  {}", event_name(&entry.event));
        for (number, command) in entry.commands.iter().enumerate() {
            text.push_str(if number == 0 { " -> " } else { ", " });
            text.push_str(&command.to_string());
        }
        kept.lines.push(Line { at_ms: since_origin(at), order, text });
    }

    pub(super) fn take(&self) -> Vec<Line> {
        let mut lines = self.kept().map(|mut kept| std::mem::take(&mut kept.lines)).unwrap_or_default();
        // What the clock does is noticed only when somebody looks.
        lines.sort_by_key(|line| line.at_ms);
        lines
    }

    fn kept(&self) -> Option<MutexGuard<'_, Kept>> {
        self.0.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn since_origin(at: Timestamp) -> i64 {
    at.as_millisecond() - ORIGIN.as_millisecond()
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_ms, order, text } = self;
        write!(f, "{:>8}.{:03} {order} {text}", at_ms / 1000, at_ms % 1000)
    }
}
