use std::fmt;
use std::io::{self, Write};

use serde_json::json;

use super::client::{Answer, Error};
use super::style::{BAD, BOLD};

/// Where a command prints, and in which format.
pub(super) struct Output {
    json: bool,
    stream: Box<dyn Write>,
}

impl Output {
    pub(super) fn new(json: bool, stream: Box<dyn Write>) -> Self {
        Self { json, stream }
    }

    /// Whether the output is for a program, not a person.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Shows an answer: unchanged to programs, by `render` to people.
    pub(super) fn show<T: serde::de::DeserializeOwned>(
        &mut self,
        answer: &Answer,
        render: impl FnOnce(&mut dyn Write, &T) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.json {
            return self.line(answer.text.trim_end());
        }
        let value = answer.parse()?;
        render(&mut *self.stream, &value)?;
        Ok(self.stream.flush()?)
    }

    pub(super) fn line(&mut self, line: &str) -> Result<(), Error> {
        writeln!(self.stream, "{line}")?;
        Ok(self.stream.flush()?)
    }

    /// Reports an error: programs find it where they would find the answer.
    pub(super) fn report(&mut self, error: &Error, stderr: &mut dyn Write) {
        // If this fails too, there is no way left to report it.
        let _ = match error {
            Error::Refused { body, .. } if self.json => self.line(body.trim_end()),
            error if self.json => {
                let message = error.to_string();
                self.line(&json!({"success": false, "error": error.code(), "message": message}).to_string())
            }
            error => writeln!(stderr, "{BAD}{BOLD}error:{BOLD:#}{BAD:#} {error}").map_err(Error::Output),
        };
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("json", &self.json).finish_non_exhaustive()
    }
}
