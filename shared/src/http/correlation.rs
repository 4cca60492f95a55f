use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::hash::Hasher;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{self, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use siphasher::sip128::{Hasher128, SipHasher13};
use smol_str::SmolStr;
use tower::Service;
use tracing::Instrument;
use uuid::Uuid;

use super::Problem;

/// The header that carries a correlation id.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");
const MAX_ID_LENGTH: usize = 128;

/// What links a request to others: its correlation id, and the trace it belongs to. Handlers find it
/// in the request's extensions.
#[derive(Clone, Debug)]
pub struct Context {
    /// The correlation id.
    pub correlation_id: CorrelationId,
    /// The client's W3C `traceparent`, if it sent a valid one.
    pub traceparent: Option<SmolStr>,
}

/// A correlation id.
#[derive(Clone, Debug)]
pub enum CorrelationId {
    /// The client's `x-correlation-id`.
    Sent(SmolStr),
    /// One made here, for want of another.
    Made(Uuid),
}

impl CorrelationId {
    /// The id that the client sent, if it did.
    pub fn sent(&self) -> Option<&SmolStr> {
        match self {
            Self::Sent(id) => Some(id),
            Self::Made(_) => None,
        }
    }

    /// Calls `read` with the id's text.
    fn with_text<T>(&self, read: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::Sent(id) => read(id),
            Self::Made(id) => read(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
        }
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
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
    /// A source of ids. Two processes that must not make the same ids need different seeds.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source { seed, made: AtomicU64::new(0) }))
    }

    fn make(&self) -> CorrelationId {
        let mut hasher = SipHasher13::new_with_keys(self.0.seed, 0x0063_6f72_7265_6c61);
        hasher.write_u64(self.0.made.fetch_add(1, Relaxed));
        CorrelationId::Made(uuid::Builder::from_random_bytes(hasher.finish128().as_bytes()).into_uuid())
    }

    fn context(&self, headers: &HeaderMap) -> Context {
        let (mut sent, mut traceparent) = (None, None);
        for (name, value) in headers {
            match name.as_str() {
                "x-correlation-id" => _ = sent.get_or_insert(value),
                "traceparent" => _ = traceparent.get_or_insert(value),
                _ => {}
            }
        }
        let is_id =
            |id: &&str| (1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        let sent = sent.and_then(|value| value.to_str().ok()).map(str::trim).filter(is_id);
        let traceparent = traceparent.and_then(|value| value.to_str().ok());
        Context {
            correlation_id: sent.map_or_else(|| self.make(), |id| CorrelationId::Sent(id.into())),
            traceparent: traceparent.filter(|value| is_traceparent(value)).map(SmolStr::from),
        }
    }
}

/// `{version}-{trace id}-{parent id}-{flags}`, in lower-case hexadecimal digits. There is no version
/// `ff`, and no id of zeros. (Rule: W3C Trace Context.)
fn is_traceparent(value: &str) -> bool {
    let fields: Vec<_> = value.split('-').collect();
    let [version, trace_id, parent_id, flags] = fields[..] else { return false };
    let is_hexadecimal = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_id = |text: &str| text.bytes().any(|b| b != b'0');
    [version, trace_id, parent_id, flags].map(str::len) == [2, 32, 16, 2]
        && fields.into_iter().all(is_hexadecimal)
        && version != "ff"
        && is_id(trace_id)
        && is_id(parent_id)
}

/// All routes of a service: gives the request its [`Context`], puts the correlation id into every
/// log line and into the answer, and writes out the [`Problem`] that a handler may have returned or
/// that stands for a panic in it.
///
/// It wraps the router and is not a layer of it: that would wrap each route, and each request would
/// pay for two more boxed services.
#[derive(Clone, Debug)]
pub struct Correlated {
    routes: Router,
    correlation: Correlation,
}

impl Correlated {
    /// Around `routes`, with a source of ids for requests that come without one.
    pub fn new(routes: Router, correlation: Correlation) -> Self {
        Self { routes, correlation }
    }
}

impl Service<Request> for Correlated {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let context = self.correlation.context(request.headers());
        let id = context.correlation_id.clone();
        let path = SmolStr::new(request.uri().path());
        // At debug, because a span costs as much as a draw: what is worth an error is logged in `write_out`,
        // with the id.
        let span = tracing::debug_span!(
            "request",
            correlation_id = %id,
            traceparent = context.traceparent.as_deref()
        );
        request.extensions_mut().insert(context);
        let answer = AssertUnwindSafe(self.routes.call(request)).catch_unwind().instrument(span);
        Box::pin(async move {
            let mut response = match answer.await {
                Ok(answer) => answer?,
                Err(panic) => bug(&*panic),
            };
            if let Some(problem) = response.extensions_mut().remove::<Problem>() {
                id.with_text(|id| write_out(&problem, &mut response, &path, id));
            }
            if let Ok(value) = id.with_text(HeaderValue::from_str) {
                response.headers_mut().insert(HEADER, value);
            }
            Ok(response)
        })
    }
}

/// Headers set by an inner layer, such as `allow` on a 405, are kept.
fn write_out(problem: &Problem, response: &mut Response, instance: &str, correlation_id: &str) {
    if problem.status().is_server_error() && !problem.is_injected() {
        let (error, cause) = (problem.kind().code, problem.cause());
        tracing::error!(correlation_id, error, cause, "a request failed");
    }
    let rendered = problem.render(instance, correlation_id);
    for (name, value) in rendered.headers() {
        response.headers_mut().insert(name, value.clone());
    }
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    *response.status_mut() = rendered.status();
    *response.body_mut() = rendered.into_body();
}

fn bug(panic: &(dyn Any + Send)) -> Response {
    let message =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::bug(format!("a handler panicked: {}", message.unwrap_or("without a message"))).into_response()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;

    /// What is logged while `path` is asked for, and the answer.
    async fn logged(path: &str) -> (String, Response) {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&log);
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_target(false)
            .with_writer(move || LogWriter(Arc::clone(&writer)))
            .finish();
        let routes = Router::new()
            .route("/panics", axum::routing::get(async || -> () { panic!("no box left") }))
            .route("/bug", axum::routing::get(async || Problem::bug("the box has two bottoms")))
            .route("/refused", axum::routing::get(async || Problem::not_found("box", "1")));
        let request = Request::get(path).header("x-correlation-id", "c-1").body(Body::empty()).unwrap();
        let logging = tracing::subscriber::set_default(subscriber);
        let answer = Correlated::new(routes, Correlation::seeded(1)).oneshot(request).await.unwrap();
        drop(logging);
        (String::from_utf8(log.lock().unwrap().clone()).unwrap(), answer)
    }

    struct LogWriter(Arc<Mutex<Vec<u8>>>);

    impl io::Write for LogWriter {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_bug_is_logged_once_with_its_cause_and_the_id_and_its_client_learns_neither() {
        for (path, cause) in
            [("/panics", "a handler panicked: no box left"), ("/bug", "the box has two bottoms")]
        {
            let (log, answer) = logged(path).await;
            assert_eq!(
                log,
                format!("ERROR a request failed correlation_id=\"c-1\" error=\"bug\" cause=\"{cause}\"\n")
            );
            assert_eq!(answer.status(), 500);
            let body = axum::body::to_bytes(answer.into_body(), 4096).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains("This is a bug in the service") && !body.contains("box"), "{body}");
        }
        assert_eq!(logged("/refused").await.0, "");
    }

    #[test]
    fn a_traceparent_is_taken_only_as_the_standard_has_it() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(valid));
        assert!(is_traceparent(&valid.replacen("00", "cc", 1)), "a version to come");
        for (part, invalid) in [
            ("00-", "ff-"),
            ("00-", "0-"),
            ("00-", ""),
            ("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
            ("4bf92f", "4BF92F"),
            ("4bf92f", "4bf92"),
            ("00f067aa0ba902b7", "0000000000000000"),
            ("00f067", "00g067"),
            ("-01", "-1"),
            ("-01", ""),
            ("-01", "-01-00"),
        ] {
            let value = valid.replacen(part, invalid, 1);
            assert!(!is_traceparent(&value), "{value}");
        }
    }
}
