//! Exact decimal numbers on the wire.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal that is a JSON number on the wire and exact inside: `109.97` never becomes a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub Decimal);

impl Number {
    /// The number that `text` spells in JSON.
    ///
    /// # Errors
    /// A sentence that says what is valid: at most 28 significant digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let exact = if text.contains(['e', 'E']) {
            Decimal::from_scientific(text)
        } else {
            Decimal::from_str_exact(text)
        };
        match exact {
            Ok(decimal) => Ok(Self(decimal)),
            Err(_) if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                Err("must have at most 28 significant digits".to_owned())
            }
            Err(_) => Err("must be a number".to_owned()),
        }
    }

    /// The nearest double, which is not always what [`Decimal::to_f64`] returns.
    pub fn to_double(self) -> f64 {
        self.0.to_string().parse().unwrap_or(f64::MAX)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?;
        Self::parse(text.get()).map_err(D::Error::custom)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Up to fifteen digits survive a float unchanged, and with up to five decimal places they print as
        // they were, without an exponent; others are written as text.
        let number = self.0.normalize();
        if number.mantissa().unsigned_abs() < 1_000_000_000_000_000 && number.scale() <= 5 {
            match (number.scale(), number.to_i64(), number.to_f64()) {
                (0, Some(whole), _) => return serializer.serialize_i64(whole),
                (_, _, Some(float)) => return serializer.serialize_f64(float),
                _ => {}
            }
        }
        RawValue::from_string(number.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_decimal_survives_the_wire(
            mantissa in prop_oneof![any::<i64>(), -99_i64..=99],
            scale in 0u32..=15,
        ) {
            let number = Number(Decimal::from_i128_with_scale(i128::from(mantissa), scale));
            let text = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<Number>(&text).unwrap(), number);
            prop_assert_eq!(text, number.to_string());
        }
    }

    #[test]
    fn the_smallest_numbers_have_no_exponent() {
        for text in ["0.1", "0.00001", "0.000001", "0.000000000000001"] {
            let number = Number::parse(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
        }
    }

    #[test]
    fn only_numbers_are_numbers() {
        assert_eq!(serde_json::from_str::<Number>("1e2").unwrap().to_string(), "100");
        for text in ["\"109.97\"", "null", "true", "[]", "123456789012345678901234567890"] {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
    }
}
