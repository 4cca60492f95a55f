mod headers;

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures_util::future::poll_immediate;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::fields::MAX_ID_LENGTH;
use super::json::{parse_raw, prepare_json};
use super::{Context, Problem, problems};
use crate::digest::digest_of;

pub(crate) use headers::MAX_KEY_LENGTH;

use headers::Headers;

/// The largest accepted body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How much of a larger body is taken in before it is refused, in bytes.
const MAX_DISCARDED_BYTES: usize = 32 * 1024 * 1024;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A request as a handler receives it: its headers' values and its body, read but not parsed. A handler to
/// whom bodies mean nothing takes it too: a body that nobody reads costs its client the connection.
#[derive(Debug)]
pub struct Call {
    /// Its correlation id and trace.
    pub context: Context,
    /// Its `Idempotency-Key`, if it has a valid one.
    pub key: Option<SmolStr>,
    /// What is wrong with the `Idempotency-Key`: matters only to operations that take one.
    bad_key: Option<Problem>,
    /// Whether the client asks for Server-Sent Events.
    pub wants_events: bool,
    body: Result<Bytes, Problem>,
}

impl Call {
    /// What `prepare` makes of the body, a JSON object.
    ///
    /// # Errors
    /// What is wrong with the request as a whole (its type, its size); otherwise those of [`prepare_json`].
    pub(crate) fn prepare<T: DeserializeOwned, R>(
        &self,
        prepare: impl FnOnce(T) -> Result<R, Problem>,
    ) -> Result<R, Problem> {
        prepare_json(self.bytes()?, prepare)
    }

    /// The body as a JSON object that is read member by member.
    ///
    /// # Errors
    /// What is wrong with the request as a whole (its type, its size); `malformed_json` when the body is not
    /// JSON, `validation_error` when it is no object.
    pub fn raw(&self) -> Result<&RawValue, Problem> {
        parse_raw(self.bytes()?)
    }

    fn bytes(&self) -> Result<&Bytes, Problem> {
        self.body.as_ref().map_err(Problem::clone)
    }

    /// Checks that the request's `Idempotency-Key`, if it has one, is valid.
    ///
    /// # Errors
    /// `validation_error`.
    pub fn require_key(&self) -> Result<(), Problem> {
        self.bad_key.clone().map_or(Ok(()), Err)
    }

    /// The order that the body names, if any, for a request that is refused before it is validated.
    pub(crate) fn named_order(&self) -> Option<SmolStr> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Named {
            order_id: Option<SmolStr>,
        }
        let named: Named = serde_json::from_slice(self.body.as_ref().ok()?).ok()?;
        named.order_id.filter(|id| (1..=MAX_ID_LENGTH).contains(&id.chars().count()))
    }

    /// The digest of the body's bytes, if it has arrived.
    pub(crate) fn digest(&self) -> Option<u128> {
        self.body.as_ref().ok().map(|body| digest_of(&**body))
    }

    /// The body as a JSON object, or `T`'s default when there is no body, or `null`.
    ///
    /// # Errors
    /// As [`raw`](Self::raw); `validation_error` also names each field of the wrong type.
    pub fn parse_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        match &self.body {
            Ok(body) if matches!(body.trim_ascii(), b"" | b"null") => Ok(T::default()),
            _ => self.prepare(Ok),
        }
    }
}

impl<S: Sync> FromRequest<S> for Call {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let context = parts
            .extensions
            .remove::<Context>()
            .ok_or_else(|| Problem::bug("a route was served without its correlation layer"))?;
        let headers = Headers::of(&parts.headers);
        // A request that is wrong as a whole is still a call, so that the ledger has it.
        let (key, bad_key) = match headers.idempotency_key() {
            Ok(key) => (key, None),
            Err(refusal) => (None, Some(refusal)),
        };
        let wants_events = headers.wants_events;
        let body = read(&headers, body).await;
        Ok(Self { context, key, bad_key, wants_events, body })
    }
}

async fn read(headers: &Headers<'_>, body: Body) -> Result<Bytes, Problem> {
    // A client that asks first need not send what is not accepted.
    if headers.expects && body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(too_large());
    }
    // Nearly every body has already arrived, and needs no timer.
    let mut reading = std::pin::pin!(read_whole(body));
    let body = match poll_immediate(reading.as_mut()).await {
        Some(done) => done?,
        None => tokio::time::timeout(BODY_TIMEOUT, reading).await.map_err(|_| {
            Problem::new(&problems::BODY_TIMEOUT, "The body did not arrive within 30 seconds.")
        })??,
    };
    if !body.is_empty() {
        headers.require_plain()?;
        headers.require_json()?;
    }
    Ok(body)
}

async fn read_whole(mut body: Body) -> Result<Bytes, Problem> {
    let mut limited = Limited::new(&mut body, MAX_BODY_BYTES);
    // Nearly every body has only one piece.
    let whole = match limited.frame().await {
        None => return Ok(Bytes::new()),
        Some(Ok(only)) if limited.is_end_stream() => return Ok(only.into_data().unwrap_or_default()),
        Some(Err(error)) => Err(error),
        Some(Ok(first)) => limited.collect().await.map(|rest| {
            let first = first.into_data().unwrap_or_default();
            [first, rest.to_bytes()].concat().into()
        }),
    };
    match whole {
        Ok(whole) => Ok(whole),
        Err(error) if error.is::<LengthLimitError>() => {
            discard(body).await;
            Err(too_large())
        }
        Err(_) => Err(Problem::new(&problems::BODY_BROKE_OFF, "The body broke off.")),
    }
}

/// Takes in the rest of a body: many clients read no answer before they have sent everything.
async fn discard(mut body: Body) {
    let mut most = MAX_DISCARDED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        most = most.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if most == 0 {
            return;
        }
    }
}

fn too_large() -> Problem {
    Problem::new(&problems::BODY_TOO_LARGE, "The body is larger than 1 MiB.")
}
