use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use smol_str::SmolStr;

/// A stock-keeping unit, the unit in which stock is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(SmolStr);

/// Why a text is not a [`Sku`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {} printable characters", Sku::MAX_LENGTH)]
pub struct InvalidSku;

impl Sku {
    const MAX_LENGTH: usize = 128;

    /// The SKU that `text` spells, case-sensitive.
    ///
    /// # Errors
    /// When it is blank, longer than 128 characters or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidSku> {
        let valid = !text.trim().is_empty()
            && text.chars().count() <= Self::MAX_LENGTH
            && !text.chars().any(char::is_control);
        valid.then(|| Self(text.into())).ok_or(InvalidSku)
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Sku> for SmolStr {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

/// How many of a SKU one line requests: from 1 to a million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Quantity(u32);

/// Why a number is not a [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", Quantity::MAX)]
pub(crate) struct InvalidQuantity;

impl Quantity {
    const MAX: u32 = 1_000_000;

    pub(crate) fn new(number: u32) -> Result<Self, InvalidQuantity> {
        (1..=Self::MAX).contains(&number).then_some(Self(number)).ok_or(InvalidQuantity)
    }

    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

/// One line of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    pub(crate) sku: Sku,
    pub(crate) quantity: Quantity,
    /// Stored and returned; stock is not tracked per warehouse.
    pub(crate) warehouse: Option<SmolStr>,
}

/// The lines of a request: 1 to 100 of them, in the caller's order. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Items(Arc<[Item]>);

impl Items {
    pub(crate) const LINES: RangeInclusive<usize> = 1..=100;

    /// The lines, unless there are too few or too many.
    pub(crate) fn new(lines: Vec<Item>) -> Option<Self> {
        Self::LINES.contains(&lines.len()).then(|| Self(lines.into()))
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Item> {
        self.0.iter()
    }

    /// The quantity requested of each SKU, in the order of first mention: lines of one SKU add up.
    pub(crate) fn demand(&self) -> Vec<(&Sku, u64)> {
        let mut demand: Vec<(&Sku, u64)> = Vec::with_capacity(self.0.len());
        for item in self.iter() {
            let quantity = u64::from(item.quantity.get());
            match demand.iter_mut().find(|(sku, _)| **sku == item.sku) {
                Some((_, sum)) => *sum += quantity,
                None => demand.push((&item.sku, quantity)),
            }
        }
        demand
    }
}
