use smol_str::SmolStr;

use crate::audit::Domain;
use crate::gateways::BadBaseUrl;

/// Why there was no run: one sentence, with what to do about it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum Error {
    #[error("interrupted before the first order was placed")]
    Interrupted,
    #[error(transparent)]
    BadUrl(#[from] BadBaseUrl),
    #[error(transparent)]
    Ledgers(#[from] crate::audit::Error),
    #[error("{who} at {url} ({reason}): is {option} right?")]
    Unreachable { who: &'static str, option: &'static str, url: String, reason: String },
    #[error("{url} does not answer like a chaos backend ({reason}): is --backends (RUN_BACKENDS) right?")]
    NotBackends { url: String, reason: String },
    #[error(
        "the backends' seed is {theirs}, not {ours}: add --reset, which empties them and accepts their seed, or restart \
         them with CHAOS_SEED={ours}, or use --seed {theirs}, if the backends have no orders of that seed yet"
    )]
    OtherSeed { theirs: u64, ours: u64 },
    #[error(
        "the backends' time scale is {theirs}, not {ours}: start them with TIME_SCALE={ours}, run with --time-scale \
         {theirs}, or accept it with --reset"
    )]
    OtherTimeScale { theirs: f64, ours: f64 },
    #[error(
        "the backends already know {known} of these orders, such as {example}: empty them with --reset; a --target that \
         knows the orders too needs another --seed with it, or a restart with an empty journal"
    )]
    KnownToBackends { known: usize, example: SmolStr },
    #[error(
        "the orchestrator already knows order {order} (a new order is answered with 201): run with another --seed and \
         --reset, or restart it with an empty journal and run with --reset"
    )]
    KnownToOrchestrator { order: SmolStr },
    #[error(
        "the backends at {backends} were restarted during the run: they have forgotten what happened before, so that \
         nothing can be judged"
    )]
    Restarted { backends: String },
    #[error(
        "the backends were asked for orders such as {example}, and for none of this run: the orchestrator has to \
         send an order's own id, as orderId or as x-correlation-id"
    )]
    OtherNames { example: SmolStr },
    #[error(
        "{orders} orders have left the ledger of {domain} to make room, so that nothing can be judged: start the \
         backends with a larger LEDGER_CAPACITY, or empty them with --reset"
    )]
    Evicted { orders: u64, domain: Domain },
    #[error(
        "the backends were asked for none of these orders, such as {example}: is the orchestrator pointed at their URL \
         ({backends}), and does it send an order's own id, as orderId or as x-correlation-id?"
    )]
    NotAsked { backends: String, example: SmolStr },
    #[error(
        "the orchestrator took no order to its end, such as {order} ({answer}): does it serve the same order API?"
    )]
    Refused { order: SmolStr, answer: String },
}
