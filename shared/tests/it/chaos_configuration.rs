//! The environment grammar.

use shared::chaos::{Chaos, DrawKey, Plan};
use shared::environment::Environment;

use crate::toy::{MAKE, OPERATIONS, READ};

fn plan(variables: &[(&str, &str)]) -> Result<Plan, String> {
    let environment: Environment = variables.iter().copied().collect();
    Plan::from_environment(&environment, OPERATIONS, 42).map_err(|e| e.to_string())
}

fn tables(variables: &[(&str, &str)]) -> String {
    let plan = plan(variables).unwrap();
    plan.operations.iter().map(|planned| planned.table.to_string()).collect::<Vec<_>>().join(" | ")
}

#[test]
fn the_most_specific_variable_wins() {
    let all = ("CHAOS_FAILURE_RATE", "0");
    let domain = ("CHAOS_TOY_FAILURE_RATE", "0.2");
    let operation = ("CHAOS_TOY_MAKE_FAILURE_RATE", "50%");
    let table = ("CHAOS_TOY_MAKE", "reset=1");
    let preset = ("CHAOS_PRESET", "blackout");
    insta::assert_snapshot!(tables(&[]), @"success=40%, sold_out=30%, timeout=20%@4s, internal_error=10% | success=100%");
    insta::assert_snapshot!(tables(&[preset]), @"unavailable=100% | unavailable=100%");
    insta::assert_snapshot!(tables(&[preset, all]), @"success=100%, unavailable=0% | success=100%, unavailable=0%");
    insta::assert_snapshot!(tables(&[all]), @"success=100%, sold_out=0%, timeout=0%@4s, internal_error=0% | success=100%");
    insta::assert_snapshot!(tables(&[all, domain]), @"success=80%, sold_out=10%, timeout=6.6666666%@4s, internal_error=3.3333334% | success=100%");
    insta::assert_snapshot!(tables(&[all, domain, operation]), @"success=50%, sold_out=25%, timeout=16.6666666%@4s, internal_error=8.3333334% | success=100%");
    insta::assert_snapshot!(tables(&[all, domain, operation, table]), @"reset=100% | success=100%");
}

#[test]
fn presets_cover_the_whole_suite() {
    insta::assert_snapshot!(tables(&[("CHAOS_PRESET", "calm")]), @"success=98%, sold_out=1%, timeout=0.6666666%@4s, internal_error=0.3333334% | success=98%, unavailable=2%");
    insta::assert_snapshot!(tables(&[("CHAOS_PRESET", "storm")]), @"success=50%, sold_out=20%, timeout=13.3333333%@4s, internal_error=6.6666667%, lost_response=5%, timeout_after=5%@5s | success=50%, unavailable=50%");
    insta::assert_snapshot!(tables(&[("CHAOS_PRESET", "blackout")]), @"unavailable=100% | unavailable=100%");
}

#[test]
fn rates_scale_failures_so_that_they_sum_exactly() {
    for rate in ["0", "1", "100%", "33.333333%", "0.000000001", "0.7"] {
        let plan = plan(&[("CHAOS_FAILURE_RATE", rate)]).unwrap();
        let shares = plan.operations[0].table.shares();
        assert_eq!(shares.iter().map(|share| share.billionths).sum::<u32>(), 1_000_000_000, "{rate}");
        assert_eq!(plan.operations[1].table.to_string(), "success=100%", "reads are untouched");
    }
}

#[test]
fn a_table_reads_back_as_it_was_printed() {
    for table in [
        "success=40%, sold_out=60%@1s",
        "timeout=100%@1500ms",
        "timeout=100%@5s",
        "timeout=100%@0s",
        "slow=0.0000001%, success=99.9999999%",
    ] {
        let printed = tables(&[("CHAOS_TOY_MAKE", table)]);
        let printed = printed.split(" | ").next().unwrap();
        assert_eq!(tables(&[("CHAOS_TOY_MAKE", printed)]), tables(&[("CHAOS_TOY_MAKE", table)]));
    }
}

#[test]
fn a_delay_that_is_not_given_is_that_of_the_operations_own_table() {
    let table = |text: &str| tables(&[("CHAOS_TOY_MAKE", text)]);
    insta::assert_snapshot!(table("timeout=10%, slow=10%, reset=80%"), @"timeout=10%@4s, slow=10%@2s, reset=80% | success=100%");
    insta::assert_snapshot!(table("timeout=50%@4s, slow=50%@0s"), @"timeout=50%@4s, slow=50%@0ms | success=100%");
    let script = "toy.make#1=timeout; toy.status#1=timeout; toy.make#2=timeout@5s; toy.make#3=hang";
    let plan = plan(&[("CHAOS_SCRIPT", script)]).unwrap();
    insta::assert_snapshot!(plan.script, @"toy.make#1=timeout; toy.status#1=timeout; toy.make#2=timeout@5s; toy.make#3=hang");
}

#[test]
fn bad_configuration_names_the_variable_and_what_is_valid() {
    let wrong = [
        ("CHAOS_SEED", "-1"),
        ("CHAOS_PRESET", "tornado"),
        ("CHAOS_FAILURE_RATE", "2"),
        ("CHAOS_FAILURE_RATE", "often"),
        ("CHAOS_TOY_MAKE", "success=40%, tmeout=60%"),
        ("CHAOS_TOY_MAKE", "success=40%, timeout=50%"),
        ("CHAOS_TOY_MAKE", "timeout=60%, reset=50%"),
        ("CHAOS_TOY_MAKE", "reset=50%, reset=50%"),
        ("CHAOS_TOY_MAKE", "reset"),
        ("CHAOS_TOY_MAKE", "reset=-1%"),
        ("CHAOS_TOY_MAKE", "reset=10%@soon"),
        ("CHAOS_TOY_MAKE", "hang=10%@8s"),
        ("CHAOS_TOY_MAKE", ","),
        ("CHAOS_TOY_STATUS", "sold_out=10%"),
        ("CHAOS_SCRIPT", "toy.make=reset"),
        ("CHAOS_SCRIPT", "toy.make#0=reset"),
        ("CHAOS_SCRIPT", "toy.make#1=boom"),
        ("CHAOS_SCRIPT", "toy.make#1=hang@8s"),
        ("CHAOS_SCRIPT", "toy.break#1=reset"),
        ("CHAOS_SCRIPT", "A:toy.make#1=reset, B:toy.make#1=reset"),
        ("CHAOS_SCRIPT", ":toy.make#1=reset"),
        ("CHAOS_SCRIPT", "toy.make#1=reset; toy.make#1=empty"),
        ("CHAOS_TOY_MAKE_FAILURE_RTE", "0"),
        ("TIME_SCALE", "0"),
    ];
    let messages: Vec<_> = wrong.iter().map(|variable| plan(&[*variable]).unwrap_err()).collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    CHAOS_SEED: `-1` is not a whole number from 0 to 18446744073709551615
    CHAOS_PRESET: `tornado` is not a preset, expected default, calm, storm or blackout
    CHAOS_FAILURE_RATE: `2` is not a rate such as 20% or 0.2
    CHAOS_FAILURE_RATE: `often` is not a rate such as 20% or 0.2
    CHAOS_TOY_MAKE: `tmeout` is not an outcome of toy.make, expected one of success, internal_error, unavailable, rate_limited, timeout, hang, reset, empty, slow, timeout_after, internal_error_after, lost_response, malformed, sold_out, already_made
    CHAOS_TOY_MAKE: the shares sum to 90%, expected exactly 100%
    CHAOS_TOY_MAKE: the shares sum to 110%, expected exactly 100%
    CHAOS_TOY_MAKE: `reset` is listed twice
    CHAOS_TOY_MAKE: `reset` is not of the form outcome=share
    CHAOS_TOY_MAKE: `-1%` is not a share such as 30% or 0.3
    CHAOS_TOY_MAKE: `soon` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)
    CHAOS_TOY_MAKE: `hang` takes no delay: it lasts until the client disconnects, at most 5m
    CHAOS_TOY_MAKE: is empty; write for example `success=90%, timeout=10%@5s`
    CHAOS_TOY_STATUS: `sold_out` is not an outcome of toy.status, expected one of success, internal_error, unavailable, rate_limited, timeout, hang, reset, empty, slow, timeout_after, internal_error_after, lost_response, malformed
    CHAOS_SCRIPT: in `toy.make=reset`: expected [order:]operation#attempt=outcome, such as ORD-7:payment.capture#1=lost_response
    CHAOS_SCRIPT: in `toy.make#0=reset`: the attempt must be a whole number from 1
    CHAOS_SCRIPT: in `toy.make#1=boom`: `boom` is not an outcome of toy.make, expected one of success, internal_error, unavailable, rate_limited, timeout, hang, reset, empty, slow, timeout_after, internal_error_after, lost_response, malformed, sold_out, already_made
    CHAOS_SCRIPT: in `toy.make#1=hang@8s`: `hang` takes no delay: it lasts until the client disconnects, at most 5m
    CHAOS_SCRIPT: in `toy.break#1=reset`: `toy.break` is not an operation, expected one of toy.make, toy.status
    CHAOS_SCRIPT: in `A:toy.make#1=reset, B:toy.make#1=reset`: `A:toy.make#1=reset, B` is not an order id; lines are separated by `;`
    CHAOS_SCRIPT: in `:toy.make#1=reset`: `` is not an order id; lines are separated by `;`
    CHAOS_SCRIPT: in `toy.make#1=empty`: this attempt is already scripted
    CHAOS_TOY_MAKE_FAILURE_RTE: is not a variable of this program; did you mean CHAOS_TOY_MAKE_FAILURE_RATE? There are CHAOS_FAILURE_RATE, CHAOS_PRESET, CHAOS_SCRIPT, CHAOS_SEED, CHAOS_TOY_FAILURE_RATE, CHAOS_TOY_MAKE, CHAOS_TOY_MAKE_FAILURE_RATE, CHAOS_TOY_STATUS, CHAOS_TOY_STATUS_FAILURE_RATE
    TIME_SCALE: `0` is not a number from 0.000001 to 1000, such as 0.01
    ");
}

#[test]
fn a_rate_that_another_variable_overrides_is_read_all_the_same() {
    let table = ("CHAOS_TOY_MAKE", "success=100%");
    let wrong = [
        plan(&[table, ("CHAOS_TOY_MAKE_FAILURE_RATE", "abc")]),
        plan(&[("CHAOS_TOY_MAKE_FAILURE_RATE", "1%"), ("CHAOS_TOY_FAILURE_RATE", "9")]),
        plan(&[("CHAOS_TOY_FAILURE_RATE", "1%"), ("CHAOS_FAILURE_RATE", "-1")]),
    ];
    let messages: Vec<_> = wrong.into_iter().map(Result::unwrap_err).collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    CHAOS_TOY_MAKE_FAILURE_RATE: `abc` is not a rate such as 20% or 0.2
    CHAOS_TOY_FAILURE_RATE: `9` is not a rate such as 20% or 0.2
    CHAOS_FAILURE_RATE: `-1` is not a rate such as 20% or 0.2
    ");
}

#[test]
fn a_script_fixes_attempts_of_one_order_or_of_each() {
    let script = "toy.make#2=reset; ORD:7:toy.make#2=timeout@1s\n toy.status#1=empty;";
    let plan = plan(&[("CHAOS_SCRIPT", script), ("CHAOS_FAILURE_RATE", "0")]).unwrap();
    assert_eq!(plan.script.to_string(), "toy.make#2=reset; ORD:7:toy.make#2=timeout@1s; toy.status#1=empty");
    let chaos = Chaos::new(plan);
    let names =
        |key: DrawKey<'_>, order: Option<&str>| [(); 3].map(|()| chaos.draw(&MAKE, key, order).outcome.name);
    assert_eq!(names(DrawKey::Order("ORD:7"), Some("ORD:7")), ["success", "timeout", "success"]);
    assert_eq!(names(DrawKey::Order("ORD:8"), Some("ORD:8")), ["success", "reset", "success"]);
    assert_eq!(names(DrawKey::Idempotency("k"), Some("ORD:7")), ["success", "timeout", "success"]);
    assert_eq!(
        names(DrawKey::Idempotency("ORD:7"), None),
        ["success", "reset", "success"],
        "a key is no order"
    );
    let arrivals = [0, 1, 2].map(|before| chaos.draw(&MAKE, DrawKey::Arrival(before), None).outcome.name);
    assert_eq!(arrivals, ["success", "reset", "success"], "what nothing is known of is one after the other");
    assert_eq!(chaos.draw(&READ, DrawKey::Resource("r"), None).outcome.name, "empty");
}
