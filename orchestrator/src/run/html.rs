//! The report as one self-contained HTML file: no script, no font, no request to any address.
//!
//! Markup is made by maud, which escapes every text in it. Charts are SVG in percentages of their place,
//! so that they fit a phone and a wall; the figures are next to them as text.

mod chart;
mod ends;
mod findings;
mod latency;
mod outcomes;
mod overview;
mod timeline;
mod workload;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Run;
use crate::words::counted;

const STYLE: &str = include_str!("html/report.css");

/// The report of a run.
pub fn page(run: &Run) -> String {
    let results = &run.results;
    let title = format!("{} · {}", overview::verdict(results), counted(results.placed(), "order"));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Nothing can be loaded, whatever a ledger contains.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class="masthead" { (overview::masthead(results)) }
                main {
                    (section("findings", "Findings", &findings::findings(run)))
                    (section("ends", "How orders ended", &ends::ends(results)))
                    (section("latency", "Latency", &latency::latency(results)))
                    (section("work", "Retries and compensations", &workload::workload(results)))
                    (section("outcomes", "Chaos, configured and observed", &outcomes::outcomes(results)))
                    (section("setting", "Repeat it", &overview::setting(results)))
                }
                footer { "fake-stripe-chaos " (results.setting.version) }
            }
        }
    };
    page.into_string()
}

fn section(id: &str, title: &str, content: &Markup) -> Markup {
    let heading = format!("{id}-heading");
    html! {
        section id=(id) aria-labelledby=(heading) {
            h2 id=(heading) { (title) }
            div class="content" { (content) }
        }
    }
}

#[cfg(test)]
mod tests {
    use html5ever::tendril::TendrilSink;
    use html5ever::{ParseOpts, parse_document};
    use markup5ever_rcdom::{Handle, NodeData, RcDom};

    use super::*;
    use crate::run::sample;

    /// Told of every element, with its attributes.
    type Visit<'a> = &'a mut dyn FnMut(&str, &[(String, String)]);

    /// Visits every element, and collects every text.
    fn walk(node: &Handle, visit: Visit<'_>, text: &mut String) {
        match &node.data {
            NodeData::Element { name, attrs, .. } => {
                let attributes: Vec<_> =
                    attrs.borrow().iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
                visit(&name.local, &attributes);
            }
            NodeData::Text { contents } => text.push_str(&contents.borrow()),
            _ => {}
        }
        for child in node.children.borrow().iter() {
            walk(child, visit, text);
        }
    }

    fn parsed(page: &str) -> RcDom {
        parse_document(RcDom::default(), ParseOpts::default()).one(page)
    }

    #[test]
    fn the_page_is_well_formed_and_every_id_is_there_once() {
        let dom = parsed(&page(&sample::run()));
        assert_eq!(*dom.errors.borrow(), Vec::<std::borrow::Cow<'_, str>>::new());
        let (mut ids, mut labels) = (Vec::new(), Vec::new());
        let mut visit = |_: &str, attributes: &[(String, String)]| {
            for (name, value) in attributes {
                match name.as_str() {
                    "id" => ids.push(value.clone()),
                    "aria-labelledby" => labels.push(value.clone()),
                    _ => {}
                }
            }
        };
        walk(&dom.document, &mut visit, &mut String::new());
        assert!(labels.iter().all(|label| ids.contains(label)), "{labels:?} {ids:?}");
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn the_page_asks_nobody_for_anything_and_runs_nothing() {
        let page = page(&sample::run());
        let dom = parsed(&page);
        let mut visit = |element: &str, attributes: &[(String, String)]| {
            assert!(
                !["script", "link", "iframe", "img", "object", "base", "form"].contains(&element),
                "{element}"
            );
            for (name, value) in attributes {
                assert!(
                    !["src", "href", "srcset", "action"].contains(&name.as_str()),
                    "{element} {name}={value}"
                );
                assert!(!name.starts_with("on"), "{element} {name}={value}");
            }
        };
        walk(&dom.document, &mut visit, &mut String::new());
        for word in ["url(", "@import", "://", "javascript:"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_violating_order_is_shown_with_the_guilty_request() {
        let page = page(&sample::run());
        let (mut guilty, mut text) = (0, String::new());
        let mut visit = |element: &str, attributes: &[(String, String)]| {
            let class =
                |name: &str| attributes.iter().any(|(key, value)| key == "class" && value.contains(name));
            guilty += u32::from(element == "tr" && class("guilty"));
        };
        walk(&parsed(&page).document, &mut visit, &mut text);
        assert_eq!(guilty, 1);
        for shown in
            ["1 violation", sample::HOSTILE, "named by hold_left_open", "placing ORD-<script>", "attempt 1"]
        {
            assert!(text.contains(shown), "{shown}\n{text}");
        }
    }

    #[test]
    fn a_clean_run_says_so() {
        let run = Run { results: sample::clean(), ..sample::run() };
        assert!(page(&run).contains("<h1 class=\"verdict good\">No violations</h1>"));
    }
}
