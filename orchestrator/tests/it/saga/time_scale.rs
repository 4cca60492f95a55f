//! An order whose orchestrator is replaced by one with another `TIME_SCALE`.

use std::time::Duration;

use orchestrator::activities::ActivitySettings;
use shared::time::TimeScale;
use tokio::time::Instant;

use super::scenario::{Decision, Scenario};
use super::world::{World, in_virtual_time};

#[test]
fn an_order_keeps_the_limits_that_it_was_started_with() {
    let an_hour = Duration::from_secs(3600);
    let patient = ActivitySettings { approval_timeout: an_hour, ..ActivitySettings::default() };
    for (settings, error, minutes) in
        [(ActivitySettings::default(), "approval_timeout", 2), (patient, "workflow_timeout", 30)]
    {
        // Before the limit of the approval is set, and while it runs.
        for step in ["payment_authorization", "manager_approval"] {
            let scenario = Scenario { settings: settings.clone(), ..Scenario::new(Decision::None) };
            let scenario = scenario.with("payment.authorize", 1, "timeout");
            in_virtual_time(async {
                let mut order = World::new(&scenario.script(None)).orchestrator("ORD-1", &scenario);
                let start = Instant::now();
                order.place().await;
                order.until(|state| state.current_step.as_deref() == Some(step)).await;
                order.restart_at(TimeScale::parse("0.01").unwrap()).await;
                let ended = order.result().await;
                let met = (ended.error.as_deref(), start.elapsed().as_secs() / 60);
                assert_eq!(met, (Some(error), minutes), "replaced in {step}");
            });
        }
    }
}
