use std::time::Duration;

use shared::environment::{ConfigError, Environment, format_duration};
use shared::time::TimeScale;

/// Timeouts and retries, before `TIME_SCALE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivitySettings {
    /// Authorize, capture and reads.
    pub payment: AttemptSettings,
    /// Reserve.
    pub inventory: AttemptSettings,
    /// Labels.
    pub shipping: AttemptSettings,
    /// The longest silence while a label is being generated.
    pub shipping_heartbeat: Duration,
    /// Messages.
    pub notification: AttemptSettings,
    /// Undos, and repeats of calls that may have happened.
    pub compensation: CompensationSettings,
    /// How long an order waits for a manager's decision.
    pub approval_timeout: Duration,
    /// How long an order may take until its customer is notified.
    pub workflow_timeout: Duration,
}

/// The attempts of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptSettings {
    /// The timeout of one attempt.
    pub timeout: Duration,
    /// How many attempts may follow the first.
    pub retries: u32,
}

/// The attempts of an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompensationSettings {
    /// The timeout of one attempt.
    pub timeout: Duration,
    /// How many attempts may follow the first; `None` is as many as fit into 30 minutes.
    pub retries: Option<u32>,
}

impl Default for ActivitySettings {
    fn default() -> Self {
        let attempts = |seconds, retries| AttemptSettings { timeout: Duration::from_secs(seconds), retries };
        Self {
            payment: attempts(10, 3),
            inventory: attempts(10, 2),
            shipping: attempts(60, 5),
            shipping_heartbeat: Duration::from_secs(12),
            notification: attempts(10, 2),
            compensation: CompensationSettings { timeout: Duration::from_secs(15), retries: None },
            approval_timeout: Duration::from_secs(2 * 60),
            workflow_timeout: Duration::from_secs(30 * 60),
        }
    }
}

const UNLIMITED: &str = "unlimited";
const MAX_RETRIES: u32 = 1000;

/// Attempt and heartbeat timeouts do not shrink below this, however small the scale: a round trip on a
/// busy machine takes real time.
const MIN_ATTEMPT: Duration = Duration::from_secs(2);
const MIN_APPROVAL_TIMEOUT: Duration = Duration::from_secs(5);
const MIN_WORKFLOW_TIMEOUT: Duration = Duration::from_secs(5 * 60);

impl ActivitySettings {
    /// The settings from `environment`, with defaults for the others.
    ///
    /// # Errors
    /// The first variable at fault, with what is valid.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let default = Self::default();
        let duration = |name, default| environment.positive_duration_or(name, default);
        let attempts = |timeout, retries, default: AttemptSettings| {
            Ok(AttemptSettings {
                timeout: duration(timeout, default.timeout)?,
                retries: environment.parse_or(retries, default.retries, count)?,
            })
        };
        Ok(Self {
            payment: attempts("PAYMENT_ACTIVITY_TIMEOUT", "PAYMENT_ACTIVITY_RETRIES", default.payment)?,
            inventory: attempts(
                "INVENTORY_ACTIVITY_TIMEOUT",
                "INVENTORY_ACTIVITY_RETRIES",
                default.inventory,
            )?,
            shipping: attempts("SHIPPING_ACTIVITY_TIMEOUT", "SHIPPING_ACTIVITY_RETRIES", default.shipping)?,
            shipping_heartbeat: duration("SHIPPING_HEARTBEAT_TIMEOUT", default.shipping_heartbeat)?,
            notification: attempts(
                "NOTIFICATION_ACTIVITY_TIMEOUT",
                "NOTIFICATION_ACTIVITY_RETRIES",
                default.notification,
            )?,
            compensation: CompensationSettings {
                timeout: duration("COMPENSATION_ACTIVITY_TIMEOUT", default.compensation.timeout)?,
                retries: environment.parse_or(
                    "COMPENSATION_ACTIVITY_RETRIES",
                    default.compensation.retries,
                    count_or_unlimited,
                )?,
            },
            approval_timeout: duration("APPROVAL_TIMEOUT", default.approval_timeout)?,
            workflow_timeout: duration("WORKFLOW_TIMEOUT", default.workflow_timeout)?,
        })
    }

    /// The effective limits: these at `scale`, with their minimums.
    #[must_use]
    pub fn at(&self, scale: TimeScale) -> Self {
        let limit = |duration| scale.apply_at_least(duration, MIN_ATTEMPT);
        let attempts = |it: AttemptSettings| AttemptSettings { timeout: limit(it.timeout), ..it };
        Self {
            payment: attempts(self.payment),
            inventory: attempts(self.inventory),
            shipping: attempts(self.shipping),
            shipping_heartbeat: limit(self.shipping_heartbeat),
            notification: attempts(self.notification),
            compensation: CompensationSettings {
                timeout: limit(self.compensation.timeout),
                ..self.compensation
            },
            approval_timeout: scale.apply_at_least(self.approval_timeout, MIN_APPROVAL_TIMEOUT),
            workflow_timeout: scale.apply_at_least(self.workflow_timeout, MIN_WORKFLOW_TIMEOUT),
        }
    }

    /// Every setting as the variable and the value that would set it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let retries = self.compensation.retries.map_or_else(|| UNLIMITED.to_owned(), |n| n.to_string());
        vec![
            ("PAYMENT_ACTIVITY_TIMEOUT", format_duration(self.payment.timeout)),
            ("PAYMENT_ACTIVITY_RETRIES", self.payment.retries.to_string()),
            ("INVENTORY_ACTIVITY_TIMEOUT", format_duration(self.inventory.timeout)),
            ("INVENTORY_ACTIVITY_RETRIES", self.inventory.retries.to_string()),
            ("SHIPPING_ACTIVITY_TIMEOUT", format_duration(self.shipping.timeout)),
            ("SHIPPING_ACTIVITY_RETRIES", self.shipping.retries.to_string()),
            ("SHIPPING_HEARTBEAT_TIMEOUT", format_duration(self.shipping_heartbeat)),
            ("NOTIFICATION_ACTIVITY_TIMEOUT", format_duration(self.notification.timeout)),
            ("NOTIFICATION_ACTIVITY_RETRIES", self.notification.retries.to_string()),
            ("COMPENSATION_ACTIVITY_TIMEOUT", format_duration(self.compensation.timeout)),
            ("COMPENSATION_ACTIVITY_RETRIES", retries),
            ("APPROVAL_TIMEOUT", format_duration(self.approval_timeout)),
            ("WORKFLOW_TIMEOUT", format_duration(self.workflow_timeout)),
        ]
    }
}

fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| *count <= MAX_RETRIES);
    count.ok_or_else(|| format!("`{text}` is not a whole number from 0 to {MAX_RETRIES}"))
}

fn count_or_unlimited(text: &str) -> Result<Option<u32>, String> {
    match text {
        UNLIMITED => Ok(None),
        text => count(text).map(Some).map_err(|problem| format!("{problem}, or `{UNLIMITED}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_set() {
        assert_eq!(
            ActivitySettings::from_environment(&Environment::default()),
            Ok(ActivitySettings::default())
        );
        let changed =
            |(name, value): (&'static str, String)| match shared::environment::parse_duration(&value) {
                Ok(duration) => (name, format_duration(duration * 2)),
                Err(_) => (name, "7".to_owned()),
            };
        let all: Vec<_> = ActivitySettings::default().variables().into_iter().map(changed).collect();
        let read = ActivitySettings::from_environment(&all.iter().cloned().collect()).unwrap();
        assert_eq!(read.variables(), all);
        let (default, read) = (ActivitySettings::default().variables(), read.variables());
        assert!(default.iter().zip(&read).all(|(default, read)| default != read));
    }

    #[test]
    fn bad_settings_name_the_variable_and_what_is_valid() {
        let problem = |name: &str, value: &str| {
            ActivitySettings::from_environment(&[(name, value)].into_iter().collect())
                .unwrap_err()
                .to_string()
        };
        insta::assert_snapshot!(problem("PAYMENT_ACTIVITY_TIMEOUT", "10"), @"PAYMENT_ACTIVITY_TIMEOUT: `10` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)");
        insta::assert_snapshot!(problem("APPROVAL_TIMEOUT", "0s"), @"APPROVAL_TIMEOUT: `0s` must be greater than zero");
        insta::assert_snapshot!(problem("SHIPPING_ACTIVITY_RETRIES", "-1"), @"SHIPPING_ACTIVITY_RETRIES: `-1` is not a whole number from 0 to 1000");
        insta::assert_snapshot!(problem("COMPENSATION_ACTIVITY_RETRIES", "forever"), @"COMPENSATION_ACTIVITY_RETRIES: `forever` is not a whole number from 0 to 1000, or `unlimited`");
    }
}
