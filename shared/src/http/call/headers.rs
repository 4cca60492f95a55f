use http::{HeaderMap, HeaderValue};
use smol_str::SmolStr;

use crate::http::{FieldError, Problem, problems};

/// The longest `Idempotency-Key`, in bytes.
pub(crate) const MAX_KEY_LENGTH: usize = 255;

/// The headers that matter here. Found in one pass, which costs less than to look each of them up.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    idempotency_key: Option<&'a HeaderValue>,
    has_more_keys: bool,
    content_encoding: Option<&'a HeaderValue>,
    content_type: Option<&'a HeaderValue>,
    /// Whether the client waits for leave to send the body.
    pub(super) expects: bool,
    /// Whether the client accepts Server-Sent Events.
    pub(super) wants_events: bool,
}

impl<'a> Headers<'a> {
    pub(super) fn of(all: &'a HeaderMap) -> Self {
        let mut found = Self::default();
        for (name, value) in all {
            match name.as_str() {
                "idempotency-key" if found.idempotency_key.is_some() => found.has_more_keys = true,
                "idempotency-key" => found.idempotency_key = Some(value),
                "content-encoding" => _ = found.content_encoding.get_or_insert(value),
                "content-type" => _ = found.content_type.get_or_insert(value),
                "expect" => found.expects = true,
                "accept" => found.wants_events |= accepts(value, "text/event-stream"),
                _ => {}
            }
        }
        found
    }

    /// The `Idempotency-Key`, if there is one.
    ///
    /// # Errors
    /// `validation_error`.
    pub(super) fn idempotency_key(&self) -> Result<Option<SmolStr>, Problem> {
        let Some(value) = self.idempotency_key else { return Ok(None) };
        let message = match value.to_str().map(str::trim) {
            _ if self.has_more_keys => "must not be given twice".to_owned(),
            Ok(key) if (1..=MAX_KEY_LENGTH).contains(&key.len()) && !key.contains('\t') => {
                return Ok(Some(key.into()));
            }
            _ => format!("must have 1 to {MAX_KEY_LENGTH} printable ASCII characters"),
        };
        Err(Problem::validation(vec![FieldError { field: "Idempotency-Key".to_owned(), message }]))
    }

    /// Clients that compress their bodies do not learn it from the JSON that nobody can read.
    pub(super) fn require_plain(&self) -> Result<(), Problem> {
        match self.content_encoding {
            Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => {
                let coding = String::from_utf8_lossy(coding.as_bytes()).to_ascii_lowercase();
                let detail = format!(
                    "The body is declared to be compressed (`{coding}`), expected an uncompressed one."
                );
                Err(Problem::new(&problems::UNSUPPORTED_MEDIA_TYPE, detail))
            }
            _ => Ok(()),
        }
    }

    /// A body without a declared type is taken for JSON, because the original service's clients send such.
    pub(super) fn require_json(&self) -> Result<(), Problem> {
        let Some(value) = self.content_type else { return Ok(()) };
        if value == "application/json" {
            return Ok(());
        }
        let declared = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let essence = declared.split(';').next().unwrap_or_default().trim();
        if essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json"))
        {
            return Ok(());
        }
        let detail = format!("The body is declared to be `{essence}`, expected `application/json`.");
        Err(Problem::new(&problems::UNSUPPORTED_MEDIA_TYPE, detail))
    }
}

/// Whether an `Accept` names `kind`, with any weight but zero.
fn accepts(accept: &HeaderValue, kind: &str) -> bool {
    accept.to_str().unwrap_or_default().split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_meant = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(kind));
        is_meant && !parts.any(is_weight_of_zero)
    })
}

fn is_weight_of_zero(parameter: &str) -> bool {
    let weight = parameter.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, weight)| weight.trim().parse() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_sent_only_if_accept_names_their_type() {
        let wants = |accept| accepts(&HeaderValue::from_static(accept), "text/event-stream");
        for accept in [
            "text/event-stream",
            "application/json, Text/Event-Stream;q=0.5",
            "text/event-stream; charset=utf-8",
        ] {
            assert!(wants(accept), "{accept}");
        }
        for accept in [
            "*/*",
            "text/event-streamx",
            "text/event-stream;q=0, application/json",
            "text/event-stream; Q=0.0",
        ] {
            assert!(!wants(accept), "{accept}");
        }
    }
}
