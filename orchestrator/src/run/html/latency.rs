use maud::{Markup, html};

use super::chart::at;
use crate::run::results::Results;
use crate::run::statistics::Quantiles;
use crate::words::{count, millis};

pub(super) fn latency(results: &Results) -> Markup {
    let mut rows: Vec<(&str, &Quantiles)> = Vec::new();
    rows.extend(results.order_latency.as_ref().map(|times| ("whole order", times)));
    rows.extend(
        results.operations.iter().filter_map(|row| Some((row.operation.as_str(), row.latency.as_ref()?))),
    );
    let scale = Scale::up_to(rows.iter().map(|(_, times)| times.max).max().unwrap_or(1));
    html! {
        p class="explain" {
            "Orders from being placed until their end was known; operations from arrival to answer, injected delays included. "
            "Logarithmic scale."
        }
        p class="key" aria-hidden="true" {
            span { svg { circle class="p50" cx="50%" cy="50%" r="4" {} } "p50" }
            span { svg { line class="range" x1="0" x2="100%" y1="50%" y2="50%" {} } "p50 to p99" }
            span { svg { line class="whisker" x1="0" x2="100%" y1="50%" y2="50%" {} } "to the slowest" }
        }
        div class="scroll" tabindex="0" role="region" aria-label="Latency" {
            table class="quantiles" {
                caption class="hidden" { "Latency quantiles of orders and operations" }
                thead { tr {
                    th scope="col" { "" }
                    th scope="col" class="plot" { (scale.axis()) }
                    @for name in ["p50", "p90", "p99", "max", "n"] { th scope="col" { (name) } }
                } }
                tbody { @for (name, times) in rows { (row(name, times, &scale)) } }
            }
        }
    }
}

fn row(name: &str, times: &Quantiles, scale: &Scale) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td class="plot" { (plot(times, scale)) }
            @for figure in [times.p50, times.p90, times.p99, times.max] { td { (millis(figure)) } }
            td class="muted" { (count(times.count as u64)) }
        }
    }
}

fn plot(times: &Quantiles, scale: &Scale) -> Markup {
    let [p50, p99, max] = [times.p50, times.p99, times.max].map(|millis| at(scale.place(millis)));
    html! {
        svg class="spread" aria-hidden="true" focusable="false" {
            @for power in 0..=scale.powers { line class="grid" x1=(at(scale.tick(power))) x2=(at(scale.tick(power))) y1="0" y2="100%" {} }
            line class="whisker" x1=(p50) x2=(max) y1="50%" y2="50%" {}
            line class="range" x1=(p50) x2=(p99) y1="50%" y2="50%" {}
            circle class="p50" cx=(p50) cy="50%" r="4" {}
        }
    }
}

/// From one millisecond to a power of ten of them.
struct Scale {
    powers: u32,
}

impl Scale {
    fn up_to(most: u64) -> Self {
        Self { powers: (most.max(10) as f64).log10().ceil() as u32 }
    }

    /// Where a time is, from 0 to 1.
    fn place(&self, millis: u64) -> f64 {
        (millis.max(1) as f64).log10() / f64::from(self.powers)
    }

    fn tick(&self, power: u32) -> f64 {
        f64::from(power) / f64::from(self.powers)
    }

    fn axis(&self) -> Markup {
        html! {
            div class="axis" aria-hidden="true" {
                @for power in 0..=self.powers {
                    span style={ "left:" (at(self.tick(power))) } { (millis(10_u64.pow(power))) }
                }
            }
        }
    }
}
