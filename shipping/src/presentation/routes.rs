use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use shared::http::{Call, PathId, ProblemBody};
use shared::pipeline::{Intent, OperationContext, Pipeline};
use smol_str::SmolStr;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::events;
use super::label_request::LabelRequest;
use super::requests::{CancelRequest, CreateLabelRequest};
use super::responses::{LabelCancelled, LabelCreated, LabelStatus};
use crate::application::LabelService;
use crate::infrastructure::chaos::{CANCEL, CREATE_LABEL, STATUS};

/// The path of the label requests.
pub(super) const CREATE_LABEL_PATH: &str = "/shipping/create-label";

/// State shared by all handlers.
#[derive(Debug)]
pub(crate) struct Shipping {
    pub(crate) service: LabelService,
    pub(crate) pipeline: Pipeline,
}

/// The routes of shipping, with their API document.
pub(crate) fn documented() -> OpenApiRouter<Arc<Shipping>> {
    OpenApiRouter::new().routes(routes!(create_label)).routes(routes!(cancel)).routes(routes!(status))
}

/// The routes alone, built once.
pub(crate) fn bare() -> Router<Arc<Shipping>> {
    static ROUTES: LazyLock<Router<Arc<Shipping>>> = LazyLock::new(|| documented().split_for_parts().0);
    ROUTES.clone()
}

/// Generates a label.
///
/// That takes 20 s (times `TIME_SCALE`), in four steps. A client that accepts `text/event-stream` gets
/// a `progress` event at once and at each step, and then one `label` event (the body of the 201) or
/// one `problem` event (a problem body); any other client gets one answer at the end. Disconnecting
/// before the end abandons the label.
#[utoipa::path(
    post, path = "/shipping/create-label", operation_id = "shipping.create_label", tag = "shipping",
    request_body = CreateLabelRequest,
    responses(
        (status = 201, description = "The label was generated.", body = LabelCreated),
        (status = 200, description = "The progress of the generation, as a stream of events.", body = String,
            content_type = "text/event-stream",
            example = "event: progress\ndata: {\"labelId\":\"lbl_5c7d0a4e9b1f2836\",\"progress\":0}\n\n"),
        (status = 409, description = "- `label_cancelled`: The label was cancelled while it was being generated.",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
        (status = 503, description = "- `store_full`: All `SHIPPING_CAPACITY` labels are live, so none can be evicted.",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
async fn create_label(State(shipping): State<Arc<Shipping>>, call: Call) -> Response {
    let intent = match shipping.pipeline.prepare(&CREATE_LABEL, &call, CreateLabelRequest::prepare) {
        Ok(intent) => intent,
        Err(refused) => return refused.into_response(),
    };
    match LabelRequest::begin(&shipping.pipeline, &shipping.service, &call, &intent).await {
        Ok(request) if call.wants_events => events::stream_of(request, call.context.correlation_id),
        Ok(request) => request.finish().await,
        Err(reply) if call.wants_events => events::answer_of(reply),
        Err(reply) => reply.into_response(),
    }
}

/// Cancels a label.
///
/// One that is still being generated stops at once, and the request for it is answered 409
/// `label_cancelled`.
#[utoipa::path(
    post, path = "/shipping/cancel", operation_id = "shipping.cancel", tag = "shipping",
    request_body = CancelRequest,
    responses(
        (status = 200, description = "The label is cancelled.", body = LabelCancelled),
        (status = 404, description = "- `not_found`: The label does not exist or has been evicted.",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
        (status = 409, description = "- `already_cancelled`: The label had already been cancelled or abandoned.",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
async fn cancel(State(shipping): State<Arc<Shipping>>, call: Call) -> Response {
    let prepare = |body: CancelRequest| {
        let id = body.label_id()?;
        Ok(Intent { order: shipping.service.order_of(&id), resource: Some(id.clone()), command: id })
    };
    let cancel = |id: SmolStr, ctx: &mut OperationContext<'_>| {
        let now = ctx.now();
        let label = shipping.service.cancel(&id, now, ctx.writer())?;
        Ok(LabelCancelled::of(&label, now))
    };
    shipping.pipeline.write(&CANCEL, &call, StatusCode::OK, prepare, cancel).await
}

/// Reads the status of a label.
#[utoipa::path(
    get, path = "/shipping/{labelId}/status", operation_id = "shipping.status", tag = "shipping",
    params(("labelId" = String, Path, description = "The label.", example = "lbl_5c7d0a4e9b1f2836")),
    responses(
        (status = 200, description = "The label.", body = LabelStatus),
        (status = 404, description = "- `not_found`: The label does not exist or has been evicted.",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
async fn status(State(shipping): State<Arc<Shipping>>, PathId(id): PathId, call: Call) -> Response {
    let order = shipping.service.order_of(&id);
    let find = |_: &mut OperationContext<'_>| Ok(LabelStatus::from(shipping.service.find(&id)?));
    shipping.pipeline.read(&STATUS, &call, order.as_ref(), Some(&id), find).await
}
