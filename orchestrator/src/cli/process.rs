//! What commands need from the process: ports, signals, file descriptors, exit statuses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context;
use futures_util::future::poll_immediate;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How a command ended, as its exit status shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It did its work, and nothing is wrong.
    Good = 0,
    /// It did its work, and something is wrong: a violation, a refusal, an order that was not shipped.
    Bad = 1,
    /// It could not do its work: wrong usage, or a service does not answer.
    Unusable = 2,
    /// It was interrupted, and nothing was wrong so far.
    Interrupted = 130,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(ending as u8)
    }
}

/// The option that sets a server's host.
pub(super) const HOST: &str = "--host (HOST)";

/// Listens on `host` and `port`; `host_from` and `port_from` name the options that set them.
pub(super) async fn listen(
    host: &str,
    port: u16,
    host_from: &str,
    port_from: &str,
) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((host, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => anyhow::bail!(
            "port {port} is already in use; choose another port with {port_from}, or stop the program that uses it"
        ),
        Err(error) => Err(error)
            .with_context(|| format!("cannot listen on {host}:{port}, set by {host_from} and {port_from}")),
    }
}

/// The address as a URL that works from this machine.
pub(super) fn url_of(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}")
}

/// Resolves when the process is asked to stop, by Ctrl-C or SIGTERM.
async fn asked_to_stop() {
    let interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            futures_util::future::select(interrupt, std::pin::pin!(terminate.recv())).await;
            return;
        }
    }
    let _ = interrupt.await;
}

/// Raises the limit of open files as far as the system allows: every connection is one, and the usual
/// limit of 1,024 is less than a load test needs.
pub(super) fn allow_many_connections() {
    if let Err(error) = rlimit::increase_nofile_limit(65_536) {
        tracing::warn!(%error, "the limit of open files could not be raised; many connections may fail");
    }
}

/// Makes a write beyond the file size limit fail, like one to a full disk. Otherwise it would end the
/// process.
pub(super) fn survive_file_size_limit() {
    #[cfg(target_os = "linux")]
    {
        use tokio::signal::unix::{SignalKind, signal};
        const SIGXFSZ: i32 = 25;
        if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
            tracing::warn!(%error, "a write beyond the file size limit will end this process");
        }
    }
}

/// Cancelled when the process is asked to stop. A second request ends it without waiting for requests
/// in flight.
pub(super) fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        // Listens before it cancels, lest it miss an immediate second request.
        let mut again = std::pin::pin!(asked_to_stop());
        if poll_immediate(again.as_mut()).await.is_none() {
            asked.cancel();
            again.await;
        }
        std::process::exit(Ending::Interrupted as i32);
    });
    stop
}

/// A truly random number: the seed if none was given. Below 2^53, because it is shown as a JSON number,
/// and JavaScript reads no larger one exactly.
pub(super) fn random() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "only the default seed is random, and it is printed")]
    let bits: u64 = rand::random();
    bits >> 11
}

/// This program, as it was called.
pub(super) fn program() -> String {
    let program = std::env::args_os().next().unwrap_or_else(|| "fake-stripe-chaos".into());
    program.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_a_url_that_works_from_here() {
        let url = |address: &str| url_of(address.parse().unwrap());
        assert_eq!(url("10.0.0.7:3001"), "http://10.0.0.7:3001");
        assert_eq!(url("[::1]:3001"), "http://[::1]:3001");
        assert_eq!([url("0.0.0.0:3001"), url("[::]:3001")], ["http://127.0.0.1:3001"; 2]);
    }
}
