//! A fault-injection run: it places orders, decides on each, waits for their ends, audits and measures.
//!
//! It reaches the orchestrator and the backends over HTTP alone, as everybody does: whose they are,
//! and in which language they are written, makes no difference. Who starts them is up to the command
//! `run`.

mod backends;
mod condition;
mod drive;
mod error;
mod format;
mod html;
mod junit;
mod markdown;
mod measure;
mod notes;
mod preflight;
mod records;
mod results;
#[cfg(test)]
mod sample;
mod settle;
mod statistics;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use shared::time::{Clock, TimeScale};
use smol_str::SmolStr;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::audit::{Audit, Decision, Ledgers, attribute, read_restarts};
use crate::gateways::Transport;
use crate::workload::{Mix, OrderApi, Workload};
use drive::Driven;

pub use backends::{Backends, Health};
pub use condition::{Condition, Verdict, parse_share};
pub use error::Error;
pub use format::Format;
pub use html::page;
pub use junit::junit;
pub use markdown::markdown;
pub use results::{
    Compensations, End, Ends, OperationResults, OrderResult, OutcomeShare, Reason, Results, Setting,
};
pub use statistics::{Quantiles, wilson};

/// What happens while a run is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An order ended.
    Ended(End),
    /// All orders have ended, but requests of theirs are executing: which, as a sentence.
    Awaiting(String),
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many orders.
    pub orders: u64,
    /// How many of them are open at once.
    pub concurrency: usize,
    /// What orders, decisions and outcomes are drawn from.
    pub seed: u64,
    /// What the orchestrator multiplies simulated durations by.
    pub time_scale: TimeScale,
    /// What is decided.
    pub mix: Mix,
    /// The share of approved orders, from 0 to 1, that are cancelled later.
    pub late_cancels: f64,
    /// The share of orders, from 0 to 1, that are placed twice at once.
    pub double_clicks: f64,
    /// How long an order may take until it counts as not ended.
    pub order_timeout: Duration,
    /// Whether to empty the backends first, and to accept their seed and time scale.
    pub reset: bool,
    /// What fails the run beside violations.
    pub conditions: Vec<Condition>,
    /// How the orders are judged; their decisions are added, and the restarts.
    pub audit: Audit,
    /// The file with the times at which the orchestrator was restarted. It is read when the orders have ended,
    /// since nobody knows the times before.
    pub restarts: Option<PathBuf>,
    /// A command line that repeats the run.
    pub command: String,
}

/// What to run it against.
#[derive(Clone)]
pub struct Site {
    /// Reaches the orchestrator.
    pub orchestrator: Arc<dyn Transport>,
    /// The backends that it acts on.
    pub backends: Arc<Backends>,
    /// Where the orchestrator is, for people.
    pub orchestrator_name: String,
    /// Where the backends are, for people.
    pub backends_name: String,
}

/// A run that was made.
#[derive(Clone, Debug)]
pub struct Run {
    /// What came of it.
    pub results: Results,
    /// What the backends noted of its orders.
    pub ledgers: Ledgers,
}

impl Run {
    /// What the orchestrator said of each order, by its id.
    pub fn decisions(&self) -> BTreeMap<SmolStr, Decision> {
        decisions(&self.results.orders)
    }
}

/// Makes a run, and tells `on_news` how it goes. At `stop` no more orders are placed, those that are open
/// are neither waited for nor judged, and requests that are executing are awaited for ten seconds at most.
///
/// # Errors
/// See [`Error`]. Violations are none: they are in the results.
pub async fn run(
    plan: &Plan,
    site: &Site,
    clock: Clock,
    on_news: &(dyn Fn(News) + Sync),
    stop: &CancellationToken,
) -> Result<Run, Error> {
    let Plan { seed, mix, late_cancels, double_clicks, .. } = *plan;
    let workload = Workload { seed, mix, late_cancels, double_clicks };
    let prepared = async {
        let health = site.backends.health().await?;
        let notes = preflight::disagreements(plan, &health)?;
        preflight::require_orchestrator(site).await?;
        let others = preflight::require_unknown(plan, workload, site).await?;
        let before = site.backends.stats(&health).await?;
        Ok((health, notes, others, before))
    };
    let prepared = stop.run_until_cancelled(prepared).await;
    let (health, mut notes, others, before) = prepared.unwrap_or(Err(Error::Interrupted))?;
    let (started_at, started) = (clock.now(), Instant::now());
    let api = OrderApi::new(Arc::clone(&site.orchestrator));
    let Driven { orders, interrupted } = drive::drive(plan, workload, &api, on_news, stop).await?;
    let took = started.elapsed();
    if site.backends.health().await?.started_at != health.started_at {
        return Err(Error::Restarted { backends: site.backends_name.clone() });
    }
    notes.extend(notes::why_cut_short(plan, &orders, interrupted));
    notes.extend(notes::not_ended(&orders));
    // Every order has had its time.
    let audit = Audit {
        decisions: Some(decisions(&orders)),
        judge_executing: true,
        restarts: plan.restarts.as_deref().map(read_restarts).transpose()?.unwrap_or_default(),
        ..plan.audit.clone()
    };
    let planned: BTreeSet<_> = (0..plan.orders).map(|index| workload.order_id(index)).collect();
    let ended = orders.iter().filter(|order| order.end != End::NotEnded);
    let ended: BTreeSet<_> = ended.map(|order| order.order_id.as_str()).collect();
    let read = async || {
        let mut ledgers = site.backends.ledgers().await?;
        attribute(&mut ledgers, |id| planned.contains(id));
        Ok(ledgers)
    };
    let all = settle::settled(read, &ended, plan.order_timeout, on_news, stop).await?;
    let ids: BTreeSet<_> = orders.iter().map(|order| order.order_id.as_str()).collect();
    notes.extend(records::strangers(&all, &planned, &others)?);
    notes.extend(records::require_records(&all, &planned, &orders, &site.backends_name)?);
    let ledgers = records::of_orders(all, &ids);
    notes.extend(notes::charged_otherwise(plan.orders, workload, &orders, &ledgers));
    let after = site.backends.stats(&health).await?;
    let mut results = Results {
        setting: Setting {
            version: env!("CARGO_PKG_VERSION"),
            orders: plan.orders,
            seed: plan.seed,
            time_scale: health.time_scale.factor(),
            concurrency: plan.concurrency,
            orchestrator: site.orchestrator_name.clone(),
            backends: site.backends_name.clone(),
            command: plan.command.clone(),
            started_at,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        },
        notes,
        interrupted: interrupted.is_some(),
        ends: measure::ends(&orders),
        reasons: measure::reasons(&orders),
        troubled: measure::troubled(&orders),
        order_latency: measure::order_latency(&orders),
        operations: measure::operations(&ledgers, &before, &after),
        compensations: measure::compensations(&ledgers),
        conditions: Vec::new(),
        audit: audit.report(&ledgers),
        orders,
    };
    // A part of the orders says nothing of them.
    let conditions = plan.conditions.iter().filter(|_| interrupted.is_none());
    results.conditions = conditions.map(|condition| condition.judge(&results)).collect();
    Ok(Run { results, ledgers })
}

/// What the orchestrator said of each order.
fn decisions(orders: &[OrderResult]) -> BTreeMap<SmolStr, Decision> {
    let decision = |order: &OrderResult| Decision {
        order_id: order.order_id.clone(),
        accepted: order.accepted_decisions(),
        status: order.end.status(),
    };
    orders.iter().map(|order| (order.order_id.clone(), decision(order))).collect()
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("orchestrator", &self.orchestrator_name).finish_non_exhaustive()
    }
}
