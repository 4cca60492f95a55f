use std::io::{self, Write};

use super::client::{Client, Error};
use super::output::Output;
use super::style::{BOLD, DIM};
use crate::api::{Event, History};

const PAGE: usize = 1000;
/// Longer details are cut in text output; `--json` shows everything.
const MAX_DETAILS_LENGTH: usize = 200;

/// Show the journal of an order, event by event
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The order's id, or its workflow's
    id: String,
}

/// Shows all pages; with `--json` each page is a line.
pub(super) async fn run(args: &Args, client: &Client, output: &mut Output) -> Result<(), Error> {
    let mut cursor = None;
    loop {
        let query = [("cursor", cursor), ("limit", Some(PAGE.to_string()))];
        let answer = client.get(&[&args.id, "history"], &query).await?;
        output.show(&answer, render)?;
        cursor = answer.parse::<History>()?.next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn render(out: &mut dyn Write, history: &History) -> io::Result<()> {
    for Event { id, at, event, details, commands } in &history.events {
        let (at, details) = (at.to_string(), shortened(details.text()));
        writeln!(out, "{DIM}{id:>5}  {at:24}{DIM:#}  {BOLD}{event}{BOLD:#}  {details}")?;
        for command in commands {
            writeln!(out, "{DIM}{:>33} {command}{DIM:#}", "→")?;
        }
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_DETAILS_LENGTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::order::tests::rendered;

    #[test]
    fn events_are_shown_with_what_followed() {
        let history = format!(
            r#"{{"success":true,"workflowId":"order-fulfillment-A","events":[
            {{"id":1,"at":"2026-01-28T10:00:00Z","event":"workflow_started","details":{{"a":1}},"commands":["schedule payment_authorization:1"]}},
            {{"id":2,"at":"2026-01-28T10:00:00.25Z","event":"activity_completed","details":"{}","commands":[]}}]}}"#,
            "é".repeat(300)
        );
        let history: History = serde_json::from_str(&history).unwrap();
        insta::assert_snapshot!(rendered(|out| render(out, &history)), @r#"
        1  2026-01-28T10:00:00Z      workflow_started  {"a":1}
                                    → schedule payment_authorization:1
        2  2026-01-28T10:00:00.25Z   activity_completed  "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé…
        "#);
    }
}
