use std::time::Duration;

use axum::body::Body;
use http::Response;
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::collected::{Collected, Page};
use super::{Error, Reading};
use crate::audit::Domain;
use crate::gateways::{base_url, client_builder, innermost};

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ANSWER: usize = 64 * 1024 * 1024;
const PAGE: &str = "1000";

/// Running backends.
#[derive(Debug)]
pub struct Live {
    http: reqwest::Client,
    base: Url,
}

/// What `GET /health` says about them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    domains: Vec<String>,
    time_scale: f64,
}

impl Live {
    pub(super) fn new(url: &str) -> Result<Self, Error> {
        let bad = |reason: String| Error::BadUrl { url: url.to_owned(), reason };
        let base = base_url(url).map_err(bad)?;
        let http = client_builder().timeout(TIMEOUT).build().map_err(|error| bad(error.to_string()))?;
        Ok(Self { http, base })
    }

    pub(super) async fn read(&self) -> Result<Reading, Error> {
        let health: Health = self.get(self.url(&["health"])).await?;
        let mut collected = Collected::default();
        for domain in health.domains.iter().filter_map(|name| Domain::named(name)) {
            self.read_ledger(domain, &mut collected).await?;
        }
        let not_a_ledger = |reason| Error::NotALedger { url: self.base.to_string(), reason };
        let (ledgers, evicted) = collected.finish().map_err(not_a_ledger)?;
        Ok(Reading { ledgers, evicted, time_scale: health.time_scale })
    }

    async fn read_ledger(&self, domain: Domain, collected: &mut Collected) -> Result<(), Error> {
        let mut cursor: Option<String> = None;
        loop {
            let mut url = self.url(&[domain.name(), "ledger"]);
            url.query_pairs_mut().append_pair("limit", PAGE);
            if let Some(cursor) = &cursor {
                url.query_pairs_mut().append_pair("cursor", cursor);
            }
            let page: Page = self.get(url.clone()).await?;
            let next = page.next_cursor.clone();
            let not_a_ledger = |reason: String| Error::NotALedger { url: url.to_string(), reason };
            if next.is_some() && (next == cursor || page.records.is_empty()) {
                return Err(not_a_ledger("the cursor does not advance".to_owned()));
            }
            collected.page(Some(domain), page).map_err(not_a_ledger)?;
            if next.is_none() {
                return Ok(());
            }
            cursor = next;
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http URL has a path").pop_if_empty().extend(path);
        url
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, Error> {
        let unreachable = |error: &dyn std::error::Error| Error::Unreachable {
            url: self.base.to_string(),
            reason: innermost(error),
        };
        let not_a_ledger = |reason: String| Error::NotALedger { url: url.to_string(), reason };
        let response = self.http.get(url.clone()).send().await.map_err(|error| unreachable(&error))?;
        let (head, body) = Response::from(response).map(Body::new).into_parts();
        let body = axum::body::to_bytes(body, MAX_ANSWER).await.map_err(|error| unreachable(&error))?;
        let reason = head.status.to_string();
        match head.status.as_u16() {
            200..=299 => {}
            // So a proxy answers while the backends are restarted.
            429 | 500.. => return Err(Error::Unreachable { url: self.base.to_string(), reason }),
            _ => return Err(not_a_ledger(reason)),
        }
        serde_json::from_slice(&body).map_err(|error| not_a_ledger(error.to_string()))
    }
}
