use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use shared::http::{Problem, encode};

/// An answer that is `value` as JSON. It is written in one piece, which `axum::Json` does not do.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Response, Problem> {
    Ok(([(CONTENT_TYPE, "application/json")], encode(value)?).into_response())
}
