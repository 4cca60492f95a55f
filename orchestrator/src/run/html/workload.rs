use maud::{Markup, html};

use super::chart::bar;
use crate::run::results::Results;
use crate::words::count;

/// What the client did again, and what it undid.
pub(super) fn workload(results: &Results) -> Markup {
    html! {
        div class="pair" {
            div {
                h3 { "Requests and retries" }
                (retries(results))
                p class="explain" { "The stronger part of a bar is retries: the same was asked for again, with the same body." }
            }
            div {
                h3 { "Compensations" }
                @if results.compensations.is_empty() { p { "Nothing was undone." } } @else { (compensations(results)) }
            }
        }
    }
}

fn retries(results: &Results) -> Markup {
    let most = results.operations.iter().map(|row| row.requests).max().unwrap_or(1).max(1) as f64;
    html! {
        table class="bars" {
            caption class="hidden" { "Requests and retries of each operation" }
            thead { tr { th scope="col" { "Operation" } td class="plot" {} th scope="col" { "requests" } th scope="col" { "retries" } } }
            tbody { @for row in &results.operations { tr {
                th scope="row" { (row.operation) }
                td class="plot" {
                    svg class="bar" aria-hidden="true" focusable="false" {
                        rect class="requests" width=(super::chart::at(row.requests as f64 / most)) height="100%" rx="2" {}
                        rect class="retries" width=(super::chart::at(row.retries as f64 / most)) height="100%" rx="2" {}
                    }
                }
                td class="number" { (count(row.requests)) }
                @if row.retries == 0 { td class="number muted" { "·" } } @else { td class="number" { (count(row.retries)) } }
            } } }
        }
    }
}

fn compensations(results: &Results) -> Markup {
    let most = results.compensations.iter().map(|row| row.count).max().unwrap_or(1) as f64;
    html! {
        table class="bars" {
            caption class="hidden" { "What was undone at the client's request" }
            tbody { @for row in &results.compensations { tr {
                th scope="row" { (row.domain) " " (row.effect) }
                td class="plot" { (bar(row.count as f64 / most, "undone")) }
                td class="number" { (count(row.count)) }
            } } }
        }
    }
}
