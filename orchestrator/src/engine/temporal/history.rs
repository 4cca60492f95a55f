//! A run's history as its clients read it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent as SdkEvent;
use temporalio_common::protos::temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;

use super::TemporalClient;
use super::answer::{CALL_TIMEOUT, call};
use super::visibility::timestamp;
use crate::workflow::{ClientError, HistoryEvent, HistoryPage, Json};

/// The most events on one page.
const MAX_PAGE: usize = 1_000;
const EVERYTHING: usize = usize::MAX;

impl TemporalClient {
    pub(super) async fn all_events(&self, workflow_id: &str) -> Result<Vec<SdkEvent>, ClientError> {
        self.first_events(workflow_id, EVERYTHING).await
    }

    /// The events from number `after + 1`. The server's pages have no numbers, so it reads from the first.
    pub(super) async fn events(
        &self,
        workflow_id: &str,
        after: u64,
        limit: usize,
    ) -> Result<HistoryPage, ClientError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        let wanted = skipped.saturating_add(limit);
        let events = self.first_events(workflow_id, wanted.saturating_add(1)).await?;
        let next = (events.len() > wanted).then(|| after + limit as u64);
        Ok(HistoryPage { events: events.iter().skip(skipped).take(limit).map(history_event).collect(), next })
    }

    async fn first_events(&self, workflow_id: &str, wanted: usize) -> Result<Vec<SdkEvent>, ClientError> {
        let execution = WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() };
        let mut request = GetWorkflowExecutionHistoryRequest {
            namespace: self.client.options().namespace.clone(),
            execution: Some(execution),
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        let mut events = Vec::new();
        loop {
            let page =
                call(CALL_TIMEOUT, service.get_workflow_execution_history(request.clone().into_request()))
                    .await?;
            events.extend(page.history.unwrap_or_default().events);
            if page.next_page_token.is_empty() || events.len() >= wanted {
                return Ok(events);
            }
            request.next_page_token = page.next_page_token;
        }
    }
}

fn history_event(event: &SdkEvent) -> HistoryEvent {
    let name = event.event_type().as_str_name();
    // An event's attributes are written as an object of one field, which is named after them.
    let attributes = serde_json::to_value(event.attributes.as_ref()).ok();
    let details = attributes.and_then(|attributes| attributes.as_object()?.values().next().cloned());
    HistoryEvent {
        id: u64::try_from(event.event_id).unwrap_or_default(),
        at: timestamp(event.event_time).unwrap_or_default(),
        event: name.strip_prefix("EVENT_TYPE_").unwrap_or(name).to_lowercase(),
        details: Json::of(&details.map(readable)).unwrap_or_else(|_| Json::null()),
        commands: Vec::new(),
    }
}

/// The same with every payload replaced by the JSON that it carries.
fn readable(value: Value) -> Value {
    if let Some(json) = payload(&value) {
        return json;
    }
    match value {
        Value::Array(values) => Value::Array(values.into_iter().map(readable).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, readable(value))).collect())
        }
        other => other,
    }
}

fn payload(value: &Value) -> Option<Value> {
    let text = |value: &Value| BASE64.decode(value.as_str()?).ok();
    match text(value.get("metadata")?.get("encoding")?)?.as_slice() {
        b"json/plain" => serde_json::from_slice(&text(value.get("data")?)?).ok(),
        b"binary/null" => Some(Value::Null),
        _ => None,
    }
}
