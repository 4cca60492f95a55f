//! Simulation: it finds what is planted, finds nothing in what is shipped, and is the same every time.

mod auditing;
mod bugs;
mod command;
mod determinism;
mod finding;
mod fresh_process;
mod items;
mod proxy;
mod regressions;
mod waiting;

use std::sync::Arc;

use orchestrator::activities::ActivitySettings;
use orchestrator::audit::Finding;
use orchestrator::bundled::Settings;
use orchestrator::simulate::{Flow, Subject};
use shared::environment::Environment;

/// `flow` in worlds that these variables set.
fn subject(flow: Flow, variables: &[(&str, &str)]) -> Arc<Subject> {
    let environment: Environment = variables.iter().copied().collect();
    let limits = ActivitySettings::from_environment(&environment).unwrap();
    Arc::new(Subject { flow, limits, backends: Settings::from_environment(&environment, 0).unwrap() })
}

fn rules_of(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}
