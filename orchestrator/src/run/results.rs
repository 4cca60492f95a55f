use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;

use super::condition::Verdict;
use super::statistics::Quantiles;
use crate::audit::{Domain, Report, Verb};
use crate::domain::OrderStatus;

/// What a run was, and what came of it. Programs read it as JSON, people as text or HTML.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// What was run.
    pub setting: Setting,
    /// What people should know before they read on.
    pub notes: Vec<String>,
    /// Whether the run was interrupted before all orders had ended. Only those that had are told of.
    pub interrupted: bool,
    /// How the orders ended, by what was decided about them.
    pub ends: Vec<Ends>,
    /// Why orders failed or did not end, as their orchestrator says, most frequent first.
    pub reasons: Vec<Reason>,
    /// How many orders did not end in time, or ended in a way that needs a person's attention.
    pub troubled: u64,
    /// From placing an order until it was known to have ended, in milliseconds.
    pub order_latency: Option<Quantiles>,
    /// What was asked of the backends.
    pub operations: Vec<OperationResults>,
    /// What was undone.
    pub compensations: Vec<Compensations>,
    /// The conditions that the run had to meet, but for the audit's.
    pub conditions: Vec<Verdict>,
    /// What the audit found.
    pub audit: Report,
    /// Each order.
    pub orders: Vec<OrderResult>,
}

/// What was run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Of this program.
    pub version: &'static str,
    /// How many orders were to be placed.
    pub orders: u64,
    /// What orders, decisions and outcomes are drawn from.
    pub seed: u64,
    /// What simulated durations were multiplied by.
    pub time_scale: f64,
    /// How many orders were open at once.
    pub concurrency: usize,
    /// Whose flow was tested, for people.
    pub orchestrator: String,
    /// Which backends it ran against, for people.
    pub backends: String,
    /// A command line that repeats the run.
    pub command: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long the orders took altogether.
    pub took_ms: u64,
}

/// How an order ended, as its orchestrator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// As it should.
    Shipped,
    /// A manager said no, or nobody said anything in time.
    Rejected,
    /// The customer cancelled it.
    Cancelled,
    /// A step failed.
    Failed,
    /// It was still open when the run gave it up.
    NotEnded,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderResult {
    /// The order.
    pub order_id: SmolStr,
    /// What was decided about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Verb>,
    /// Whether the orchestrator accepted that.
    pub accepted: bool,
    /// Whether the orchestrator accepted that its customer cancelled it later; absent if they did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_cancel_accepted: Option<bool>,
    /// How it ended.
    pub end: End,
    /// Why it was not shipped, as its orchestrator says; of one that did not end, its last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether its orchestrator asks for a person.
    pub needs_attention: bool,
    /// From placing it until it was known to have ended, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

/// Why orders failed or did not end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Such as `insufficient_funds`.
    pub reason: String,
    /// How many.
    pub orders: u64,
}

/// How orders ended, grouped by decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ends {
    /// What was decided; absent for orders about which nothing was.
    pub decision: Option<Verb>,
    /// Whether their customers cancelled them later.
    pub late_cancel: bool,
    /// How many orders that is.
    pub orders: u64,
    /// How many of these decisions the orchestrator accepted.
    pub accepted: u64,
    /// How many of the late cancels it accepted.
    pub late_cancels_accepted: u64,
    /// How many orders ended how.
    pub ends: BTreeMap<End, u64>,
}

/// What was asked of one operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationResults {
    /// Such as `payment.authorize`.
    pub operation: String,
    /// How many requests.
    pub requests: u64,
    /// How many of them asked again for what had been asked for.
    pub retries: u64,
    /// How many were answered by replaying the stored response.
    pub replays: u64,
    /// How many outcomes other than `success` were drawn or scripted.
    pub faults: u64,
    /// From a request's arrival to its end, in milliseconds; absent when none ended.
    pub latency: Option<Quantiles>,
    /// How often each outcome of its table was drawn.
    pub outcomes: Vec<OutcomeShare>,
}

/// How often an outcome should be drawn, and was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutcomeShare {
    /// Such as `insufficient_funds`.
    pub outcome: String,
    /// The configured share, from 0 to 1.
    pub configured: f64,
    /// How often it was drawn.
    pub drawn: u64,
    /// The observed share; absent when nothing was drawn.
    pub observed: Option<f64>,
    /// The lower end of the 95 % confidence interval of the observed share.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// How often something of one kind was undone at the client's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compensations {
    /// Where.
    pub domain: Domain,
    /// `released`, `refunded` or `cancelled`.
    pub effect: String,
    /// How often.
    pub count: u64,
}

impl Results {
    /// Whether the run was not interrupted, the audit found no violation and every condition is met.
    pub fn is_clean(&self) -> bool {
        !self.interrupted && self.audit.is_clean() && !self.conditions.iter().any(|verdict| verdict.is_broken)
    }

    /// How many orders ended so.
    pub fn ended(&self, end: End) -> u64 {
        self.ends.iter().filter_map(|row| row.ends.get(&end)).sum()
    }

    /// How many orders the run tried to place: all, unless it was given up or interrupted.
    pub fn placed(&self) -> u64 {
        self.orders.len() as u64
    }

    /// The part of all orders that `count` is, from 0 to 1.
    pub fn share(&self, count: u64) -> f64 {
        if self.placed() == 0 { 0.0 } else { count as f64 / self.placed() as f64 }
    }

    /// The sum of a count over all operations.
    pub fn sum(&self, count: impl Fn(&OperationResults) -> u64) -> u64 {
        self.operations.iter().map(count).sum()
    }

    /// How much was undone.
    pub fn undone(&self) -> u64 {
        self.compensations.iter().map(|row| row.count).sum()
    }
}

impl Ends {
    /// How many decisions on these orders were sent.
    pub(super) fn sent(&self) -> u64 {
        self.orders * (u64::from(self.decision.is_some()) + u64::from(self.late_cancel))
    }
}

impl OrderResult {
    /// The decisions that the orchestrator accepted, in their order.
    pub(super) fn accepted_decisions(&self) -> Vec<Verb> {
        let late = self.late_cancel_accepted.filter(|accepted| *accepted).map(|_| Verb::Cancel);
        self.decision.filter(|_| self.accepted).into_iter().chain(late).collect()
    }
}

impl End {
    /// Every end.
    pub const ALL: [Self; 5] = [Self::Shipped, Self::Rejected, Self::Cancelled, Self::Failed, Self::NotEnded];

    /// What `status` says; a status that is not final says that the order is open.
    pub fn of(status: Option<OrderStatus>) -> Self {
        match status {
            Some(OrderStatus::Shipped) => Self::Shipped,
            Some(OrderStatus::Rejected) => Self::Rejected,
            Some(OrderStatus::Cancelled) => Self::Cancelled,
            Some(OrderStatus::Failed) => Self::Failed,
            _ => Self::NotEnded,
        }
    }

    /// The status that tells of it.
    pub(super) fn status(self) -> Option<OrderStatus> {
        match self {
            Self::Shipped => Some(OrderStatus::Shipped),
            Self::Rejected => Some(OrderStatus::Rejected),
            Self::Cancelled => Some(OrderStatus::Cancelled),
            Self::Failed => Some(OrderStatus::Failed),
            Self::NotEnded => None,
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::NotEnded => "not ended",
        }
    }
}
