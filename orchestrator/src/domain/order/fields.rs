use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Violation;

/// The members of one JSON object, read one by one. A member that breaks a rule is noted and read as a
/// default, so that all violations are found at once; callers MUST check them before using the values.
pub(super) struct Fields<'a, 'v> {
    path: String,
    /// `None` if there is no object, which has already been noted.
    members: Option<Members<'a>>,
    violations: &'v mut Vec<Violation>,
}

/// The members of a JSON object in their order, including those with the same name.
struct Members<'a>(Vec<(Name<'a>, &'a RawValue)>);

/// The name of a member, borrowed from the input unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

impl<'a, 'v> Fields<'a, 'v> {
    /// The members of a whole body.
    pub(super) fn of(json: &'a RawValue, violations: &'v mut Vec<Violation>) -> Self {
        Self::at(String::new(), Some(json), violations)
    }

    fn at(path: String, json: Option<&'a RawValue>, violations: &'v mut Vec<Violation>) -> Self {
        let members = json.and_then(|json| serde_json::from_str(json.get()).ok());
        if members.is_none() {
            let field = if path.is_empty() { "body".to_owned() } else { path.clone() };
            let message = if json.is_some() { "must be an object" } else { "is required" };
            violations.push(Violation { field, message: message.to_owned() });
        }
        Self { path, members, violations }
    }

    /// A required member.
    pub(super) fn required<T: Default>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> T {
        match self.member(name) {
            Some(value) => self.check(name, value, rule).unwrap_or_default(),
            None => {
                if self.members.is_some() {
                    self.note(name, "is required".to_owned());
                }
                T::default()
            }
        }
    }

    /// A member that may be absent or `null`.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.member(name)?;
        self.check(name, value, rule)
    }

    /// A member that is an object.
    pub(super) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'_, '_>) -> T) -> T {
        let value = self.member(name);
        let path = self.path_of(name);
        if self.members.is_some() {
            read(&mut Fields::at(path, value, self.violations))
        } else {
            read(&mut Fields { path, members: None, violations: self.violations })
        }
    }

    /// A member that is a list of 1 to `most` objects.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        most: usize,
        mut read: impl FnMut(&mut Fields<'_, '_>) -> T,
    ) -> Vec<T> {
        let values: Vec<&RawValue> = self.required(name, |json| {
            let values: Vec<_> = serde_json::from_str(json).map_err(|_| "must be a list".to_owned())?;
            match values.len() {
                0 => Err("must not be empty".to_owned()),
                len if len > most => Err(format!("must have at most {most} entries")),
                _ => Ok(values),
            }
        });
        let path = self.path_of(name);
        let read_at =
            |(at, value)| read(&mut Fields::at(format!("{path}[{at}]"), Some(value), self.violations));
        values.into_iter().enumerate().map(read_at).collect()
    }

    /// The member with this name, unless it is `null`.
    fn member(&mut self, name: &str) -> Option<&'a RawValue> {
        let mut named = self.members.iter().flat_map(|members| &members.0).filter(|(it, _)| it.0 == name);
        let value = named.next().map(|(_, value)| *value);
        if named.next().is_some() {
            self.note(name, "must not be given twice".to_owned());
        }
        value.filter(|value| value.get() != "null")
    }

    fn check<T>(
        &mut self,
        name: &str,
        value: &'a RawValue,
        rule: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Option<T> {
        rule(value.get()).map_err(|message| self.note(name, message)).ok()
    }

    fn note(&mut self, name: &str, message: String) {
        self.violations.push(Violation { field: self.path_of(name), message });
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}
