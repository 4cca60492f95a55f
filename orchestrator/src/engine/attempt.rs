use std::sync::Arc;

use crate::workflow::{Activity, ActivityCtx, AttemptFailure, BoxFuture, Json, kind};

/// One attempt of an activity, as JSON: what an engine runs without knowing the activity's types.
pub(super) type AttemptFn =
    Box<dyn Fn(ActivityCtx, Json) -> BoxFuture<'static, Result<Json, AttemptFailure>> + Send + Sync>;

/// Attempts of `A` over `services`.
pub(super) fn attempts_of<A: Activity<S>, S: Send + Sync + 'static>(services: Arc<S>) -> AttemptFn {
    Box::new(move |ctx, input| {
        let services = Arc::clone(&services);
        Box::pin(async move {
            let input = input.value().map_err(|error| codec(AttemptFailure::rejected, &error))?;
            let output = A::execute(services, ctx, input).await?;
            Json::of(&output).map_err(|error| codec(AttemptFailure::unknown, &error))
        })
    })
}

fn codec(failure: fn(String, String) -> AttemptFailure, error: &serde_json::Error) -> AttemptFailure {
    failure(kind::CODEC.to_owned(), error.to_string())
}
