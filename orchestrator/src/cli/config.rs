use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;
use clap::builder::BoolishValueParser;
use serde_json::json;
use shared::chaos::{Plan, PlannedOperation};
use shared::environment::{Environment, format_duration};
use shared::time::TimeScale;

use super::{orchestrator, unless_nobody_reads};
use crate::bundled::Settings;

/// Print the effective outcome tables and settings
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print JSON
    #[arg(long, env = "CONFIG_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

pub(super) fn run(args: &Args, environment: &Environment) -> Result<()> {
    let (backends, settings) = read(environment)?;
    let mut stdout = anstream::stdout();
    let written = if args.json {
        writeln!(stdout, "{:#}", document(&backends, &settings))
    } else {
        show(&backends, &settings, &mut stdout)
    };
    Ok(unless_nobody_reads(written)?)
}

/// The configuration of the backends, and all settings.
fn read(environment: &Environment) -> Result<(Settings, All)> {
    let backends = Settings::from_environment(environment, 0)?;
    let orchestrator = orchestrator::Settings::from_environment(environment)?;
    let seed = environment.get("CHAOS_SEED").unwrap_or("random at each start");
    let set = settings(&backends, &orchestrator, seed)?;
    let scaled = orchestrator.activities.at(backends.plan.time_scale).variables();
    Ok((backends, All { set, scaled }))
}

type Variables = Vec<(&'static str, String)>;

/// All settings.
struct All {
    /// As configured, before `TIME_SCALE`.
    set: Variables,
    /// The orchestrator's timeouts after `TIME_SCALE`.
    scaled: Variables,
}

fn document(backends: &Settings, settings: &All) -> serde_json::Value {
    let Plan { operations, time_scale, .. } = &backends.plan;
    let tables = operations.iter().map(|planned| (planned.operation.name, table(planned, *time_scale)));
    json!({
        "operations": tables.collect::<BTreeMap<_, _>>(),
        "settings": settings.set.iter().cloned().collect::<BTreeMap<_, _>>(),
        "effective": settings.scaled.iter().cloned().collect::<BTreeMap<_, _>>(),
    })
}

fn show(backends: &Settings, settings: &All, out: &mut dyn Write) -> io::Result<()> {
    let scale = backends.plan.time_scale;
    let scaled = if scale == TimeScale::REAL {
        String::new()
    } else {
        format!(" (delays are multiplied by TIME_SCALE={})", scale.factor())
    };
    writeln!(out, "The effective table of each operation, in the form of its variable{scaled}:\n")?;
    for planned in &backends.plan.operations {
        let variable = format!("CHAOS_{}", planned.operation.variable_stem());
        writeln!(out, "  {variable}=\"{}\"", planned.table)?;
    }
    writeln!(out, "\nOutcomes for any table:\n")?;
    for outcome in shared::chaos::faults::ANYWHERE.iter() {
        writeln!(out, "  {:<22}{}", outcome.name, outcome.summary)?;
    }
    writeln!(out, "\nOutcomes of one operation only:\n")?;
    for planned in &backends.plan.operations {
        for outcome in planned.operation.outcomes {
            let name = format!("{} {}", planned.operation.name, outcome.name);
            writeln!(out, "  {name:<50}{}", outcome.summary)?;
        }
    }
    writeln!(out, "\nSettings:\n")?;
    for (name, value) in &settings.set {
        let set = format!("{name}={value}");
        match settings.scaled.iter().find(|(scaled, effective)| scaled == name && effective != value) {
            Some((_, effective)) => {
                writeln!(out, "  {set:<40}# {effective} at TIME_SCALE={}", scale.factor())?
            }
            None => writeln!(out, "  {set}")?,
        }
    }
    Ok(())
}

fn table(planned: &PlannedOperation, scale: TimeScale) -> serde_json::Value {
    let rows = planned.table.shares().iter().map(|share| {
        json!({
            "outcome": share.outcome.name,
            "share": share.percent(),
            "delay": format_duration(share.delay),
            "effectiveDelay": format_duration(scale.apply(share.delay)),
        })
    });
    rows.collect()
}

fn settings(backends: &Settings, orchestrator: &orchestrator::Settings, seed: &str) -> Result<Variables> {
    let plan = &backends.plan;
    let mut all = vec![
        ("CHAOS_SEED", seed.to_owned()),
        ("CHAOS_PRESET", plan.preset.name().to_owned()),
        ("CHAOS_SCRIPT", plan.script.to_string()),
    ];
    all.extend(backends.variables());
    all.extend(orchestrator.activities.variables());
    all.push(("RETENTION", format_duration(orchestrator.retention)));
    #[cfg(feature = "temporal")]
    all.extend(orchestrator.temporal.clone()?.variables());
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ENVIRONMENT;

    fn scaled() -> (Settings, All) {
        read(&[("TIME_SCALE", "0.01")].into_iter().collect()).unwrap()
    }

    #[test]
    fn what_the_time_scale_makes_of_a_limit_is_beside_it() {
        let (backends, settings) = scaled();
        let mut shown = Vec::new();
        show(&backends, &settings, &mut shown).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        let lines: Vec<_> = shown.lines().filter(|line| line.contains("TIME_SCALE")).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        The effective table of each operation, in the form of its variable (delays are multiplied by TIME_SCALE=0.01):
          TIME_SCALE=0.01
          PAYMENT_ACTIVITY_TIMEOUT=10s            # 2s at TIME_SCALE=0.01
          INVENTORY_ACTIVITY_TIMEOUT=10s          # 2s at TIME_SCALE=0.01
          SHIPPING_ACTIVITY_TIMEOUT=1m            # 2s at TIME_SCALE=0.01
          SHIPPING_HEARTBEAT_TIMEOUT=12s          # 2s at TIME_SCALE=0.01
          NOTIFICATION_ACTIVITY_TIMEOUT=10s       # 2s at TIME_SCALE=0.01
          COMPENSATION_ACTIVITY_TIMEOUT=15s       # 2s at TIME_SCALE=0.01
          APPROVAL_TIMEOUT=2m                     # 5s at TIME_SCALE=0.01
          WORKFLOW_TIMEOUT=30m                    # 5m at TIME_SCALE=0.01
        ");
    }

    #[test]
    fn programs_get_delays_and_limits_in_force_too() {
        let (backends, settings) = scaled();
        let document = document(&backends, &settings);
        insta::assert_snapshot!(document["operations"]["shipping.create_label"][2], @r#"{"delay":"20s","effectiveDelay":"200ms","outcome":"timeout","share":"10%"}"#);
        let limit = |part: &str| document[part]["APPROVAL_TIMEOUT"].clone();
        assert_eq!((limit("settings"), limit("effective")), (json!("2m"), json!("5s")));
    }

    /// Variables for which the help shows a value that is not their default.
    const EXAMPLES: [&str; 4] = ["CHAOS_SEED", "CHAOS_SCRIPT", "TIME_SCALE", "INVENTORY_STOCK"];

    #[test]
    fn help_names_every_setting_and_its_default() {
        let (_, All { set, .. }) = read(&Environment::default()).unwrap();
        assert!(set.iter().any(|(name, _)| *name == "LEDGER_CAPACITY"));
        // The cluster's variables are listed in groups.
        for (name, value) in set.into_iter().filter(|(name, _)| !name.starts_with("TEMPORAL_")) {
            let value = if EXAMPLES.contains(&name) { String::new() } else { value };
            assert!(ENVIRONMENT.contains(&format!(" {name}={value}")), "{name}={value}");
        }
    }
}
