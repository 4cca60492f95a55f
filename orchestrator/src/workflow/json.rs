use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Unparsed JSON text: the form in which payloads pass through an engine.
///
/// It is kept as text because an engine only stores it and hands it on, and because a number such
/// as `109.97` must come out exactly as it went in. Cloning shares the text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Arc<RawValue>);

impl Json {
    /// `value` as JSON.
    ///
    /// # Errors
    /// Only when `value` cannot be JSON: a map whose keys are not strings, or a `Serialize` that refuses.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(|raw| Self(raw.into()))
    }

    /// JSON text read from outside.
    ///
    /// # Errors
    /// When `text` is not one JSON value.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(|raw| Self(raw.into()))
    }

    /// JSON `null`, the payload of a message without one.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned().into())
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The value of the text.
    ///
    /// # Errors
    /// When the text is not a `T`; the message names the place.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Json {}
