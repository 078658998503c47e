//! The ids that publishers give their logs, by which a repeated request stores nothing twice.

use std::borrow::Cow;

use axum::http::HeaderMap;
use serde_json::value::RawValue;

use crate::http::publish::string;
use crate::http::rejection::Rejection;

/// The header with the id of a single log.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Parses the id of a single log, which may be absent.
///
/// # Errors
/// 400 when the header is repeated, or not [1 to 128 visible ASCII characters](MAX_CHARS).
pub(crate) fn of_header(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Rejection::bad_request(format!(
            "{IDEMPOTENCY_KEY} appears more than once: expected one id"
        )));
    }
    // Other bytes are not visible ASCII either.
    let text = value.to_str().unwrap_or("\u{fffd}");
    check(IDEMPOTENCY_KEY, text).map(|()| Some(text))
}

/// Refuses the header in a request with several logs.
///
/// # Errors
/// 400 when it is present.
pub(crate) fn refuse_header(headers: &HeaderMap) -> Result<(), Rejection> {
    if headers.contains_key(IDEMPOTENCY_KEY) {
        return Err(Rejection::bad_request(format!(
            "{IDEMPOTENCY_KEY} is for a single log: expected an id per line, as its field \"id\""
        )));
    }
    Ok(())
}

/// Parses the id of a log in a line of a batch.
///
/// # Errors
/// 400 when it is not a string of [1 to 128 visible ASCII characters](MAX_CHARS).
pub(crate) fn of_field(raw: &RawValue) -> Result<Cow<'_, str>, Rejection> {
    let id = string("id", raw)?;
    check("id", &id).map(|()| id)
}

fn check(field: &'static str, id: &str) -> Result<(), Rejection> {
    if id.is_empty() || id.len() > MAX_CHARS || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let came: String = id.chars().take(40).collect();
        return Err(Rejection::bad_request(format!(
            "{field} is {came:?}: expected 1 to {MAX_CHARS} visible ASCII characters without spaces"
        )));
    }
    Ok(())
}

/// Enough for a UUID and a counter.
const MAX_CHARS: usize = 128;

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn header(values: &[&[u8]]) -> Result<Option<String>, String> {
        let name = HeaderName::from_static("idempotency-key");
        let headers = values
            .iter()
            .map(|value| (name.clone(), HeaderValue::from_bytes(value).expect("a value")))
            .collect();
        let id = of_header(&headers).map_err(|rejection| rejection.error().to_owned())?;
        Ok(id.map(ToOwned::to_owned))
    }

    fn of_line(line: &str) -> Result<Option<String>, Rejection> {
        #[derive(serde::Deserialize)]
        struct Fields<'a> {
            #[serde(borrow, default)]
            id: Option<&'a RawValue>,
        }
        let fields: Fields<'_> = serde_json::from_str(line)
            .map_err(|error| Rejection::bad_request(error.to_string()))?;
        Ok(fields.id.map(of_field).transpose()?.map(Cow::into_owned))
    }

    #[test]
    fn accepts_visible_characters() {
        let long = "x".repeat(MAX_CHARS);
        for id in ["1", "a1b2c3d4e5f6-17", "\"quoted\"", "~!", &long] {
            assert_eq!(header(&[id.as_bytes()]), Ok(Some(id.into())));
            let line = serde_json::json!({ "id": id, "logData": { "id": 5 } }).to_string();
            assert_eq!(of_line(&line), Ok(Some(id.into())));
        }
        assert_eq!(header(&[]), Ok(None));
        for line in ["{}", r#"{"id":null}"#, r#"{"logData":{"id":""}}"#] {
            assert_eq!(of_line(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn rejects_other_ids_by_name() {
        let long = "x".repeat(MAX_CHARS + 1);
        for id in ["", " ", "a b", "é", "a\tb", &long] {
            let error = header(&[id.as_bytes()]).expect_err(id);
            assert!(error.starts_with("Idempotency-Key is "), "{error}");
            let line = serde_json::json!({ "id": id }).to_string();
            let rejection = of_line(&line).expect_err(id);
            assert!(rejection.error().starts_with("id is "), "{rejection:?}");
        }
        assert!(header(&[b"\xff"]).is_err() && header(&[b"a", b"a"]).is_err());
        for line in [r#"{"id":5}"#, r#"{"id":["a"]}"#, r#"{"id":"a","id":"a"}"#] {
            assert!(of_line(line).is_err(), "{line}");
        }
    }
}
