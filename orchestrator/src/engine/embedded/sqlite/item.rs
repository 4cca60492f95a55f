//! An item as it is written. It is serialized by the thread that appends it, so that the one thread that
//! writes does nothing else.

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use serde::Serialize;

use super::rows::{integer, to_sql};
use super::schema::Columns;
use crate::engine::embedded::event::Entry;
use crate::engine::embedded::journal::{Append, AppendError, Ending, RowUpdate, RunStart};

/// The written form of an [`Append`].
pub(super) struct Item {
    pub(super) owner_epoch: u64,
    run: i64,
    child_starts: Vec<Item>,
    start: Option<RunStart>,
    change: Change,
    first_position: i64,
    entries: Vec<EntryRow>,
}

struct EntryRow {
    at_ms: i64,
    event: String,
    commands: Option<String>,
}

impl Item {
    /// # Errors
    /// [`AppendError::Refused`] when something in it cannot be JSON.
    pub(super) fn of(append: &Append, columns: &Columns) -> Result<Self, AppendError> {
        Self::encode(append, columns).map_err(|error| AppendError::Refused(error.to_string()))
    }

    fn encode(append: &Append, columns: &Columns) -> serde_json::Result<Self> {
        let child_starts = append.child_starts.iter().map(|child| Self::encode(child, columns));
        Ok(Self {
            owner_epoch: append.owner_epoch,
            run: integer(append.run.0),
            child_starts: child_starts.collect::<Result<_, _>>()?,
            start: append.start.clone(),
            change: Change::of(append, columns)?,
            first_position: integer(append.expected_index),
            entries: append.entries.iter().map(EntryRow::of).collect::<Result<_, _>>()?,
        })
    }

    /// About how many pages it changes: a handful, plus those that its text fills.
    pub(super) fn pages(&self) -> usize {
        let of_entries: usize = self.entries.iter().map(EntryRow::bytes).sum();
        let of_children: usize = self.child_starts.iter().map(Self::pages).sum();
        5 + (of_entries + self.change.bytes()) / 4096 + of_children
    }

    /// Writes it; one that is refused may be written in part. The outer error is SQLite's.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<Result<(), AppendError>> {
        for child in &self.child_starts {
            if child.write(connection)?.is_err() {
                return Ok(Err(AppendError::Mismatch));
            }
        }
        if let Some(start) = &self.start
            && !self.insert_run(connection, start)?
        {
            let mut existing = connection.prepare_cached("SELECT run_id FROM runs WHERE workflow_id = ?1")?;
            let run_id = existing.query_row([&start.workflow_id], |row| row.get(0))?;
            return Ok(Err(AppendError::Exists { run_id }));
        }
        if !self.change.apply(connection)? {
            return Ok(Err(AppendError::Mismatch));
        }
        self.insert_entries(connection)?;
        Ok(Ok(()))
    }

    /// False if a run with this workflow id already exists.
    fn insert_run(&self, connection: &Connection, start: &RunStart) -> rusqlite::Result<bool> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO runs (key, length, needs_attention, started_at, workflow_id, run_id, workflow, state)
             VALUES (?1, 0, 0, ?2, ?3, ?4, ?5, 'null') ON CONFLICT (workflow_id) DO NOTHING",
        )?;
        let RunStart { workflow, workflow_id, run_id, started_at_ms } = start;
        Ok(insert.execute(params![self.run, started_at_ms, workflow_id, run_id, workflow])? == 1)
    }

    fn insert_entries(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO entries (run, position, at, event, commands) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (position, entry) in (self.first_position..).zip(&self.entries) {
            insert.execute(params![self.run, position, entry.at_ms, entry.event, entry.commands])?;
        }
        Ok(())
    }
}

impl EntryRow {
    fn of(entry: &Entry) -> serde_json::Result<Self> {
        let commands = (!entry.commands.is_empty()).then(|| text(&entry.commands)).transpose()?;
        Ok(Self { at_ms: entry.at_ms, event: text(&entry.event)?, commands })
    }

    fn bytes(&self) -> usize {
        self.event.len() + self.commands.as_ref().map_or(0, String::len)
    }
}

/// An `UPDATE` of what changes and nothing else, so that indexes are left alone. There are few
/// different ones, and each is prepared once.
struct Change {
    sql: String,
    values: Vec<Value>,
}

impl Change {
    /// Changes the run's row, if it has as many entries as the item expects.
    fn of(append: &Append, columns: &Columns) -> serde_json::Result<Self> {
        let RowUpdate { due_ms, state, needs_attention, quarantine, attributes, heartbeats, closed } =
            &append.update;
        let length = append.expected_index + append.entries.len() as u64;
        let mut change =
            Self { sql: "UPDATE runs SET length = ?".to_owned(), values: vec![integer(length).into()] };
        change.set("due", *due_ms);
        if let Some(state) = state {
            change.set("state", text(state)?);
        }
        if let Some(needs_attention) = needs_attention {
            change.set("needs_attention", *needs_attention);
        }
        if let Some(quarantine) = quarantine {
            change.set("quarantine", quarantine.clone());
        }
        if let Some(heartbeats) = heartbeats {
            change.set("heartbeats", text(heartbeats)?);
        }
        if let Some(Ending { at_ms, outcome }) = closed {
            change.set("closed_at", *at_ms);
            change.set("outcome", text(outcome)?);
        }
        for attribute in attributes {
            if let Some((_, column)) = columns.get(attribute.name) {
                change.set(column, to_sql(&attribute.value));
            }
        }
        change.sql.push_str(" WHERE key = ? AND length = ?");
        change.values.extend([append.run.0, append.expected_index].map(|number| integer(number).into()));
        Ok(change)
    }

    fn set(&mut self, column: &str, value: impl Into<Value>) {
        self.sql.push_str(", ");
        self.sql.push_str(column);
        self.sql.push_str(" = ?");
        self.values.push(value.into());
    }

    /// How long its text is.
    fn bytes(&self) -> usize {
        self.values.iter().map(|value| if let Value::Text(text) = value { text.len() } else { 0 }).sum()
    }

    fn apply(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let mut update = connection.prepare_cached(&self.sql)?;
        Ok(update.execute(params_from_iter(&self.values))? == 1)
    }
}

fn text<T: Serialize>(value: &T) -> serde_json::Result<String> {
    serde_json::to_string(value)
}
