//! The HTTP routes of payment and their API description.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use shared::http::{Call, PathId, ProblemBody};
use shared::pipeline::{Intent, Pipeline};
use smol_str::SmolStr;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::requests::{AuthorizationRequest, AuthorizeRequest, RefundRequest};
use super::responses::{AuthorizeResponse, CaptureResponse, RefundResponse, ReleaseResponse, StatusResponse};
use crate::application::{self, ports::AuthorizationStore};
use crate::infrastructure::chaos;

/// State shared by all handlers.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) pipeline: Pipeline,
    pub(crate) store: Arc<dyn AuthorizationStore>,
    pub(crate) authorization_ttl: Duration,
}

/// The routes with their API document.
pub(crate) fn documented() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(authorize))
        .routes(routes!(capture))
        .routes(routes!(release))
        .routes(routes!(refund))
        .routes(routes!(status))
}

/// The routes alone, built once.
pub(crate) fn bare() -> Router<Arc<Api>> {
    static ROUTES: LazyLock<Router<Arc<Api>>> = LazyLock::new(|| documented().split_for_parts().0);
    ROUTES.clone()
}

impl Api {
    /// A command about an authorization that the client names and that may not exist.
    fn about<C>(&self, auth_id: SmolStr, command: C) -> Intent<C> {
        Intent { command, order: self.order_of(&auth_id), resource: Some(auth_id) }
    }

    fn order_of(&self, auth_id: &str) -> Option<SmolStr> {
        let authorization = self.store.named(auth_id, self.pipeline.clock().now()).ok()?;
        authorization.terms().order_id.clone()
    }
}

/// Hold a customer's money
///
/// The hold lives until it is captured or released, or until it expires, by default after seven days
/// (`PAYMENT_AUTHORIZATION_TTL`).
#[utoipa::path(
    post, path = "/payment/authorize", operation_id = "payment.authorize", tag = "payment",
    request_body = AuthorizeRequest,
    responses(
        (status = 201, description = "The money is held.", body = AuthorizeResponse),
        (status = 503, description = "- `store_full`: All `PAYMENT_CAPACITY` authorizations are live, so none can be evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
)]
async fn authorize(State(api): State<Arc<Api>>, call: Call) -> Response {
    let prepare = |body: AuthorizeRequest| {
        let command = body.validate()?;
        let order = command.order_id.clone();
        Ok(Intent { command, order, resource: None })
    };
    api.pipeline
        .write(&chaos::AUTHORIZE, &call, StatusCode::CREATED, prepare, |command, ctx| {
            let held = application::authorize(&*api.store, api.authorization_ttl, command, ctx)?;
            Ok(AuthorizeResponse::from(held))
        })
        .await
}

/// Charge the held money
///
/// All of it, once. Captured money can only be refunded.
#[utoipa::path(
    post, path = "/payment/capture", operation_id = "payment.capture", tag = "payment",
    request_body = AuthorizationRequest,
    responses(
        (status = 200, description = "The money is captured.", body = CaptureResponse),
        (status = 404, description = "- `not_found`: The authorization does not exist or has been evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 409, description = "- `already_captured`: It had already been captured, and may have been refunded since.\n- `already_released`: It had already been released.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 410, description = "- `authorization_expired`: The hold has expired.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
)]
async fn capture(State(api): State<Arc<Api>>, call: Call) -> Response {
    let prepare = |body: AuthorizationRequest| {
        let command = body.capture()?;
        Ok(api.about(command.auth_id.clone(), command))
    };
    api.pipeline
        .write(&chaos::CAPTURE, &call, StatusCode::OK, prepare, |command, ctx| {
            Ok(CaptureResponse::from(application::capture(&*api.store, &command, ctx)?))
        })
        .await
}

/// Release the held money
///
/// The customer can use the money again. Captured money can only be refunded.
#[utoipa::path(
    post, path = "/payment/release", operation_id = "payment.release", tag = "payment",
    request_body = AuthorizationRequest,
    responses(
        (status = 200, description = "The hold is released.", body = ReleaseResponse),
        (status = 404, description = "- `not_found`: The authorization does not exist or has been evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 409, description = "- `already_released`: It had already been released.\n- `already_captured`: It was captured; refund it instead.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 410, description = "- `authorization_expired`: The hold has expired.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
)]
async fn release(State(api): State<Arc<Api>>, call: Call) -> Response {
    let prepare = |body: AuthorizationRequest| {
        let command = body.release()?;
        Ok(api.about(command.auth_id.clone(), command))
    };
    api.pipeline
        .write(&chaos::RELEASE, &call, StatusCode::OK, prepare, |command, ctx| {
            Ok(ReleaseResponse::from(application::release(&*api.store, &command, ctx)?))
        })
        .await
}

/// Refund captured money
///
/// Everything not yet refunded, or a part of it. Refunds never exceed what was captured.
#[utoipa::path(
    post, path = "/payment/refund", operation_id = "payment.refund", tag = "payment",
    request_body = RefundRequest,
    responses(
        (status = 200, description = "The money is refunded.", body = RefundResponse),
        (status = 404, description = "- `not_found`: The authorization does not exist or has been evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 409, description = "- `not_captured`: Nothing was captured.\n- `already_refunded`: Everything has already been refunded.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = 422, description = "- `refund_exceeds_captured`: Less than that is left.\n- `too_many_refunds`: There have been 99; the last one must refund everything that is left.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
)]
async fn refund(State(api): State<Arc<Api>>, call: Call) -> Response {
    let prepare = |body: RefundRequest| {
        let command = body.validate()?;
        Ok(api.about(command.auth_id.clone(), command))
    };
    api.pipeline
        .write(&chaos::REFUND, &call, StatusCode::OK, prepare, |command, ctx| {
            Ok(RefundResponse::from(application::refund(&*api.store, &command, ctx)?))
        })
        .await
}

/// Read the status of an authorization
#[utoipa::path(
    get, path = "/payment/{authId}/status", operation_id = "payment.status", tag = "payment",
    params(("authId" = String, Path, description = "The `authId` that `authorize` returned.", example = "auth_8f3b0c6d2a914e57")),
    responses(
        (status = 200, description = "The authorization and its status.", body = StatusResponse),
        (status = 404, description = "- `not_found`: The authorization does not exist or has been evicted.",
            body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
)]
async fn status(State(api): State<Arc<Api>>, PathId(auth_id): PathId, call: Call) -> Response {
    let order = api.order_of(&auth_id);
    api.pipeline
        .read(&chaos::STATUS, &call, order.as_ref(), Some(&auth_id), |ctx| {
            let authorization = api.store.named(&auth_id, ctx.now())?;
            Ok(StatusResponse::from(authorization))
        })
        .await
}
