use axum::Router;
use http::{Method, Uri};

use super::{Call, Correlated, Correlation, Problem, problems};

/// The answer to a path that is not a route.
async fn no_such_route(method: Method, uri: Uri, _: Call) -> Problem {
    let path = uri.path();
    Problem::new(&problems::NO_SUCH_ROUTE, format!("There is no {method} {path}; see /api/docs."))
}

/// The answer to a method that a route does not have.
async fn no_such_method(method: Method, uri: Uri, _: Call) -> Problem {
    let path = uri.path();
    Problem::new(&problems::METHOD_NOT_ALLOWED, format!("{path} does not support {method}; see /api/docs."))
}

/// `routes` with the layers of every service.
pub fn with_common(routes: Router, correlation: Correlation) -> Correlated {
    let routes = routes.fallback(no_such_route).method_not_allowed_fallback(no_such_method);
    Correlated::new(routes, correlation)
}
