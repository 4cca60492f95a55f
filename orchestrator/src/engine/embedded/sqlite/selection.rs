use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::rows::{SELECTED, integer, to_row, to_sql};
use super::schema::Columns;
use crate::engine::embedded::journal::{JournalError, Row, Selection};
use crate::workflow::Comparison;

/// The runs that match `selection`, those started last first.
pub(super) fn list(
    connection: &Connection,
    columns: &Columns,
    selection: &Selection,
) -> Result<Vec<Row>, JournalError> {
    let mut sql = format!("SELECT {SELECTED}{} FROM runs WHERE key < ?", columns.selected);
    let before = selection.before.map_or(i64::MAX, |key| integer(key.0));
    let mut values = vec![Value::Integer(before)];
    for condition in &selection.conditions {
        let (_, column) = columns
            .get(condition.attribute)
            .ok_or_else(|| JournalError(format!("`{}` is not a search attribute", condition.attribute)))?;
        let comparison = match condition.comparison {
            Comparison::Equal => "=",
            Comparison::AtLeast => ">=",
            Comparison::AtMost => "<=",
        };
        sql.push_str(&format!(" AND {column} {comparison} ?"));
        values.push(to_sql(&condition.value));
    }
    // Literals, so that the partial index is used.
    match selection.needs_attention {
        Some(true) => sql.push_str(" AND needs_attention = 1"),
        Some(false) => sql.push_str(" AND needs_attention = 0"),
        None => {}
    }
    sql.push_str(" ORDER BY key DESC LIMIT ?");
    values.push(Value::Integer(integer(selection.limit as u64)));
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params_from_iter(values), |row| to_row(row, columns))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
