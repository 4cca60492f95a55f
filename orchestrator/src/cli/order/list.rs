use std::io::{self, Write};

use clap::builder::BoolishValueParser;

use super::client::{Client, Error};
use super::output::Output;
use super::style::{BAD, BOLD, DIM};
use crate::api::{OrderList, OrderSummary};

/// Find orders, newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only of this customer
    #[arg(long, env = "ORDER_LIST_CUSTOMER")]
    customer: Option<String>,
    /// Only in this status: pending, approved, rejected, processing, shipped, failed or cancelled
    #[arg(long, env = "ORDER_LIST_STATUS")]
    status: Option<String>,
    /// Only of this amount or more
    #[arg(long, env = "ORDER_LIST_MIN_AMOUNT")]
    min_amount: Option<String>,
    /// Only of this amount or less
    #[arg(long, env = "ORDER_LIST_MAX_AMOUNT")]
    max_amount: Option<String>,
    /// Only placed at this time or later, such as 2026-01-28T10:00:00Z
    #[arg(long, env = "ORDER_LIST_CREATED_AFTER")]
    created_after: Option<String>,
    /// Only placed at this time or earlier
    #[arg(long, env = "ORDER_LIST_CREATED_BEFORE")]
    created_before: Option<String>,
    /// Only those that wait for `order retry`
    #[arg(long, env = "ORDER_LIST_NEEDS_ATTENTION", value_parser = BoolishValueParser::new())]
    needs_attention: bool,
    /// The cursor that the previous page ended with
    #[arg(long, env = "ORDER_LIST_CURSOR")]
    cursor: Option<String>,
    /// At most this many orders, 1 to 1000
    #[arg(long, env = "ORDER_LIST_LIMIT")]
    limit: Option<String>,
}

pub(super) async fn run(args: &Args, client: &Client, output: &mut Output) -> Result<(), Error> {
    let query = [
        ("customerId", args.customer.clone()),
        ("orderStatus", args.status.clone()),
        ("minAmount", args.min_amount.clone()),
        ("maxAmount", args.max_amount.clone()),
        ("createdAfter", args.created_after.clone()),
        ("createdBefore", args.created_before.clone()),
        ("needsAttention", args.needs_attention.then(|| "true".to_owned())),
        ("cursor", args.cursor.clone()),
        ("limit", args.limit.clone()),
    ];
    let answer = client.get(&[], &query).await?;
    output.show(&answer, render)
}

fn render(out: &mut dyn Write, list: &OrderList) -> io::Result<()> {
    if list.workflows.is_empty() && list.next_cursor.is_none() {
        return writeln!(out, "No orders match these filters.");
    }
    let width = list.workflows.iter().map(|order| name(order).chars().count()).max().unwrap_or(0).max(5);
    writeln!(
        out,
        "{BOLD}{:width$}  {:10}  {:>12}  {:24}  CUSTOMER{BOLD:#}",
        "ORDER", "STATUS", "AMOUNT", "PLACED"
    )?;
    for order in &list.workflows {
        let amount = order.total_amount.map(|amount| amount.to_string()).unwrap_or_default();
        let status = order.order_status.as_deref().unwrap_or_default();
        let customer = order.customer_id.as_deref().unwrap_or_default();
        let placed = order.created_at.to_string();
        let attention = if order.needs_attention { "  needs attention" } else { "" };
        let line = format!("{:width$}  {status:10}  {amount:>12}  {placed:24}  {customer}", name(order));
        writeln!(out, "{}{BAD}{attention}{BAD:#}", line.trim_end())?;
    }
    if let Some(cursor) = &list.next_cursor {
        writeln!(out, "{DIM}More: the same with --cursor {cursor}{DIM:#}")?;
    }
    Ok(())
}

fn name(order: &OrderSummary) -> &str {
    order.order_id.as_deref().unwrap_or(&order.workflow_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::order::tests::rendered;

    fn list(json: &str) -> String {
        let list: OrderList = serde_json::from_str(json).unwrap();
        rendered(|out| render(out, &list))
    }

    #[test]
    fn orders_are_listed_one_a_line() {
        let orders = r#"{"success":true,"workflows":[
            {"workflowId":"order-fulfillment-ORD-123","runId":"r","orderId":"ORD-123","customerId":"CUST-456",
             "orderStatus":"shipped","totalAmount":109.97,"createdAt":"2026-01-28T10:00:00Z","closedAt":null,"needsAttention":false},
            {"workflowId":"order-fulfillment-B","runId":"r","orderId":"B","customerId":"CUST-1",
             "orderStatus":"failed","totalAmount":5,"createdAt":"2026-01-28T10:00:00.123Z","closedAt":null,"needsAttention":true},
            {"workflowId":"order-fulfillment-new","runId":"r","createdAt":"2026-01-28T10:00:00Z","needsAttention":false}],
            "nextCursor":"abc"}"#;
        insta::assert_snapshot!(list(orders), @r"
        ORDER                  STATUS            AMOUNT  PLACED                    CUSTOMER
        ORD-123                shipped           109.97  2026-01-28T10:00:00Z      CUST-456
        B                      failed                 5  2026-01-28T10:00:00.123Z  CUST-1  needs attention
        order-fulfillment-new                            2026-01-28T10:00:00Z
        More: the same with --cursor abc
        ");
        insta::assert_snapshot!(list(r#"{"success":true,"workflows":[]}"#), @"No orders match these filters.");
        let more = list(r#"{"success":true,"workflows":[],"nextCursor":"abc"}"#);
        assert!(more.ends_with("More: the same with --cursor abc\n"), "{more}");
    }
}
