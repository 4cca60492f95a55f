//! Runs found by their search attributes.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::ListWorkflowExecutionsRequest;

use super::TemporalClient;
use super::answer::{CALL_TIMEOUT, call};
use super::attributes::{NEEDS_ATTENTION, values};
use super::registry::Catalogue;
use crate::workflow::{ClientError, Comparison, Condition, Filter, Page, RunSummary, SearchValue};

/// The most runs on one page.
const MAX_PAGE: usize = 1_000;
/// How many of the server's pages are read for one page of ours: runs that are only filtered here may leave
/// nothing of them.
const MAX_READ: usize = 20;
/// The prefix of our cursors: the server answers a foreign token with an internal error.
const CURSOR: &str = "t1.";

impl TemporalClient {
    pub(super) async fn page(&self, filter: &Filter) -> Result<Page, ClientError> {
        let known = &self.catalogue.attributes;
        if let Some(unknown) = filter.conditions.iter().find(|wanted| !known.contains_key(wanted.attribute)) {
            return Err(ClientError::Invalid(format!("`{}` is not a search attribute", unknown.attribute)));
        }
        let mut request = ListWorkflowExecutionsRequest {
            namespace: self.client.options().namespace.clone(),
            page_size: i32::try_from(filter.limit.clamp(1, MAX_PAGE)).unwrap_or(i32::MAX),
            next_page_token: token(filter.cursor.as_deref())?,
            query: query(filter, &self.catalogue),
        };
        let mut service = self.client.connection().workflow_service();
        let mut runs = Vec::new();
        for _ in 0..MAX_READ {
            let page = service.list_workflow_executions(request.clone().into_request());
            let page = call(CALL_TIMEOUT, page).await?;
            let found = page.executions.iter().map(|run| self.summary(run));
            runs.extend(found.filter(|run| is_wanted(run, filter)));
            request.next_page_token = page.next_page_token;
            if !runs.is_empty() || request.next_page_token.is_empty() {
                break;
            }
        }
        let token = Some(request.next_page_token).filter(|token| !token.is_empty());
        let next_cursor = token.map(|token| format!("{CURSOR}{}", BASE64.encode(token)));
        Ok(Page { runs, next_cursor })
    }

    pub(super) fn summary(&self, run: &WorkflowExecutionInfo) -> RunSummary {
        let execution = run.execution.clone().unwrap_or_default();
        let attributes = values(run.search_attributes.as_ref(), &self.catalogue.attributes);
        let (marks, search_attributes): (Vec<_>, Vec<_>) =
            attributes.into_iter().partition(|set| set.name == NEEDS_ATTENTION);
        RunSummary {
            workflow_id: execution.workflow_id,
            run_id: execution.run_id,
            started_at: timestamp(run.start_time).unwrap_or(Timestamp::UNIX_EPOCH),
            closed_at: timestamp(run.close_time),
            needs_attention: marks.iter().any(|mark| mark.value == SearchValue::Bool(true)),
            search_attributes,
        }
    }
}

/// An instant as the port shows it, in whole milliseconds.
pub(super) fn timestamp<T>(at: Option<T>) -> Option<Timestamp>
where
    SystemTime: TryFrom<T>,
{
    let at = Timestamp::try_from(SystemTime::try_from(at?).ok()?).ok()?;
    Timestamp::from_millisecond(at.as_millisecond()).ok()
}

/// The server's token in a cursor of ours.
fn token(cursor: Option<&str>) -> Result<Vec<u8>, ClientError> {
    let not_ours = || ClientError::Invalid("invalid cursor".to_owned());
    cursor.map_or(Ok(Vec::new()), |cursor| {
        let token = cursor.strip_prefix(CURSOR).and_then(|token| BASE64.decode(token).ok());
        token.ok_or_else(not_ours)
    })
}

/// Whether a run has the requested texts: for some, the server is only asked for the beginning.
fn is_wanted(run: &RunSummary, filter: &Filter) -> bool {
    let texts =
        filter.conditions.iter().filter(|condition| matches!(condition.value, SearchValue::Keyword(_)));
    let mut texts = texts.filter(|condition| condition.comparison == Comparison::Equal);
    texts.all(|wanted| {
        let mut found = run.search_attributes.iter().filter(|set| set.name == wanted.attribute);
        found.any(|set| set.value == wanted.value)
    })
}

/// A filter as a query in the language of visibility, which has no parameters.
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
    let attribute = condition.attribute;
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
        SearchValue::Keyword(text) => match text.find(is_unsearchable) {
            None => quoted(text),
            Some(end) => return format!("{attribute} STARTS_WITH {}", quoted(&text[..end])),
        },
    };
    format!("{attribute} {comparison} {value}")
}

/// Whether the server's parser changes this character in a literal, whichever way it is written.
fn is_unsearchable(character: char) -> bool {
    matches!(character, '"' | '\\') || character.is_control()
}

/// A string literal of text that can be searched for.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(conditions: Vec<Condition>, needs_attention: Option<bool>) -> String {
        let catalogue = Catalogue { workflows: vec!["A", "B"], ..Catalogue::default() };
        query(&Filter { conditions, needs_attention, ..Filter::default() }, &catalogue)
    }

    fn is(attribute: &'static str, value: SearchValue) -> Condition {
        Condition { attribute, comparison: Comparison::Equal, value }
    }

    #[test]
    fn a_filter_is_spelled_so_that_no_value_can_be_taken_for_syntax() {
        let text = |text: &str| is("CustomerId", SearchValue::Keyword(text.into()));
        let least = Condition { comparison: Comparison::AtLeast, ..is("Total", SearchValue::Float(1.5)) };
        let at = SearchValue::Datetime("2026-01-28T10:00:00Z".parse().unwrap());
        let before = Condition { comparison: Comparison::AtMost, ..is("At", at) };
        insta::assert_snapshot!(spelled(vec![least, before], Some(true)), @"(WorkflowType = 'A' OR WorkflowType = 'B') AND Total >= 1.5 AND At <= '2026-01-28T10:00:00Z' AND NeedsAttention = true");
        insta::assert_snapshot!(spelled(vec![text("x' OR ''='")], Some(false)), @r"(WorkflowType = 'A' OR WorkflowType = 'B') AND CustomerId = 'x\' OR \'\'=\'' AND (NeedsAttention IS NULL OR NeedsAttention = false)");
        insta::assert_snapshot!(spelled(vec![text(r#"a"b\' OR x='"#), text(r"\")], None), @"(WorkflowType = 'A' OR WorkflowType = 'B') AND CustomerId STARTS_WITH 'a' AND CustomerId STARTS_WITH ''");
    }

    #[test]
    fn a_cursor_is_one_of_ours_or_refused() {
        let ours = format!("{CURSOR}{}", BASE64.encode("x"));
        assert_eq!((token(None), token(Some(&ours))), (Ok(Vec::new()), Ok(b"x".to_vec())));
        for foreign in ["", "abc", "t1.%", "17"] {
            assert!(token(Some(foreign)).is_err(), "{foreign}");
        }
    }
}
