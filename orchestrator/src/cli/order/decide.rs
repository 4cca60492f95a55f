use std::io::{self, Write};

use serde::Serialize;

use super::client::{Client, Error};
use super::output::Output;
use super::style::GOOD;
use crate::api::Decided;
use crate::workflows::order_fulfillment::{Approval, Cancellation, Rejection};

/// Approve an order
#[derive(Debug, clap::Args)]
pub(super) struct Approve {
    /// The order's id, or its workflow's
    id: String,
    /// Who approves
    #[arg(long, env = "ORDER_APPROVE_BY")]
    by: Option<String>,
}

/// Reject an order
#[derive(Debug, clap::Args)]
pub(super) struct Reject {
    /// The order's id, or its workflow's
    id: String,
    /// Who rejects
    #[arg(long, env = "ORDER_REJECT_BY")]
    by: Option<String>,
    /// The reason
    #[arg(long, env = "ORDER_REJECT_REASON")]
    reason: Option<String>,
}

/// Cancel an order; what was done is undone
#[derive(Debug, clap::Args)]
pub(super) struct Cancel {
    /// The order's id, or its workflow's
    id: String,
    /// The reason
    #[arg(long, env = "ORDER_CANCEL_REASON")]
    reason: Option<String>,
}

/// Retry the failed compensations of an order
#[derive(Debug, clap::Args)]
pub(super) struct Retry {
    /// The order's id, or its workflow's
    id: String,
}

pub(super) async fn approve(args: &Approve, client: &Client, output: &mut Output) -> Result<(), Error> {
    let approval = Approval { approved_by: args.by.clone() };
    decide(&args.id, "approve", &approval, client, output).await
}

pub(super) async fn reject(args: &Reject, client: &Client, output: &mut Output) -> Result<(), Error> {
    let rejection = Rejection { rejected_by: args.by.clone(), reason: args.reason.clone() };
    decide(&args.id, "reject", &rejection, client, output).await
}

pub(super) async fn cancel(args: &Cancel, client: &Client, output: &mut Output) -> Result<(), Error> {
    let cancellation = Cancellation { reason: args.reason.clone() };
    decide(&args.id, "cancel", &cancellation, client, output).await
}

pub(super) async fn retry(args: &Retry, client: &Client, output: &mut Output) -> Result<(), Error> {
    decide(&args.id, "retry", &serde_json::Map::new(), client, output).await
}

async fn decide(
    id: &str,
    decision: &str,
    body: &impl Serialize,
    client: &Client,
    output: &mut Output,
) -> Result<(), Error> {
    let body = serde_json::to_vec(body).expect("decisions are plain text");
    let answer = client.post(&[id, decision], body).await?;
    output.show(&answer, render)
}

fn render(out: &mut dyn Write, decided: &Decided) -> io::Result<()> {
    writeln!(out, "{GOOD}✓{GOOD:#} {}", decided.message)
}
