use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use shared::environment::{format_duration, parse_duration};

use crate::engine::embedded::{Append, Event};

/// A point at which the orchestrator's process dies: at an append to the journal, which is named
/// after an entry, since that survives changes of code and times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crash {
    /// Such as `payment_capture:1.completed`.
    pub append: String,
    /// Before or after the append became durable.
    pub when: When,
}

/// Before or after an append became durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// All that led to it was done; it is not written.
    Before,
    /// It has been durable for this long. At once means that nobody has been told, and that nothing was done
    /// that follows from it.
    After(Duration),
}

impl Crash {
    /// Both ways to die at an append.
    pub(super) fn around(append: &str) -> [Self; 2] {
        [When::Before, When::After(Duration::ZERO)].map(|when| Self { append: append.to_owned(), when })
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { append, when } = self;
        match when {
            When::Before => write!(f, "before:{append}"),
            When::After(Duration::ZERO) => write!(f, "after:{append}"),
            When::After(later) => write!(f, "after:{append}+{}", format_duration(*later)),
        }
    }
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (append, when) = match text.split_once(':') {
            Some(("before", append)) => (append, When::Before),
            Some(("after", append)) => match append.rsplit_once('+') {
                Some((append, later)) => (append, When::After(parse_duration(later)?)),
                None => (append, When::After(Duration::ZERO)),
            },
            _ => {
                return Err(format!(
                    "`{text}` is not a crash, expected before: or after: and an entry of the journal, such as \
                     before:payment_capture:1.completed or after:payment_capture:1.completed+7s"
                ));
            }
        };
        Ok(Self { append: append.to_owned(), when })
    }
}

/// The name of an append: that of its last entry, unique within its run. `None` for one that only
/// changes the run's row.
pub(super) fn name_of(append: &Append) -> Option<String> {
    append.entries.last().map(|entry| event_name(&entry.event))
}

/// What an entry tells, in a word.
pub(super) fn event_name(event: &Event) -> String {
    match event {
        Event::Started { .. } => "started".to_owned(),
        Event::ActivityCompleted { id, .. } => format!("{id}.completed"),
        Event::ActivityFailed { id, .. } => format!("{id}.failed"),
        Event::AttemptFailed(attempt) => format!("{}.attempt-{}", attempt.id, attempt.attempt),
        Event::TimerFired { timer } => format!("timer:{timer}"),
        Event::ChildStarted { workflow_id, .. } => format!("child:{workflow_id}"),
        Event::SignalAccepted { name, .. } => format!("signal:{name}"),
        Event::CancelRequested { .. } => "cancel-requested".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_reads_back() {
        let later = Crash { append: "started".to_owned(), when: When::After(Duration::from_secs(7)) };
        for crash in Crash::around("signal:approveOrder").into_iter().chain([later]) {
            assert_eq!(crash.to_string().parse(), Ok(crash));
        }
        assert!("during:started".parse::<Crash>().is_err());
        assert!("after:started+soon".parse::<Crash>().is_err());
    }
}
