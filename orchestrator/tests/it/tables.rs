//! What chaos does to each operation of each backend unless it is told otherwise, and under each preset.

use orchestrator::bundled::operations;
use shared::chaos::{Access, Plan, PlannedOperation};
use shared::environment::Environment;

/// Every operation with its table under a preset.
fn tables(preset: &str) -> Vec<PlannedOperation> {
    let environment: Environment = [("CHAOS_PRESET", preset)].into_iter().collect();
    Plan::from_environment(&environment, &operations(), 0).unwrap().operations
}

/// How much of an operation ends otherwise than in success, in billionths.
fn failing(planned: &PlannedOperation) -> u32 {
    planned.table.failures().map(|share| share.billionths).sum()
}

/// The rule: CHAOS, "Default outcome tables".
#[test]
fn the_default_tables_are_those_of_the_design() {
    let line = |planned: PlannedOperation| format!("{}: {}", planned.operation.name, planned.table);
    let lines: Vec<_> = tables("default").into_iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    payment.authorize: success=40%, insufficient_funds=30%, timeout=20%@5s, internal_error=10%
    payment.capture: success=70%, already_captured=20%, authorization_expired=10%
    payment.release: success=85%, already_released=10%, internal_error=5%
    payment.refund: success=75%, timeout=15%@4s, internal_error=10%
    payment.status: success=100%
    inventory.reserve: success=50%, out_of_stock=30%, timeout=10%@4s, internal_error=10%
    inventory.release: success=90%, internal_error=10%
    inventory.check: success=100%
    inventory.status: success=100%
    shipping.create_label: success=60%, address_validation_failed=20%, timeout=10%@20s, carrier_error=10%
    shipping.cancel: success=95%, internal_error=5%
    shipping.status: success=100%
    notification.send: success=80%, delivery_failed=15%, invalid_recipient=5%
    notification.status: success=100%
    ");
}

#[test]
fn the_shares_of_every_table_sum_to_one() {
    for preset in ["default", "calm", "storm", "blackout"] {
        for planned in tables(preset) {
            let sum: u32 = planned.table.shares().iter().map(|share| share.billionths).sum();
            assert_eq!(sum, 1_000_000_000, "{preset}: {}", planned.operation.name);
        }
    }
}

#[test]
fn calm_fails_two_percent() {
    for planned in tables("calm") {
        assert_eq!(failing(&planned), 20_000_000, "{}: {}", planned.operation.name, planned.table);
    }
}

#[test]
fn storm_fails_half_and_loses_answers_of_writes() {
    for planned in tables("storm") {
        let of = |outcome: &str| {
            let shares = planned.table.shares().iter();
            shares
                .filter(|share| share.outcome.name == outcome)
                .map(|share| share.percent())
                .collect::<String>()
        };
        let lost = if planned.operation.access == Access::Write { "5%" } else { "" };
        let met = (failing(&planned), of("lost_response"), of("timeout_after"));
        let expected = (500_000_000, lost.to_owned(), lost.to_owned());
        assert_eq!(met, expected, "{}: {}", planned.operation.name, planned.table);
    }
}

#[test]
fn blackout_leaves_nothing_available() {
    for planned in tables("blackout") {
        assert_eq!(planned.table.to_string(), "unavailable=100%", "{}", planned.operation.name);
    }
}
