use std::fmt;

use uuid::Uuid;

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

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        if let Some(start) = bytes.get_mut(..text.len()) {
            start.copy_from_slice(text.as_bytes());
            return Self::Short { length: text.len() as u8, bytes };
        }
        uuid(text).map_or_else(|| Self::Long(text.into()), |id| Self::Uuid(id.into_bytes()))
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

/// The UUID that `text` spells exactly as it would be displayed.
fn uuid(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut canonical = Uuid::encode_buffer();
    (id.hyphenated().encode_lower(&mut canonical) == text).then_some(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_kept_as_it_is(text in ".{0,40}") {
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
        }
    }

    #[test]
    fn a_text_is_small() {
        assert_eq!(size_of::<Option<Text>>(), 24);
    }
}
