//! Search attributes: the values by which runs are found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The type of a search attribute, as Temporal knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    /// Text compared as a whole.
    Keyword,
    /// A whole number.
    Int,
    /// A number; for sorting and ranges, not for accounting.
    Float,
    /// Yes or no.
    Bool,
    /// An instant.
    Datetime,
}

/// The value of a search attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SearchValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// An instant.
    Datetime(Timestamp),
    /// Text compared as a whole.
    Keyword(SmolStr),
}

/// One attribute with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchAttribute {
    /// One of the workflow's [`SEARCH_ATTRIBUTES`](super::WorkflowDef::SEARCH_ATTRIBUTES).
    pub name: &'static str,
    /// Its new value.
    pub value: SearchValue,
}

/// How a [`Condition`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The attribute is the value.
    Equal,
    /// The attribute is the value or greater.
    AtLeast,
    /// The attribute is the value or less.
    AtMost,
}

/// One term of a [`Filter`].
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The attribute's name.
    pub attribute: &'static str,
    /// How to compare.
    pub comparison: Comparison,
    /// What to compare with.
    pub value: SearchValue,
}

/// Which runs to list: those that match every condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// All of these must hold.
    pub conditions: Vec<Condition>,
    /// Only runs that do (or do not) need a person's attention.
    pub needs_attention: Option<bool>,
    /// The cursor from the previous page; opaque.
    pub cursor: Option<String>,
    /// At most this many runs.
    pub limit: usize,
}
