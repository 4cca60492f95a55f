use maud::{Markup, html};

use super::chart::{bar, stack};
use crate::run::results::{End, Results};
use crate::run::text::decision;
use crate::words::{count, percent};

pub(super) fn ends(results: &Results) -> Markup {
    let all: Vec<_> = End::ALL.into_iter().map(|end| (end, results.ended(end))).collect();
    let parts: Vec<_> = all.iter().map(|(end, orders)| (results.share(*orders), class(*end))).collect();
    html! {
        (stack(&parts))
        ul class="legend" {
            @for (end, orders) in all.iter().filter(|(end, orders)| *orders > 0 || *end != End::NotEnded) {
                li {
                    (swatch(*end)) span class="name" { (end.name()) } " "
                    strong { (percent(results.share(*orders))) } " " span class="muted" { (count(*orders)) }
                }
            }
        }
        div class="scroll" tabindex="0" role="region" aria-label="Ends by decision" { (by_decision(results)) }
        @if !results.reasons.is_empty() {
            h3 { (reasons_title(results)) }
            (reasons(results))
        }
    }
}

fn by_decision(results: &Results) -> Markup {
    let open = results.ended(End::NotEnded) > 0;
    let columns: Vec<_> = End::ALL.into_iter().filter(|end| open || *end != End::NotEnded).collect();
    html! {
        table class="matrix" {
            caption class="hidden" { "How orders ended, by what was decided about them" }
            thead { tr {
                th scope="col" { "Decision" } th scope="col" { "Orders" } th scope="col" { "Accepted" }
                @for end in &columns { th scope="col" { (end.name()) } }
            } }
            tbody { @for row in &results.ends { tr {
                th scope="row" { (decision(row)) }
                td { (count(row.orders)) }
                td { @if row.late_cancel { (count(row.accepted)) ", " (count(row.late_cancels_accepted)) } @else if row.decision.is_some() { (count(row.accepted)) } @else { "–" } }
                @for end in &columns { (cell(row.ends.get(end).copied())) }
            } } }
        }
    }
}

fn cell(orders: Option<u64>) -> Markup {
    html! { @match orders { Some(orders) => td { (count(orders)) }, None => td class="muted" { "·" } } }
}

fn reasons_title(results: &Results) -> &'static str {
    match results.ended(End::NotEnded) {
        0 => "Why orders failed",
        _ => "Why orders failed or did not end",
    }
}

fn reasons(results: &Results) -> Markup {
    let most = results.reasons.first().map_or(1, |reason| reason.orders) as f64;
    html! {
        table class="bars" {
            tbody { @for reason in &results.reasons { tr {
                th scope="row" { (reason.reason) }
                td class="plot" { (bar(reason.orders as f64 / most, "failed")) }
                td class="number" { (count(reason.orders)) }
            } } }
        }
    }
}

fn swatch(end: End) -> Markup {
    html! { svg class="swatch" aria-hidden="true" focusable="false" { rect class=(class(end)) width="100%" height="100%" rx="2" {} } }
}

fn class(end: End) -> &'static str {
    match end {
        End::Shipped => "shipped",
        End::Rejected => "rejected",
        End::Cancelled => "cancelled",
        End::Failed => "failed",
        End::NotEnded => "open",
    }
}
