use std::collections::{BTreeMap, HashMap};

use super::{Error, Items, Sku};

/// How much there is of each SKU, and how much of that is kept aside.
///
/// A SKU that nobody configured is stocked like any other, but takes up memory only while some of
/// it is kept aside: clients may invent SKUs without end.
#[derive(Clone, Debug)]
pub(crate) struct Stock {
    configured: BTreeMap<Sku, u64>,
    otherwise: u64,
    /// Holds no zeros, and is never iterated.
    kept_aside: HashMap<Sku, u64>,
}

/// What is asked for of one SKU, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) sku: Sku,
    pub(crate) requested: u64,
    pub(crate) available: u64,
}

impl Level {
    pub(crate) fn is_sufficient(&self) -> bool {
        self.requested <= self.available
    }
}

/// All or nothing: the stock must suffice for every SKU of a request.
///
/// # Errors
/// [`Error::OutOfStock`], with each SKU that is short.
pub(crate) fn require(levels: &[Level]) -> Result<(), Error> {
    let short: Vec<Level> = levels.iter().filter(|level| !level.is_sufficient()).cloned().collect();
    if short.is_empty() { Ok(()) } else { Err(Error::OutOfStock { short }) }
}

impl Stock {
    /// So much of each SKU of `configured`, and `otherwise` of any other.
    pub(crate) fn new(configured: BTreeMap<Sku, u64>, otherwise: u64) -> Self {
        Self { configured, otherwise, kept_aside: HashMap::new() }
    }

    /// How each SKU stands, in the order of first mention.
    pub(crate) fn levels(&self, items: &Items) -> Vec<Level> {
        let level = |(sku, requested): (&Sku, u64)| Level {
            sku: sku.clone(),
            requested,
            available: self.available(sku),
        };
        items.demand().into_iter().map(level).collect()
    }

    /// Keeps stock aside. Whoever calls it MUST have seen, in the same atomic step, that there is enough.
    pub(crate) fn keep_aside(&mut self, items: &Items) {
        for (sku, quantity) in items.demand() {
            *self.kept_aside.entry(sku.clone()).or_insert(0) += quantity;
        }
    }

    /// Gives back what was kept aside for the same items.
    pub(crate) fn give_back(&mut self, items: &Items) {
        for (sku, quantity) in items.demand() {
            if let Some(kept) = self.kept_aside.get_mut(sku) {
                *kept = kept.saturating_sub(quantity);
                if *kept == 0 {
                    self.kept_aside.remove(sku);
                }
            }
        }
    }

    fn available(&self, sku: &Sku) -> u64 {
        let stocked = self.configured.get(sku).copied().unwrap_or(self.otherwise);
        stocked.saturating_sub(self.kept_aside.get(sku).copied().unwrap_or(0))
    }
}
