use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::tell;
use crate::run::{End, News};
use crate::words::counted;

/// How often a bar is drawn.
const TICK: Duration = Duration::from_millis(100);
const STYLE: &str = "{bar:40} {pos}/{len} orders  {msg}  {elapsed} ({eta} left)";

/// Shows the progress of a run: a bar on a terminal, otherwise a line at every tenth.
pub(super) struct Progress {
    orders: u64,
    bar: Option<ProgressBar>,
    counts: Mutex<[u64; End::ALL.len()]>,
}

impl Progress {
    pub(super) fn new(orders: u64) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(orders);
            if let Ok(style) = ProgressStyle::with_template(STYLE) {
                bar.set_style(style.progress_chars("━╸ "));
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { orders, bar, counts: Mutex::new([0; End::ALL.len()]) }
    }

    /// Shows what happened.
    pub(super) fn tell(&self, news: News) {
        match (news, &self.bar) {
            (News::Ended(end), _) => self.ended(end),
            (News::Awaiting(requests), Some(bar)) => bar.set_message(requests),
            (News::Awaiting(requests), None) => tell(format_args!("{requests}")),
        }
    }

    fn ended(&self, end: End) {
        let (ended, ends) = self.count(end);
        match &self.bar {
            Some(bar) => {
                bar.set_position(ended);
                bar.set_message(ends);
            }
            None if is_tenth(ended, self.orders) => {
                tell(format_args!("{ended} of {}: {ends}", counted(self.orders, "order")));
            }
            None => {}
        }
    }

    /// Leaves the terminal to the results.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn count(&self, end: End) -> (u64, String) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let all = End::ALL.into_iter().zip(counts.iter_mut());
        all.filter(|(known, _)| *known == end).for_each(|(_, count)| *count += 1);
        let named = End::ALL.into_iter().zip(*counts).filter(|(_, count)| *count > 0);
        let ends: Vec<_> = named.map(|(end, count)| format!("{} {count}", end.name())).collect();
        (counts.iter().sum(), ends.join(", "))
    }
}

/// Whether this order completes another tenth of all.
fn is_tenth(ended: u64, orders: u64) -> bool {
    ended * 10 / orders != (ended - 1) * 10 / orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_ten_lines_are_printed_and_one_at_the_end() {
        for orders in [1, 3, 10, 15, 1000] {
            let lines: Vec<_> = (1..=orders).filter(|ended| is_tenth(*ended, orders)).collect();
            assert!(lines.len() <= 10, "{orders}");
            assert_eq!(lines.last(), Some(&orders));
        }
    }

    #[test]
    fn ends_are_counted_by_name() {
        let progress = Progress::new(3);
        progress.count(End::Failed);
        progress.count(End::Shipped);
        assert_eq!(progress.count(End::Failed), (3, "shipped 1, failed 2".to_owned()));
    }
}
