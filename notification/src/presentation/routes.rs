use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use shared::http::{Call, PathId, ProblemBody};
use shared::pipeline::{Intent, Pipeline};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::requests::SendRequest;
use super::responses::{SentBody, StatusBody};
use crate::application::{self, ports::Outbox};
use crate::infrastructure::chaos::{SEND, STATUS};

/// State shared by all handlers.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) pipeline: Pipeline,
    pub(crate) outbox: Arc<dyn Outbox>,
}

/// The routes with their API document.
pub(crate) fn documented() -> OpenApiRouter<Arc<Post>> {
    OpenApiRouter::new().routes(routes!(send)).routes(routes!(status))
}

/// The routes alone, built once.
pub(crate) fn bare() -> Router<Arc<Post>> {
    static ROUTES: LazyLock<Router<Arc<Post>>> = LazyLock::new(|| documented().split_for_parts().0);
    ROUTES.clone()
}

/// Send a message to a customer
#[utoipa::path(
    post, path = "/notification/send", operation_id = "notification.send", tag = "notification",
    request_body = SendRequest,
    responses((status = 201, description = "The message was sent.", body = SentBody)),
)]
async fn send(State(post): State<Arc<Post>>, call: Call) -> Response {
    let prepare = |body: SendRequest| {
        let command = body.validate()?;
        let order = command.envelope.order_id.clone();
        Ok(Intent { command, order, resource: None })
    };
    post.pipeline
        .write(&SEND, &call, StatusCode::CREATED, prepare, |message, ctx| {
            Ok(SentBody::from(application::send(&*post.outbox, message, ctx)?))
        })
        .await
}

/// Read the status of a message
///
/// Its text is not kept.
#[utoipa::path(
    get, path = "/notification/{notificationId}/status", operation_id = "notification.status", tag = "notification",
    params(("notificationId" = String, Path, example = "ntf_5b0e7d1c93f6a248")),
    responses(
        (status = 200, description = "The message was sent.", body = StatusBody),
        (status = 404, description = "- `not_found`: The notification does not exist or has been evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
)]
async fn status(State(post): State<Arc<Post>>, PathId(id): PathId, call: Call) -> Response {
    let order = application::find(&*post.outbox, &id).ok().and_then(|sent| sent.envelope.order_id);
    post.pipeline
        .read(&STATUS, &call, order.as_ref(), Some(&id), |_| {
            Ok(StatusBody::from(application::find(&*post.outbox, &id)?))
        })
        .await
}
