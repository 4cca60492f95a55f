use std::collections::BTreeSet;

use super::table::parse_share;
use super::{Operation, Preset, Script, Table};
use crate::environment::{ConfigError, Environment};
use crate::time::TimeScale;

/// The whole configuration of chaos: the seed, and the table of every operation.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `CHAOS_SEED`.
    pub seed: u64,
    /// `TIME_SCALE`.
    pub time_scale: TimeScale,
    /// `CHAOS_PRESET`.
    pub preset: Preset,
    /// `CHAOS_SCRIPT`.
    pub script: Script,
    /// Every operation with its effective table.
    pub operations: Vec<PlannedOperation>,
}

/// An operation with its effective table.
#[derive(Clone, Debug)]
pub struct PlannedOperation {
    /// The operation.
    pub operation: &'static Operation,
    /// Its outcomes and their shares.
    pub table: Table,
}

impl Plan {
    /// Reads the `CHAOS_…` variables and `TIME_SCALE`. `operations` are those of all domains, served
    /// here or not; `random_seed` is the seed if `CHAOS_SEED` is not set.
    ///
    /// # Errors
    /// The first variable that is wrong or, if it begins with `CHAOS_`, that does not exist.
    pub fn from_environment(
        environment: &Environment,
        operations: &[&'static Operation],
        random_seed: u64,
    ) -> Result<Self, ConfigError> {
        refuse_unknown_variables(environment, operations)?;
        let preset = environment.parse_or("CHAOS_PRESET", Preset::Default, Preset::parse)?;
        let seed = environment.parse_or("CHAOS_SEED", random_seed, |text| {
            text.parse().map_err(|_| format!("`{text}` is not a whole number from 0 to {}", u64::MAX))
        })?;
        let planned = operations.iter().map(|operation| {
            Ok(PlannedOperation { operation, table: effective_table(environment, preset, operation)? })
        });
        Ok(Self {
            seed,
            time_scale: environment.parse_or("TIME_SCALE", TimeScale::REAL, TimeScale::parse)?,
            preset,
            script: environment
                .parse_or("CHAOS_SCRIPT", Script::default(), |text| Script::parse(operations, text))?,
            operations: planned.collect::<Result<_, _>>()?,
        })
    }
}

/// Most specific first: an operation's own table, then the preset's scaled by the rate of the
/// operation, of its domain, or of everything.
fn effective_table(
    environment: &Environment,
    preset: Preset,
    operation: &'static Operation,
) -> Result<Table, ConfigError> {
    // All are read, so that a mistake in an overridden one is reported at once.
    let mut rate = None;
    for name in rate_variables(operation).iter().filter(|name| environment.get(name).is_some()) {
        let given = environment.parse_or(name, 0, |text| {
            parse_share(text).ok_or_else(|| format!("`{text}` is not a rate such as 20% or 0.2"))
        })?;
        rate.get_or_insert(given);
    }
    let own = format!("CHAOS_{}", operation.variable_stem());
    if let Some(text) = environment.get(&own) {
        return Table::parse(operation, text).map_err(|e| ConfigError::new(own, e));
    }
    let base = preset.table(operation).map_err(|e| ConfigError::new("CHAOS_PRESET", e))?;
    Ok(match rate {
        Some(rate) => base.scaled_to(rate),
        None => base,
    })
}

fn rate_variables(operation: &Operation) -> [String; 3] {
    [
        format!("CHAOS_{}_FAILURE_RATE", operation.variable_stem()),
        format!("CHAOS_{}_FAILURE_RATE", operation.domain().to_uppercase()),
        "CHAOS_FAILURE_RATE".to_owned(),
    ]
}

/// Refuses `CHAOS_…` variables that do not exist, for processes without a plan.
///
/// # Errors
/// The first of them, with the one that was probably meant.
pub fn refuse_unknown_variables(
    environment: &Environment,
    operations: &[&'static Operation],
) -> Result<(), ConfigError> {
    let mut valid: BTreeSet<String> =
        ["CHAOS_SEED", "CHAOS_PRESET", "CHAOS_SCRIPT"].map(str::to_owned).into();
    for operation in operations {
        valid.insert(format!("CHAOS_{}", operation.variable_stem()));
        valid.extend(rate_variables(operation));
    }
    match environment.names_with("CHAOS_").find(|name| !valid.contains(*name)) {
        None => Ok(()),
        Some(unknown) => {
            let valid: Vec<_> = valid.iter().map(String::as_str).collect();
            let likeness = |name: &&str| (strsim::jaro_winkler(unknown, name) * 1e6) as u32;
            let nearest = valid.iter().copied().max_by_key(likeness).unwrap_or_default();
            let all = valid.join(", ");
            let problem =
                format!("is not a variable of this program; did you mean {nearest}? There are {all}");
            Err(ConfigError::new(unknown, problem))
        }
    }
}
