use super::Results;
use super::results::End;
use super::text::decision;
use crate::audit::step_summary;
use crate::words::{count, counted, millis, percent};

/// The run in Markdown, as GitHub shows it on the page of a job.
pub fn markdown(results: &Results) -> String {
    let (setting, verdict) = (&results.setting, if results.is_clean() { "✅" } else { "❌" });
    let mut page = format!(
        "## {verdict} {} in {}\n\nSeed {}, time scale {}, {} at once. {}, {}, {} injected, {} undone.",
        counted(results.placed(), "order"),
        millis(setting.took_ms),
        setting.seed,
        setting.time_scale,
        setting.concurrency,
        counted(results.sum(|row| row.requests), "request"),
        counted(results.sum(|row| row.retries), "retry"),
        counted(results.sum(|row| row.faults), "fault"),
        count(results.undone()),
    );
    if let Some(times) = &results.order_latency {
        page += &format!(" Orders took {} in the median, {} at p99.", millis(times.p50), millis(times.p99));
    }
    for note in &results.notes {
        page += &format!("\n\n> {note}");
    }
    page += &ends(results);
    for verdict in &results.conditions {
        let sign = if verdict.is_broken { "❌" } else { "✅" };
        page += &format!("- {sign} `{}`: measured {}\n", verdict.condition, verdict.measured);
    }
    if results.placed() > 0 {
        page += &format!("\n{}", step_summary(&results.audit));
    }
    let command = &setting.command;
    format!("{page}\nRepeat it:\n\n```sh\n{command}\n```\n")
}

fn ends(results: &Results) -> String {
    let mut table = "\n\n| decision | orders |".to_owned();
    for end in End::ALL {
        table += &format!(" {} |", end.name());
    }
    table += "\n|---|--:|--:|--:|--:|--:|--:|\n";
    for row in &results.ends {
        table += &format!("| {} | {} |", decision(row), count(row.orders));
        for end in End::ALL {
            table += &format!(" {} |", count(row.ends.get(&end).copied().unwrap_or(0)));
        }
        table.push('\n');
    }
    table += &format!("| all | {} |", count(results.placed()));
    for end in End::ALL {
        let orders = results.ended(end);
        table += &format!(" {} ({}) |", count(orders), percent(results.share(orders)));
    }
    table + "\n\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sample;

    #[test]
    fn a_job_summary_begins_with_what_came_of_the_orders() {
        insta::assert_snapshot!(markdown(&sample::broken()), @r#"
        ## ❌ 3 orders in 21.4 s

        Seed 7, time scale 0.001, 64 at once. 7 requests, 0 retries, 2 faults injected, 0 undone. Orders took 140 ms in the median, 1.25 s at p99.

        | decision | orders | shipped | rejected | cancelled | failed | not ended |
        |---|--:|--:|--:|--:|--:|--:|
        | approve | 2 | 1 | 0 | 0 | 1 | 0 |
        | cancel | 1 | 0 | 0 | 0 | 1 | 0 |
        | all | 3 | 1 (33.3 %) | 0 (0 %) | 0 (0 %) | 2 (66.7 %) | 0 (0 %) |

        - ✅ `error-rate>5%`: measured 0 %
        - ❌ `p99>1s`: measured 1.25 s

        ## Audit: ❌ violations

        - 3 orders judged.
        - 1 violation: hold_left_open 1.

        | | order | rule | finding | requests |
        |---|---|---|---|---|
        | ❌ | ORD-&lt;script>alert(1)&lt;/script>&"' | hold_left_open | 109.97 is still on hold (auth_3), and the order has no live label. | payment.authorize#1=success (placing ORD-&lt;script>alert(1)&lt;/script>&"') |

        Repeat it:

        ```sh
        fake-stripe-chaos run --orders 3 --seed 7
        ```
        "#);
    }
}
