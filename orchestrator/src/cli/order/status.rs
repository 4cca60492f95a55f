use std::io::{self, Write};

use jiff::Timestamp;

use super::client::{Client, Error};
use super::commands::Commands;
use super::output::Output;
use super::style::{BAD, BOLD, DIM, of_order, of_step};
use crate::api::{Status, StepState, StepView, Steps};

/// Show the status of an order
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The order's id, or its workflow's
    id: String,
}

pub(super) async fn run(args: &Args, client: &Client, output: &mut Output) -> Result<(), Error> {
    let status = client.get(&[&args.id, "status"], &[]).await?;
    if output.is_json() {
        return output.line(status.text.trim_end());
    }
    let steps = client.get(&[&args.id, "steps"], &[]).await?.parse()?;
    output.show(&status, |stream, status| render(stream, status, &steps, &Commands::of(client)))
}

fn render(out: &mut dyn Write, status: &Status, steps: &Steps, commands: &Commands) -> io::Result<()> {
    let (state, colour) = (&status.state, of_order(status.state.status));
    let (id, word) = (&status.workflow_id, state.status.name());
    writeln!(out, "{BOLD}{id}{BOLD:#} {colour}{word}{colour:#} {}%", state.progress)?;
    for step in &steps.steps {
        writeln!(out, "  {}", line(step))?;
    }
    if !steps.compensations.is_empty() {
        writeln!(out, "undoing, because of {}:", state.error.as_deref().unwrap_or("an error"))?;
    }
    for compensation in &steps.compensations {
        writeln!(out, "  {}", line(compensation))?;
    }
    for attention in &state.needs_attention {
        writeln!(out, "{BAD}needs attention:{BAD:#} {}: {}", attention.name, attention.reason)?;
    }
    advice(status, commands).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What to do about an order that needs attention.
pub(super) fn advice(status: &Status, commands: &Commands) -> Vec<String> {
    let retry = format!("retry with: {}", commands.line("retry", &status.workflow_id));
    let restart = "it resumes when the orchestrator is started in a version whose code fits its journal";
    let mut lines = Vec::new();
    if status.can_be_retried() {
        lines.push(retry);
    }
    if status.is_quarantined() {
        lines.push(restart.to_owned());
    }
    lines
}

/// A step in one line: its sign, its name, when, its attempts and its result.
pub(super) fn line(step: &StepView) -> String {
    let (colour, sign) = of_step(step.status);
    let mut line = format!("{colour}{sign} {:22}{colour:#}", step.name);
    if let Some(at) = step.ended_at.or(step.started_at) {
        line.push_str(&format!(" {DIM}{}{DIM:#}", time_of_day(at)));
    }
    if step.attempts > 1 {
        line.push_str(&format!(" {} attempts", step.attempts));
    }
    for (name, value) in step.data.iter() {
        line.push_str(&format!(" {name}={value}"));
    }
    let shown = matches!(step.status, StepState::Running | StepState::Retrying | StepState::Failed);
    if let Some(failure) = step.last_failure.as_ref().filter(|_| shown && step.data.is_empty()) {
        line.push_str(&format!(" {DIM}last:{DIM:#} {failure}"));
    }
    if let Some(at) = step.next_attempt_at.filter(|_| step.status == StepState::Retrying) {
        line.push_str(&format!(" {DIM}again at{DIM:#} {}", time_of_day(at)));
    }
    line
}

/// Times within an order's life need no date.
fn time_of_day(at: Timestamp) -> impl std::fmt::Display {
    at.strftime("%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::order::tests::rendered;

    #[test]
    fn every_step_has_a_line_and_what_to_do_is_said() {
        let status = r#"{"success":true,"workflowId":"order-fulfillment-A","status":"failed","progress":40,
            "currentStep":null,"completedSteps":[],"compensations":[],"error":"out_of_stock",
            "needsAttention":[{"name":"release_payment","reason":"not_found: gone"}],
            "authId":null,"reservationId":null,"labelId":null,"trackingNumber":null}"#;
        let step = |name: &str, status: &str, more: &str| {
            format!(r#"{{"name":"{name}","status":"{status}","attempts":2,"data":{{}}{more}}}"#)
        };
        let steps = format!(
            r#"{{"success":true,"workflowId":"order-fulfillment-A","steps":[{},{},{},{}],"compensations":[{}]}}"#,
            step("payment_authorization", "completed", r#","endedAt":"2026-01-28T10:00:00.25Z""#),
            step(
                "inventory_reservation",
                "retrying",
                r#","startedAt":"2026-01-28T10:00:01Z","lastFailure":"timeout: no answer","nextAttemptAt":"2026-01-28T10:00:03Z""#
            ),
            step("payment_capture", "pending", ""),
            step("shipping_label", "not_done", ""),
            step("release_payment", "failed", r#","lastFailure":"not_found: gone""#),
        );
        let (status, steps) = (serde_json::from_str(status).unwrap(), serde_json::from_str(&steps).unwrap());
        insta::assert_snapshot!(rendered(|out| render(out, &status, &steps, &Commands::named(" --url http://shop"))), @r"
        order-fulfillment-A failed 40%
          ✓ payment_authorization  10:00:00.250Z 2 attempts
          ↻ inventory_reservation  10:00:01.000Z 2 attempts last: timeout: no answer again at 10:00:03.000Z
          · payment_capture        2 attempts
          – shipping_label         2 attempts
        undoing, because of out_of_stock:
          ✗ release_payment        2 attempts last: not_found: gone
        needs attention: release_payment: not_found: gone
        retry with: fake-stripe-chaos order retry order-fulfillment-A --url http://shop
        ");
    }
}
