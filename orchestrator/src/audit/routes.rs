use std::panic::resume_unwind;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as ValueError, StrDeserializer};
use shared::http::{Fields, Params, Problem, ProblemBody, given};
use shared::time::Clock;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::format::Verdict;
use super::{Audit, Evicted, Format, Ledgers};

type ReadLedgers = Arc<dyn Fn() -> (Ledgers, Evicted) + Send + Sync>;

/// The route `GET /audit`, over the ledgers that `read` returns from the domains of this process. Chaos
/// never touches it.
pub fn routes(clock: Clock, read: impl Fn() -> (Ledgers, Evicted) + Send + Sync + 'static) -> OpenApiRouter {
    let read: ReadLedgers = Arc::new(read);
    OpenApiRouter::new().routes(routes!(get_audit)).with_state((clock, read))
}

/// How to judge, and the format of the report.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Whether warnings count as violations.
    #[param(value_type = Option<bool>)]
    strict: Option<String>,
    /// What is allowed that would otherwise be a violation.
    #[param(example = "split-shipments")]
    allow: Option<String>,
    /// `json`, `text`, `junit` or `github`.
    #[param(example = "json")]
    format: Option<String>,
}

impl Asked {
    fn read(&self) -> Result<(Audit, Format), Problem> {
        let mut fields = Fields::new();
        let strict = match given(self.strict.as_deref()) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                fields.wrong("strict", "must be true or false");
                false
            }
        };
        let allowed = named(&mut fields, "allow", self.allow.as_deref()).into_iter().collect();
        let format = named(&mut fields, "format", self.format.as_deref()).unwrap_or(Format::Json);
        fields.finish(Some((Audit { strict, allowed, ..Audit::default() }, format)))
    }
}

/// One of several values, by its name.
fn named<T: DeserializeOwned>(fields: &mut Fields, field: &str, name: Option<&str>) -> Option<T> {
    let value = T::deserialize(StrDeserializer::<ValueError>::new(given(name)?));
    let known = |error: ValueError| {
        // Serde quotes what it was given, then what it knows.
        let text = error.to_string();
        let names: Vec<_> = text.split('`').skip(3).step_by(2).collect();
        format!("must be {}{}", if names.len() > 1 { "one of " } else { "" }, names.join(", "))
    };
    value.map_err(|error| fields.wrong(field, known(error))).ok()
}

/// Judge every order
///
/// Each order is judged as if it had ended, except those with a request executing now and those of which
/// something happened while the ledgers were read. The answer is 200 whatever is found: see `clean`, and `nothingToJudge` if there was no order to judge. The decisions of
/// the orchestrator and the restarts of the client are not known here.
#[utoipa::path(get, path = "/audit", operation_id = "audit", tag = "service", params(Asked),
    responses(
        (status = 200, description = "The verdict, in the requested format.",
            content((Verdict<'_> = "application/json"), (String = "text/plain"), (String = "application/xml"))),
        (status = 400, description = "- `validation_error`: the query breaks a rule; `errors` says which.",
            body = ProblemBody<'static>, content_type = "application/problem+json"),
    ))]
async fn get_audit(
    State((clock, read)): State<(Clock, ReadLedgers)>,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let (audit, format) = asked.read()?;
    let asked_at = clock.now();
    #[expect(
        clippy::disallowed_methods,
        reason = "to judge full ledgers takes seconds, in which a worker would serve nobody"
    )]
    let judged = tokio::task::spawn_blocking(move || judge(read(), asked_at, &audit, format)).await;
    Ok(judged.unwrap_or_else(|panicked| resume_unwind(panicked.into_panic())))
}

fn judge(
    (ledgers, evicted): (Ledgers, Evicted),
    asked_at: Timestamp,
    audit: &Audit,
    format: Format,
) -> Response {
    let report = audit.report_until(&ledgers, asked_at).lacking(evicted);
    let mut body = Vec::new();
    format.write(&report, &mut body).expect("writing to memory cannot fail");
    if format != Format::Json {
        body = anstream::adapter::strip_bytes(&body).into_vec();
    }
    ([(CONTENT_TYPE, format.media_type())], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::story::Story;
    use axum::Router;
    use axum::body::Body;
    use http::Request;
    use shared::http::{Correlation, with_common};
    use tower::ServiceExt;

    /// Status, media type and body of the answer.
    async fn get(query: &str) -> (u16, String, String) {
        let read = || Story::told("0s payment.authorize key=none -> 201; held auth_1 109.97").ledgers;
        let read = move || (read(), Evicted::new());
        let router = with_common(Router::from(routes(Clock::system(), read)), Correlation::seeded(7));
        let request = Request::get(format!("/audit{query}")).body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let media_type = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, media_type, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn it_answers_with_json() {
        let (status, media_type, body) = get("").await;
        assert_eq!((status, media_type.as_str()), (200, "application/json"));
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["clean"], &body["violations"]), (&false.into(), &1.into()));
        assert_eq!(body["findings"][0]["rule"], "hold_left_open");
    }

    #[tokio::test]
    async fn an_order_of_which_something_happened_while_the_ledgers_were_read_is_left_out() {
        let read =
            || (Story::told("10s shipping.create_label -> 201; generated lbl_1").ledgers, Evicted::new());
        for (second, young) in [(9, 1), (10, 0)] {
            let clock = Clock::starting_at(Timestamp::from_second(second).unwrap());
            let router = with_common(Router::from(routes(clock, read)), Correlation::seeded(7));
            let answer = router.oneshot(Request::get("/audit").body(Body::empty()).unwrap()).await.unwrap();
            let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((&body["young"], &body["orders"]), (&young.into(), &(1 - young).into()));
        }
    }

    #[tokio::test]
    async fn the_thread_that_serves_others_does_not_judge() {
        let (judges, judged) = std::sync::mpsc::channel();
        let read = move || {
            judges.send(std::thread::current().id()).unwrap();
            (Ledgers::new(), Evicted::new())
        };
        let router = with_common(Router::from(routes(Clock::system(), read)), Correlation::seeded(7));
        let answer = router.oneshot(Request::get("/audit").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_ne!(judged.recv().unwrap(), std::thread::current().id());
    }

    #[tokio::test]
    async fn it_says_when_there_is_nothing_to_judge() {
        let router =
            with_common(Router::from(routes(Clock::system(), Default::default)), Correlation::seeded(7));
        let answer = router.oneshot(Request::get("/audit").body(Body::empty()).unwrap()).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["orders"], &body["violations"]), (&0.into(), &0.into()));
        assert_eq!(body["nothingToJudge"], "the backends have received no requests yet");
        assert_eq!(body["clean"], false, "a verdict over nothing is not taken for a clean one");
    }

    #[tokio::test]
    async fn it_is_as_strict_as_it_is_asked_to_be_and_writes_every_format() {
        let (_, media_type, body) = get("?strict=true&allow=split-shipments&format=text").await;
        assert_eq!(media_type, "text/plain; charset=utf-8");
        assert!(body.ends_with("2 violations: hold_left_open 1, no_idempotency_key 1.\n"), "{body}");
        assert!(!body.contains('\u{1b}'));
        assert_eq!(get("?format=junit").await.1, "application/xml");
    }

    #[test]
    fn every_answer_is_described() {
        let document = routes(Clock::system(), Default::default).into_openapi();
        let document = serde_json::to_value(document).unwrap();
        let answers = document["paths"]["/audit"]["get"]["responses"].as_object().unwrap();
        let answers = answers.iter().map(|(status, answer)| {
            let types = answer["content"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            format!("{status} {}", types.join(", "))
        });
        insta::assert_snapshot!(answers.collect::<Vec<_>>().join("\n"), @"
        200 application/json, application/xml, text/plain
        400 application/problem+json
        ");
        assert!(document["components"]["schemas"]["Problem"].is_object());
    }

    #[tokio::test]
    async fn a_parameter_that_it_does_not_know_is_refused() {
        let (status, _, body) = get("?stric=true").await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["error"]), (400, &"validation_error".into()));
        insta::assert_snapshot!(body["message"].as_str().unwrap(), @"stric is not known here; there are strict, allow, format");
    }

    #[tokio::test]
    async fn a_wrong_query_is_refused_with_what_is_right() {
        let (status, _, body) = get("?format=yaml&allow=everything&strict=1").await;
        assert_eq!(status, 400);
        insta::assert_snapshot!(body, @r#"{"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"strict must be true or false; allow must be split-shipments; format must be one of text, json, junit, github","instance":"/audit","success":false,"error":"validation_error","message":"strict must be true or false; allow must be split-shipments; format must be one of text, json, junit, github","correlationId":"bea7809e-283e-4cb0-93a2-66acfa1df75a","errors":[{"field":"strict","message":"must be true or false"},{"field":"allow","message":"must be split-shipments"},{"field":"format","message":"must be one of text, json, junit, github"}]}"#);
    }
}
