//! Checks before the first order is placed, lest the results belong to another run.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use shared::ledger::Record;
use smol_str::SmolStr;
use tokio::time::timeout;

use super::{Error, Health, Plan, Site};
use crate::gateways::Transport;
use crate::workflows::order_fulfillment::workflow_id;
use crate::workload::Workload;

/// How the backends' configuration differs from the plan, if that is accepted.
pub(super) fn disagreements(plan: &Plan, health: &Health) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    if health.seed != plan.seed {
        let (theirs, ours) = (health.seed, plan.seed);
        if !plan.reset {
            return Err(Error::OtherSeed { theirs, ours });
        }
        notes.push(format!(
            "Orders and decisions are drawn from seed {ours}, outcomes from the backends' seed {theirs}."
        ));
    }
    if health.time_scale != plan.time_scale {
        let (theirs, ours) = (health.time_scale.factor(), plan.time_scale.factor());
        if !plan.reset {
            return Err(Error::OtherTimeScale { theirs, ours });
        }
        notes.push(format!(
            "The backends' time scale is {theirs}, not {ours}: waits may time out that should not."
        ));
    }
    Ok(notes)
}

/// Any answer will do: someone else's orchestrator may have no health route.
pub(super) async fn require_orchestrator(site: &Site) -> Result<(), Error> {
    let request = Request::get("/health").body(Bytes::new()).expect("the path is a constant");
    let unreachable = |reason| Error::Unreachable {
        who: "no orchestrator answers",
        option: "--target (RUN_TARGET)",
        url: site.orchestrator_name.clone(),
        reason,
    };
    site.orchestrator.send(request).await.map(drop).map_err(|error| unreachable(error.to_string()))
}

/// Refuses orders that existed before: they would be judged by what happened then, and draw later
/// attempts' outcomes. Returns the orders that the backends know and that are not of this run.
pub(super) async fn require_unknown(
    plan: &Plan,
    workload: Workload,
    site: &Site,
) -> Result<BTreeSet<SmolStr>, Error> {
    if plan.reset {
        // Nothing is reset for a run that cannot start.
        require_unknown_to_orchestrator(workload.order_id(0), &*site.orchestrator).await?;
        return site.backends.reset().await.map(|()| BTreeSet::new());
    }
    let ledgers = site.backends.ledgers().await?;
    let known: BTreeSet<&str> = ledgers.values().flatten().filter_map(Record::order).collect();
    let ours = (0..plan.orders).map(|index| workload.order_id(index));
    let mut ours = ours.filter(|order| known.contains(order.as_str()));
    match ours.next() {
        None => Ok(known.into_iter().map(SmolStr::new).collect()),
        Some(example) => Err(Error::KnownToBackends { known: 1 + ours.count(), example }),
    }
}

/// How long an orchestrator may take to say that it does not know an order.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks for the first order: an earlier run with the same seed had it too. An orchestrator that does not
/// know it may answer anything, or nothing at all.
async fn require_unknown_to_orchestrator(order: SmolStr, orchestrator: &dyn Transport) -> Result<(), Error> {
    let path = format!("/workflows/{}/result?timeout=1", workflow_id(&order));
    let request = Request::get(path).body(Bytes::new()).expect("ids of orders fit a path");
    match timeout(TIMEOUT, orchestrator.send(request)).await {
        Ok(Ok(answer)) if matches!(answer.status(), StatusCode::OK | StatusCode::REQUEST_TIMEOUT) => {
            Err(Error::KnownToOrchestrator { order })
        }
        _ => Ok(()),
    }
}
