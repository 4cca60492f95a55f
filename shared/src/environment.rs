//! The process environment, read once and passed down, and its errors.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

/// A snapshot of environment variables.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. What is not Unicode in them is replaced by U+FFFD, lest a variable
    /// that has it count as unset.
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
        let variables = std::env::vars_os();
        let text = |text: OsString| text.to_string_lossy().into_owned();
        Self(variables.map(|(name, value)| (text(name), text(value))).collect())
    }

    /// A variable's value. An empty one counts as unset, because that is what `docker compose` passes
    /// for a variable without a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !is_empty(value))
    }

    /// Whether a variable is present but empty, and so counts as unset.
    pub fn is_empty(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| is_empty(value))
    }

    /// The names of the set variables that begin with `prefix`, in order.
    pub fn names_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .range(prefix.to_owned()..)
            .filter(|(_, value)| !is_empty(value))
            .map(|(name, _)| name.as_str())
            .take_while(move |n| n.starts_with(prefix))
    }

    /// A variable parsed by `parse`, or `default` if it is not set.
    ///
    /// # Errors
    /// What `parse` says, with the variable's name.
    pub fn parse_or<T, E: ToString>(
        &self,
        name: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => parse(value.trim()).map_err(|e| ConfigError::new(name, e.to_string())),
        }
    }

    /// A duration such as `10s`, or `default` if the variable is not set.
    ///
    /// # Errors
    /// When the value is not a duration.
    pub fn duration_or(&self, name: &str, default: Duration) -> Result<Duration, ConfigError> {
        self.parse_or(name, default, parse_duration)
    }

    /// A duration greater than zero, from the variable or by default.
    ///
    /// # Errors
    /// When the value is not such a duration.
    pub fn positive_duration_or(&self, name: &str, default: Duration) -> Result<Duration, ConfigError> {
        self.parse_or(name, default, |text| match parse_duration(text)? {
            Duration::ZERO => Err(format!("`{text}` must be greater than zero")),
            duration => Ok(duration),
        })
    }

    /// A capacity, from the variable or by default.
    ///
    /// # Errors
    /// When the value is not a whole number from 1.
    pub fn capacity_or(&self, name: &str, default: usize) -> Result<usize, ConfigError> {
        self.parse_or(name, default, |text| {
            let capacity = text.parse().ok().filter(|capacity| *capacity > 0);
            capacity.ok_or_else(|| format!("`{text}` is not a whole number from 1"))
        })
    }
}

fn is_empty(value: &str) -> bool {
    value.trim().is_empty()
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

/// Bad configuration: a startup error, with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    /// The variable at fault.
    pub variable: String,
    /// What is wrong with it and what is valid.
    pub problem: String,
}

impl ConfigError {
    /// The error that `variable` is wrong in this way.
    pub fn new(variable: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { variable: variable.into(), problem: problem.into() }
    }
}

const MAX_DURATION: Duration = Duration::from_secs(3650 * 24 * 3600);

/// A duration: a number with one of the units `ms`, `s`, `m`, `h`, `d`.
///
/// # Errors
/// A sentence that says what is valid.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[number.len()..] {
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        "d" => Some(86_400.0),
        _ => None,
    };
    let value = number.trim_end().parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
    match (value, seconds) {
        (Some(value), Some(unit)) if value * unit <= MAX_DURATION.as_secs_f64() => {
            Ok(Duration::from_millis((value * unit * 1e3).round() as u64))
        }
        _ => Err(format!("`{text}` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)")),
    }
}

/// A duration as [`parse_duration`] reads it, in the largest unit that keeps it whole.
pub fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let fitting = units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
    fitting.map_or_else(|| format!("{millis}ms"), |(unit, name)| format!("{}{name}", millis / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back() {
        for (text, millis) in
            [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("12h", 43_200_000), ("7d", 604_800_000)]
        {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse_duration(text), Ok(duration));
            assert_eq!(format_duration(duration), text);
        }
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(format_duration(Duration::ZERO), "0ms");
        for text in ["", "5", "s", "-1s", "1e999s", "10 parsecs", "NaNs", "99999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let environment: Environment = [("A", " "), ("AB", "1"), ("B", "2")].into_iter().collect();
        assert_eq!(environment.get("A"), None);
        assert_eq!(["A", "AB", "C"].map(|name| environment.is_empty(name)), [true, false, false]);
        assert_eq!(environment.names_with("A").collect::<Vec<_>>(), ["AB"]);
    }
}
