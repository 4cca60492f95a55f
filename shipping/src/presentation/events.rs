use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use shared::http::{CorrelationId, Severed, SeversAtEnd, encode};
use shared::pipeline::{Answer, Reply};

use super::label_request::{LabelRequest, Shown};
use super::responses::LabelProgress;
use super::routes::CREATE_LABEL_PATH;

/// The request for a label as Server-Sent Events. The body drives the request, so a client that
/// disconnects drops both.
pub(super) fn stream_of(request: LabelRequest, correlation_id: CorrelationId) -> Response {
    let (severs, disguised) = (request.severs(), request.disguised().cloned());
    let events = stream::unfold(Some(request), move |request| {
        let correlation_id = correlation_id.clone();
        async move {
            let request = request?;
            let id = request.id();
            Some(match request.next().await {
                Shown::Progress(progress, rest) => {
                    (Ok(event_of("progress", &LabelProgress::of(id, progress))), Some(rest))
                }
                Shown::End(reply) => (last_event(reply, &correlation_id), None),
            })
        }
    });
    let mut response = events_response(Body::from_stream(events).into_response());
    if let Some(drawn) = disguised {
        drawn.mark(&mut response);
    }
    if let Some(how) = severs {
        response.extensions_mut().insert(SeversAtEnd(how));
    }
    response
}

/// The answer to a request that ended before a label began. Only the replay of a label is an event;
/// everything else has an HTTP status.
pub(super) fn answer_of(reply: Reply) -> Response {
    match &reply {
        Reply::Replay(Answer::Success(_, label)) => {
            let label = event("label", label);
            events_response(reply.into_response().map(|_| Body::from(label)))
        }
        _ => reply.into_response(),
    }
}

fn events_response(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn last_event(reply: Reply, correlation_id: &CorrelationId) -> Result<Bytes, Severed> {
    match reply {
        Reply::Own(Answer::Success(_, label), _)
        | Reply::Replay(Answer::Success(_, label))
        | Reply::Garbled(label, _) => Ok(event("label", &label)),
        Reply::Own(Answer::Refusal(problem), _)
        | Reply::Replay(Answer::Refusal(problem))
        | Reply::Injected(problem) => {
            Ok(event_of("problem", &problem.body(CREATE_LABEL_PATH, &correlation_id.to_string())))
        }
        Reply::Severed(how) => Err(how),
    }
}

fn event_of(name: &str, data: &impl Serialize) -> Bytes {
    match encode(data) {
        Ok(data) => event(name, &data),
        Err(bug) => event("problem", bug.detail().as_bytes()),
    }
}

/// One event. Its data is JSON, written without line breaks.
fn event(name: &str, data: &[u8]) -> Bytes {
    [b"event: ", name.as_bytes(), b"\ndata: ", data, b"\n\n"].concat().into()
}
