//! Structured logs on standard error: pretty or JSON by `LOG_FORMAT`, level by `RUST_LOG`.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::environment::{ConfigError, Environment};

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pretty,
    Json,
}

/// Starts logging. Call it once, before anything else logs.
///
/// # Errors
/// When `LOG_FORMAT` or `RUST_LOG` is wrong.
pub fn start(environment: &Environment) -> Result<(), ConfigError> {
    let format = environment.parse_or("LOG_FORMAT", Format::Pretty, |text| match text {
        "pretty" => Ok(Format::Pretty),
        "json" => Ok(Format::Json),
        _ => Err(format!("`{text}` is not a log format, expected pretty or json")),
    })?;
    let filter = environment.parse_or("RUST_LOG", EnvFilter::new("info"), |text| {
        EnvFilter::try_new(text)
            .map_err(|e| format!("`{text}` is not a filter such as `info` or `shared=debug,info` ({e})"))
    })?;
    let colours = io::stderr().is_terminal() && environment.get("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours);
    // A line that cannot be written would be reported on standard error too, with a macro that panics then.
    let lines = lines.log_internal_errors(false);
    // A second start, as in tests, changes nothing.
    let _ = match format {
        Format::Pretty => tracing::subscriber::set_global_default(lines.with_target(false).finish()),
        Format::Json => tracing::subscriber::set_global_default(lines.json().flatten_event(true).finish()),
    };
    Ok(())
}
