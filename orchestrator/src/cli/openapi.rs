use std::io::Write;

use anyhow::Result;
use utoipa::openapi::OpenApi;

use super::unless_nobody_reads;
use crate::api;

/// Print the `OpenAPI` 3.1 document of an HTTP API as JSON
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which service
    #[arg(value_enum, default_value = "backends")]
    of: Of,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Of {
    /// The four backends
    Backends,
    /// The orchestrator
    Orchestrator,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let document = match args.of {
        Of::Orchestrator => api::openapi(),
        Of::Backends => backends()?,
    };
    let document = document.to_pretty_json()?;
    Ok(unless_nobody_reads(writeln!(anstream::stdout(), "{document}"))?)
}

#[cfg(feature = "bundled")]
fn backends() -> Result<OpenApi> {
    use crate::bundled::{Domain, Settings, routes};
    let settings = Settings::from_environment(&shared::environment::Environment::default(), 0)?;
    Ok(routes(&settings, &Domain::ALL, shared::time::Clock::system()).into_openapi())
}

#[cfg(not(feature = "bundled"))]
fn backends() -> Result<OpenApi> {
    anyhow::bail!("this binary was built without the backends; use theirs")
}
