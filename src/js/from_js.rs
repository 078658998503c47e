//! Reads a struct from a JavaScript object by serde, and names the field with a wrong value.
//!
//! `serde_wasm_bindgen::from_value` would do, but its errors print the wrong value, and printing
//! floating point numbers adds 10 kB (brotli) to the module. Only what options need is supported:
//! booleans, whole numbers, strings, and options of these.

use std::fmt::{self, Display};

use js_sys::Reflect;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, MapAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use wasm_bindgen::JsValue;

/// Reads `T` from the properties of `value`. Properties that are missing, `undefined` or `null` are
/// `None`; properties that `T` does not have are ignored.
///
/// # Errors
/// Returns a sentence that names the property and what was expected.
pub(crate) fn from_js<T: de::DeserializeOwned>(value: JsValue) -> Result<T, WrongValue> {
    T::deserialize(Value(value))
}

/// Says which property is wrong, and what was expected.
#[derive(Debug)]
pub(crate) struct WrongValue(String);

impl Display for WrongValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongValue {}

// The provided methods print the wrong value.
impl de::Error for WrongValue {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(format!("expected {expected}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self(format!("expected {expected}"))
    }
}

struct Value(JsValue);

impl<'de> Deserializer<'de> for Value {
    type Error = WrongValue;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongValue> {
        if let Some(value) = self.0.as_bool() {
            return visitor.visit_bool(value);
        }
        if let Some(number) = self.0.as_f64() {
            // Truncation and saturation: a number that changes is not a whole one in range.
            let whole = number as u32;
            return if f64::from(whole) == number {
                visitor.visit_u32(whole)
            } else {
                visitor.visit_f64(number)
            };
        }
        match self.0.as_string() {
            Some(text) => visitor.visit_string(text),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongValue> {
        if self.0.is_null() || self.0.is_undefined() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongValue> {
        visitor.visit_map(Properties { object: self.0, fields: fields.iter(), current: "" })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The properties of an object that the struct has fields for.
struct Properties {
    object: JsValue,
    fields: std::slice::Iter<'static, &'static str>,
    current: &'static str,
}

impl<'de> MapAccess<'de> for Properties {
    type Error = WrongValue;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, WrongValue> {
        let Some(name) = self.fields.next() else { return Ok(None) };
        self.current = name;
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, WrongValue> {
        // An object without the property returns undefined; anything that is not an object throws.
        let value = Reflect::get(&self.object, &self.current.into())
            .map_err(|_| WrongValue("expected an object of options".to_owned()))?;
        seed.deserialize(Value(value))
            .map_err(|WrongValue(expected)| WrongValue(format!("{}: {expected}", self.current)))
    }
}
