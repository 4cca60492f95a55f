use std::error::Error;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The base URL of a service.
///
/// # Errors
/// Why it is none.
pub fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() == "http" { Ok(url) } else { Err("only http is spoken".to_owned()) }
}

/// What every HTTP client of this program begins with. How long an answer may take is up to its owner.
pub(crate) fn client_builder() -> ClientBuilder {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .no_proxy()
        .user_agent(concat!("fake-stripe-chaos/", env!("CARGO_PKG_VERSION")))
}

/// The cause that a person can act on, such as `connection refused`.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
