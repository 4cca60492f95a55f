use std::collections::BTreeMap;
use std::time::Duration;

use shared::environment::{ConfigError, Environment};

use crate::domain::Sku;

/// Configuration of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The stock of these SKUs: `INVENTORY_STOCK`, such as `ITEM-001=100,ITEM-002=50`.
    pub stock: BTreeMap<Sku, u64>,
    /// The stock of every other SKU: `INVENTORY_DEFAULT_STOCK`.
    pub default_stock: u64,
    /// How long a reservation lasts: `INVENTORY_RESERVATION_TTL`. Not scaled by `TIME_SCALE`.
    pub reservation_ttl: Duration,
    /// How many reservations are kept: `INVENTORY_CAPACITY`.
    pub capacity: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stock: BTreeMap::new(),
            default_stock: 1_000_000,
            reservation_ttl: Duration::from_secs(30 * 60),
            capacity: 1_000_000,
        }
    }
}

impl Settings {
    /// Reads the `INVENTORY_…` variables; what is not set has its default.
    ///
    /// # Errors
    /// The first variable that is wrong.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            stock: environment.parse_or("INVENTORY_STOCK", default.stock, parse_stock)?,
            default_stock: environment.parse_or(
                "INVENTORY_DEFAULT_STOCK",
                default.default_stock,
                parse_count,
            )?,
            reservation_ttl: environment
                .positive_duration_or("INVENTORY_RESERVATION_TTL", default.reservation_ttl)?,
            capacity: environment.capacity_or("INVENTORY_CAPACITY", default.capacity)?,
        })
    }
}

fn parse_stock(text: &str) -> Result<BTreeMap<Sku, u64>, String> {
    let mut stock = BTreeMap::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (sku, count) = entry
            .rsplit_once('=')
            .ok_or_else(|| format!("`{entry}` is not of the form SKU=count, such as ITEM-001=100"))?;
        if sku.contains(';') {
            return Err(format!("in `{entry}`: entries are separated by commas"));
        }
        let sku = Sku::parse(sku.trim()).map_err(|error| format!("in `{entry}`: the SKU {error}"))?;
        let count = parse_count(count.trim()).map_err(|error| format!("in `{entry}`: {error}"))?;
        if let Some(first) = stock.insert(sku, count) {
            return Err(format!("in `{entry}`: the SKU is listed twice, the first time with {first}"));
        }
    }
    Ok(stock)
}

fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is not a whole number from 0 to {}", u64::MAX))
}
