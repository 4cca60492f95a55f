use clap::ValueEnum;
use shared::environment::{ConfigError, Environment, format_duration};
use shared::time::TimeScale;

use super::{Args, DEFAULT_HOST, Decisions};
use crate::activities::ActivitySettings;
use crate::bundled;
use crate::simulate::{Flow, Subject};

impl Args {
    /// A command line that repeats the run: everything its outcome depends on, without the files it writes.
    ///
    /// # Errors
    /// The first variable that is wrong.
    pub(super) fn command(
        &self,
        seed: u64,
        time_scale: TimeScale,
        environment: &Environment,
    ) -> Result<String, ConfigError> {
        let variables = self.variables(environment)?.into_iter();
        let mut words: Vec<_> = variables.map(|(name, value)| format!("{name}={}", quoted(&value))).collect();
        let (orders, time_scale, at_once) = (self.orders, time_scale.factor(), self.concurrency);
        words.push(format!(
            "fake-stripe-chaos run --orders {orders} --seed {seed} --time-scale {time_scale} --concurrency {at_once}"
        ));
        let options = self.options().into_iter();
        words.extend(options.filter_map(|(name, value)| Some(format!("--{name} {}", quoted(&value?)))));
        let flags = [("reset", self.reset), ("strict", self.strict)];
        words.extend(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| format!("--{name}")));
        Ok(words.join(" "))
    }

    /// The variables, not at their defaults, of the services that are started here.
    fn variables(&self, environment: &Environment) -> Result<Vec<(String, String)>, ConfigError> {
        let untold = Environment::default();
        let backends = if self.backends.is_none() { environment } else { &untold };
        let orchestrator = if self.target.is_none() { environment } else { &untold };
        let mut subject = Subject {
            flow: Flow::shipped(),
            limits: ActivitySettings::from_environment(orchestrator)?,
            backends: bundled::Settings::from_environment(backends, 0)?,
        };
        // An option sets it.
        subject.backends.plan.time_scale = TimeScale::REAL;
        let chaos = backends.names_with("CHAOS_").filter(|name| *name != "CHAOS_SEED");
        let kept = chaos.map(|name| (name, backends.get(name)));
        let kept = kept.chain([("RETENTION", orchestrator.get("RETENTION"))]);
        let as_set = kept.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        let changed = subject.changed_variables().into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(as_set.chain(changed).collect())
    }

    /// The options that take a value, with the given values.
    fn options(&self) -> [(&'static str, Option<String>); 13] {
        let Decisions { approve, reject, cancel } = self.decisions;
        let share = |share: Option<f64>| share.map(|share| share.to_string());
        let list = |words: Vec<String>| Some(words.join(",")).filter(|list| !list.is_empty());
        let allowed = self.allow.iter().filter_map(ValueEnum::to_possible_value);
        [
            ("approve", share(approve)),
            ("reject", share(reject)),
            ("cancel", share(cancel)),
            ("late-cancels", share(Some(self.late_cancels).filter(|share| *share > 0.0))),
            ("double-clicks", share(Some(self.double_clicks).filter(|share| *share > 0.0))),
            ("target", self.target.clone()),
            ("backends", self.backends.clone()),
            ("port", self.port.map(|port| port.to_string())),
            ("host", Some(self.host.clone()).filter(|host| host != DEFAULT_HOST)),
            ("order-timeout", self.order_timeout.map(format_duration)),
            ("fail-on", list(self.fail_on.iter().map(ToString::to_string).collect())),
            ("allow", list(allowed.map(|value| value.get_name().to_owned()).collect())),
            ("restarts", self.restarts.as_ref().map(|path| path.display().to_string())),
        ]
    }
}

/// A word, quoted for a shell.
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
    use super::super::tests::parsed;
    use super::*;

    fn command(line: &str, variables: &[(&str, &str)]) -> String {
        let environment: Environment = variables.iter().copied().collect();
        parsed(line).unwrap().command(7, TimeScale::parse("0.5").unwrap(), &environment).unwrap()
    }

    #[test]
    fn every_option_and_variable_that_matters_is_in_the_command() {
        let line = "--approve 1 --late-cancels 10% --double-clicks 0.2 --port 4001 --host 0.0.0.0 --reset --order-timeout 90s --fail-on p99>2s,warnings --strict \
                    --allow split-shipments";
        let variables = [
            ("CHAOS_PRESET", "storm"),
            ("CHAOS_SEED", "8"),
            ("TIME_SCALE", "0.1"),
            ("LEDGER_CAPACITY", "500"),
            ("INVENTORY_DEFAULT_STOCK", "0"),
            ("INVENTORY_STOCK", "ITEM-001=5"),
            ("PAYMENT_AUTHORIZATION_TTL", "1d"),
            ("PAYMENT_ACTIVITY_RETRIES", "1"),
            ("APPROVAL_TIMEOUT", "60s"),
            ("RETENTION", "1d"),
            ("UNRELATED", "1"),
        ];
        insta::assert_snapshot!(command(line, &variables), @"CHAOS_PRESET=storm RETENTION=1d PAYMENT_ACTIVITY_RETRIES=1 APPROVAL_TIMEOUT=1m PAYMENT_AUTHORIZATION_TTL=1d INVENTORY_STOCK=ITEM-001=5 INVENTORY_DEFAULT_STOCK=0 LEDGER_CAPACITY=500 fake-stripe-chaos run --orders 1000 --seed 7 --time-scale 0.5 --concurrency 64 --approve 1 --late-cancels 0.1 --double-clicks 0.2 --port 4001 --host 0.0.0.0 --order-timeout 90s --fail-on 'p99>2s,warnings' --allow split-shipments --reset --strict");
        insta::assert_snapshot!(command("--target http://shop:8080 --restarts some/restarts", &variables), @"CHAOS_PRESET=storm PAYMENT_AUTHORIZATION_TTL=1d INVENTORY_STOCK=ITEM-001=5 INVENTORY_DEFAULT_STOCK=0 LEDGER_CAPACITY=500 fake-stripe-chaos run --orders 1000 --seed 7 --time-scale 0.5 --concurrency 64 --target http://shop:8080 --restarts some/restarts");
        let elsewhere = "--target http://shop:8080 --backends http://chaos:3001";
        insta::assert_snapshot!(command(elsewhere, &variables), @"fake-stripe-chaos run --orders 1000 --seed 7 --time-scale 0.5 --concurrency 64 --target http://shop:8080 --backends http://chaos:3001");
    }

    #[test]
    fn the_command_that_repeats_a_run_is_safe_to_paste() {
        assert_eq!(quoted("http://shop:8080/a"), "http://shop:8080/a");
        assert_eq!(quoted("p99>2s"), "'p99>2s'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
