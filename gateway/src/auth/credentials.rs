//! Finds the credentials in a request: a Bearer token, a cookie, a query parameter. Judges none.

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use crate::auth::denied::Denied;

/// Where a token may be, besides `Authorization: Bearer`.
#[derive(Clone, Debug, Default)]
pub struct TokenPlaces {
    /// The name of a cookie.
    pub cookie: Option<String>,
    /// The name of a query parameter. Other parties may log URLs, so there is none by default.
    pub query: Option<String>,
}

/// Returns the only token of a request.
///
/// # Errors
/// 400 if there are different ones, or one that cannot be read; none of the errors repeats it.
pub(crate) fn token(parts: &Parts, places: &TokenPlaces) -> Result<Option<String>, Denied> {
    let bearer = match authorization(&parts.headers)? {
        Some(value) => bearer(value)?,
        None => None,
    };
    let cookie = match &places.cookie {
        Some(name) => cookie(&parts.headers, name)?,
        None => None,
    };
    let query = match &places.query {
        Some(name) => parameter(parts.uri.query().unwrap_or_default(), name)?,
        None => None,
    };
    let mut tokens = bearer.map(str::to_owned).into_iter().chain(cookie).chain(query);
    let Some(token) = tokens.next() else { return Ok(None) };
    if tokens.any(|other| other != token) {
        return Err(Denied::ambiguous(
            "the request has two different tokens: expected one, in Authorization, in the cookie or in the query",
        ));
    }
    Ok(Some(token))
}

/// Returns the only `Authorization`.
pub(crate) fn authorization(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Denied> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Denied::ambiguous("Authorization appears more than once: expected it once")),
    }
}

/// Returns all cookies as one header. HTTP/2 allows a client to send each in a header of its own.
pub(crate) fn cookies(headers: &HeaderMap) -> Option<HeaderValue> {
    let all: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if all.iter().all(|value| value.is_empty()) {
        return None;
    }
    HeaderValue::from_bytes(&all.join(&b"; "[..])).ok()
}

/// Returns the token of `Authorization: Bearer TOKEN`, or `None` for another scheme.
fn bearer(value: &HeaderValue) -> Result<Option<&str>, Denied> {
    let text = value.to_str().map_err(|_| {
        Denied::malformed("Authorization holds characters other than visible ASCII")
    })?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = token.trim_matches(' ');
    let is_token = !token.is_empty() && !token.contains([' ', ',', '\t']);
    if !is_token {
        return Err(Denied::malformed("Authorization: expected Bearer and one token"));
    }
    Ok(Some(token))
}

fn cookie(headers: &HeaderMap, name: &str) -> Result<Option<String>, Denied> {
    let Some(header) = cookies(headers) else { return Ok(None) };
    // Cookies of other applications need not be text.
    let mut values = header.as_bytes().split(|byte| *byte == b';').filter_map(|pair| {
        let pair = pair.trim_ascii();
        let at = pair.iter().position(|byte| *byte == b'=')?;
        (pair[..at].trim_ascii_end() == name.as_bytes()).then(|| pair[at + 1..].trim_ascii_start())
    });
    let Some(value) = values.next() else { return Ok(None) };
    // Another page of the domain may have set the second one.
    if values.next().is_some() {
        return Err(Denied::ambiguous(format!(
            "the cookie {name} appears more than once: expected it once"
        )));
    }
    let text = std::str::from_utf8(value)
        .map_err(|_| Denied::malformed(format!("the cookie {name} is not a token")))?;
    Ok(Some(text.trim_matches('"').to_owned()).filter(|text| !text.is_empty()))
}

fn parameter(query: &str, name: &str) -> Result<Option<String>, Denied> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut values = pairs.filter(|(key, _)| key == name).map(|(_, value)| value);
    let Some(value) = values.next() else { return Ok(None) };
    match values.next() {
        None => Ok(Some(value.into_owned())),
        Some(_) => {
            Err(Denied::ambiguous(format!("{name} appears more than once: expected it once")))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn found(uri: &str, headers: &[(&str, &[u8])]) -> Result<Option<String>, u16> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value).expect("a value"));
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let places = TokenPlaces { cookie: Some("jwt".into()), query: Some("token".into()) };
        token(&parts, &places).map_err(|denied| denied.rejection.status().as_u16())
    }

    #[test]
    fn finds_a_token_in_each_place() {
        for (uri, headers) in [
            ("/", &[("authorization", &b"Bearer a.b.c"[..])][..]),
            ("/", &[("authorization", b"bearer  a.b.c")]),
            ("/", &[("cookie", b"x=\xff; jwt=a.b.c; y=2")]),
            ("/", &[("cookie", b"x=1"), ("cookie", b"jwt=\"a.b.c\"")]),
            ("/?x=1&token=a.b.c", &[]),
            ("/?token=a.b.c", &[("cookie", b"jwt=a.b.c"), ("authorization", b"Bearer a.b.c")]),
        ] {
            assert_eq!(found(uri, headers), Ok(Some("a.b.c".into())), "{uri} {headers:?}");
        }
        for headers in [&[][..], &[("cookie", &b"xjwt=a"[..])], &[("authorization", b"Basic eA==")]]
        {
            assert_eq!(found("/", headers), Ok(None), "{headers:?}");
        }
    }

    #[test]
    fn refuses_what_can_be_read_in_two_ways() {
        for (uri, headers) in [
            ("/", &[("authorization", &b"Bearer a"[..]), ("authorization", b"Bearer a")][..]),
            ("/", &[("authorization", b"Bearer a, Bearer b")]),
            ("/", &[("authorization", b"Bearer")]),
            ("/", &[("authorization", b"Bearer \xff")]),
            ("/", &[("cookie", b"jwt=a; jwt=a")]),
            ("/", &[("cookie", b"jwt=a"), ("cookie", b"jwt=b")]),
            ("/", &[("cookie", b"jwt=\xff")]),
            ("/", &[("cookie", b"jwt=a"), ("authorization", b"Bearer b")]),
            ("/?token=a&token=a", &[]),
            ("/?token=a", &[("cookie", b"jwt=b")]),
        ] {
            assert_eq!(found(uri, headers), Err(400), "{uri} {headers:?}");
        }
    }
}
