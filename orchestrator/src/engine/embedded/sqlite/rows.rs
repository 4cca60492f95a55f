//! Runs and entries as they are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;

use super::schema::Columns;
use crate::engine::embedded::event::{Entry, timestamp};
use crate::engine::embedded::journal::{Ending, JournalError, Row, RunKey, RunRef, RunStart, StoredRun};
use crate::workflow::{SearchKind, SearchValue};

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
        let commands = optional(row.get_ref(2)?)?.unwrap_or_default();
        Ok(Entry { at_ms: row.get(0)?, event: parsed(row.get_ref(1)?)?, commands })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads what [`SELECTED`] and [`Columns::selected`] name.
pub(super) fn to_row(row: &rusqlite::Row<'_>, columns: &Columns) -> rusqlite::Result<Row> {
    let closed_at: Option<i64> = row.get(3)?;
    let outcome = optional(row.get_ref(10)?)?;
    let shared = |index| row.get::<_, Arc<str>>(index);
    let mut attributes = BTreeMap::new();
    for (index, (name, kind, _)) in (13..).zip(&columns.all) {
        if let Some(value) = from_sql(*kind, row.get_ref(index)?) {
            attributes.insert((*name).to_owned(), value);
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
        state: parsed(row.get_ref(9)?)?,
        heartbeats: optional(row.get_ref(11)?)?.unwrap_or_default(),
        quarantine: row.get(12)?,
        attributes,
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

fn parsed<T: DeserializeOwned>(value: ValueRef<'_>) -> rusqlite::Result<T> {
    let text = value.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, value.data_type(), error.into()))
}

fn optional<T: DeserializeOwned>(value: ValueRef<'_>) -> rusqlite::Result<Option<T>> {
    if let ValueRef::Null = value { Ok(None) } else { parsed(value).map(Some) }
}

/// A search attribute's value as its column has it: instants as epoch milliseconds.
pub(super) fn to_sql(value: &SearchValue) -> Value {
    match value {
        SearchValue::Bool(value) => Value::Integer(i64::from(*value)),
        SearchValue::Int(value) => Value::Integer(*value),
        SearchValue::Float(value) => Value::Real(*value),
        SearchValue::Datetime(value) => Value::Integer(value.as_millisecond()),
        SearchValue::Keyword(value) => Value::Text(value.clone()),
    }
}

fn from_sql(kind: SearchKind, value: ValueRef<'_>) -> Option<SearchValue> {
    Some(match (kind, value) {
        (SearchKind::Keyword, ValueRef::Text(_)) => SearchValue::Keyword(value.as_str().ok()?.to_owned()),
        (SearchKind::Int, ValueRef::Integer(value)) => SearchValue::Int(value),
        (SearchKind::Bool, ValueRef::Integer(value)) => SearchValue::Bool(value != 0),
        (SearchKind::Datetime, ValueRef::Integer(value)) => SearchValue::Datetime(timestamp(value)),
        (SearchKind::Float, ValueRef::Real(value)) => SearchValue::Float(value),
        (SearchKind::Float, ValueRef::Integer(value)) => SearchValue::Float(value as f64),
        _ => return None,
    })
}
