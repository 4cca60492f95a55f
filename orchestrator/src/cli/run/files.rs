//! What a run leaves behind in files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use shared::environment::Environment;

use super::{Args, Failure};
use crate::run::{Run, junit, markdown, page};

/// Writes every file that was asked for.
pub(super) fn write(args: &Args, environment: &Environment, run: &Run) -> Result<(), Failure> {
    if let Some(directory) = &args.ledger_dir {
        ledgers(directory, run)?;
    }
    if let Some(path) = &args.report {
        to_file(path, |out| out.write_all(page(run).as_bytes()))?;
    }
    if let Some(path) = &args.junit {
        to_file(path, |out| junit(&run.results, out))?;
    }
    if let Some(path) = environment.get("GITHUB_STEP_SUMMARY") {
        let summary = markdown(&run.results);
        let append = || File::options().create(true).append(true).open(path)?.write_all(summary.as_bytes());
        append().map_err(unwritable(Path::new(path)))?;
    }
    Ok(())
}

/// A file a domain, with a record a line, and one with the decisions.
fn ledgers(directory: &Path, run: &Run) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(unwritable(directory))?;
    for (domain, records) in &run.ledgers {
        to_file(&directory.join(format!("{domain}.jsonl")), |out| lines(records, out))?;
    }
    to_file(&directory.join("decisions.jsonl"), |out| lines(run.decisions().values(), out))
}

fn lines<T: Serialize>(values: impl IntoIterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(&mut *out, &value)?;
        writeln!(out)?;
    }
    Ok(())
}

fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let written = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    });
    written.map_err(unwritable(path))
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.display().to_string();
    |reason| Failure::Unwritable { path, reason }
}
