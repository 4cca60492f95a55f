use std::error::Error;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The base URL of a service.
///
/// # Errors
/// Why it is not usable.
pub fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() == "http" { Ok(url) } else { Err("only http:// URLs are supported".to_owned()) }
}

/// The common settings of every HTTP client of this program. Its owner sets how long an answer may take.
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
