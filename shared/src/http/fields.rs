use smol_str::SmolStr;

use super::{FieldError, Problem};

/// The longest accepted id, in characters; the same everywhere, because one order goes everywhere.
pub(super) const MAX_ID_LENGTH: usize = 255;

/// Collects what is wrong with a request, so that one answer names every field.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// No errors yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// `field` breaks a rule.
    pub fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    /// `field` must satisfy a rule.
    pub fn check(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.wrong(field, message);
        }
    }

    /// The value of a required field.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.wrong(field, "is required");
        }
        value
    }

    /// Required text, with the rules of optional text.
    pub fn required_text(&mut self, field: &str, value: Option<String>, most: usize) -> Option<String> {
        let value = self.required(field, value);
        self.optional_text(field, value, most)
    }

    /// Text that, if present, is not blank, not longer than `most` characters and printable.
    pub fn optional_text(&mut self, field: &str, value: Option<String>, most: usize) -> Option<String> {
        let text = value?;
        if text.trim().is_empty() {
            self.wrong(field, "must not be empty");
        } else if text.chars().count() > most {
            self.wrong(field, format!("must have at most {most} characters"));
        } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.wrong(field, "must not contain control characters");
        }
        Some(text)
    }

    /// A required id.
    pub fn required_id(&mut self, field: &str, value: Option<SmolStr>) -> Option<SmolStr> {
        let value = self.required(field, value);
        self.optional_id(field, value)
    }

    /// An id that, if present, is not blank, not longer than 255 characters and on one line.
    pub fn optional_id(&mut self, field: &str, value: Option<SmolStr>) -> Option<SmolStr> {
        // Nearly every id, and cheaper to see than all that could be wrong with another.
        if value.as_deref().is_some_and(|id| !id.is_empty() && id.len() <= MAX_ID_LENGTH && is_graphic(id)) {
            return value;
        }
        let errors = self.errors.len();
        let id = self.optional_text(field, value.map(String::from), MAX_ID_LENGTH)?;
        if self.errors.len() == errors && id.contains(char::is_control) {
            self.wrong(field, "must not contain control characters");
        }
        Some(id.into())
    }

    /// The value, unless something was wrong.
    ///
    /// # Errors
    /// A `validation_error` that names each field.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(Problem::validation(self.errors)),
        }
    }
}

fn is_graphic(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}
