mod finding;

use serde::Serialize;
use utoipa::ToSchema;

use super::Evicted;

pub use finding::{CallLine, FactLine, Finding, Severity};

/// What an audit found.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether warnings are violations.
    pub strict: bool,
    /// How many orders were judged.
    pub orders: usize,
    /// How many were left out because a request of theirs is executing now.
    pub executing: usize,
    /// How many were left out because they were heard of too recently.
    pub young: usize,
    /// Of how many judged orders no decision was given, so that rules about decisions could not judge
    /// them; absent when no decisions were given at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_decision: Option<usize>,
    /// How many records the ledgers hold.
    pub records: usize,
    /// How many of them belong to no order.
    pub unattributed: usize,
    /// How many orders had left which ledger to make room: they are not judged, or judged by what the other
    /// ledgers still have of them.
    #[serde(skip_serializing_if = "Evicted::is_empty")]
    pub evicted: Evicted,
    /// The rules that could not be judged.
    pub not_judged: Vec<NotJudged>,
    /// What is wrong, by order; at most one finding an order and rule.
    pub findings: Vec<Finding>,
}

/// A rule that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotJudged {
    /// The rule.
    pub rule: &'static str,
    /// Why not.
    pub because: String,
}

impl Report {
    /// The same report, over ledgers that lack these orders.
    #[must_use]
    pub fn lacking(self, evicted: Evicted) -> Self {
        Self { evicted, ..self }
    }

    /// How many findings are violations.
    pub fn violations(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Violation).count()
    }

    /// Why there was nothing to judge, if there was not: a verdict over nothing is no good news. Orders that
    /// only decisions are known of are nothing, unless the decisions themselves are wrong.
    pub fn why_nothing(&self) -> Option<String> {
        let Self { orders, records, unattributed, executing, young, findings, .. } = self;
        if *orders > 0 && (*records > 0 || !findings.is_empty()) {
            return None;
        }
        Some(match (executing, young) {
            (0, 0) if *records == 0 => "the backends have received no requests yet".to_owned(),
            (0, 0) => format!("none of the {unattributed} records has an order id or a correlation id"),
            (_, 0) => format!("each order ({executing}) has a request executing now"),
            (0, _) => format!("each order ({young}) was heard of too recently"),
            _ => format!(
                "each order has a request executing now ({executing}) or was heard of too recently ({young})"
            ),
        })
    }

    /// Whether nothing is a violation.
    pub fn is_clean(&self) -> bool {
        self.violations() == 0
    }
}
