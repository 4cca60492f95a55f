//! The rules for an order's fields. Each takes the field's JSON text.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use shared::number::Number;
use smol_str::{SmolStr, StrExt};

use super::WORKFLOW_ID_PREFIX;

const MAX_AMOUNT: i64 = 1_000_000_000_000;
const MAX_DECIMALS: u32 = 6;

/// The characters that workflow ids and `CHAOS_SCRIPT` can carry.
pub(super) fn order_id(json: &str) -> Result<SmolStr, String> {
    let id = text::<128>(json)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if id.starts_with(WORKFLOW_ID_PREFIX) {
        return Err(format!("must not begin with {WORKFLOW_ID_PREFIX}, which names an order's run"));
    }
    if id.chars().all(allowed) && id.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Ok(id)
    } else {
        Err("must be letters, digits and . _ : - only, beginning with a letter or digit".to_owned())
    }
}

/// Text of 1 to `MAX` characters, none of them a control character.
pub(super) fn text<const MAX: usize>(json: &str) -> Result<SmolStr, String> {
    let text: SmolStr = parse(json, "must be text")?;
    if text.trim().is_empty() {
        Err("must not be empty".to_owned())
    } else if text.len() > MAX && text.chars().count() > MAX {
        Err(format!("must have at most {MAX} characters"))
    } else if text.chars().any(char::is_control) {
        Err("must not contain control characters".to_owned())
    } else {
        Ok(text)
    }
}

pub(super) fn email(json: &str) -> Result<SmolStr, String> {
    let email = text::<254>(json)?;
    match email.split_once('@') {
        Some((local, domain))
            if !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !email.contains(char::is_whitespace) =>
        {
            Ok(email)
        }
        _ => Err("must be an e-mail address".to_owned()),
    }
}

/// An ISO 4217 code in any case, read in lower case.
pub(super) fn currency(json: &str) -> Result<SmolStr, String> {
    let code: SmolStr = parse(json, "must be text")?;
    if code.len() == 3 && code.chars().all(|c| c.is_ascii_alphabetic()) {
        Ok(code.to_ascii_lowercase_smolstr())
    } else {
        Err("must be a currency code of three letters, such as usd".to_owned())
    }
}

/// An integer, or a number without a fraction: clients that only know doubles send `2.0`.
pub(super) fn whole_number<const MAX: u32>(json: &str) -> Result<u32, String> {
    let number = Number::parse(json).ok().filter(|number| number.0.is_integer());
    let valid = number.and_then(|number| number.0.to_u32()).filter(|number| (1..=MAX).contains(number));
    valid.ok_or_else(|| format!("must be a whole number from 1 to {MAX}"))
}

/// An amount of money that may be zero.
pub(super) fn amount(json: &str) -> Result<Decimal, String> {
    let amount = Number::parse(json)?.0.normalize();
    if amount.is_sign_negative() && !amount.is_zero() {
        Err("must not be negative".to_owned())
    } else if amount >= Decimal::from(MAX_AMOUNT) || amount.scale() > MAX_DECIMALS {
        Err("must have at most 12 digits before the decimal point and 6 after it".to_owned())
    } else {
        Ok(amount)
    }
}

pub(super) fn positive_amount(json: &str) -> Result<Decimal, String> {
    match amount(json)? {
        amount if amount.is_zero() => Err("must be greater than 0".to_owned()),
        amount => Ok(amount),
    }
}

pub(super) fn yes_or_no(json: &str) -> Result<bool, String> {
    parse(json, "must be true or false")
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str, message: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|_| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a rule takes this text.
    fn takes(rule: impl Fn(&str) -> Result<SmolStr, String>, text: &str) -> bool {
        rule(&serde_json::to_string(text).unwrap()).is_ok()
    }

    #[test]
    fn an_order_id_is_what_workflow_ids_and_scripts_can_carry() {
        assert!(takes(order_id, "9A._:-z"));
        for id in ["ORD 1", "ORD/1", "ORD=1", "ORD-é", ".ORD", "-", "", &"x".repeat(129)] {
            assert!(!takes(order_id, id), "{id}");
        }
    }

    #[test]
    fn text_has_a_length_in_characters_and_none_that_control() {
        for (given, expected) in [("a", true), ("éöü", true), ("abcd", false), (" ", false), ("a\nb", false)]
        {
            assert_eq!(takes(text::<3>, given), expected, "{given:?}");
        }
    }

    #[test]
    fn an_email_address_has_one_at_sign_between_two_words() {
        assert!(takes(email, "a@b"));
        for address in ["@b", "a@", "@", "a@b@c", "a b@c", "a@b c", "ab"] {
            assert!(!takes(email, address), "{address}");
        }
    }

    #[test]
    fn a_currency_is_three_letters_in_any_case() {
        assert_eq!(currency(r#""uSd""#).unwrap(), "usd");
        for code in ["us", "usdt", "us1", "123", "és"] {
            assert!(!takes(currency, code), "{code}");
        }
    }

    #[test]
    fn an_amount_has_twelve_digits_and_six_decimals() {
        for json in ["0", "-0", "0.000001", "1.0000000", "999999999999.999999"] {
            assert!(amount(json).is_ok(), "{json}");
        }
        for json in ["-0.01", "0.0000001", "1000000000000"] {
            assert!(amount(json).is_err(), "{json}");
        }
    }
}
