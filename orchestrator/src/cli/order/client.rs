use std::io;
use std::time::Duration;

use axum::body::Body;
use http::{Method, Response, StatusCode, header};
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::http::problems;

use crate::cli::process::Ending;
use crate::gateways::{base_url, client_builder, innermost};

/// Where `serve` and `orchestrator` listen by default.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:3002";

const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A client of an orchestrator.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
}

/// A successful answer: its text, so that `--json` can show it unchanged.
#[derive(Debug)]
pub(super) struct Answer {
    url: String,
    pub(super) status: StatusCode,
    pub(super) text: String,
}

/// Why a command could not do its work: one sentence, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("`{url}` is not a URL such as {DEFAULT_URL}: {reason}")]
    BadUrl { url: String, reason: String },
    #[error(
        "no orchestrator answers at {url} ({reason}): is `fake-stripe-chaos serve` running, and --url (ORCHESTRATOR_URL) right?"
    )]
    Unreachable { url: String, reason: String },
    #[error("{url} does not answer like an orchestrator ({reason}): is --url (ORCHESTRATOR_URL) right?")]
    NotAnOrchestrator { url: String, reason: String },
    #[error("{message} ({code})")]
    Refused { status: StatusCode, code: String, message: String, body: String },
    #[error("{path} cannot be read: {reason}")]
    Input { path: String, reason: String },
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// Its stable name, like those of the orchestrator's own errors.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::BadUrl { .. } => "bad_url",
            Self::Unreachable { .. } => "unreachable",
            Self::NotAnOrchestrator { .. } => "not_an_orchestrator",
            Self::Refused { code, .. } => code,
            Self::Input { .. } => "unreadable_input",
            Self::Output(_) => "unwritable_output",
        }
    }

    /// Whether a later retry may succeed by itself.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == StatusCode::SERVICE_UNAVAILABLE,
            _ => false,
        }
    }

    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Refused { status, .. } if status.is_client_error() => Ending::Bad,
            _ => Ending::Unusable,
        }
    }
}

/// The members of a problem that people read.
#[derive(Deserialize)]
struct Problem {
    error: String,
    message: String,
}

impl Client {
    /// A client of the orchestrator at `url`.
    pub(super) fn new(url: &str) -> Result<Self, Error> {
        let bad = |reason: String| Error::BadUrl { url: url.to_owned(), reason };
        let base = base_url(url).map_err(bad)?;
        let http = client_builder().timeout(TIMEOUT).build().map_err(|error| bad(error.to_string()))?;
        Ok(Self { http, base })
    }

    /// The option that makes a command use the same orchestrator.
    pub(super) fn url_option(&self) -> String {
        url_option(self.base.as_str())
    }

    /// `GET /workflows/{path}`, with the parameters that have a value.
    pub(super) async fn get(&self, path: &[&str], query: &[(&str, Option<String>)]) -> Result<Answer, Error> {
        let mut url = self.url(path);
        for (name, value) in query {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        self.ask(reqwest::Request::new(Method::GET, url)).await
    }

    /// `POST /workflows/{path}`.
    pub(super) async fn post(&self, path: &[&str], body: Vec<u8>) -> Result<Answer, Error> {
        let mut request = reqwest::Request::new(Method::POST, self.url(path));
        let json = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        *request.body_mut() = Some(body.into());
        self.ask(request).await
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("an http URL has a path")
            .pop_if_empty()
            .push("workflows")
            .extend(path);
        url
    }

    async fn ask(&self, request: reqwest::Request) -> Result<Answer, Error> {
        let url = self.base.to_string();
        let unreachable =
            |error: &dyn std::error::Error| Error::Unreachable { url: url.clone(), reason: innermost(error) };
        let response = self.http.execute(request).await.map_err(|error| unreachable(&error))?;
        let (head, body) = Response::from(response).map(Body::new).into_parts();
        let body = axum::body::to_bytes(body, MAX_ANSWER).await.map_err(|error| unreachable(&error))?;
        let text = String::from_utf8_lossy(&body).into_owned();
        if head.status.is_success() {
            return Ok(Answer { url, status: head.status, text });
        }
        match serde_json::from_str::<Problem>(&text) {
            Ok(Problem { error: code, message }) if code == problems::NO_SUCH_ROUTE.code => {
                Err(Error::NotAnOrchestrator { url, reason: message })
            }
            Ok(Problem { error: code, message }) => {
                Err(Error::Refused { status: head.status, code, message, body: text })
            }
            Err(_) => Err(Error::NotAnOrchestrator { url, reason: head.status.to_string() }),
        }
    }
}

impl Answer {
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.text)
            .map_err(|error| Error::NotAnOrchestrator { url: self.url.clone(), reason: error.to_string() })
    }
}

/// The option that makes a command of `order` use the orchestrator at `url`.
pub(in crate::cli) fn url_option(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url == DEFAULT_URL { String::new() } else { format!(" --url {url}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_place_in_the_path() {
        let client = Client::new("http://localhost:3002/proxy/").unwrap();
        let url = client.url(&["../a?b#c/d", "status"]);
        assert_eq!(url.as_str(), "http://localhost:3002/proxy/workflows/..%2Fa%3Fb%23c%2Fd/status");
    }

    #[test]
    fn another_orchestrator_is_named_in_the_next_commands() {
        assert_eq!(Client::new(DEFAULT_URL).unwrap().url_option(), "");
        assert_eq!(Client::new("http://shop:80/").unwrap().url_option(), " --url http://shop");
    }

    #[test]
    fn a_wrong_url_is_named_with_what_is_right() {
        let message = |url| Client::new(url).unwrap_err().to_string();
        insta::assert_snapshot!(message("localhost:3002"), @"`localhost:3002` is not a URL such as http://127.0.0.1:3002: only http:// URLs are supported");
        insta::assert_snapshot!(message("https://shop"), @"`https://shop` is not a URL such as http://127.0.0.1:3002: only http:// URLs are supported");
        insta::assert_snapshot!(message(""), @"`` is not a URL such as http://127.0.0.1:3002: relative URL without a base");
    }
}
