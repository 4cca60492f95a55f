use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::{Problem, problems};

/// The id of a resource, from the path of a request. One that is not valid text names nothing.
#[derive(Debug)]
pub struct PathId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Problem::new(&problems::NOT_FOUND, "The id in the path is not valid text.")),
        }
    }
}
