use std::fmt;

use smol_str::{SmolStr, ToSmolStr};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::http::CorrelationId;

/// An id or a key. Nearly all are short or a UUID: those take no memory of their own, which would cost more time
/// to get, to find and to free than all else that the ledger does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Uuid([u8; 16]),
    Other(SmolStr),
}

impl Text {
    /// What `value` displays.
    pub(super) fn of(value: &dyn fmt::Display) -> Self {
        value.to_smolstr().into()
    }

    /// The text itself: what it displays, several times as fast.
    pub(super) fn to_text(&self) -> SmolStr {
        match self {
            Self::Uuid(bytes) => {
                SmolStr::new(Uuid::from_bytes(*bytes).hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
            Self::Other(text) => text.clone(),
        }
    }
}

impl From<SmolStr> for Text {
    fn from(text: SmolStr) -> Self {
        uuid(&text).map_or(Self::Other(text), |id| Self::Uuid(id.into_bytes()))
    }
}

impl From<&CorrelationId> for Text {
    fn from(id: &CorrelationId) -> Self {
        match id {
            CorrelationId::Sent(text) => text.clone().into(),
            CorrelationId::Made(id) => Self::Uuid(id.into_bytes()),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        uuid(text).map_or_else(|| Self::Other(text.into()), |id| Self::Uuid(id.into_bytes()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(bytes) => Uuid::from_bytes(*bytes).hyphenated().fmt(f),
            Self::Other(text) => f.write_str(text),
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
