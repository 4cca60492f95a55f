//! Figures as people read them.

/// A share from 0 to 1, such as `18.3 %`.
pub(crate) fn percent(share: f64) -> String {
    let percent = format!("{:.1}", share * 100.0);
    format!("{} %", percent.strip_suffix(".0").unwrap_or(&percent))
}

/// A share from 0 to 1 that is compared with a limit, such as `0.704 %`.
pub(crate) fn exact_percent(share: f64) -> String {
    let percent = format!("{:.4}", share * 100.0);
    format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// A time in milliseconds, such as `<1 ms`, `250 ms`, `1.25 s` or `2 m 05 s`.
pub(crate) fn millis(millis: u64) -> String {
    match millis {
        0 => "<1 ms".to_owned(),
        1..=999 => format!("{millis} ms"),
        1000..=59_999 => {
            let seconds = format!("{:.2}", millis as f64 / 1e3);
            format!("{} s", seconds.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => format!("{} m {:02} s", millis / 60_000, millis / 1000 % 60),
    }
}

/// A count with its digits in groups of three, such as `12,345`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and its noun, such as `1 order`, `1,000 orders` or `2 retries`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{} {stem}ies", count(number)),
        (_, None) => format!("{} {noun}s", count(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!([0.0, 0.4, 0.183, 0.29, 1.0].map(percent), ["0 %", "40 %", "18.3 %", "29 %", "100 %"]);
        assert_eq!([0.0, 0.00704, 0.9996, 1.0].map(exact_percent), ["0 %", "0.704 %", "99.96 %", "100 %"]);
        assert_eq!(
            [0, 250, 1000, 1250, 59_999, 125_000].map(millis),
            ["<1 ms", "250 ms", "1 s", "1.25 s", "60 s", "2 m 05 s"]
        );
        assert_eq!([7, 999, 1000, 1_234_567].map(count), ["7", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 1000].map(|n| counted(n, "order")), ["0 orders", "1 order", "1,000 orders"]);
        assert_eq!([0, 1].map(|n| counted(n, "retry")), ["0 retries", "1 retry"]);
    }
}
