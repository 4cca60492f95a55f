//! The format of the file.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::OpenError;
use crate::workflow::SearchKind;

/// The format that this version writes, in `PRAGMA user_version`.
const FORMAT: i64 = 1;

/// Entries are stored in the order in which they were written, not by run: a sync then writes a few
/// full pages, instead of one for almost every run that has a new entry.
const TABLES: &str = "
    CREATE TABLE owner (epoch INTEGER NOT NULL, latest INTEGER NOT NULL);
    INSERT INTO owner VALUES (0, 0);
    CREATE TABLE runs (
        key INTEGER PRIMARY KEY,
        length INTEGER NOT NULL,
        due INTEGER,
        closed_at INTEGER,
        needs_attention INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        workflow_id TEXT NOT NULL UNIQUE,
        run_id TEXT NOT NULL,
        workflow TEXT NOT NULL,
        state TEXT NOT NULL,
        outcome TEXT,
        heartbeats TEXT,
        quarantine TEXT
    );
    CREATE INDEX open_runs ON runs (key) WHERE closed_at IS NULL;
    CREATE INDEX closed_runs ON runs (closed_at) WHERE closed_at IS NOT NULL AND needs_attention = 0;
    CREATE INDEX runs_in_need ON runs (key) WHERE needs_attention = 1;
    CREATE TABLE entries (
        run INTEGER NOT NULL,
        position INTEGER NOT NULL,
        at INTEGER NOT NULL,
        event TEXT NOT NULL,
        commands TEXT
    );
    CREATE UNIQUE INDEX entries_of_run ON entries (run, position);
";

/// Sets the connection up for writing, and creates the tables in an empty file.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(sqlite)?;
    if found > FORMAT {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: FORMAT });
    }
    let is_empty = || connection.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |row| row.get(0));
    if found == 0 && !is_empty().map_err(sqlite)? {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let set_up = || {
        // Savepoints keep the previous versions of pages: in memory, since in a temporary file they would
        // be most of what is written.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 1000;",
        )?;
        if found == 0 {
            connection.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {FORMAT}; COMMIT"))?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    };
    set_up().map_err(sqlite)
}

/// The columns of the search attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    /// Each attribute's name, kind and quoted column, in the order of their names.
    pub(super) all: Vec<(&'static str, SearchKind, String)>,
    /// `, "a_X", "a_Y"`.
    pub(super) selected: String,
}

impl Columns {
    pub(super) fn new(attributes: &BTreeMap<&'static str, SearchKind>) -> Self {
        let column = |name: &&'static str| quoted("a_", name);
        let all: Vec<_> = attributes.iter().map(|(name, kind)| (*name, *kind, column(name))).collect();
        let selected = all.iter().fold(String::new(), |list, (_, _, column)| list + ", " + column);
        Self { all, selected }
    }

    /// Adds the columns and indexes that the file lacks.
    pub(super) fn ensure(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut existing = connection.prepare("SELECT name FROM pragma_table_info('runs')")?;
        let existing: Vec<String> = existing.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for (name, kind, column) in &self.all {
            if !existing.contains(&format!("a_{name}")) {
                let sql_type = match kind {
                    SearchKind::Keyword => "TEXT",
                    SearchKind::Int | SearchKind::Bool | SearchKind::Datetime => "INTEGER",
                    SearchKind::Float => "REAL",
                };
                connection.execute_batch(&format!("ALTER TABLE runs ADD COLUMN {column} {sql_type}"))?;
            }
            let index = quoted("by_", name);
            connection.execute_batch(&format!("CREATE INDEX IF NOT EXISTS {index} ON runs ({column})"))?;
        }
        Ok(())
    }

    /// The kind and column of an attribute.
    pub(super) fn get(&self, name: &str) -> Option<(SearchKind, &str)> {
        let found = self.all.iter().find(|(known, _, _)| *known == name);
        found.map(|(_, kind, column)| (*kind, column.as_str()))
    }
}

fn quoted(prefix: &str, name: &str) -> String {
    format!("\"{prefix}{}\"", name.replace('"', "\"\""))
}
