//! The reader's time zone. The browser has a time zone database; one in the module would be larger
//! than the rest of the viewer.

use std::cell::RefCell;

use js_sys::{Date, Function, Object, Reflect};
use wasm_bindgen::JsCast;

use logs_sse_core::line_time::TimeZone;

/// The time zone of the browser, and the locale in which the page wants times.
#[derive(Debug, Default)]
pub struct Zone {
    locale: String,
    /// The answers of the browser. Lines that are drawn together were mostly written together.
    offsets: RefCell<Vec<(i64, i64)>>,
    names: RefCell<Vec<(i64, Option<String>)>>,
}

impl Zone {
    /// Creates the zone with a BCP 47 tag; an empty or invalid one leaves times as the viewer
    /// writes them.
    #[must_use]
    pub fn new(locale: String) -> Self {
        Self { locale, ..Self::default() }
    }
}

impl TimeZone for Zone {
    fn offset(&self, millis: i64) -> i64 {
        // Offsets change only at a quarter of an hour.
        let quarter = millis.div_euclid(QUARTER);
        cached(&self.offsets, quarter, || {
            let minutes = date(quarter * QUARTER).get_timezone_offset();
            // Not a number outside the range of JavaScript's dates.
            if minutes.is_finite() { (-minutes * 60_000.0) as i64 } else { 0 }
        })
    }

    fn name(&self, millis: i64) -> Option<String> {
        cached(&self.names, self.offset(millis), || {
            let text = localized(&date(millis), "en-US", &[("timeZoneName", "short")])?;
            let name = text.rsplit(' ').next()?;
            // Without `Intl` the text has no zone, and ends with a number or with "AM".
            (name.len() > 2 && name.starts_with(|c: char| c.is_ascii_alphabetic()))
                .then(|| name.to_owned())
        })
    }

    fn localized(&self, millis: i64) -> Option<String> {
        if self.locale.is_empty() {
            return None;
        }
        let style = [
            ("hour", "2-digit"),
            ("minute", "2-digit"),
            ("second", "2-digit"),
            ("fractionalSecondDigits", "3"),
        ];
        localized(&date(millis), &self.locale, &style)
    }
}

fn cached<T: Clone>(cache: &RefCell<Vec<(i64, T)>>, key: i64, ask: impl FnOnce() -> T) -> T {
    let known =
        cache.borrow().iter().find(|(other, _)| *other == key).map(|(_, value)| value.clone());
    known.unwrap_or_else(|| {
        let value = ask();
        let mut cache = cache.borrow_mut();
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.push((key, value.clone()));
        value
    })
}

fn date(millis: i64) -> Date {
    Date::new(&(millis as f64).into())
}

/// Calls `toLocaleTimeString`, which js-sys declares without `catch`: a `RangeError` would pass
/// through the program and end it.
fn localized(date: &Date, locale: &str, style: &[(&str, &str)]) -> Option<String> {
    if date.get_time().is_nan() {
        return None;
    }
    let options = Object::new();
    for (name, value) in style {
        // This fails only for a frozen object.
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    let method: Function =
        Reflect::get(date, &"toLocaleTimeString".into()).ok()?.dyn_into().ok()?;
    method.call2(date, &locale.into(), &options).ok()?.as_string()
}

const QUARTER: i64 = 900_000;

/// More than the quarters of an hour that the lines on a screen usually span.
const CACHED: usize = 64;
