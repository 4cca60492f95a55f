//! Typed ids: a prefix that says what it names, and 64 bits drawn for the request that made it.

/// Declares an id type such as `AuthId`, written `auth_` and sixteen hexadecimal digits.
///
/// An id is made from a number (drawn by [`Turn::id`](crate::way::Turn::id)) and read with
/// `parse`, which answers `None` for anything that this type did not write.
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
                write!(f, concat!($prefix, "{:016x}"), self.0)
            }
        }
    };
}

/// The bits of an id spelled `{prefix}{16 lower-case hexadecimal digits}`.
pub fn parse(prefix: &str, text: &str) -> Option<u64> {
    let digits = text.strip_prefix(prefix)?;
    let canonical = digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}
