//! The verdict: whether a flow, in whatever language, survived the chaos.
//!
//! It joins the ledgers of all domains, order by order, and checks every order against [`RULES`], one
//! file each. Judging is pure ([`Audit::report`]); [`Source`] reads ledgers from running backends or
//! from files; [`Format`] writes a report for people, programs and CI; [`routes()`] serves it.
//!
//! It may know nothing about the orchestrator that it judges, except the names of an order's statuses.

mod activity;
#[cfg(test)]
mod clean_flow;
mod decision;
#[cfg(test)]
mod docs;
mod domain;
#[cfg(test)]
mod evidence;
mod format;
mod judge;
mod order;
mod report;
mod routes;
mod rule;
mod rules;
mod source;
#[cfg(test)]
mod story;

pub use activity::{executing, executing_now, last_heard};
pub use decision::{Decision, Verb};
pub use domain::{Domain, Evicted, Ledgers};
pub(crate) use format::junit;
pub use format::{Format, step_summary, step_summary_as, summary};
pub use judge::{Allowance, Audit};
pub use order::{
    Call, Change, Ending, Fact, Hold, Label, Operation, Order, Reservation, Resources, attribute,
};
pub use report::{CallLine, FactLine, Finding, NotJudged, Report, Severity};
pub use routes::routes;
pub use rule::{Evidence, Kind, Rule};
pub use rules::RULES;
pub use source::{Error, Reading, Source, read_decisions, read_restarts};
