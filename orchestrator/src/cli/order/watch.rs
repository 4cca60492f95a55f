mod narrator;

use std::io::{self, IsTerminal};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::client::{Client, Error};
use super::commands::Commands;
use super::output::Output;
use super::style::of_order;
use crate::api::{Status, StepState, Steps};
use crate::cli::arguments::duration_from;
use crate::cli::process::Ending;
use crate::domain::OrderStatus;
use narrator::Narrator;

/// How long an orchestrator that has answered before may be down: it resumes after a restart.
const OUTAGE_TIMEOUT: Duration = Duration::from_secs(60);

/// The shortest interval between two questions.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// Follow an order to its end
///
/// Exit status: 0 when it is shipped; 1 when it is rejected, failed, cancelled or quarantined; 2 for wrong usage, or when the
/// orchestrator does not answer.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The order's id, or its workflow's
    id: String,
    /// The polling interval
    #[arg(long, env = "ORDER_WATCH_INTERVAL", default_value = "500ms", value_parser = duration_from(MIN_INTERVAL))]
    interval: Duration,
}

pub(super) async fn run(args: &Args, client: &Client, output: &mut Output) -> Result<Ending, Error> {
    let live = !output.is_json() && io::stdout().is_terminal() && io::stderr().is_terminal();
    let narrator = Narrator::new(Commands::of(client));
    let mut screen = Screen { bar: live.then(bar), narrator, last: None, away: false };
    let mut heard_at = None;
    loop {
        match look(&args.id, client, output, &mut screen).await {
            Ok(Some(ending)) => {
                screen.close();
                return Ok(ending);
            }
            Ok(None) => {
                heard_at = Some(Instant::now());
                screen.away = false;
            }
            Err(error) if error.may_pass() && heard_at.is_some_and(|at| at.elapsed() < OUTAGE_TIMEOUT) => {
                screen.wait_for_it(output)?;
            }
            Err(error) => {
                screen.close();
                return Err(error);
            }
        }
        tokio::time::sleep(args.interval).await;
    }
}

/// Polls once, and shows what has changed; returns how the order ended, once it has.
async fn look(
    id: &str,
    client: &Client,
    output: &mut Output,
    screen: &mut Screen,
) -> Result<Option<Ending>, Error> {
    let answer = client.get(&[id, "status"], &[]).await?;
    let status: Status = answer.parse()?;
    if output.is_json() {
        screen.line_if_new(answer.text.trim_end(), output)?;
        return Ok(ending(&status));
    }
    let steps: Steps = client.get(&[id, "steps"], &[]).await?.parse()?;
    screen.show(&status, &steps, output)?;
    Ok(ending(&status))
}

fn ending(status: &Status) -> Option<Ending> {
    match status.state.status {
        OrderStatus::Shipped => Some(Ending::Good),
        order if order.is_final() || status.is_quarantined() => Some(Ending::Bad),
        _ => None,
    }
}

/// The view: lines that stay and, on a terminal, a bar below them.
struct Screen {
    bar: Option<ProgressBar>,
    narrator: Narrator,
    last: Option<String>,
    /// Whether the message that the orchestrator does not answer was printed.
    away: bool,
}

impl Screen {
    fn show(&mut self, status: &Status, steps: &Steps, output: &mut Output) -> Result<(), Error> {
        if let Some(bar) = &self.bar {
            bar.set_position(status.state.progress.into());
            let coloured = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
            bar.set_message(message(status, steps, coloured));
        }
        for line in self.narrator.news(status, steps) {
            match &self.bar {
                None => output.line(&line)?,
                Some(bar) => bar.suspend(|| output.line(&line))?,
            }
        }
        Ok(())
    }

    fn line_if_new(&mut self, line: &str, output: &mut Output) -> Result<(), Error> {
        if self.last.as_deref() == Some(line) {
            return Ok(());
        }
        self.last = Some(line.to_owned());
        output.line(line)
    }

    fn wait_for_it(&mut self, output: &mut Output) -> Result<(), Error> {
        const AWAY: &str = "the orchestrator does not answer; waiting for it to return";
        let said = std::mem::replace(&mut self.away, true);
        match &self.bar {
            Some(bar) => bar.set_message(AWAY),
            None if said || output.is_json() => {}
            None => output.line(AWAY)?,
        }
        Ok(())
    }

    fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30.green/dim} {pos:>3}%  {msg}");
    ProgressBar::new(100).with_style(style.expect("the template is a constant"))
}

/// The step that runs now, and its attempt, from 1.
fn message(status: &Status, steps: &Steps, coloured: bool) -> String {
    let state = &status.state;
    let colour = if coloured { of_order(state.status) } else { Style::new() };
    let word = format!("{colour}{}{colour:#}", state.status.name());
    let busy = |state| matches!(state, StepState::Running | StepState::Retrying);
    let current = steps.compensations.iter().chain(&steps.steps).find(|step| busy(step.status));
    match current {
        Some(step) if step.attempts > 1 => format!("{word}  {}, attempt {}", step.name, step.attempts),
        Some(step) => format!("{word}  {}", step.name),
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bar_says_what_runs_in_colour_only_where_colour_is_wanted() {
        let status = json!({"success": true, "workflowId": "A", "status": "processing", "progress": 20,
            "completedSteps": [], "compensations": [], "needsAttention": []});
        let step = json!({"name": "payment_capture", "status": "retrying", "attempts": 2, "data": {}});
        let steps = json!({"success": true, "workflowId": "A", "steps": [step], "compensations": []});
        let (status, steps) =
            (serde_json::from_value(status).unwrap(), serde_json::from_value(steps).unwrap());
        assert_eq!(message(&status, &steps, false), "processing  payment_capture, attempt 2");
        assert!(message(&status, &steps, true).starts_with('\u{1b}'));
    }
}
