//! A request of HTTP/2, in the form that routes know from HTTP/1.1, so that it has one reading.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::http::header::{COOKIE, EXPECT, HOST};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use bytes::Bytes;
use h2::RecvStream;
use hyper::Request;
use hyper::body::{Body as HttpBody, Frame};

use crate::http::rejection::Rejection;

/// Returns the request with its authority in `Host`, its target as a path, and its cookies in one
/// header.
///
/// # Errors
/// 400 or another status if it has two readings.
pub(super) fn normal(request: Request<RecvStream>) -> Result<Request<Body>, Rejection> {
    let (mut parts, body) = request.into_parts();
    if parts.method == Method::CONNECT {
        return Err(Rejection::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "CONNECT is not supported: the gateway is no proxy",
        ));
    }
    let host = host(&parts)?;
    parts.headers.insert(HOST, host);
    if let Some(cookies) = cookies(&parts.headers) {
        parts.headers.insert(COOKIE, cookies);
    }
    if parts.headers.contains_key(EXPECT) {
        return Err(Rejection::new(
            StatusCode::EXPECTATION_FAILED,
            "Expect: not supported over HTTP/2",
        ));
    }
    if let Some(path) = parts.uri.path_and_query() {
        parts.uri = Uri::from(path.clone());
    }
    Ok(Request::from_parts(parts, Body::new(Received(body))))
}

/// Returns the host that the request names, once or twice.
fn host(parts: &axum::http::request::Parts) -> Result<HeaderValue, Rejection> {
    let authority = parts.uri.authority().map(axum::http::uri::Authority::as_str);
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = match (authority, hosts.next()) {
        (None, None) => {
            return Err(Rejection::bad_request(":authority is missing: HTTP/2 requires it"));
        }
        (Some(authority), Some(host)) if host.as_bytes() != authority.as_bytes() => {
            return Err(Rejection::bad_request(
                "Host differs from :authority: expected the same or one of them",
            ));
        }
        (Some(authority), _) => HeaderValue::from_str(authority).map_err(|_| {
            Rejection::bad_request(":authority is malformed: expected a host and a port")
        })?,
        (None, Some(host)) => host.clone(),
    };
    if hosts.next().is_some() {
        return Err(Rejection::bad_request("several headers Host: expected one"));
    }
    if host.as_bytes().contains(&b'@') {
        return Err(Rejection::bad_request(":authority has a user: expected a host and a port"));
    }
    Ok(host)
}

/// Joins the cookies, which HTTP/2 clients send one by one (RFC 9113, section 8.2.3); `None` if
/// there is nothing to join.
fn cookies(headers: &axum::http::HeaderMap) -> Option<HeaderValue> {
    let all: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if all.len() < 2 {
        return None;
    }
    let mut joined = HeaderValue::from_bytes(&all.join(&b"; "[..])).ok()?;
    joined.set_sensitive(true);
    Some(joined)
}

/// The body of a request. The client may send more once it has been read.
struct Received(RecvStream);

impl HttpBody for Received {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let received = ready!(self.0.poll_data(cx));
        Poll::Ready(received.map(|received| {
            received.and_then(|bytes| {
                self.0.flow_control().release_capacity(bytes.len())?;
                Ok(Frame::data(bytes))
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(uri: &str, hosts: &[&str]) -> Result<String, String> {
        let mut request = Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        match host(&parts) {
            Ok(host) => Ok(host.to_str().expect("text").to_owned()),
            Err(rejection) => Err(rejection.error().to_owned()),
        }
    }

    #[test]
    fn a_request_names_one_host() {
        assert_eq!(host_of("https://a:1/x", &[]), Ok("a:1".into()));
        assert_eq!(host_of("https://a:1/x", &["a:1"]), Ok("a:1".into()));
        assert_eq!(host_of("/x", &["a"]), Ok("a".into()));
        for (uri, hosts) in [
            ("/x", &[][..]),
            ("https://a/x", &["b"]),
            ("https://a/x", &["a", "a"]),
            ("/x", &["a", "b"]),
            ("https://u@a/x", &[]),
        ] {
            assert!(host_of(uri, hosts).is_err(), "{uri} {hosts:?}");
        }
    }

    #[test]
    fn cookies_are_one_header() {
        let mut headers = axum::http::HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1"));
        assert_eq!(cookies(&headers), None);
        headers.append(COOKIE, HeaderValue::from_static("b=2"));
        assert_eq!(cookies(&headers), Some(HeaderValue::from_static("a=1; b=2")));
    }
}
