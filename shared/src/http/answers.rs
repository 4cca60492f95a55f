use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use http::{Method, Uri};
use tower_http::catch_panic::CatchPanicLayer;

use super::{Correlation, Problem, correlate, problems};

/// The answer to a path that is not a route.
pub async fn no_such_route(method: Method, uri: Uri) -> Problem {
    let path = uri.path();
    Problem::new(&problems::NOT_FOUND, format!("There is no {method} {path}; see /api/docs."))
}

/// The answer to a method that a route does not have.
pub async fn no_such_method(method: Method, uri: Uri) -> Problem {
    let path = uri.path();
    Problem::new(&problems::METHOD_NOT_ALLOWED, format!("{path} does not take {method}; see /api/docs."))
}

/// `routes` with what every service has around them.
pub fn with_common(routes: Router, correlation: Correlation) -> Router {
    routes
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        // Inside the correlation, so that the answer to a bug of ours is an error like any other.
        .layer(CatchPanicLayer::custom(on_panic))
        // Outermost: it writes out the problems of everything inside, and its span is around their logs.
        .layer(from_fn_with_state(correlation, correlate))
}

fn on_panic(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let message = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let message = message.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(message, "a handler panicked");
    Problem::new(&problems::PANIC, "This is a bug in the service, not an injected fault.").into_response()
}
