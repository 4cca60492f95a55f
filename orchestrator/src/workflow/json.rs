use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// Unparsed JSON text: the form in which payloads pass through an engine.
///
/// It is kept as text because an engine only stores it and hands it on, and because a number such
/// as `109.97` must come out exactly as it went in. Cloning shares the text.
#[derive(Clone)]
pub struct Json(Form);

#[derive(Clone)]
enum Form {
    Text(Arc<RawValue>),
    Later(Arc<Later>),
}

/// Text that is written when it is first read.
type Later = LazyLock<Result<Json, String>, Box<dyn FnOnce() -> Result<Json, String> + Send>>;

impl Json {
    /// `value` as JSON.
    ///
    /// # Errors
    /// Only when `value` cannot be JSON: a map whose keys are not strings, or a `Serialize` that refuses.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        to_raw_value(value).map(|raw| Self(Form::Text(raw.into())))
    }

    /// JSON that is written when somebody reads it, and not at all if nobody does. If it cannot be
    /// written, [`check`](Self::check) says so, and its text is `null`. `write` must not panic.
    pub fn later(write: impl FnOnce() -> Result<Self, String> + Send + 'static) -> Self {
        Self(Form::Later(Arc::new(LazyLock::new(Box::new(write)))))
    }

    /// JSON text read from outside.
    ///
    /// # Errors
    /// When `text` is not one JSON value.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(|raw| Self(Form::Text(raw.into())))
    }

    /// JSON `null`, the payload of a message without one.
    pub fn null() -> Self {
        Self(Form::Text(RawValue::NULL.to_owned().into()))
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        self.raw().get()
    }

    /// The value of the text.
    ///
    /// # Errors
    /// When the text is not a `T`; the message names the place.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// Makes sure that it is written, if it was to be [`later`](Self::later).
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn check(&self) -> Result<&Self, String> {
        match &self.0 {
            Form::Text(_) => Ok(self),
            Form::Later(later) => LazyLock::force(later).as_ref().map_err(String::clone)?.check(),
        }
    }

    fn raw(&self) -> &RawValue {
        match &self.0 {
            Form::Text(raw) => raw,
            Form::Later(later) => LazyLock::force(later).as_ref().map_or(RawValue::NULL, Self::raw),
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Json").field(&self.raw()).finish()
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
        self.raw().serialize(serializer)
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

    #[test]
    fn what_is_written_later_is_written_once_when_somebody_reads_it() {
        let times = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&times);
        let json = Json::later(move || {
            counted.fetch_add(1, Relaxed);
            Json::of(&[1, 2]).map_err(|error| error.to_string())
        });
        let copy = json.clone();
        assert_eq!(times.load(Relaxed), 0);
        assert_eq!((json.text(), serde_json::to_string(&copy).unwrap().as_str()), ("[1,2]", "[1,2]"));
        assert_eq!(json.check(), Ok(&copy));
        assert_eq!(times.load(Relaxed), 1);
    }

    #[test]
    fn what_cannot_be_written_says_why_and_is_null() {
        let json = Json::later(|| Err("no key is a string".to_owned()));
        assert_eq!((json.check(), json.text()), (Err("no key is a string".to_owned()), "null"));
    }
}
