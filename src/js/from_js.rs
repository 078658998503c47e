//! Reads options from the properties of a JavaScript object, and names the one with a wrong value.
//!
//! Without serde, whose visitors are compiled for each kind of value and each option: 2 kB of the
//! module by brotli.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// The properties of an object. One that is missing, `undefined` or `null` is `None`; those that
/// are not read are ignored.
#[derive(Debug)]
pub(crate) struct Properties(JsValue);

impl Properties {
    /// Wraps an object.
    ///
    /// # Errors
    /// Returns a sentence if `value` is not an object.
    pub(crate) fn of(value: JsValue) -> Result<Self, String> {
        if value.is_object() {
            Ok(Self(value))
        } else {
            Err("expected an object of options".into())
        }
    }

    /// Reads whether an option is set.
    ///
    /// # Errors
    /// Returns a sentence that names the property if it is anything but a boolean.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, String> {
        self.read(name, "a boolean", JsValue::as_bool)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Returns a sentence that names the property if it is anything but a string.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, String> {
        self.read(name, "a string", JsValue::as_string)
    }

    /// Reads a whole number.
    ///
    /// # Errors
    /// Returns a sentence that names the property if it is anything but a number from 0 to 2^32-1.
    pub(crate) fn whole(&self, name: &str) -> Result<Option<u32>, String> {
        self.read(name, "u32", |value| {
            let number = value.as_f64()?;
            // Truncation and saturation: a number that changes is not a whole one in range.
            let whole = number as u32;
            (f64::from(whole) == number).then_some(whole)
        })
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, String> {
        // A getter of the object may throw.
        let value = Reflect::get(&self.0, &name.into())
            .map_err(|_| format!("{name}: expected {expected}"))?;
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        read(&value).map(Some).ok_or_else(|| format!("{name}: expected {expected}"))
    }
}
