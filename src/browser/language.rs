//! The words of a language that the page loaded, and its numbers, which `Intl` writes.
//!
//! `www/package/internal/viewer/language.js` creates the object, and checks the words.

use std::rc::Rc;

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use logs_sse_core::words::{Language, Word, Words};

/// A language from JavaScript.
struct PageLanguage {
    /// The texts in the order of [`Word::ALL`]; `None` for one that the language lacks.
    texts: Vec<Option<String>>,
    /// Writes a number with some decimals.
    number: Function,
    /// Returns the index of the form for a number.
    form: Function,
    tag: String,
}

/// Reads an object with `texts`, `number`, `form` and `tag`. Anything else stands for English.
#[must_use]
pub fn words(language: &JsValue) -> Words {
    read(language).map_or(Words::ENGLISH, |language| Words::new(Rc::new(language)))
}

fn read(language: &JsValue) -> Option<PageLanguage> {
    let part = |name: &str| Reflect::get(language, &name.into()).ok();
    let texts: Array = part("texts")?.dyn_into().ok()?;
    Some(PageLanguage {
        texts: texts.iter().map(|text| text.as_string()).collect(),
        number: part("number")?.dyn_into().ok()?,
        form: part("form")?.dyn_into().ok()?,
        tag: part("tag")?.as_string()?,
    })
}

impl Language for PageLanguage {
    fn text(&self, word: Word) -> Option<&str> {
        self.texts.get(word as usize)?.as_deref()
    }

    fn number(&self, number: f64, decimals: usize) -> String {
        let (number, decimals) = (JsValue::from(number), JsValue::from(decimals as u32));
        let text = self.number.call2(&JsValue::NULL, &number, &decimals);
        text.ok().and_then(|text| text.as_string()).unwrap_or_default()
    }

    fn form(&self, number: u64) -> usize {
        let form = self.form.call1(&JsValue::NULL, &(number as f64).into());
        form.ok().and_then(|form| form.as_f64()).unwrap_or_default() as usize
    }

    fn tag(&self) -> &str {
        &self.tag
    }
}
