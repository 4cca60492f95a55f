//! Labels, which come as a stream of events.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use orchestrator::domain::{Address, Trace};
use orchestrator::gateways::http::{Backends, HttpCarrierGateway};
use orchestrator::gateways::{CallContext, CarrierGateway, GatewayError, InProcess, Label, LabelRequest};
use orchestrator::workflow::Certainty;
use smol_str::SmolStr;

/// A carrier that answers with these pieces of a stream.
fn streaming(pieces: Vec<&'static str>) -> HttpCarrierGateway {
    carrier("text/event-stream", pieces)
}

fn carrier(media_type: &'static str, pieces: Vec<&'static str>) -> HttpCarrierGateway {
    let backend = Router::new().fallback(async move || {
        let pieces =
            pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece.as_bytes())));
        ([(CONTENT_TYPE, media_type)], Body::from_stream(stream::iter(pieces)))
    });
    HttpCarrierGateway(Backends::new(Arc::new(InProcess::new(backend))))
}

fn request() -> LabelRequest {
    let text = |text: &str| text.into();
    let shipping_address = Address {
        street: text("123 Main St"),
        city: text("San Francisco"),
        state: text("CA"),
        zip: text("94105"),
        country: text("US"),
    };
    LabelRequest { shipping_address, order_id: text("ORD-1") }
}

/// The answer, and the progress that was heard of.
async fn create(carrier: &HttpCarrierGateway) -> (Result<Label, GatewayError>, Vec<(SmolStr, u8)>) {
    let heard = Mutex::new(Vec::new());
    let hear = |news: &orchestrator::gateways::LabelProgress| {
        heard.lock().unwrap().push((news.label_id.clone(), news.progress));
    };
    let trace = Trace::default();
    let context = CallContext { key: "key-1", trace: &trace };
    let label = carrier.create_label(&request(), context, &hear).await;
    (label, heard.into_inner().unwrap())
}

async fn find(carrier: &HttpCarrierGateway) -> Result<SmolStr, GatewayError> {
    let trace = Trace::default();
    carrier.find_label(&request(), CallContext { key: "key-1", trace: &trace }).await
}

const BEGUN: &str = "event: progress\ndata: {\"labelId\":\"lbl_1\",\"progress\":0}\n\n";
const HALF: &str = "event: progress\ndata: {\"labelId\":\"lbl_1\",\"progress\":50}\n\n";
const MADE: &str =
    "event: label\ndata: {\"labelId\":\"lbl_1\",\"trackingNumber\":\"1Z\",\"status\":\"generated\"}\n\n";

#[tokio::test]
async fn progress_is_heard_and_then_the_label_is_there() {
    let carrier = streaming(vec![BEGUN, ": keep-alive\n\n", "event: weather\ndata: fine\n\n", HALF, MADE]);
    let (label, heard) = create(&carrier).await;
    assert_eq!(label.unwrap(), Label { label_id: "lbl_1".into(), tracking_number: "1Z".into() });
    assert_eq!(heard, [("lbl_1".into(), 0), ("lbl_1".into(), 50)]);
    assert_eq!(find(&carrier).await.unwrap(), "lbl_1");
}

#[tokio::test]
async fn a_label_that_was_made_before_has_no_progress() {
    for carrier in [
        streaming(vec![MADE]),
        carrier("application/json", vec![r#"{"labelId":"lbl_1","trackingNumber":"1Z"}"#]),
    ] {
        let (label, heard) = create(&carrier).await;
        assert_eq!((label.unwrap().label_id.as_str(), heard.len()), ("lbl_1", 0));
    }
    assert_eq!(find(&streaming(vec![MADE])).await.unwrap(), "lbl_1");
}

#[tokio::test]
async fn a_stream_may_end_in_a_problem_or_break_off() {
    let problem = |status: &str| {
        format!(
            "event: problem\ndata: {{\"status\":{status},\"error\":\"timeout\",\"message\":\"late\"}}\n\n"
        )
    };
    let ends = async |last: &str| {
        let last: &'static str = Box::leak(last.to_owned().into_boxed_str());
        let (label, heard) = create(&streaming(vec![BEGUN, last])).await;
        assert_eq!(heard.len(), 1);
        let error = label.unwrap_err();
        (error.certainty, error.kind)
    };
    assert_eq!(ends(&problem("408")).await, (Certainty::Unknown, "timeout".to_owned()));
    assert_eq!(ends(&problem("503")).await, (Certainty::Unavailable, "timeout".to_owned()));
    assert_eq!(ends(&problem("409")).await, (Certainty::Rejected, "timeout".to_owned()));
    assert_eq!(ends("event: label\ndata: {\"labelId\":\"lb\n\n").await, unknown("unreadable_answer"));
    assert_eq!(ends("event: label\ndata: {\"labelId\":\"lbl_1").await, unknown("connection_lost"));
    assert_eq!(find(&streaming(vec![])).await.unwrap_err().certainty, Certainty::Unknown);
}

fn unknown(kind: &str) -> (Certainty, String) {
    (Certainty::Unknown, kind.to_owned())
}
