use std::fmt::{self, Write as _};

use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// As much as fits into the room that a long text's pointer and the discriminant take anyway, and a little more.
const SHORT: usize = 22;

/// An id or a key. Nearly all are short or a UUID: those take no memory of their own, which would cost more time
/// to get, to find and to free than all else that the ledger does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Uuid([u8; 16]),
    Long(Box<str>),
}

impl Text {
    /// What `value` displays.
    pub(super) fn of(value: &dyn fmt::Display) -> Self {
        let mut start = Start { length: 0, bytes: [0; SHORT] };
        match write!(start, "{value}") {
            Ok(()) => Self::Short { length: start.length, bytes: start.bytes },
            Err(_) => Self::from(&*value.to_string()),
        }
    }

    /// The text itself: what it displays, several times as fast.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Short { length, bytes } => {
                String::from_utf8(bytes[..usize::from(*length)].to_vec()).unwrap_or_default()
            }
            Self::Uuid(bytes) => {
                Uuid::from_bytes(*bytes).hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
            }
            Self::Long(text) => text.to_string(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut start = Start { length: 0, bytes: [0; SHORT] };
        match start.write_str(text) {
            Ok(()) => Self::Short { length: start.length, bytes: start.bytes },
            Err(_) => uuid(text).map_or_else(|| Self::Long(text.into()), |id| Self::Uuid(id.into_bytes())),
        }
    }
}

/// A text that is being written, as long as it is short.
struct Start {
    length: u8,
    bytes: [u8; SHORT],
}

impl fmt::Write for Start {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let start = usize::from(self.length);
        let end = start + more.len();
        self.bytes.get_mut(start..end).ok_or(fmt::Error)?.copy_from_slice(more.as_bytes());
        self.length = end as u8;
        Ok(())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { length, bytes } => {
                let text = std::str::from_utf8(&bytes[..usize::from(*length)]);
                f.write_str(text.map_err(|_| fmt::Error)?)
            }
            Self::Uuid(bytes) => Uuid::from_bytes(*bytes).hyphenated().fmt(f),
            Self::Long(text) => f.write_str(text),
        }
    }
}

/// The UUID that `text` spells exactly as it would be displayed: with all hyphens, and in lower case.
fn uuid(text: &str) -> Option<Uuid> {
    let is_canonical =
        text.len() == Hyphenated::LENGTH && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    is_canonical.then(|| Uuid::try_parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_kept_as_it_is(text in ".{0,40}") {
            prop_assert_eq!(Text::of(&text), Text::from(&*text));
            prop_assert_eq!(Text::from(&*text).to_text(), Text::from(&*text).to_string());
            prop_assert_eq!(Text::from(&*text).to_string(), text);
        }
    }

    #[test]
    fn a_uuid_is_kept_as_it_is_however_it_is_spelled() {
        let canonical = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        assert!(matches!(Text::from(canonical), Text::Uuid(_)));
        let upper = canonical.to_uppercase();
        let bare = canonical.replace('-', "");
        for text in [canonical, &upper, &bare, "{67e55044-10b1-426f-9247-bb680e5fe0c8}"] {
            assert_eq!(Text::from(text).to_string(), text);
            assert_eq!(Text::from(text).to_text(), text);
        }
    }

    #[test]
    fn a_text_is_small() {
        assert_eq!(size_of::<Option<Text>>(), 24);
    }
}
