//! `run --late-cancels`: orders that are cancelled while their labels are made.

use serde_json::{Value, json};

use super::{command, output, results, run, start_backends, start_forgetful, text_of};

/// Every order is cancelled within 60 ms, and no label is made sooner than in 600 ms.
const LATE: &str = "--orders 10 --seed 7 --time-scale 0.001 --approve 1 --late-cancels 1 --format json";
pub(super) const SLOW_LABELS: [(&str, &str); 2] =
    [("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SHIPPING_CREATE_LABEL", "success=100%@10m")];

fn ends(results: &Value) -> &Value {
    assert_eq!(results["ends"].as_array().unwrap().len(), 1, "{}", results["ends"]);
    &results["ends"][0]
}

/// How many orders were shipped though their cancel was accepted.
fn ignored(results: &Value) -> usize {
    let findings = results["audit"]["findings"].as_array().unwrap();
    findings.iter().filter(|finding| finding["rule"] == "decision_ignored").count()
}

#[test]
fn the_bundled_orchestrator_cancels_orders_whose_labels_are_being_made() {
    let mut command = command("run", &format!("{LATE} --strict"));
    let results = results(&command.envs(SLOW_LABELS).output().unwrap(), 0);
    let expected = json!({
        "decision": "approve", "lateCancel": true, "orders": 10, "accepted": 10, "lateCancelsAccepted": 10,
        "ends": {"cancelled": 10},
    });
    assert_eq!(ends(&results), &expected);
    assert_eq!(results["orders"][0]["lateCancelAccepted"], true);
    assert!(text_of(&results["setting"]["command"]).contains(" --late-cancels 1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_that_accepts_a_cancel_and_ships_is_found_out() {
    let backends = start_backends(&SLOW_LABELS).await;
    let target = start_forgetful(&backends).await;
    let results = results(&run(&format!("{LATE} --target {target} --backends {backends}")), 1);
    assert_eq!(ends(&results)["lateCancelsAccepted"], 10);
    assert_eq!(ends(&results)["ends"], json!({"shipped": 10}));
    assert_eq!(ignored(&results), 10);
    // So are those who are told so when their order has been shipped long ago.
    let backends = start_backends(&[("CHAOS_FAILURE_RATE", "0")]).await;
    let target = start_forgetful(&backends).await;
    let late = super::results(&run(&format!("{LATE} --target {target} --backends {backends}")), 1);
    assert_eq!(ignored(&late), 10);
    // The very same orchestrator is clean if nobody changes their mind.
    let unchanged = "--orders 10 --seed 8 --reset --approve 1";
    let mut command = command("run", &format!("{unchanged} --target {target} --backends {backends}"));
    assert!(output(&mut command).status.success());
}
