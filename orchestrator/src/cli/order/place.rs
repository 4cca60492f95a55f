use std::fs::File;
use std::io::{self, Read, Write};

use http::StatusCode;
use serde_json::Value;
use shared::http::MAX_BODY_BYTES;
use shared::time::Clock;

use super::client::{Client, Error};
use super::commands::Commands;
use super::output::Output;
use super::style::{BOLD, GOOD, of_order};
use crate::api::{Placed, sample_order};
use crate::cli::process::random;
use crate::domain::OrderStatus;

/// Place an order, or a sample order when no file is given
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The order as JSON; `-` reads standard input
    file: Option<String>,
}

pub(super) async fn run(args: &Args, client: &Client, output: &mut Output) -> Result<(), Error> {
    let order = match args.file.as_deref() {
        None => fresh_sample().to_string().into_bytes(),
        Some("-") => read("standard input", io::stdin())?,
        Some(path) => read(path, File::open(path).map_err(|error| unreadable(path, &error))?)?,
    };
    let answer = client.post(&["order"], order).await?;
    let is_new = answer.status == StatusCode::CREATED;
    output.show(&answer, |stream, placed| render(stream, placed, is_new, &Commands::of(client)))
}

/// The sample under a fresh id, made from the time and, within one millisecond, from chance.
pub(in crate::cli) fn fresh_sample() -> Value {
    let mut order = sample_order();
    let (now, chance) = (Clock::system().now().as_millisecond(), random() as u32);
    order["orderId"] = format!("ORD-{now}-{chance:08x}").into();
    order
}

/// Reads no more than the orchestrator accepts: a longer body it refuses itself.
fn read(path: &str, file: impl Read) -> Result<Vec<u8>, Error> {
    let mut order = Vec::new();
    let most = MAX_BODY_BYTES as u64 + 1;
    file.take(most).read_to_end(&mut order).map_err(|error| unreadable(path, &error))?;
    Ok(order)
}

fn unreadable(path: &str, error: &io::Error) -> Error {
    Error::Input { path: path.to_owned(), reason: error.to_string() }
}

fn render(out: &mut dyn Write, placed: &Placed, is_new: bool, commands: &Commands) -> io::Result<()> {
    let (id, colour) = (&placed.order_id, of_order(placed.status));
    let status = placed.status.name();
    let is_placed = if is_new { "is placed:" } else { "was already placed:" };
    writeln!(out, "{GOOD}✓{GOOD:#} {BOLD}{id}{BOLD:#} {is_placed} {colour}{status}{colour:#}")?;
    writeln!(out, "  workflow  {}", placed.workflow_id)?;
    writeln!(out, "  run       {}", placed.run_id)?;
    writeln!(out, "Next:")?;
    for verb in next(is_new, placed.status) {
        writeln!(out, "  {}", commands.line(verb, id))?;
    }
    Ok(())
}

/// The commands that make sense for an order in this status.
fn next(is_new: bool, status: OrderStatus) -> &'static [&'static str] {
    if status.is_final() {
        &["status", "history"]
    } else if is_new || status == OrderStatus::AwaitingApproval {
        &["watch", "approve", "reject", "cancel"]
    } else {
        &["watch", "cancel"]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::cli::order::tests::rendered;
    use crate::domain::OrderInput;

    #[test]
    fn the_sample_is_an_order_with_an_id_of_its_own() {
        let order = OrderInput::from_json(&to_raw_value(&fresh_sample()).unwrap()).unwrap();
        assert!(order.order_id.starts_with("ORD-1"), "{}", order.order_id);
        assert_eq!(order.total_amount.to_string(), "109.97");
    }

    fn shown(is_new: bool, status: OrderStatus) -> String {
        let placed = Placed {
            success: true,
            workflow_id: "order-fulfillment-ORD-1".to_owned(),
            run_id: "r-1".to_owned(),
            order_id: "ORD-1".into(),
            status,
        };
        rendered(|out| render(out, &placed, is_new, &Commands::named("")))
    }

    #[test]
    fn an_order_that_was_placed_before_is_said_to_be_with_what_makes_sense() {
        insta::assert_snapshot!(shown(false, OrderStatus::Failed), @"
        ✓ ORD-1 was already placed: failed
          workflow  order-fulfillment-ORD-1
          run       r-1
        Next:
          fake-stripe-chaos order status ORD-1
          fake-stripe-chaos order history ORD-1
        ");
        let next = |status| shown(false, status).lines().skip(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(next(OrderStatus::AwaitingApproval).len(), 4);
        let busy = ["  fake-stripe-chaos order watch ORD-1", "  fake-stripe-chaos order cancel ORD-1"];
        assert_eq!(next(OrderStatus::Processing), busy);
    }

    #[test]
    fn ids_and_next_commands_are_printed() {
        insta::assert_snapshot!(shown(true, OrderStatus::Processing), @"
        ✓ ORD-1 is placed: processing
          workflow  order-fulfillment-ORD-1
          run       r-1
        Next:
          fake-stripe-chaos order watch ORD-1
          fake-stripe-chaos order approve ORD-1
          fake-stripe-chaos order reject ORD-1
          fake-stripe-chaos order cancel ORD-1
        ");
    }
}
