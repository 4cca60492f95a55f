use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::Payload;
use super::guard::guarded;

/// A JSON value: the form in which payloads pass through an engine, which only stores them and hands them
/// on.
///
/// It is text, so that a number such as `109.97` comes out exactly as it went in; or a value of which the
/// text is written when somebody reads it, and which those who know its type get back without any text.
/// Cloning shares either.
#[derive(Clone)]
pub struct Json(Form);

#[derive(Clone)]
enum Form {
    Null,
    Text(Arc<RawValue>),
    Value(Arc<dyn Written>),
}

/// A value, without its type.
trait Written: Any + Send + Sync {
    /// Its text, or why it has none.
    fn text(&self) -> Result<&RawValue, &str>;
}

struct Value<T> {
    value: T,
    text: OnceLock<Result<Box<RawValue>, String>>,
}

impl<T: Payload> Written for Value<T> {
    fn text(&self) -> Result<&RawValue, &str> {
        let write = || guarded(|| to_raw_value(&self.value))?.map_err(|error| error.to_string());
        self.text.get_or_init(write).as_deref().map_err(String::as_str)
    }
}

impl Json {
    /// The text of `value`.
    ///
    /// # Errors
    /// Only when `value` cannot be JSON: a map whose keys are not strings, or a `Serialize` that refuses.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        to_raw_value(value).map(|raw| Self(Form::Text(raw.into())))
    }

    /// `value` itself. If it cannot be JSON, it cannot be serialised either, and its text is `null`.
    pub fn holding<T: Payload>(value: T) -> Self {
        Self(Form::Value(Arc::new(Value { value, text: OnceLock::new() })))
    }

    /// JSON text read from outside.
    ///
    /// # Errors
    /// When `text` is not one JSON value.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(|raw| Self(Form::Text(raw.into())))
    }

    /// JSON `null`, the payload of a message without one.
    pub const fn null() -> Self {
        Self(Form::Null)
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.raw().unwrap_or(RawValue::NULL).get()
    }

    /// The value: the one that it [holds](Self::holding) if that is a `T`, and else what its text says.
    ///
    /// # Errors
    /// When the text is not a `T`; the message names the place.
    pub fn value<T: Payload>(&self) -> Result<T, serde_json::Error> {
        if let Form::Value(value) = &self.0
            && let Some(known) = (&**value as &dyn Any).downcast_ref::<Value<T>>()
        {
            return Ok(known.value.clone());
        }
        self.parse()
    }

    /// What the text says.
    ///
    /// # Errors
    /// When the text is not a `T`; the message names the place.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// Why there is no text, if there is none.
    fn raw(&self) -> Result<&RawValue, &str> {
        match &self.0 {
            Form::Null => Ok(RawValue::NULL),
            Form::Text(raw) => Ok(raw),
            Form::Value(value) => value.text(),
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Json").field(&self.text()).finish()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Json {}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Arc::<RawValue>::deserialize(deserializer).map(|raw| Self(Form::Text(raw)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    /// A number that counts how often it is written.
    #[derive(Clone, Debug, Deserialize)]
    struct Counted {
        number: u8,
        #[serde(skip)]
        written: Arc<AtomicUsize>,
    }

    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.written.fetch_add(1, Relaxed);
            match self.number {
                7 => Err(S::Error::custom("seven cannot be written")),
                13 => panic!("unlucky"),
                number => number.serialize(serializer),
            }
        }
    }

    #[test]
    fn a_value_is_written_once_when_its_text_is_read_and_not_for_those_who_know_its_type() {
        let written = Arc::default();
        let json = Json::holding(Counted { number: 5, written: Arc::clone(&written) });
        let copy = json.clone();
        assert_eq!(json.value::<Counted>().unwrap().number, 5);
        assert_eq!(written.load(Relaxed), 0);
        assert_eq!((json.text(), serde_json::to_string(&copy).unwrap().as_str()), ("5", "5"));
        assert_eq!(json.value::<u8>().unwrap(), 5);
        assert_eq!(written.load(Relaxed), 1);
        json.value::<String>().unwrap_err();
    }

    #[test]
    fn what_cannot_be_written_is_known_to_those_who_know_its_type_and_null_to_others() {
        for (number, reason) in [(7, "seven cannot be written"), (13, "panicked: unlucky")] {
            let json = Json::holding(Counted { number, written: Arc::default() });
            assert_eq!((json.value::<Counted>().unwrap().number, json.text()), (number, "null"));
            assert!(serde_json::to_string(&json).unwrap_err().to_string().contains(reason));
        }
    }
}
