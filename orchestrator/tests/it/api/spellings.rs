//! The paths of the original service.

use axum::body::Body;
use http::Request;
use orchestrator::api::openapi;

use super::client::{Answer, order, pass, with_calm_system};

/// What a new system, in which order A waits for its approval, answers to a request.
async fn asked(method: &str, path: &str, body: String) -> Answer {
    let mut answer = None;
    with_calm_system(async |client| {
        client.place("A").await;
        pass(1.0).await;
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        answer = Some(client.send(request.body(Body::from(body)).unwrap()).await);
    })
    .await;
    answer.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_path_answers_as_the_original_one_does() {
    for (template, methods) in openapi().paths.paths {
        let Some(rest) = template.strip_prefix("/workflows") else { continue };
        let original = format!("/api/v1/order{}", rest.strip_prefix("/order").unwrap_or(rest));
        let methods = serde_json::to_value(methods).unwrap();
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            for id in ["A", "order-fulfillment-A"] {
                let body = if rest == "/order" { order("B").to_string() } else { String::new() };
                let ask = async |template: &str| {
                    let path = template.replace("{id}", id);
                    let answer = asked(&method, &path, body.clone()).await;
                    // A problem names the path that was asked.
                    (answer.status.as_u16(), answer.text.replace(&path, ""))
                };
                let answer = ask(&template).await;
                assert!(![404, 405].contains(&answer.0), "{method} {template}: {answer:?}");
                assert_eq!(ask(&original).await, answer, "{method} {template} {id}");
            }
        }
    }
}
