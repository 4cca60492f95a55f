use std::time::Duration;

use temporalio_client::errors::ClientConnectError;
use temporalio_client::tonic::{Code, IntoRequest};
use temporalio_client::{Client, ClientOptions, Connection};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::time::{sleep, timeout};

use super::Settings;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 8;
const MAX_PAUSE: Duration = Duration::from_secs(8);
const ATTEMPT: Duration = Duration::from_secs(10);

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No server answers.
    #[error("no Temporal server can be reached at {address} (TEMPORAL_ADDRESS): {reason}")]
    Unreachable {
        /// Its address.
        address: String,
        /// The last error.
        reason: String,
    },
    /// The server refuses the settings.
    #[error("the Temporal server at {address} refuses: {reason}")]
    Refused {
        /// Its address.
        address: String,
        /// Its reason.
        reason: String,
    },
    /// The search attributes are not as required.
    #[error("the search attributes of the namespace cannot be used: {0}")]
    Attributes(String),
    /// The worker cannot be started.
    #[error("the worker cannot be started: {0}")]
    Worker(String),
}

/// A client of the server, once it answers and knows the namespace. Waits about half a minute for a
/// server that is not up yet.
pub(super) async fn connect(settings: &Settings) -> Result<Client, ConnectError> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        match once(settings).await {
            Err(ConnectError::Unreachable { address, reason }) if attempt < ATTEMPTS => {
                tracing::warn!(address, "no Temporal server can be reached, trying again: {reason}");
                sleep(pause).await;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            result => return result,
        }
    }
    unreachable!("the last attempt returns")
}

async fn once(settings: &Settings) -> Result<Client, ConnectError> {
    let unreachable =
        |reason: String| ConnectError::Unreachable { address: settings.address.clone(), reason };
    let connected = timeout(ATTEMPT, Connection::connect(settings.connection())).await;
    let connected = connected.map_err(|_| unreachable("no answer in time".to_owned()))?;
    let connection = connected.map_err(|error| match &error {
        ClientConnectError::SystemInfoCallError(status) if is_refusal(status.code()) => {
            refused(settings, status.message())
        }
        ClientConnectError::InvalidConfig(_) | ClientConnectError::InvalidUri(_) => {
            refused(settings, &error.to_string())
        }
        _ => unreachable(cause(&error)),
    })?;
    let options = ClientOptions::new(settings.namespace.clone()).build();
    let client = Client::new(connection, options).map_err(|error| refused(settings, &error.to_string()))?;
    let request = DescribeNamespaceRequest { namespace: settings.namespace.clone(), ..Default::default() };
    match client.connection().workflow_service().describe_namespace(request.into_request()).await {
        Ok(_) => Ok(client),
        Err(status) if status.code() == Code::NotFound => {
            let namespace = &settings.namespace;
            Err(refused(settings, &format!("there is no namespace `{namespace}` (TEMPORAL_NAMESPACE)")))
        }
        // The permission to use a namespace does not imply the permission to describe it.
        Err(status) if status.code() == Code::PermissionDenied => Ok(client),
        Err(status) if is_refusal(status.code()) => Err(refused(settings, status.message())),
        Err(status) => Err(unreachable(status.message().to_owned())),
    }
}

fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::Unauthenticated | Code::PermissionDenied | Code::InvalidArgument | Code::Unimplemented
    )
}

fn refused(settings: &Settings, reason: &str) -> ConnectError {
    ConnectError::Refused { address: settings.address.clone(), reason: reason.to_owned() }
}

/// The innermost cause of an error, which is the most precise.
fn cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error).to_string()
}
