//! Runs and entries as they are read.

use std::error::Error;
use std::sync::Arc;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;

use super::schema::Columns;
use crate::engine::embedded::event::{Entry, timestamp};
use crate::engine::embedded::journal::{Ending, JournalError, Row, RunKey, RunRef, RunStart, StoredRun};
use crate::workflow::{Json, SearchAttribute, SearchKind, SearchValue};

/// The columns that [`to_row`] reads, before those of search attributes.
pub(super) const SELECTED: &str = "key, length, due, closed_at, needs_attention, started_at, workflow_id, run_id, \
                                   workflow, state, outcome, heartbeats, quarantine";

pub(super) fn load(
    connection: &Connection,
    columns: &Columns,
    run: &RunRef,
) -> Result<Option<StoredRun>, JournalError> {
    // One transaction, so that the row and the entries are from the same moment.
    let _snapshot = connection.unchecked_transaction()?;
    let Some(row) = row(connection, columns, run)? else { return Ok(None) };
    let entries = entries(connection, row.key, 0, usize::MAX)?;
    Ok(Some(StoredRun { row, entries }))
}

pub(super) fn row(
    connection: &Connection,
    columns: &Columns,
    run: &RunRef,
) -> Result<Option<Row>, JournalError> {
    let selected = &columns.selected;
    let select = |condition: &str| -> rusqlite::Result<CachedStatement<'_>> {
        connection.prepare_cached(&format!("SELECT {SELECTED}{selected} FROM runs WHERE {condition} = ?1"))
    };
    let row = match run {
        RunRef::Key(key) => select("key")?.query_row([integer(key.0)], |row| to_row(row, columns)),
        RunRef::Id(id) => select("workflow_id")?.query_row([id], |row| to_row(row, columns)),
    };
    Ok(row.optional()?)
}

pub(super) fn entries_of(
    connection: &Connection,
    workflow_id: &str,
    from: u64,
    limit: usize,
) -> Result<Option<Vec<Entry>>, JournalError> {
    let mut find = connection.prepare_cached("SELECT key FROM runs WHERE workflow_id = ?1")?;
    let key = find.query_row([workflow_id], |row| row.get(0).map(number)).optional()?;
    key.map(|key| entries(connection, RunKey(key), from, limit)).transpose()
}

/// Reads a run's entries, up to the first that cannot be read.
fn entries(
    connection: &Connection,
    key: RunKey,
    from: u64,
    limit: usize,
) -> Result<Vec<Entry>, JournalError> {
    let mut select = connection.prepare_cached(
        "SELECT at, event, commands FROM entries WHERE run = ?1 AND position >= ?2 ORDER BY position LIMIT ?3",
    )?;
    let rows = select.query_map(params![integer(key.0), integer(from), integer(limit as u64)], |row| {
        let (event, commands) = (parsed(row.get_ref(1)?), optional(row.get_ref(2)?));
        let at_ms = row.get(0)?;
        let entry = |event| Ok(Entry { at_ms, event, commands: commands?.unwrap_or_default() });
        Ok(event.and_then(entry).ok())
    })?;
    rows.map_while(Result::transpose).collect::<Result<_, _>>().map_err(JournalError::from)
}

/// Reads what [`SELECTED`] and [`Columns::selected`] name. A run whose state, outcome or heartbeats cannot be
/// read is read without them, as quarantined.
pub(super) fn to_row(row: &rusqlite::Row<'_>, columns: &Columns) -> rusqlite::Result<Row> {
    let mut quarantine = row.get(12)?;
    let state = or_quarantined(optional(row.get_ref(9)?), "state", &mut quarantine);
    let outcome = or_quarantined(optional(row.get_ref(10)?), "outcome", &mut quarantine);
    let heartbeats = or_quarantined(optional(row.get_ref(11)?), "heartbeats", &mut quarantine);
    let closed_at: Option<i64> = row.get(3)?;
    let shared = |index| row.get::<_, Arc<str>>(index);
    let mut attributes = Vec::new();
    for (index, &(name, kind, _)) in (13..).zip(&columns.all) {
        if let Some(value) = from_sql(kind, row.get_ref(index)?) {
            attributes.push(SearchAttribute { name, value });
        }
    }
    Ok(Row {
        key: RunKey(number(row.get(0)?)),
        length: number(row.get(1)?),
        due_ms: row.get(2)?,
        ending: closed_at.zip(outcome).map(|(at_ms, outcome)| Ending { at_ms, outcome }),
        needs_attention: row.get(4)?,
        start: RunStart {
            started_at_ms: row.get(5)?,
            workflow_id: shared(6)?,
            run_id: shared(7)?,
            workflow: shared(8)?,
        },
        state: state.unwrap_or_else(Json::null),
        heartbeats: heartbeats.unwrap_or_default(),
        quarantine,
        attributes,
    })
}

fn or_quarantined<T>(
    read: Result<Option<T>, Unreadable>,
    what: &str,
    quarantine: &mut Option<String>,
) -> Option<T> {
    read.unwrap_or_else(|error| {
        quarantine.get_or_insert_with(|| format!("its {what} in the journal cannot be read: {error}"));
        None
    })
}

/// SQLite's integers are signed; larger numbers do not occur in any journal.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The inverse of [`integer`].
pub(super) fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

/// What is not what this version writes: another version wrote it, or the file is damaged.
type Unreadable = Box<dyn Error>;

fn parsed<T: DeserializeOwned>(value: ValueRef<'_>) -> Result<T, Unreadable> {
    Ok(serde_json::from_str(value.as_str()?)?)
}

fn optional<T: DeserializeOwned>(value: ValueRef<'_>) -> Result<Option<T>, Unreadable> {
    if let ValueRef::Null = value { Ok(None) } else { parsed(value).map(Some) }
}

/// A search attribute's value as its column has it: instants as epoch milliseconds.
pub(super) fn to_sql(value: &SearchValue) -> Value {
    match value {
        SearchValue::Bool(value) => Value::Integer(i64::from(*value)),
        SearchValue::Int(value) => Value::Integer(*value),
        SearchValue::Float(value) => Value::Real(*value),
        SearchValue::Datetime(value) => Value::Integer(value.as_millisecond()),
        SearchValue::Keyword(value) => Value::Text(value.as_str().to_owned()),
    }
}

fn from_sql(kind: SearchKind, value: ValueRef<'_>) -> Option<SearchValue> {
    Some(match (kind, value) {
        (SearchKind::Keyword, ValueRef::Text(_)) => SearchValue::Keyword(value.as_str().ok()?.into()),
        (SearchKind::Int, ValueRef::Integer(value)) => SearchValue::Int(value),
        (SearchKind::Bool, ValueRef::Integer(value)) => SearchValue::Bool(value != 0),
        (SearchKind::Datetime, ValueRef::Integer(value)) => SearchValue::Datetime(timestamp(value)),
        (SearchKind::Float, ValueRef::Real(value)) => SearchValue::Float(value),
        (SearchKind::Float, ValueRef::Integer(value)) => SearchValue::Float(value as f64),
        _ => return None,
    })
}
