use std::io::{self, Write};

use anyhow::Result;
use serde_json::json;
use shared::chaos::PlannedOperation;
use shared::environment::{Environment, format_duration};

use super::{orchestrator, unless_nobody_reads};
use crate::bundled::Settings;

/// Print the effective outcome tables and settings
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, environment: &Environment) -> Result<()> {
    let backends = Settings::from_environment(environment, 0)?;
    let orchestrator = orchestrator::Settings::from_environment(environment)?;
    let seed = environment.get("CHAOS_SEED").map_or_else(|| "random at each start".to_owned(), str::to_owned);
    let settings = settings(&backends, &orchestrator, &seed)?;
    let mut stdout = anstream::stdout();
    let written = if args.json {
        writeln!(stdout, "{:#}", document(&backends, settings))
    } else {
        show(&backends, &settings, &mut stdout)
    };
    Ok(unless_nobody_reads(written)?)
}

fn document(backends: &Settings, settings: Vec<(&'static str, String)>) -> serde_json::Value {
    let operations = &backends.plan.operations;
    let tables = operations.iter().map(|planned| (planned.operation.name.to_owned(), table(planned)));
    let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
    json!({
        "operations": tables.collect::<serde_json::Map<_, _>>(),
        "settings": settings.collect::<serde_json::Map<_, _>>(),
    })
}

fn show(backends: &Settings, settings: &[(&'static str, String)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Outcomes, as a table of each operation could be set:\n")?;
    for planned in &backends.plan.operations {
        let variable = format!("CHAOS_{}", planned.operation.variable_stem());
        writeln!(out, "  {variable}=\"{}\"", planned.table)?;
    }
    writeln!(out, "\nAny of these may be in any table:\n")?;
    for outcome in shared::chaos::faults::ANYWHERE.iter() {
        writeln!(out, "  {:<22}{}", outcome.name, outcome.summary)?;
    }
    writeln!(out, "\nThese in one only:\n")?;
    for planned in &backends.plan.operations {
        for outcome in planned.operation.outcomes {
            let name = format!("{} {}", planned.operation.name, outcome.name);
            writeln!(out, "  {name:<50}{}", outcome.summary)?;
        }
    }
    writeln!(out, "\nSettings:\n")?;
    settings.iter().try_for_each(|(name, value)| writeln!(out, "  {name}={value}"))
}

fn table(planned: &PlannedOperation) -> serde_json::Value {
    let rows = planned.table.shares().iter().map(|share| {
        json!({"outcome": share.outcome.name, "share": share.percent(), "delay": format_duration(share.delay)})
    });
    rows.collect()
}

fn settings(
    backends: &Settings,
    orchestrator: &orchestrator::Settings,
    seed: &str,
) -> Result<Vec<(&'static str, String)>> {
    let plan = &backends.plan;
    let stock = backends.inventory.stock.iter().map(|(sku, count)| format!("{sku}={count}"));
    let mut all = vec![
        ("CHAOS_SEED", seed.to_owned()),
        ("CHAOS_PRESET", plan.preset.name().to_owned()),
        ("CHAOS_SCRIPT", plan.script.to_string()),
        ("TIME_SCALE", plan.time_scale.factor().to_string()),
        ("PAYMENT_AUTHORIZATION_TTL", format_duration(backends.payment.authorization_ttl)),
        ("PAYMENT_CAPACITY", backends.payment.capacity.to_string()),
        ("INVENTORY_STOCK", stock.collect::<Vec<_>>().join(",")),
        ("INVENTORY_DEFAULT_STOCK", backends.inventory.default_stock.to_string()),
        ("INVENTORY_RESERVATION_TTL", format_duration(backends.inventory.reservation_ttl)),
        ("INVENTORY_CAPACITY", backends.inventory.capacity.to_string()),
        ("SHIPPING_CAPACITY", backends.shipping.capacity.to_string()),
        ("NOTIFICATION_CAPACITY", backends.notification.capacity.to_string()),
        ("LEDGER_CAPACITY", backends.ledger_capacity.to_string()),
    ];
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

    /// Variables that help shows with a value that is not their default.
    const EXAMPLES: [&str; 4] = ["CHAOS_SEED", "CHAOS_SCRIPT", "TIME_SCALE", "INVENTORY_STOCK"];

    #[test]
    fn help_names_every_setting_and_its_default() {
        let environment = Environment::default();
        let backends = Settings::from_environment(&environment, 0).unwrap();
        let orchestrator = orchestrator::Settings::from_environment(&environment).unwrap();
        let settings = settings(&backends, &orchestrator, "").unwrap();
        assert!(settings.iter().any(|(name, _)| *name == "LEDGER_CAPACITY"));
        // The cluster's are named in groups.
        for (name, value) in settings.into_iter().filter(|(name, _)| !name.starts_with("TEMPORAL_")) {
            let value = if EXAMPLES.contains(&name) { String::new() } else { value };
            assert!(ENVIRONMENT.contains(&format!(" {name}={value}")), "{name}={value}");
        }
    }
}
