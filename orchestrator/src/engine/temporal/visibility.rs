//! Runs found by their search attributes.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::ListWorkflowExecutionsRequest;

use super::TemporalClient;
use super::attributes::{NEEDS_ATTENTION, values};
use super::client::call;
use super::registry::Catalogue;
use crate::workflow::{ClientError, Comparison, Condition, Filter, Page, RunSummary, SearchValue};

/// How many runs one page may have.
const MAX_PAGE: usize = 1_000;

impl TemporalClient {
    pub(super) async fn page(&self, filter: &Filter) -> Result<Page, ClientError> {
        let known = &self.catalogue.attributes;
        if let Some(unknown) = filter.conditions.iter().find(|wanted| !known.contains_key(wanted.attribute)) {
            return Err(ClientError::Invalid(format!("`{}` is no search attribute", unknown.attribute)));
        }
        let cursor = filter.cursor.as_deref().unwrap_or_default();
        let not_ours = |_| ClientError::Invalid("the cursor is not one of this list".to_owned());
        let request = ListWorkflowExecutionsRequest {
            namespace: self.client.options().namespace.clone(),
            page_size: i32::try_from(filter.limit.clamp(1, MAX_PAGE)).unwrap_or(i32::MAX),
            next_page_token: BASE64.decode(cursor).map_err(not_ours)?,
            query: query(filter, &self.catalogue),
        };
        let mut service = self.client.connection().workflow_service();
        let answer = call(service.list_workflow_executions(request.into_request())).await?;
        let next_cursor = (!answer.next_page_token.is_empty()).then(|| BASE64.encode(answer.next_page_token));
        let runs = answer.executions.iter().map(|run| self.summary(run)).collect();
        Ok(Page { runs, next_cursor })
    }

    pub(super) fn summary(&self, run: &WorkflowExecutionInfo) -> RunSummary {
        let execution = run.execution.clone().unwrap_or_default();
        let attributes = values(run.search_attributes.as_ref(), &self.catalogue.attributes);
        let (marks, search_attributes): (Vec<_>, Vec<_>) =
            attributes.into_iter().partition(|(name, _)| name == NEEDS_ATTENTION);
        RunSummary {
            workflow_id: execution.workflow_id,
            run_id: execution.run_id,
            started_at: timestamp(run.start_time).unwrap_or(Timestamp::UNIX_EPOCH),
            closed_at: timestamp(run.close_time),
            needs_attention: marks.iter().any(|(_, mark)| *mark == SearchValue::Bool(true)),
            search_attributes,
        }
    }
}

/// An instant as the port shows it.
pub(super) fn timestamp<T>(at: Option<T>) -> Option<Timestamp>
where
    SystemTime: TryFrom<T>,
{
    Timestamp::try_from(SystemTime::try_from(at?).ok()?).ok()
}

/// The query that a filter spells in the language of visibility, which has no parameters.
fn query(filter: &Filter, catalogue: &Catalogue) -> String {
    let types: Vec<_> =
        catalogue.workflows.iter().map(|name| format!("WorkflowType = {}", quoted(name))).collect();
    let mut terms = vec![format!("({})", types.join(" OR "))];
    terms.extend(filter.conditions.iter().map(term));
    terms.extend(filter.needs_attention.map(|needed| {
        if needed {
            format!("{NEEDS_ATTENTION} = true")
        } else {
            format!("({NEEDS_ATTENTION} IS NULL OR {NEEDS_ATTENTION} = false)")
        }
    }));
    terms.join(" AND ")
}

fn term(condition: &Condition) -> String {
    let comparison = match condition.comparison {
        Comparison::Equal => "=",
        Comparison::AtLeast => ">=",
        Comparison::AtMost => "<=",
    };
    let value = match &condition.value {
        SearchValue::Bool(answer) => answer.to_string(),
        SearchValue::Int(number) => number.to_string(),
        SearchValue::Float(number) => number.to_string(),
        SearchValue::Datetime(at) => quoted(&at.to_string()),
        SearchValue::Keyword(text) => quoted(text),
    };
    format!("{} {comparison} {value}", condition.attribute)
}

/// A string literal: within one, a backslash and a quote have to be escaped.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}
