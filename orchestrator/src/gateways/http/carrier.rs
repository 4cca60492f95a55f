use axum::body::Body;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::IgnoredAny;
use smol_str::SmolStr;

use super::answer::{self, Problem};
use super::sse::{Event, Events};
use super::{Backends, CallContext, encode};
use crate::gateways::{CarrierGateway, GatewayError, Label, LabelProgress, LabelRequest, OnProgress};

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The shipping service over HTTP; labels come as Server-Sent Events.
#[derive(Clone, Debug)]
pub struct HttpCarrierGateway(pub Backends);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByLabelId<'a> {
    label_id: &'a str,
}

impl CarrierGateway for HttpCarrierGateway {
    fn create_label<'a>(
        &'a self,
        request: &'a LabelRequest,
        context: CallContext<'a>,
        on_progress: OnProgress<'a>,
    ) -> BoxFuture<'a, Result<Label, GatewayError>> {
        Box::pin(async move {
            let mut news = self.ask_for_label(request, &context).await?;
            loop {
                match news.next().await? {
                    LabelNews::Progress(progress) => on_progress(&progress),
                    LabelNews::Made(label) => return Ok(label),
                }
            }
        })
    }

    fn find_label<'a>(
        &'a self,
        request: &'a LabelRequest,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<SmolStr, GatewayError>> {
        Box::pin(async move {
            Ok(match self.ask_for_label(request, &context).await?.next().await? {
                LabelNews::Progress(progress) => progress.label_id,
                LabelNews::Made(label) => label.label_id,
            })
        })
    }

    fn cancel<'a>(
        &'a self,
        label_id: &'a str,
        context: CallContext<'a>,
    ) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move {
            let body = encode(&ByLabelId { label_id })?;
            self.0.post("/shipping/cancel", body, &context).await.map(|IgnoredAny| ())
        })
    }
}

impl HttpCarrierGateway {
    async fn ask_for_label(
        &self,
        request: &LabelRequest,
        context: &CallContext<'_>,
    ) -> Result<News, GatewayError> {
        let body = encode(request)?;
        self.0.open("/shipping/create-label", body, context, EVENT_STREAM).await.map(News::of)
    }
}

enum LabelNews {
    Progress(LabelProgress),
    Made(Label),
}

/// A successful answer to `create-label`, piece by piece.
enum News {
    Stream(Events),
    /// A server that does not stream gives a single answer.
    Whole(Option<Response<Body>>),
}

impl News {
    fn of(response: Response<Body>) -> Self {
        let media_type = response.headers().get(CONTENT_TYPE);
        if media_type.is_some_and(|value| value.as_bytes().starts_with(EVENT_STREAM.as_bytes())) {
            Self::Stream(Events::of(response.into_body()))
        } else {
            Self::Whole(Some(response))
        }
    }

    async fn next(&mut self) -> Result<LabelNews, GatewayError> {
        match self {
            Self::Stream(events) => loop {
                let event = events.next().await?;
                if let Some(news) = read_event(&event)? {
                    return Ok(news);
                }
            },
            Self::Whole(response) => match response.take() {
                Some(response) => answer::read(response).await.map(LabelNews::Made),
                None => Err(answer::lost(&"the answer has already been read")),
            },
        }
    }
}

/// `None` for an unknown event.
fn read_event(event: &Event) -> Result<Option<LabelNews>, GatewayError> {
    match event.name.as_str() {
        "progress" => answer::parse(event.data.as_bytes()).map(|news| Some(LabelNews::Progress(news))),
        "label" => answer::parse(event.data.as_bytes()).map(|label| Some(LabelNews::Made(label))),
        "problem" => {
            let problem: Problem = answer::parse(event.data.as_bytes())?;
            let status = problem.status.and_then(|status| StatusCode::from_u16(status).ok());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Err(answer::classify(status, &HeaderMap::new(), problem).into_error())
        }
        _ => Ok(None),
    }
}
