//! JSON taken apart one level at a time: an object's fields as text, whatever their types. Lays out nothing, keeps every digit.
//!
//! Structs with derived readers would say the same more shortly, but each is code of its own, and a page loads all of it
//! (36 kB of WebAssembly less without them and their maps); they also refuse an object with a field given twice.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of an object, as they came.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Takes an object apart; `None` for what is no JSON object.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A field's JSON, null included; the last one, where it is given twice.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, raw)| raw.get())
    }

    /// A field's text, if it is a string.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// A field's number, if it is one of this type.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.raw(name)?.parse().ok()
    }

    /// A field's fields, if it is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.raw(name)?)
    }

    /// All fields in their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, raw)| (&**key, raw.get()))
    }

    /// The first of these fields that says anything, as a person would read it.
    pub(crate) fn first_said(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().filter_map(|name| self.raw(name)).filter(|json| *json != "null").map(said).find(|text| !text.is_empty())
    }
}

/// JSON as a person would read it: a string without its quotes, anything else as it is.
fn said(json: &str) -> Cow<'_, str> {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        None => Cow::Borrowed(json),
        Some(bare) if !bare.contains('\\') => Cow::Borrowed(bare),
        // An escape that is no character (half a surrogate pair) leaves the string as it was written.
        Some(bare) => serde_json::from_str(json).map_or(Cow::Borrowed(bare), Cow::Owned),
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            fields.push((key, value));
        }
        Ok(Object(fields))
    }
}

/// A field's name, borrowed unless it holds an escape.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Name)
    }
}

struct Name;

impl<'de> Visitor<'de> for Name {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_fields_as_they_came() {
        let object = Object::read(r#" {"a": [1, 2], "b":null,"n\u0061me":"x\ty","c":1.10} "#).expect("an object");
        assert_eq!(object.fields().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(), ["a", "b", "name", "c"]);
        assert_eq!((object.raw("a"), object.raw("b"), object.raw("c"), object.raw("d")), (Some("[1, 2]"), Some("null"), Some("1.10"), None));
        assert_eq!((object.string("name").as_deref(), object.string("a")), (Some("x\ty"), None));
    }

    #[test]
    fn of_a_field_given_twice_the_last_counts() {
        assert_eq!(Object::read(r#"{"a":1,"a":2}"#).and_then(|object| object.number("a")), Some(2_u64));
    }

    #[test]
    fn what_is_no_object_is_none() {
        for text in ["", "[]", "1", "{", "{]", "{\"a\":1}x", "null"] {
            assert!(Object::read(text).is_none(), "{text}");
        }
    }
}
