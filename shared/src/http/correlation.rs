use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use siphasher::sip128::{Hasher128, SipHasher13};
use tracing::Instrument;

use super::Problem;

/// The header that carries a correlation id.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const LONGEST: usize = 128;

/// What ties a request to others: its correlation id, and the trace it belongs to. Handlers find it
/// in the request's extensions.
#[derive(Clone, Debug)]
pub struct Context {
    /// The client's `x-correlation-id`, or one made here.
    pub correlation_id: Arc<str>,
    /// Whether the client sent it.
    pub sent_by_client: bool,
    /// The client's W3C `traceparent`, if it sent a valid one.
    pub traceparent: Option<Arc<str>>,
}

/// Makes correlation ids for requests that come without one.
#[derive(Clone, Debug)]
pub struct Correlation(Arc<Source>);

#[derive(Debug)]
struct Source {
    seed: u64,
    made: AtomicU64,
}

impl Correlation {
    /// A source of ids. Two processes that should not make the same ids need different seeds.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source { seed, made: AtomicU64::new(0) }))
    }

    fn make(&self) -> Arc<str> {
        let mut hasher = SipHasher13::new_with_keys(self.0.seed, 0x0063_6f72_7265_6c61);
        hasher.write_u64(self.0.made.fetch_add(1, Relaxed));
        let id = uuid::Builder::from_random_bytes(hasher.finish128().as_bytes()).into_uuid();
        id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).into()
    }

    fn context(&self, headers: &HeaderMap) -> Context {
        let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
        let sent = sent.map(str::trim).filter(|id| !id.is_empty() && id.len() <= LONGEST);
        let traceparent = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        Context {
            sent_by_client: sent.is_some(),
            correlation_id: sent.map_or_else(|| self.make(), Arc::from),
            traceparent: traceparent.filter(|value| is_traceparent(value)).map(Arc::from),
        }
    }
}

/// `{version}-{trace id}-{parent id}-{flags}`, in lower-case hexadecimal digits (W3C Trace Context).
fn is_traceparent(value: &str) -> bool {
    let lengths = value.split('-').map(str::len);
    let digits = value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    digits && lengths.eq([2, 32, 16, 2])
}

/// The layer around all routes: gives the request its [`Context`], puts it into every log line,
/// returns the correlation id, and writes out the [`Problem`] that a handler may have returned.
pub async fn correlate(State(correlation): State<Correlation>, mut request: Request, next: Next) -> Response {
    let context = correlation.context(request.headers());
    let id = context.correlation_id.clone();
    let path = request.uri().clone();
    let span = match &context.traceparent {
        None => tracing::info_span!("request", correlation_id = &*id),
        Some(trace) => tracing::info_span!("request", correlation_id = &*id, traceparent = &**trace),
    };
    request.extensions_mut().insert(context);
    let mut response = next.run(request).instrument(span).await;
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        let rendered = problem.render(path.path(), &id);
        // Headers that a layer inside set, such as `allow` on a 405, stay.
        for (name, value) in rendered.headers() {
            response.headers_mut().insert(name, value.clone());
        }
        response.headers_mut().remove(http::header::CONTENT_LENGTH);
        *response.status_mut() = rendered.status();
        *response.body_mut() = rendered.into_body();
    }
    if let Ok(value) = HeaderValue::try_from(&*id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
