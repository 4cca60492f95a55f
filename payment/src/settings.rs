use std::time::Duration;

use shared::environment::{ConfigError, Environment};

/// Configuration of payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `PAYMENT_AUTHORIZATION_TTL`: how long a hold lives. Not scaled.
    pub authorization_ttl: Duration,
    /// `PAYMENT_CAPACITY`: how many authorizations are kept.
    pub capacity: usize,
}

impl Default for Settings {
    /// Seven days, and a million authorizations.
    fn default() -> Self {
        Self { authorization_ttl: Duration::from_secs(7 * 24 * 3600), capacity: 1_000_000 }
    }
}

impl Settings {
    /// Reads the `PAYMENT_…` variables.
    ///
    /// # Errors
    /// The first variable that is wrong.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            authorization_ttl: environment
                .positive_duration_or("PAYMENT_AUTHORIZATION_TTL", default.authorization_ttl)?,
            capacity: environment.capacity_or("PAYMENT_CAPACITY", default.capacity)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_from_the_environment() {
        let read =
            |name: &str, value: &str| Settings::from_environment(&[(name, value)].into_iter().collect());
        let ttl = Duration::from_secs(60);
        assert_eq!(
            read("PAYMENT_AUTHORIZATION_TTL", "1m"),
            Ok(Settings { authorization_ttl: ttl, ..Settings::default() })
        );
        assert_eq!(read("PAYMENT_CAPACITY", "5"), Ok(Settings { capacity: 5, ..Settings::default() }));
        for (name, value) in [
            ("PAYMENT_AUTHORIZATION_TTL", "7"),
            ("PAYMENT_AUTHORIZATION_TTL", "0s"),
            ("PAYMENT_CAPACITY", "0"),
        ] {
            assert_eq!(read(name, value).unwrap_err().variable, name);
        }
    }
}
