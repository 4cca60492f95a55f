//! The same seed, on both engines.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::host::address;
use crate::process::{BINARY, Process};

/// Two hundred orders under the default chaos. Cancels are left out, because how far an order is when
/// one comes is a matter of time; so is nothing else: nobody decides in the last moment.
const RUN: &str = "run --orders 200 --concurrency 16 --seed 7 --time-scale 0.001 --approve 0.85 --reject 0.1 \
                   --strict --format json";

/// How each order ended, and why, by its id.
fn ends(variables: &[(&str, &str)]) -> BTreeMap<String, (String, Value)> {
    let backends = Process::start("backends", &[("CHAOS_SEED", "7")], "0");
    let variables = [variables, &[("BACKENDS_URL", &backends.url)]].concat();
    let orchestrator = Process::start("orchestrator", &variables, "0");
    let mut run = Command::new(BINARY);
    run.args(RUN.split_whitespace()).args(["--target", &orchestrator.url, "--backends", &backends.url]);
    let output = run.env_clear().output().unwrap();
    let results = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}\n{results}", String::from_utf8_lossy(&output.stderr));
    let results: Value = serde_json::from_str(&results).unwrap();
    assert_eq!((&results["clean"], &results["audit"]["orders"]), (&true.into(), &200.into()));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let orders = results["orders"].as_array().unwrap().iter();
    orders.map(|it| (text(&it["orderId"]), (text(&it["end"]), it["reason"].clone()))).collect()
}

#[test]
fn the_same_seed_gives_every_order_the_same_end_on_both_engines() {
    let address = address();
    let temporal =
        [("ENGINE", "temporal"), ("TEMPORAL_ADDRESS", address.as_str()), ("TEMPORAL_TASK_QUEUE", "ends")];
    let (temporal, embedded) = (ends(&temporal), ends(&[("EPHEMERAL", "true")]));
    let differences: Vec<_> = temporal.iter().zip(&embedded).filter(|(left, right)| left != right).collect();
    assert!(temporal.len() == 200 && differences.is_empty(), "{differences:#?}");
}
