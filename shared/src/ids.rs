//! Typed ids: a prefix for the type, and 64 bits drawn for the request that made it.

use std::fmt;

/// Declares an id type such as `AuthId`, written `auth_` and sixteen hexadecimal digits.
///
/// An id is made from a number (drawn by [`OperationContext::id`](crate::pipeline::OperationContext::id)) and read with
/// `parse`, which returns `None` for anything that this type did not write.
#[macro_export]
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id that `text` spells, if it spells one.
            pub fn parse(text: &str) -> Option<Self> {
                $crate::ids::parse($prefix, text).map(Self)
            }
        }

        impl From<u64> for $name {
            fn from(bits: u64) -> Self {
                Self(bits)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::ids::write($prefix, self.0, f)
            }
        }
    };
}

/// Spells an id. (Several times as fast as `{:016x}`, and every answer has an id.)
///
/// # Errors
/// Those of `f`.
pub fn write(prefix: &str, bits: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits: [u8; 16] = std::array::from_fn(|place| {
        let digit = (bits >> (60 - 4 * place)) & 0xf;
        b"0123456789abcdef"[digit as usize]
    });
    f.write_str(prefix)?;
    f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

/// The bits of an id spelled `{prefix}{16 lower-case hexadecimal digits}`.
pub fn parse(prefix: &str, text: &str) -> Option<u64> {
    let digits = text.strip_prefix(prefix)?;
    let canonical = digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}
