const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The tracking number that `carrier` gives a parcel, made from `bits`: in the form of UPS, check
/// digit and all, for UPS; twelve digits for any other carrier.
pub(crate) fn tracking_number(carrier: &str, bits: u64) -> String {
    if !carrier.eq_ignore_ascii_case("ups") {
        return format!("{:012}", bits % 1_000_000_000_000);
    }
    let mut rest = bits;
    let mut shipper = String::with_capacity(6);
    for _ in 0..6 {
        shipper.push(char::from(ALPHANUMERIC[(rest % 36) as usize]));
        rest /= 36;
    }
    // `03` is the service code of UPS Ground.
    let body = format!("{shipper}03{:07}", rest % 10_000_000);
    format!("1Z{body}{}", check_digit(&body))
}

/// The last digit of a UPS tracking number, from the fifteen characters after `1Z`.
fn check_digit(body: &str) -> u32 {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        letter => (u32::from(letter) - 63) % 10,
    };
    let weighted = body.bytes().enumerate().map(|(at, byte)| value(byte) * if at % 2 == 0 { 1 } else { 2 });
    (10 - weighted.sum::<u32>() % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn check_digits_are_those_of_real_ups_numbers() {
        assert_eq!(check_digit("5R8939035756712"), 7);
        assert_eq!(check_digit("879E93034683444"), 0);
    }

    proptest! {
        #[test]
        fn numbers_have_the_form_of_their_carrier(bits in any::<u64>()) {
            let ups = tracking_number("ups", bits);
            prop_assert!(ups.len() == 18 && ups.starts_with("1Z"), "{}", ups);
            prop_assert!(ups.bytes().all(|b| ALPHANUMERIC.contains(&b)), "{}", ups);
            let other = tracking_number("FedEx", bits);
            prop_assert!(other.len() == 12 && other.bytes().all(|b| b.is_ascii_digit()), "{}", other);
        }
    }
}
