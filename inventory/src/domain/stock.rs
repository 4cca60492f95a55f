use std::collections::{BTreeMap, HashMap};

use super::{Error, Items, Sku};

/// How much there is of each SKU, and how much of that is reserved.
///
/// A SKU that is not configured is stocked like any other, but takes up memory only while some of it
/// is reserved: clients may invent SKUs without end.
#[derive(Clone, Debug)]
pub(crate) struct Stock {
    configured: BTreeMap<Sku, u64>,
    otherwise: u64,
    /// Holds no zeros, and is never iterated.
    kept_aside: HashMap<Sku, u64>,
}

/// How much of one SKU is requested and available.
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
    /// The given quantity of each SKU of `configured`, and `otherwise` of any other.
    pub(crate) fn new(configured: BTreeMap<Sku, u64>, otherwise: u64) -> Self {
        Self { configured, otherwise, kept_aside: HashMap::new() }
    }

    /// The level of each SKU, in the order of first mention.
    pub(crate) fn levels(&self, items: &Items) -> Vec<Level> {
        let level = |(sku, requested): (&Sku, u64)| Level {
            sku: sku.clone(),
            requested,
            available: self.available(sku),
        };
        items.demand().into_iter().map(level).collect()
    }

    /// Reserves stock. The caller MUST have checked, in the same atomic step, that there is enough.
    pub(crate) fn keep_aside(&mut self, items: &Items) {
        for (sku, quantity) in items.demand() {
            *self.kept_aside.entry(sku.clone()).or_insert(0) += quantity;
        }
    }

    /// Releases what was reserved for the same items.
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

#[cfg(test)]
mod tests {
    use super::super::{Item, Quantity};
    use super::*;
    use proptest::prelude::*;

    fn items(lines: &[(usize, u32)]) -> Items {
        let line = |(sku, quantity): &(usize, u32)| Item {
            sku: Sku::parse(&format!("S-{sku}")).unwrap(),
            quantity: Quantity::new(*quantity).unwrap(),
            warehouse: None,
        };
        Items::new(lines.iter().map(line).collect()).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_given_back_leaves_no_trace(
            requests in prop::collection::vec(prop::collection::vec((0usize..5, 1u32..=1_000_000), 1..9), 1..20),
        ) {
            let mut stock = Stock::new(BTreeMap::from([(Sku::parse("S-0").unwrap(), 3_000_000)]), 2_000_000);
            let mut granted = Vec::new();
            for request in requests.iter().map(|lines| items(lines)) {
                if require(&stock.levels(&request)).is_ok() {
                    stock.keep_aside(&request);
                    granted.push(request);
                }
                for (sku, kept) in granted.iter().flat_map(Items::demand).fold(BTreeMap::new(), |mut sum, (sku, n)| {
                    *sum.entry(sku).or_insert(0) += n;
                    sum
                }) {
                    let total = if sku.to_string() == "S-0" { 3_000_000 } else { 2_000_000 };
                    prop_assert_eq!(stock.available(sku) + kept, total);
                }
            }
            granted.iter().for_each(|request| stock.give_back(request));
            prop_assert!(stock.kept_aside.is_empty(), "invented SKUs cost no memory: {:?}", stock.kept_aside);
        }
    }

    #[test]
    fn lines_of_a_sku_add_up_in_the_order_of_first_mention() {
        let stock = Stock::new(BTreeMap::new(), 5);
        let levels = stock.levels(&items(&[(7, 1), (2, 3), (7, 4), (2, 3)]));
        let told: Vec<_> = levels.iter().map(|level| (level.sku.to_string(), level.requested)).collect();
        assert_eq!(told, [("S-7".to_owned(), 5), ("S-2".to_owned(), 6)]);
        let Err(Error::OutOfStock { short }) = require(&levels) else { panic!("five is less than six") };
        assert_eq!(short, levels[1..]);
    }
}
