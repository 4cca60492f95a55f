use std::collections::HashMap;

use shared::environment::{ConfigError, Environment};
use temporalio_client::ConnectionOptions;
use temporalio_client::envconfig::{ClientConfigProfile, LoadClientConfigProfileOptions};
use temporalio_common::envconfig::load_client_config_profile;

/// The prefix of every variable that Temporal's SDKs read.
const PREFIX: &str = "TEMPORAL_";
const TASK_QUEUE: &str = "TEMPORAL_TASK_QUEUE";
const DEFAULT_ADDRESS: &str = "localhost:7233";
const DEFAULT_NAMESPACE: &str = "default";
const DEFAULT_TASK_QUEUE: &str = "fake-stripe-chaos";

/// Where the cluster is and which parts of it to use.
#[derive(Clone)]
pub struct Settings {
    /// `host:port`, or a URL.
    pub address: String,
    /// The namespace, which must exist.
    pub namespace: String,
    /// The task queue of workflows and forward activities. Undos have their own,
    /// `{task_queue}-compensations`.
    pub task_queue: String,
    connection: ConnectionOptions,
}

impl Settings {
    /// A server without TLS.
    ///
    /// # Errors
    /// When `address` is not valid.
    pub fn new(address: &str, namespace: &str, task_queue: &str) -> Result<Self, ConfigError> {
        let variables =
            [("TEMPORAL_ADDRESS", address), ("TEMPORAL_NAMESPACE", namespace), (TASK_QUEUE, task_queue)];
        Self::load(&variables.into_iter().collect(), true)
    }

    /// The settings from the standard variables of Temporal's SDKs, and the configuration file they name:
    /// `TEMPORAL_ADDRESS`, `_NAMESPACE`, `_API_KEY`, `_TLS`, `_TLS_*`, `_CONFIG_FILE`, `_PROFILE`; and
    /// `TEMPORAL_TASK_QUEUE`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Self::load(environment, false)
    }

    fn load(environment: &Environment, disable_file: bool) -> Result<Self, ConfigError> {
        let invalid = |error: &dyn ToString| ConfigError::new("TEMPORAL_*", error.to_string());
        let variables: HashMap<String, String> = environment
            .names_with(PREFIX)
            .filter_map(|name| Some((name.to_owned(), environment.get(name)?.trim().to_owned())))
            .collect();
        let options = LoadClientConfigProfileOptions::builder().disable_file(disable_file).build();
        let profile = load_client_config_profile(options, Some(&variables)).map_err(|e| invalid(&e))?;
        let ClientConfigProfile { address, namespace, .. } = &profile;
        Ok(Self {
            address: address.clone().unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()),
            namespace: namespace.clone().unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
            task_queue: variables.get(TASK_QUEUE).map_or(DEFAULT_TASK_QUEUE, String::as_str).to_owned(),
            connection: ConnectionOptions::try_from(profile).map_err(|e| invalid(&e))?,
        })
    }

    pub(super) fn connection(&self) -> ConnectionOptions {
        self.connection.clone()
    }

    /// Every setting as the variable and the value that would set it; never a secret.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TEMPORAL_ADDRESS", self.address.clone()),
            ("TEMPORAL_NAMESPACE", self.namespace.clone()),
            (TASK_QUEUE, self.task_queue.clone()),
            ("TEMPORAL_TLS", self.connection.tls_options.is_some().to_string()),
        ]
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("namespace", &self.namespace)
            .field("task_queue", &self.task_queue)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_a_server_on_this_machine() {
        let settings = Settings::load(&Environment::default(), true).unwrap();
        let variables = settings.variables().into_iter().map(|(name, value)| format!("{name}={value}"));
        insta::assert_snapshot!(variables.collect::<Vec<_>>().join(" "), @"TEMPORAL_ADDRESS=localhost:7233 TEMPORAL_NAMESPACE=default TEMPORAL_TASK_QUEUE=fake-stripe-chaos TEMPORAL_TLS=false");
    }

    #[test]
    fn the_standard_variables_are_read_and_no_secret_is_shown() {
        let variables = [
            ("TEMPORAL_ADDRESS", "cluster.example.com:7233"),
            ("TEMPORAL_NAMESPACE", "orders"),
            ("TEMPORAL_API_KEY", "secret"),
            ("TEMPORAL_TASK_QUEUE", "blue"),
        ];
        let settings = Settings::load(&variables.into_iter().collect(), true).unwrap();
        let shown = format!("{:?} {settings:?}", settings.variables());
        assert!(!shown.contains("secret"), "{shown}");
        assert!(settings.connection().tls_options.is_some(), "a key is never sent in the clear");
        assert_eq!((settings.namespace.as_str(), settings.task_queue.as_str()), ("orders", "blue"));
    }

    #[test]
    fn a_file_that_is_not_there_is_said_so() {
        let variables =
            [("TEMPORAL_TLS_CLIENT_CERT_PATH", "/no/such"), ("TEMPORAL_TLS_CLIENT_KEY_PATH", "/no/such")];
        let error = Settings::load(&variables.into_iter().collect(), true).unwrap_err();
        insta::assert_snapshot!(error.to_string(), @"TEMPORAL_*: Configuration loading error: No such file or directory (os error 2)");
    }
}
