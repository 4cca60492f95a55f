use maud::{Markup, html};

use super::chart::at;
use crate::run::results::{OperationResults, OutcomeShare, Results};
use crate::words::{counted, percent};

pub(super) fn outcomes(results: &Results) -> Markup {
    let drawn = || results.operations.iter().filter(|row| row.is_random());
    let shares = || drawn().flat_map(|row| &row.outcomes);
    let (all, missed) = (shares().count(), shares().filter(|share| share.misses()).count());
    html! {
        @if all == 0 {
            p { "Nothing was left to chance." }
        } @else {
            p class="explain" {
                "What was drawn for each operation, with its 95 % confidence interval, and what is configured. Of "
                (all) " intervals " (missed) @if missed == 1 { " misses " } @else { " miss " }
                "the configured share; one in twenty does by chance."
            }
            p class="key" aria-hidden="true" {
                span { svg { circle class="observed" cx="50%" cy="50%" r="4" {} } "observed" }
                span { svg { line class="interval" x1="0" x2="100%" y1="50%" y2="50%" {} } "95 % interval" }
                span { svg { line class="configured" x1="50%" x2="50%" y1="10%" y2="90%" {} } "configured" }
            }
            @for row in drawn() { (operation(row)) }
        }
    }
}

fn operation(row: &OperationResults) -> Markup {
    let draws: u64 = row.outcomes.iter().map(|share| share.drawn).sum();
    html! {
        table class="bars outcomes" {
            caption { (row.operation) " " span class="muted" { (counted(draws, "draw")) } }
            thead class="hidden" { tr { th { "Outcome" } th { "Chart" } th { "Observed" } th { "Configured" } } }
            tbody { @for share in &row.outcomes { tr {
                th scope="row" { (share.outcome) }
                td class="plot" { (plot(share)) }
                td class="number" title={ "95 % interval " (percent(share.low)) " to " (percent(share.high)) } {
                    (share.observed.map_or_else(|| "–".to_owned(), percent))
                }
                td class="number muted" {
                    (percent(share.configured))
                    @if share.misses() { span class="misses" title="outside the interval" { "≠" } }
                }
            } } }
        }
    }
}

fn plot(share: &OutcomeShare) -> Markup {
    let [low, high, configured] = [share.low, share.high, share.configured].map(at);
    html! {
        svg class="share" aria-hidden="true" focusable="false" {
            line class="grid" x1="0" x2="100%" y1="50%" y2="50%" {}
            @if let Some(observed) = share.observed {
                line class="interval" x1=(low) x2=(high) y1="50%" y2="50%" {}
                line class="configured" x1=(configured) x2=(configured) y1="10%" y2="90%" {}
                circle class="observed" cx=(at(observed)) cy="50%" r="4" {}
            } @else {
                line class="configured" x1=(configured) x2=(configured) y1="10%" y2="90%" {}
            }
        }
    }
}

impl OperationResults {
    /// Whether more than one outcome could be drawn.
    fn is_random(&self) -> bool {
        self.outcomes.iter().filter(|share| share.configured > 0.0).count() > 1
    }
}

impl OutcomeShare {
    /// Whether the configured share lies outside the interval of the observed one.
    fn misses(&self) -> bool {
        self.observed.is_some() && !(self.low..=self.high).contains(&self.configured)
    }
}
