//! What a run leaves behind in files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use shared::environment::Environment;

use super::{Args, Failure};
use crate::run::{Run, junit, markdown, page};

/// The files that were asked for, made before the run: who cannot have them should not wait for it.
pub(super) struct Files {
    ledgers: Option<PathBuf>,
    report: Option<Output>,
    junit: Option<Output>,
    summary: Option<Output>,
}

struct Output {
    path: PathBuf,
    file: File,
}

impl Files {
    pub(super) fn make(args: &Args, environment: &Environment) -> Result<Self, Failure> {
        let made = |path: &PathBuf| Output::open(path, File::options().create(true).truncate(true));
        if let Some(directory) = &args.ledger_dir {
            fs::create_dir_all(directory).map_err(unwritable(directory))?;
        }
        let summary = environment.get("GITHUB_STEP_SUMMARY").map(Path::new);
        Ok(Self {
            ledgers: args.ledger_dir.clone(),
            report: args.report.as_ref().map(made).transpose()?,
            junit: args.junit.as_ref().map(made).transpose()?,
            summary: summary
                .map(|path| Output::open(path, File::options().create(true).append(true)))
                .transpose()?,
        })
    }

    /// Writes them all.
    pub(super) fn write(self, run: &Run) -> Result<(), Failure> {
        if let Some(directory) = &self.ledgers {
            ledgers(directory, run)?;
        }
        if let Some(report) = self.report {
            report.write(|out| out.write_all(page(run).as_bytes()))?;
        }
        if let Some(xml) = self.junit {
            xml.write(|out| junit(&run.results, out))?;
        }
        if let Some(summary) = self.summary {
            summary.write(|out| out.write_all(markdown(&run.results).as_bytes()))?;
        }
        Ok(())
    }
}

impl Output {
    fn open(path: &Path, options: &mut OpenOptions) -> Result<Self, Failure> {
        let file = options.write(true).open(path).map_err(unwritable(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn write(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut out = BufWriter::new(self.file);
        write(&mut out).and_then(|()| out.flush()).map_err(unwritable(&self.path))
    }
}

/// A file a domain, with a record a line, and one with the decisions.
fn ledgers(directory: &Path, run: &Run) -> Result<(), Failure> {
    let made =
        |name: String| Output::open(&directory.join(name), File::options().create(true).truncate(true));
    for (domain, records) in &run.ledgers {
        made(format!("{domain}.jsonl"))?.write(|out| lines(records, out))?;
    }
    made("decisions.jsonl".to_owned())?.write(|out| lines(run.decisions().values(), out))
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
