use shared::chaos::Plan;
use shared::environment::{ConfigError, Environment, format_duration};

use super::operations;

/// Configuration of the backends.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What happens to requests.
    pub plan: Plan,
    /// How many records the ledger of each backend keeps: `LEDGER_CAPACITY`.
    pub ledger_capacity: usize,
    /// Of the payment backend.
    pub payment: payment::Settings,
    /// Of the inventory backend.
    pub inventory: inventory::Settings,
    /// Of the shipping backend.
    pub shipping: shipping::Settings,
    /// Of the notification backend.
    pub notification: notification::Settings,
}

impl Settings {
    /// Reads all variables of all backends, served or not.
    ///
    /// # Errors
    /// The first variable that is wrong.
    pub fn from_environment(environment: &Environment, random_seed: u64) -> Result<Self, ConfigError> {
        Ok(Self {
            plan: Plan::from_environment(environment, &operations(), random_seed)?,
            ledger_capacity: environment.capacity_or("LEDGER_CAPACITY", shared::ledger::CAPACITY)?,
            payment: payment::Settings::from_environment(environment)?,
            inventory: inventory::Settings::from_environment(environment)?,
            shipping: shipping::Settings::from_environment(environment)?,
            notification: notification::Settings::from_environment(environment)?,
        })
    }

    /// Every setting except those of chaos, as the variable and the value that would set it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let Self { plan, ledger_capacity, payment, inventory, shipping, notification } = self;
        let stock = inventory.stock.iter().map(|(sku, count)| format!("{sku}={count}"));
        vec![
            ("TIME_SCALE", plan.time_scale.factor().to_string()),
            ("PAYMENT_AUTHORIZATION_TTL", format_duration(payment.authorization_ttl)),
            ("PAYMENT_CAPACITY", payment.capacity.to_string()),
            ("INVENTORY_STOCK", stock.collect::<Vec<_>>().join(",")),
            ("INVENTORY_DEFAULT_STOCK", inventory.default_stock.to_string()),
            ("INVENTORY_RESERVATION_TTL", format_duration(inventory.reservation_ttl)),
            ("INVENTORY_CAPACITY", inventory.capacity.to_string()),
            ("SHIPPING_CAPACITY", shipping.capacity.to_string()),
            ("NOTIFICATION_CAPACITY", notification.capacity.to_string()),
            ("LEDGER_CAPACITY", ledger_capacity.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_back_from_their_variables() {
        let variables = [
            ("TIME_SCALE", "0.5"),
            ("PAYMENT_AUTHORIZATION_TTL", "1d"),
            ("PAYMENT_CAPACITY", "1"),
            ("INVENTORY_STOCK", "ITEM-001=5,ITEM-002=0"),
            ("INVENTORY_DEFAULT_STOCK", "2"),
            ("INVENTORY_RESERVATION_TTL", "5s"),
            ("INVENTORY_CAPACITY", "3"),
            ("SHIPPING_CAPACITY", "4"),
            ("NOTIFICATION_CAPACITY", "5"),
            ("LEDGER_CAPACITY", "6"),
        ];
        let settings = Settings::from_environment(&variables.into_iter().collect(), 0).unwrap();
        assert_eq!(settings.variables(), variables.map(|(name, value)| (name, value.to_owned())));
    }
}
