use std::fmt;
use std::str::FromStr;

use super::Workload;
use crate::domain::OrderInput;

/// Which order of which workload: `ORD-7-42`. It contains the seed, so that runs with different seeds share
/// no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderName {
    /// The workload's seed.
    pub seed: u64,
    /// The order's place in it, from 0.
    pub index: u64,
}

impl OrderName {
    /// The order.
    pub fn order(self) -> OrderInput {
        Workload::new(self.seed).placement(self.index).order
    }
}

impl fmt::Display for OrderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ORD-{}-{}", self.seed, self.index)
    }
}

impl FromStr for OrderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.strip_prefix("ORD-").and_then(|rest| rest.split_once('-'));
        let name = numbers
            .and_then(|(seed, index)| Some(Self { seed: seed.parse().ok()?, index: index.parse().ok()? }));
        name.filter(|name| name.to_string() == text)
            .ok_or_else(|| format!("`{text}` is not the id of a simulated order, such as ORD-7-42"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_id_of_its_order_and_nothing_else_is() {
        let name: OrderName = "ORD-7-42".parse().unwrap();
        assert_eq!((name, name.order().order_id.as_str()), (OrderName { seed: 7, index: 42 }, "ORD-7-42"));
        for wrong in
            ["", "ORD-7", "ORD-7-", "ORD-7-x", "ORD--7-1", "ORD-07-1", "ORD-7-+1", "ORD-7-1-1", "7-42"]
        {
            assert!(wrong.parse::<OrderName>().is_err(), "{wrong}");
        }
        insta::assert_snapshot!("ORD-x".parse::<OrderName>().unwrap_err(), @"`ORD-x` is not the id of a simulated order, such as ORD-7-42");
    }
}
