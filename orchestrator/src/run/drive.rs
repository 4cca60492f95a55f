//! Places the orders, decides on each and waits for its end, a limited number of them at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use shared::time::TimeScale;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::results::{End, OrderResult};
use super::{Error, News, Plan};
use crate::audit::Verb;
use crate::workload::{Customer, OrderApi, Placed, Placement, Refused, Workload};

/// How long a cancel of an order that has ended is tried: it should be refused.
const PATIENCE_AFTER_END: Duration = Duration::from_secs(10);

/// The results of the orders.
pub(super) struct Driven {
    /// Those that ended or were given up, in the order in which they were begun.
    pub(super) orders: Vec<OrderResult>,
    /// How many were open when the run was interrupted, if that was before all had ended.
    pub(super) interrupted: Option<u64>,
}

/// Places the orders until all have ended, or `stop`.
///
/// # Errors
/// When the orchestrator already knows an order, or refuses all. One of many that is refused, or does not
/// end in time, is not an error: it has not ended.
pub(super) async fn drive(
    plan: &Plan,
    workload: Workload,
    api: &OrderApi,
    on_news: &(dyn Fn(News) + Sync),
    stop: &CancellationToken,
) -> Result<Driven, Error> {
    let driver = Driver {
        api,
        workload,
        stop,
        order_timeout: plan.order_timeout,
        time_scale: plan.time_scale,
        concurrency: plan.concurrency as u64,
        ended: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        open: AtomicU64::new(0),
        stalled: AtomicBool::new(false),
    };
    let orders = stream::iter(0..plan.orders).map(|index| driver.order(index));
    let mut ended = orders.buffer_unordered(plan.concurrency);
    let mut results = Vec::new();
    while let Some(order) = ended.try_next().await? {
        if let Some((index, result)) = order {
            on_news(News::Ended(result.end));
            results.push((index, result));
        }
    }
    results.sort_unstable_by_key(|(index, _)| *index);
    if let Some((_, first)) = results.first()
        && driver.refused.load(Relaxed) == results.len() as u64
    {
        let (order, answer) = (first.order_id.clone(), first.reason.clone().unwrap_or_default());
        return Err(Error::Refused { order, answer });
    }
    let was_cut_short = stop.is_cancelled() && (results.len() as u64) < plan.orders;
    Ok(Driven {
        orders: results.into_iter().map(|(_, result)| result).collect(),
        interrupted: was_cut_short.then(|| driver.open.load(Relaxed)),
    })
}

/// Of two at once, one places the order; the other finds it placed, or is refused for that.
async fn place(customer: &Customer, placement: &Placement) -> Result<Placed, Refused> {
    let order = &placement.order;
    if !placement.is_double_clicked {
        return customer.place(order).await;
    }
    match futures_util::future::join(customer.place(order), customer.place(order)).await {
        (Ok(Placed::Now), _) | (_, Ok(Placed::Now)) => Ok(Placed::Now),
        (one, _) => one,
    }
}

/// Whether the orchestrator accepts a decision. If not, it came too late: the order has ended, or is being
/// undone.
async fn decide(customer: &Customer, verb: Verb) -> Result<bool, Refused> {
    match customer.decide(verb).await {
        Ok(()) => Ok(true),
        Err(too_late) if too_late.status == 409 => Ok(false),
        Err(other) => Err(other),
    }
}

struct Driver<'a> {
    api: &'a OrderApi,
    workload: Workload,
    stop: &'a CancellationToken,
    order_timeout: Duration,
    time_scale: TimeScale,
    concurrency: u64,
    /// How many orders have ended so far.
    ended: AtomicU64,
    /// How many were refused so far, or were asked about in vain.
    refused: AtomicU64,
    /// How many orders were open when the run was interrupted.
    open: AtomicU64,
    /// Whether orders were given up while no other ended: nothing more is placed.
    stalled: AtomicBool,
}

impl Driver<'_> {
    /// Drives one order to its end; `None` when the run has stalled or was interrupted.
    async fn order(&self, index: u64) -> Result<Option<(u64, OrderResult)>, Error> {
        if self.stalled.load(Relaxed) || self.stop.is_cancelled() {
            return Ok(None);
        }
        let ended_before = self.ended.load(Relaxed);
        let mut result = OrderResult {
            order_id: self.workload.order_id(index),
            decision: None,
            accepted: false,
            late_cancel_accepted: None,
            end: End::NotEnded,
            reason: None,
            needs_attention: false,
            took_ms: None,
        };
        let customer = Customer::new(self.api.clone(), result.order_id.clone());
        let followed = timeout(self.order_timeout, self.follow(&customer, index, &mut result));
        match self.stop.run_until_cancelled(followed).await {
            None => {
                self.open.fetch_add(1, Relaxed);
                return Ok(None);
            }
            Some(Ok(Ok(Placed::Before))) => {
                return Err(Error::KnownToOrchestrator { order: result.order_id });
            }
            Some(Ok(Ok(Placed::Now))) => drop(self.ended.fetch_add(1, Relaxed)),
            Some(Ok(Err(_))) => {
                let refused = self.refused.fetch_add(1, Relaxed) + 1;
                self.stop_placing_if(refused >= self.concurrency && self.ended.load(Relaxed) == 0);
            }
            Some(Err(_)) => self.stop_placing_if(self.ended.load(Relaxed) == ended_before),
        }
        if result.end == End::NotEnded {
            result.reason = customer.last_failure();
        }
        Ok(Some((index, result)))
    }

    fn stop_placing_if(&self, has_stalled: bool) {
        self.stalled.fetch_or(has_stalled, Relaxed);
    }

    /// Writes into `result` what is known so far: it is also read if this is given up.
    async fn follow(
        &self,
        customer: &Customer,
        index: u64,
        result: &mut OrderResult,
    ) -> Result<Placed, Refused> {
        let placement = self.workload.placement(index);
        let started = Instant::now();
        result.decision = placement.verb;
        if place(customer, &placement).await? == Placed::Before {
            return Ok(Placed::Before);
        }
        if let Some(verb) = placement.verb {
            result.accepted = decide(customer, verb).await?;
        }
        let patience = placement.cancelled_after.map(|after| self.time_scale.apply(after));
        let ended = match timeout(patience.unwrap_or(Duration::MAX), customer.end()).await {
            Ok(ended) => ended?,
            Err(_) => {
                result.late_cancel_accepted = Some(decide(customer, Verb::Cancel).await?);
                customer.end().await?
            }
        };
        result.end = End::of(Some(ended.status));
        result.reason = ended.error;
        result.needs_attention = ended.needs_attention;
        result.took_ms = Some(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        if patience.is_some() && result.late_cancel_accepted.is_none() {
            // It comes too late, whatever the orchestrator calls that.
            let answer = timeout(PATIENCE_AFTER_END, customer.decide(Verb::Cancel)).await;
            result.late_cancel_accepted = Some(matches!(answer, Ok(Ok(()))));
        }
        Ok(Placed::Now)
    }
}
