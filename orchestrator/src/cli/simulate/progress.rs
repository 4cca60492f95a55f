use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(100);

/// How far a search is, on a terminal; nothing elsewhere.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Of `total` things named `what`.
    pub(super) fn new(total: u64, what: &str) -> Self {
        Self(stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let style = format!(
                "{{bar:40}} {{pos}}/{{len}} {what}  {{per_sec}}  {{elapsed}} ({{eta}} left)  {{msg}}"
            );
            if let Ok(style) = ProgressStyle::with_template(&style) {
                bar.set_style(style.progress_chars("━╸ "));
            }
            bar.enable_steady_tick(TICK);
            bar
        }))
    }

    /// `done` of `total` are done, and `wrong` orders have gone wrong.
    pub(super) fn at(&self, done: u64, total: u64, wrong: u64) {
        if let Some(bar) = &self.0 {
            bar.set_length(total);
            bar.set_position(done);
            if wrong > 0 {
                bar.set_message(format!("{wrong} wrong"));
            }
        }
    }
}

impl Drop for Progress {
    /// Leaves the terminal to the report.
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
