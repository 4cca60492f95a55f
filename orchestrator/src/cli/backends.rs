use anyhow::Result;
use shared::environment::Environment;
use shared::http::{Correlation, Limits, serve, with_common};
use shared::service::with_docs;
use shared::time::Clock;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::arguments::port;
use super::banner::Banner;
use super::process::{self, random};
use crate::bundled::{self, Domain, Settings};

/// Start the four backends, or some of them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    bind: Bind,
    /// Serve only these domains
    #[arg(long, value_enum, value_delimiter = ',', env = "ONLY")]
    only: Vec<Domain>,
}

/// The address of the backends.
#[derive(Debug, clap::Args)]
pub(super) struct Bind {
    /// The address to listen on; 0.0.0.0 is every address of this machine
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub(super) host: String,
    /// The port of the backends
    #[arg(long, env = "PORT", default_value_t = 3001, value_parser = port)]
    pub(super) port: u16,
}

pub(super) async fn run(args: &Args, environment: &Environment) -> Result<()> {
    process::allow_many_connections();
    let mut domains = if args.only.is_empty() { Domain::ALL.to_vec() } else { args.only.clone() };
    domains.sort_unstable();
    domains.dedup();
    let settings = Settings::from_environment(environment, random())?;
    let listener = args.bind.listen().await?;
    Banner::new().backends(&listener, &settings)?.print()?;
    let stop = process::stop_signal();
    serve_backends(listener, &settings, &domains, stop).await;
    Ok(())
}

impl Bind {
    pub(super) async fn listen(&self) -> Result<TcpListener> {
        process::listen(&self.host, self.port, process::HOST, "--port (PORT)").await
    }
}

/// Serves `domains` until `stop`.
pub(super) async fn serve_backends(
    listener: TcpListener,
    settings: &Settings,
    domains: &[Domain],
    stop: CancellationToken,
) {
    let routes = bundled::routes(settings, domains, Clock::system());
    let router = with_common(with_docs(routes), Correlation::seeded(random()));
    serve(listener, router, Limits::default(), stop.cancelled_owned()).await;
}
