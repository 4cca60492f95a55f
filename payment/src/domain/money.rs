use std::fmt;

use rust_decimal::Decimal;

/// An exact amount of money: greater than zero, with at most 15 digits before the decimal point
/// and 6 after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Amount(Decimal);

impl Amount {
    const BELOW: Decimal = Decimal::from_parts(0xa4c6_8000, 0x0003_8d7e, 0, false, 0);
    const DECIMALS: u32 = 6;

    /// The amount of this size.
    ///
    /// # Errors
    /// The rule that an amount must satisfy.
    pub(crate) fn new(size: Decimal) -> Result<Self, &'static str> {
        let size = size.normalize();
        if size <= Decimal::ZERO {
            Err("must be greater than 0")
        } else if size >= Self::BELOW || size.scale() > Self::DECIMALS {
            Err("must have at most 15 digits before the decimal point and 6 after it")
        } else {
            Ok(Self(size))
        }
    }

    /// The number.
    pub(crate) fn size(self) -> Decimal {
        self.0
    }

    /// What is left after subtracting `other`; `None` if that is nothing.
    pub(super) fn without(self, other: Self) -> Option<Self> {
        (self > other).then(|| Self((self.0 - other.0).normalize()))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A currency by its ISO 4217 code, in lower case. Any three letters are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Currency([u8; 3]);

impl Currency {
    /// The currency with this code, in any case.
    ///
    /// # Errors
    /// The rule that a code must satisfy.
    pub(crate) fn parse(code: &str) -> Result<Self, &'static str> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self(letters.map(|letter| letter.to_ascii_lowercase())))
            }
            _ => Err("must be a currency code of three letters, such as usd"),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).map_err(|_| fmt::Error)?)
    }
}

/// An amount in its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Money {
    pub(crate) amount: Amount,
    pub(crate) currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Result<Amount, &'static str> {
        Amount::new(text.parse().unwrap())
    }

    #[test]
    fn amounts_are_positive_and_of_limited_size_and_precision() {
        for valid in ["0.000001", "1", "109.97", "999999999999999.999999", "1.0000000000"] {
            assert!(amount(valid).is_ok(), "{valid}");
        }
        for invalid in ["0", "-0", "-0.01", "1000000000000000", "0.0000001"] {
            assert!(amount(invalid).is_err(), "{invalid}");
        }
        assert_eq!(amount("100.10"), amount("100.1"));
    }

    #[test]
    fn subtraction_is_exact() {
        let left = amount("109.97").unwrap().without(amount("0.07").unwrap()).unwrap();
        assert_eq!(left.to_string(), "109.9");
        assert_eq!(left.without(left), None);
    }

    #[test]
    fn a_currency_is_three_letters_kept_in_lower_case() {
        assert_eq!(Currency::parse("EuR").unwrap().to_string(), "eur");
        for code in ["", "us", "usdt", "u1d", "€"] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
    }
}
