//! Between hyper and the routes: refuses requests that RFC 9112 forbids, and tracks each exchange
//! for its socket.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderName, TRANSFER_ENCODING};
use axum::http::{HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::Either;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tower::Service;

use crate::http::rejection::Rejection;
use crate::server::MAX_HEAD;
use crate::server::handover::{self, EventStream, Handover};
use crate::server::link::{Exchange, Link};

/// The service of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    app: Router,
    link: Link,
    handover: Handover,
}

impl Front {
    pub(crate) fn new(app: Router, link: Link) -> Self {
        Self { app, link, handover: Handover::default() }
    }

    /// Returns where event streams wait that hyper hands over.
    pub(crate) fn handover(&self) -> &Handover {
        &self.handover
    }
}

impl hyper::service::Service<hyper::Request<Incoming>> for Front {
    type Response = hyper::Response<Answer>;
    type Error = Infallible;
    type Future = Answering<
        Either<Ready<Result<Response, Infallible>>, <Router as Service<Request>>::Future>,
    >;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let exchange = Tracked::begin(&self.link, &request);
        let handover = handover::is_answered_in_chunks(&request).then(|| self.handover.clone());
        let keeps_connection = handover::keeps_connection(request.headers());
        let answer = match check(&request) {
            Err(rejection) => Either::Left(ready(Ok(refuse(rejection)))),
            Ok(()) => {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(self.link.clone());
                // A router is always ready.
                Either::Right(self.app.clone().call(request))
            }
        };
        Answering { answer, exchange: Some(exchange), handover, keeps_connection }
    }
}

/// Refuses what hyper accepts although RFC 9112 forbids it: requests with two readings allow
/// smuggling.
fn check<B>(request: &hyper::Request<B>) -> Result<(), Rejection> {
    let headers = request.headers();
    if head_bytes(request) > MAX_HEAD {
        let error = format!("the head of the request is longer than {MAX_HEAD} bytes");
        return Err(Rejection::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, error));
    }
    match (headers.get_all(HOST).iter().count(), request.version()) {
        (1, _) | (0, Version::HTTP_09 | Version::HTTP_10) => {}
        (0, _) => {
            return Err(Rejection::bad_request("the header Host is missing: HTTP/1.1 requires it"));
        }
        (many, _) => {
            return Err(Rejection::bad_request(format!("{many} headers Host: expected one")));
        }
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_known =
        |coding: &HeaderValue| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    if codings.next().is_some_and(|coding| !is_known(coding)) || codings.next().is_some() {
        return Err(Rejection::new(
            StatusCode::NOT_IMPLEMENTED,
            "Transfer-Encoding: expected chunked alone, other codings are not supported",
        ));
    }
    if headers
        .get_all(EXPECT)
        .iter()
        .any(|expected| !expected.as_bytes().trim_ascii().eq_ignore_ascii_case(b"100-continue"))
    {
        return Err(Rejection::new(
            StatusCode::EXPECTATION_FAILED,
            "Expect: only 100-continue is supported",
        ));
    }
    Ok(())
}

/// Returns the size of the target and the fields. hyper reads in pieces, so its own limit is passed by
/// up to one of them.
fn head_bytes<B>(request: &hyper::Request<B>) -> usize {
    let field = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    let path = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    path + request.headers().iter().map(field).sum::<usize>()
}

/// The end of such a request is uncertain, so its connection closes.
fn refuse(rejection: Rejection) -> Response {
    let mut response = rejection.into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// One exchange. It ends on drop.
#[derive(Debug)]
pub(crate) struct Tracked(Link);

impl Tracked {
    /// Records that hyper is still receiving the body of a request.
    fn begin(link: &Link, request: &hyper::Request<Incoming>) -> Self {
        link.begin_request();
        let is_whole = request.body().is_end_stream();
        link.enter(if is_whole { Exchange::Answering } else { Exchange::Receiving });
        Self(link.clone())
    }

    /// Records that an event stream continues, which hyper has handed over.
    pub(crate) fn stream(link: &Link) -> Self {
        link.continue_request();
        link.enter(Exchange::Streaming);
        Self(link.clone())
    }

    /// Returns whether the response is a stream that is watched. One in response to a request with a
    /// body is not: bytes of the body may still arrive.
    fn note_head(&self, response: &Response) -> bool {
        let is_stream = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let is_watched = is_stream && self.0.exchange() == Exchange::Answering;
        if is_watched {
            self.0.enter(Exchange::Streaming);
        }
        is_watched
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.0.enter(Exchange::Receiving);
        self.0.end_request();
    }
}

/// The future of a response.
#[derive(Debug)]
pub(crate) struct Answering<F> {
    answer: F,
    exchange: Option<Tracked>,
    /// `None` if hyper does not answer in chunks.
    handover: Option<Handover>,
    keeps_connection: bool,
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Answering<F> {
    type Output = Result<hyper::Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx).map_ok(|response| {
            let exchange = self.exchange.take();
            let is_watched =
                exchange.as_ref().is_some_and(|exchange| exchange.note_head(&response));
            let is_handed_over = is_watched && handover::leaves_framing_to_hyper(&response);
            match self.handover.take().filter(|_| is_handed_over) {
                None => response.map(|body| Answer { body: Some(body), exchange }),
                Some(handover) => {
                    exchange.iter().for_each(|exchange| exchange.0.enter(Exchange::HandingOver));
                    let keeps_connection = self.keeps_connection;
                    response.map(|body| {
                        handover.put(EventStream { body, keeps_connection });
                        Answer { body: None, exchange }
                    })
                }
            }
        })
    }
}

/// The body of a response. The exchange ends with it.
///
/// It makes nothing for a client that accepts nothing: hyper would keep up to [`MAX_HEAD`] of it for
/// each such client.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `None` for one that hyper hands over after the head.
    body: Option<Body>,
    exchange: Option<Tracked>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(Tracked(link)) = &self.exchange {
            ready!(link.poll_unstalled(cx));
        }
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(version: Version, headers: &[(&str, &str)]) -> u16 {
        let mut request = hyper::Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match check(&request.body(()).expect("a request")) {
            Ok(()) => 200,
            Err(rejection) => rejection.into_response().status().as_u16(),
        }
    }

    #[test]
    fn a_request_names_its_host_once() {
        assert_eq!(status(Version::HTTP_11, &[("Host", "a")]), 200);
        assert_eq!(status(Version::HTTP_11, &[]), 400);
        assert_eq!(status(Version::HTTP_11, &[("Host", "a"), ("Host", "a")]), 400);
        assert_eq!(status(Version::HTTP_10, &[]), 200);
        assert_eq!(status(Version::HTTP_10, &[("Host", "a"), ("Host", "b")]), 400);
    }

    #[test]
    fn only_what_is_supported_is_accepted() {
        let with = |name, value| status(Version::HTTP_11, &[("Host", "a"), (name, value)]);
        assert_eq!(
            [with("Transfer-Encoding", "chunked"), with("Transfer-Encoding", "Chunked")],
            [200, 200]
        );
        assert_eq!(
            [with("Transfer-Encoding", "gzip, chunked"), with("Transfer-Encoding", "gzip")],
            [501, 501]
        );
        assert_eq!(
            [
                with("Expect", "100-Continue"),
                with("Expect", "200-ok"),
                with("Expect", "100-continue, x")
            ],
            [200, 417, 417]
        );
        assert_eq!(
            status(
                Version::HTTP_11,
                &[
                    ("Host", "a"),
                    ("Transfer-Encoding", "chunked"),
                    ("Transfer-Encoding", "chunked")
                ]
            ),
            501
        );
    }
}
