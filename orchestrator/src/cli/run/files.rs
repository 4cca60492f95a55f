//! The files that a run writes.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf, absolute};

use serde::Serialize;
use serde_json::json;
use shared::environment::Environment;

use super::{Args, Failure};
use crate::run::{Run, junit, markdown, page};

/// The requested files. Whether they can be written is checked before the run, so that nobody waits for a
/// run in vain. They are written after it: an existing file stays until it is replaced.
pub(super) struct Files {
    ledgers: Option<PathBuf>,
    report: Option<PathBuf>,
    junit: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Files {
    /// # Errors
    /// When one of them could not be written.
    pub(super) fn asked_for(args: &Args, environment: &Environment) -> Result<Self, Failure> {
        let files = Self {
            ledgers: args.ledger_dir.clone(),
            report: args.report.clone(),
            junit: args.junit.clone(),
            summary: environment.get("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        };
        files.require_different()?;
        // The others may be in the directory of the ledgers, which need not exist yet.
        let made = files.ledgers.as_deref().map(Made::directory).transpose()?;
        let inside = files.ledgers.as_ref().map(|directory| directory.join("decisions.jsonl"));
        for path in [&inside, &files.report, &files.junit, &files.summary].into_iter().flatten() {
            try_out(path).map_err(unwritable(path))?;
        }
        drop(made);
        Ok(files)
    }

    /// One would replace the other.
    fn require_different(&self) -> Result<(), Failure> {
        let (Some(report), Some(junit)) = (&self.report, &self.junit) else { return Ok(()) };
        let is_device = report.exists() && !report.is_file();
        match absolute(report).ok() == absolute(junit).ok() && !is_device {
            true => Err(Failure::SameFile(report.display().to_string())),
            false => Ok(()),
        }
    }

    /// Writes them all.
    pub(super) fn write(self, run: &Run) -> Result<(), Failure> {
        if let Some(directory) = &self.ledgers {
            fs::create_dir_all(directory).map_err(unwritable(directory))?;
            ledgers(directory, run)?;
        }
        if let Some(path) = &self.report {
            replace(path, |out| out.write_all(page(run).as_bytes()))?;
        }
        if let Some(path) = &self.junit {
            replace(path, |out| junit(&run.results, out))?;
        }
        if let Some(path) = &self.summary {
            let file = File::options().create(true).append(true).open(path);
            write(path, file, |out| out.write_all(markdown(&run.results).as_bytes()))?;
        }
        Ok(())
    }
}

/// Directories that did not exist before, the innermost first. They are removed when this is dropped.
struct Made(Vec<PathBuf>);

impl Made {
    fn directory(path: &Path) -> Result<Self, Failure> {
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let missing = path.ancestors().take_while(is_missing).map(Path::to_path_buf).collect();
        let made = Self(missing);
        fs::create_dir_all(path).map_err(unwritable(path))?;
        Ok(made)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for directory in &self.0 {
            // If something was put into it meanwhile, it stays.
            let _ = fs::remove_dir(directory);
        }
    }
}

/// Opens a file for writing, and leaves everything unchanged.
fn try_out(path: &Path) -> io::Result<()> {
    let is_new = !path.try_exists()?;
    File::options().create(true).append(true).open(path)?;
    if is_new { fs::remove_file(path) } else { Ok(()) }
}

/// Writes a file, replacing an existing one.
fn replace(path: &Path, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    write(path, File::create(path), text)
}

fn write(
    path: &Path,
    file: io::Result<File>,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let written = file.map(BufWriter::new).and_then(|mut out| text(&mut out).and_then(|()| out.flush()));
    written.map_err(unwritable(path))
}

/// One file per domain, with one record per line, and one with the decisions. A domain without requests
/// gets a page without records: an empty file would say nothing.
fn ledgers(directory: &Path, run: &Run) -> Result<(), Failure> {
    for (domain, records) in &run.ledgers {
        let empty = [json!({"domain": domain, "records": []})];
        replace(&directory.join(format!("{domain}.jsonl")), |out| match records[..] {
            [] => lines(empty, out),
            _ => lines(records, out),
        })?;
    }
    replace(&directory.join("decisions.jsonl"), |out| lines(run.decisions().values(), out))
}

fn lines<T: Serialize>(values: impl IntoIterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(&mut *out, &value)?;
        writeln!(out)?;
    }
    Ok(())
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.display().to_string();
    |reason| Failure::Unwritable { path, reason }
}
