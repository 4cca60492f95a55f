use maud::{Markup, html};

/// A position along a chart, as SVG takes it.
pub(super) fn at(share: f64) -> String {
    format!("{:.2}%", share.clamp(0.0, 1.0) * 100.0)
}

/// A bar over a part of its place. The figure stands beside it.
pub(super) fn bar(share: f64, class: &str) -> Markup {
    html! {
        svg class="bar" aria-hidden="true" focusable="false" {
            rect class="track" width="100%" height="100%" rx="2" {}
            rect class=(class) width=(at(share)) height="100%" rx="2" {}
        }
    }
}

/// Parts of a whole, side by side, each in its class.
pub(super) fn stack(parts: &[(f64, &'static str)]) -> Markup {
    let mut start = 0.0;
    let placed = parts.iter().map(|(share, class)| {
        let from = start;
        start += share;
        (from, *share, *class)
    });
    html! {
        svg class="stack" aria-hidden="true" focusable="false" {
            @for (from, share, class) in placed {
                rect class=(class) x=(at(from)) width=(at(share)) height="100%" {}
            }
        }
    }
}
