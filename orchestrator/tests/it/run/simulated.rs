//! A run in real time and a simulation in virtual time meet every order of a seed with the same
//! faults, and come to the same ends.

use std::collections::BTreeMap;
use std::path::Path;

use orchestrator::activities::ActivitySettings;
use orchestrator::bundled;
use orchestrator::simulate::{Flow, RandomWorld, Subject};
use orchestrator::workload::Mix;
use serde_json::Value;
use shared::environment::Environment;

use super::{command, output, results, text_of};

const ORDERS: u64 = 60;

/// What each order met, request by request, and how it ended. A cancel is left out: how far its
/// order is when it comes is a matter of time.
type Fates = BTreeMap<String, Vec<String>>;

fn simulated() -> Fates {
    let mix = Mix::new(0.9, 0.1, 0.0).unwrap();
    let world =
        RandomWorld { orders: ORDERS, concurrency: 1, mix, late_cancels: 0.0, crashes: false, log: true };
    let backends = bundled::Settings::from_environment(&Environment::default(), 0).unwrap();
    let subject = Subject { flow: Flow::shipped(), limits: ActivitySettings::default(), backends };
    let mut fates = Fates::new();
    for line in world.run(&subject, 7).log {
        let mut words = line.text.split_whitespace();
        let told = match (words.next(), words.next()) {
            (Some("<-"), Some(drawn)) if drawn.contains('=') => drawn.to_owned(),
            (Some("ends"), Some(end)) => end.to_owned(),
            _ => continue,
        };
        fates.entry(line.order).or_default().push(told);
    }
    fates
}

fn in_real_time(folder: &Path) -> Fates {
    let line = format!("--orders {ORDERS} --seed 7 --approve 0.9 --reject 0.1 --format json --ledger-dir");
    let results = results(&output(command("run", &line).arg(folder)), 0);
    let mut drawn = Vec::new();
    for domain in ["payment", "inventory", "shipping", "notification"] {
        let ledger = std::fs::read_to_string(folder.join(format!("{domain}.jsonl"))).unwrap();
        drawn.extend(ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    drawn.retain(|record| record["outcome"].is_string());
    drawn.sort_by_key(|record| record["seq"].as_u64());
    let mut fates = Fates::new();
    for record in drawn {
        let (operation, outcome) = (text_of(&record["operation"]), text_of(&record["outcome"]));
        let told = format!("{operation}#{}={outcome}", record["attempt"]);
        fates.entry(text_of(&record["order"]).to_owned()).or_default().push(told);
    }
    for order in results["orders"].as_array().unwrap() {
        fates
            .entry(text_of(&order["orderId"]).to_owned())
            .or_default()
            .push(text_of(&order["end"]).to_owned());
    }
    fates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_and_virtual_time_tell_the_same_of_every_order() {
    let folder = tempfile::tempdir().unwrap();
    let (simulated, real) = (tokio::task::block_in_place(simulated), in_real_time(folder.path()));
    assert_eq!(simulated.len(), usize::try_from(ORDERS).unwrap());
    for (order, fate) in &simulated {
        assert_eq!(Some(fate), real.get(order), "{order}");
    }
}
