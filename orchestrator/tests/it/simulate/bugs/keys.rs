use http::{HeaderValue, Request};

/// Makes another idempotency key of a request's own, if it has one.
pub(in crate::simulate) fn extend_key<B>(request: &mut Request<B>, addition: &str) {
    if let Some(key) = request.headers_mut().get_mut("idempotency-key") {
        *key = HeaderValue::from_str(&format!("{}~{addition}", key.to_str().unwrap())).unwrap();
    }
}
