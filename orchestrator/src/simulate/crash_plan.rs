use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::chaos::Draw;

use super::crash::{Crash, When, event_name, name_of};
use crate::engine::embedded::{Append, RunKey};

/// In random mode the process dies at one append in this many, on average.
const ONE_IN: u32 = 50;

/// When the processes of an orchestrator die.
#[derive(Debug)]
pub(super) struct CrashPlan(Mutex<Mode>);

#[derive(Debug)]
enum Mode {
    Never,
    /// At these points, each once.
    Named {
        crashes: BTreeSet<Crash>,
        appends: Vec<String>,
    },
    Chance {
        draw: Draw,
        random_crashes: Vec<RandomCrash>,
    },
}

/// A death by chance.
#[derive(Clone, Debug)]
pub(super) struct RandomCrash {
    /// In epoch milliseconds.
    pub(super) at_ms: i64,
    pub(super) when: When,
    /// The append, by the runs in it.
    pub(super) appends: BTreeMap<RunKey, String>,
}

impl CrashPlan {
    pub(super) fn never() -> Self {
        Self(Mutex::new(Mode::Never))
    }

    /// At `crashes`; the names of all appends are remembered.
    pub(super) fn named(crashes: BTreeSet<Crash>) -> Self {
        Self(Mutex::new(Mode::Named { crashes, appends: Vec::new() }))
    }

    pub(super) fn by_chance(draw: Draw) -> Self {
        Self(Mutex::new(Mode::Chance { draw, random_crashes: Vec::new() }))
    }

    /// The names of all appends so far.
    pub(super) fn appends(&self) -> Vec<String> {
        match &*self.mode() {
            Mode::Named { appends, .. } => appends.clone(),
            Mode::Never | Mode::Chance { .. } => Vec::new(),
        }
    }

    /// The points that no append has come to so far.
    pub(super) fn unreached(&self) -> BTreeSet<Crash> {
        match &*self.mode() {
            Mode::Named { crashes, .. } => crashes.clone(),
            Mode::Never | Mode::Chance { .. } => BTreeSet::new(),
        }
    }

    /// The deaths by chance so far.
    pub(super) fn random_crashes(&self) -> Vec<RandomCrash> {
        match &*self.mode() {
            Mode::Chance { random_crashes, .. } => random_crashes.clone(),
            Mode::Never | Mode::Named { .. } => Vec::new(),
        }
    }

    /// Whether the process dies at `batch`, and how.
    pub(super) fn crash_at(&self, batch: &[Append], at_ms: i64) -> Option<When> {
        match &mut *self.mode() {
            Mode::Never => None,
            Mode::Named { crashes, appends } => {
                appends.extend(batch.iter().filter_map(name_of));
                let entries = batch.iter().flat_map(|item| &item.entries);
                let names: BTreeSet<_> = entries.map(|entry| event_name(&entry.event)).collect();
                let struck = crashes.iter().find(|crash| names.contains(&crash.append)).cloned()?;
                crashes.remove(&struck);
                Some(struck.when)
            }
            Mode::Chance { draw, random_crashes } => {
                if draw.below(ONE_IN) > 0 {
                    return None;
                }
                let when = if draw.below(2) == 0 { When::Before } else { When::After(Duration::ZERO) };
                let appends = batch.iter().filter_map(|item| Some((item.run, name_of(item)?))).collect();
                random_crashes.push(RandomCrash { at_ms, when, appends });
                Some(when)
            }
        }
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
