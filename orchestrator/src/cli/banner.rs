//! What a serving command prints at startup: where things are, and what to do next.

use std::io::Write;

use anyhow::Result;
use serde_json::Value;
use tokio::net::TcpListener;

use super::orchestrator::Running;
use super::order::{fresh_sample, url_option};
use super::process::{program, url_of};
use crate::workflows::order_fulfillment::workflow_id;

/// The lines, in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Banner(String);

impl Banner {
    pub(super) fn new() -> Self {
        Self(format!("fake-stripe-chaos {}\n\n", env!("CARGO_PKG_VERSION")))
    }

    fn line(mut self, name: &str, value: &str) -> Self {
        self.0 += &format!("  {name:<14}{value}\n");
        self
    }

    #[cfg(feature = "bundled")]
    pub(super) fn backends(
        self,
        listener: &TcpListener,
        settings: &crate::bundled::Settings,
    ) -> Result<Self> {
        let url = url_of(listener.local_addr()?);
        let (seed, scale) = (settings.plan.seed, settings.plan.time_scale.factor());
        let mut banner = self
            .line("backends", &format!("{url}, docs {url}/api/docs"))
            .line("seed", &format!("{seed} (CHAOS_SEED={seed} repeats the faults)"));
        if scale != 1.0 {
            banner = banner.line("time scale", &scale.to_string());
        }
        Ok(banner)
    }

    pub(super) fn backends_at(self, url: &str) -> Self {
        self.line("backends", url)
    }

    pub(super) fn orchestrator(self, listener: &TcpListener) -> Result<Self> {
        let url = url_of(listener.local_addr()?);
        Ok(self.line("orchestrator", &format!("{url}, docs {url}/api/docs")))
    }

    /// Where the engine stores the orders.
    pub(super) fn data(self, running: &Running) -> Self {
        self.line("data", running.place())
    }

    #[cfg(feature = "bundled")]
    pub(super) fn backends_are_in_memory(self) -> Self {
        self.line(
            "note",
            "the backends live in memory: orders still running when this process ends lose their",
        )
        .line("", "holds; start `backends` and `orchestrator` as two processes to kill one of them")
    }

    /// How to place an order.
    pub(super) fn order(mut self, listener: &TcpListener) -> Result<Self> {
        let url = url_of(listener.local_addr()?);
        self.0 += &next_commands(&url, &program(), &fresh_sample());
        Ok(self)
    }

    pub(super) fn print(self) -> Result<()> {
        let mut stdout = anstream::stdout();
        writeln!(stdout, "{}", self.0)?;
        Ok(stdout.flush()?)
    }
}

/// How to place `order` with the orchestrator at `url`, approve it and watch it.
fn next_commands(url: &str, program: &str, order: &Value) -> String {
    let id = order["orderId"].as_str().unwrap_or_default();
    let (run, option) = (workflow_id(id), url_option(url));
    format!(
        "\nPlace an order, approve it, watch it:\n\n  curl -s {url}/workflows/order -H 'content-type: application/json' -d '{order}'\n  \
         curl -s -X POST {url}/workflows/{run}/approve\n  {program} order watch {id}{option}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api;

    #[test]
    fn the_orchestrator_that_is_watched_is_the_one_that_is_placed_with() {
        let order = api::sample_order();
        let commands = |url| next_commands(url, "fsc", &order);
        let watch = |url| commands(url).trim_end().lines().last().unwrap().trim().to_owned();
        assert_eq!(watch("http://127.0.0.1:3002"), "fsc order watch ORD-123");
        assert_eq!(watch("http://127.0.0.1:4002"), "fsc order watch ORD-123 --url http://127.0.0.1:4002");
    }
}
