use shared::environment::Environment;

use super::stage::Stage;
use super::{Args, Decisions};

impl Args {
    /// A command line that repeats what was drawn.
    pub(super) fn command(&self, stage: &Stage, environment: &Environment) -> String {
        let mut words = Vec::new();
        if self.backends.is_none() {
            let names = environment.names_with("CHAOS_").filter(|name| *name != "CHAOS_SEED");
            let set = names.filter_map(|name| Some((name, environment.get(name)?)));
            words.extend(set.map(|(name, value)| format!("{name}={}", quoted(value))));
        }
        let (orders, seed, scale, at_once) = (self.orders, stage.seed, stage.time_scale, self.concurrency);
        words.push(format!(
            "fake-stripe-chaos run --orders {orders} --seed {seed} --time-scale {scale} --concurrency {at_once}"
        ));
        let Decisions { approve, reject, cancel } = self.decisions;
        for (name, share) in [("approve", approve), ("reject", reject), ("cancel", cancel)] {
            words.extend(share.map(|share| format!("--{name} {share}")));
        }
        for (name, url) in [("target", &self.target), ("backends", &self.backends)] {
            words.extend(url.as_ref().map(|url| format!("--{name} {}", quoted(url))));
        }
        if self.strict {
            words.push("--strict".to_owned());
        }
        if !self.fail_on.is_empty() {
            let conditions: Vec<_> = self.fail_on.iter().map(ToString::to_string).collect();
            words.push(format!("--fail-on {}", quoted(&conditions.join(","))));
        }
        words.join(" ")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=%@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn the_command_that_repeats_a_run_is_safe_to_paste() {
        assert_eq!(quoted("http://shop:8080/a"), "http://shop:8080/a");
        assert_eq!(quoted("p99>2s"), "'p99>2s'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
