//! The command lines that people are told to type next.

use super::client::Client;
use crate::cli::process::program;

/// Writes `order` commands as this program was called, for the orchestrator that it was told of.
#[derive(Clone, Debug)]
pub(super) struct Commands {
    pub(super) program: String,
    /// The option that names the orchestrator, with a blank before it; empty for the usual one.
    pub(super) url: String,
}

impl Commands {
    /// The commands for whom `client` talks to.
    pub(super) fn of(client: &Client) -> Self {
        Self { program: program(), url: client.url_option() }
    }

    /// The command that does this to an order.
    pub(super) fn line(&self, verb: &str, id: &str) -> String {
        format!("{} order {verb} {id}{}", self.program, self.url)
    }

    /// Those of a program that is called by its name.
    #[cfg(test)]
    pub(super) fn named(url: &str) -> Self {
        Self { program: "fake-stripe-chaos".to_owned(), url: url.to_owned() }
    }
}
