//! A request's body: decompressed within bounds, in UTF-8, without a byte order mark.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, EXPECT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::http::rejection::Rejection;
use crate::http::state::Gateway;
use crate::limits::kind::Limit;

/// What a request may send as its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// The size limit, before and after decompression.
    pub(crate) bytes: usize,
    /// How long the whole body may take to arrive.
    pub(crate) time: Duration,
}

impl Allowance {
    /// Returns the allowance for a single log.
    pub(crate) fn of_log(gateway: &Gateway) -> Self {
        let config = gateway.limits.config();
        Self { bytes: config.log_bytes, time: config.body_timeout }
    }

    /// Returns the allowance for what an operator sends.
    pub(crate) fn small(gateway: &Gateway) -> Self {
        Self { bytes: SMALL_BYTES, ..Self::of_log(gateway) }
    }
}

/// Receives a body.
///
/// # Errors
/// 413 for a longer body, 408 for one that takes longer.
pub(crate) async fn received(body: Body, allowance: Allowance) -> Result<Bytes, Rejection> {
    received_within(body, allowance, || too_large(allowance.bytes)).await
}

/// Returns the text of a body, decoded as the request's `headers` declare.
///
/// # Errors
/// 415 for an encoding that is not supported, 413 for more than the allowance once decompressed, 400 for text that is not UTF-8.
pub(crate) fn text(
    headers: &HeaderMap,
    body: &Bytes,
    allowance: Allowance,
) -> Result<String, Rejection> {
    let bytes = match encoding(headers)? {
        Encoding::Identity => body.to_vec(),
        Encoding::Gzip => unzip(body, allowance.bytes)?,
    };
    refuse_wide(&bytes)?;
    let mut text = String::from_utf8(bytes).map_err(|error| {
        Rejection::bad_request(format!(
            "body is not UTF-8: the byte at {} does not begin a character",
            error.utf8_error().valid_up_to()
        ))
    })?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    Ok(text)
}

/// Returns the bytes of a body of at most `limit`, decoded as the request's `headers` declare.
/// Whether they are UTF-8 is left to the caller. Yields between pieces, so that a long body holds up
/// no stream.
///
/// # Errors
/// As [`text`], and those of `too_large` above the limit.
pub(crate) async fn unpacked(
    headers: &HeaderMap,
    body: Bytes,
    limit: usize,
    too_large: fn() -> Rejection,
) -> Result<Bytes, Rejection> {
    let bytes = match encoding(headers)? {
        Encoding::Identity => body,
        Encoding::Gzip => {
            let mut bytes = Vec::new();
            let mut decoder = MultiGzDecoder::new(&body[..]);
            while decoder.by_ref().take(PIECE).read_to_end(&mut bytes).map_err(not_gzip)? > 0 {
                if bytes.len() > limit {
                    return Err(too_large());
                }
                yield_now().await;
            }
            bytes.into()
        }
    };
    refuse_wide(&bytes)?;
    let marked = bytes.strip_prefix(BYTE_ORDER_MARK.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(marked.map_or_else(|| bytes.clone(), |rest| bytes.slice_ref(rest)))
}

/// Receives a body.
///
/// # Errors
/// That of `too_large` for a longer body, of which no more than twice the limit is received; 408 for
/// one that takes longer.
pub(crate) async fn received_within(
    body: Body,
    allowance: Allowance,
    too_large: impl Fn() -> Rejection,
) -> Result<Bytes, Rejection> {
    let received = timeout(allowance.time, received_at_any_time(body, allowance.bytes, too_large));
    received.await.unwrap_or_else(|_| Err(too_slow(allowance.time)))
}

async fn received_at_any_time(
    body: Body,
    limit: usize,
    too_large: impl Fn() -> Rejection,
) -> Result<Bytes, Rejection> {
    let (mut pieces, mut bytes) = (body.into_data_stream(), Vec::new());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Rejection::bad_request("body: could not be read"))?;
        if bytes.len() + piece.len() > limit {
            drop(bytes);
            discard(pieces, limit).await;
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

/// Receives at most `limit` bytes of a body and drops them: a client that is still sending does not
/// read a response, and loses it when the connection closes.
async fn discard(mut pieces: BodyDataStream, limit: usize) {
    let mut length = 0;
    while let Some(Ok(piece)) = pieces.next().await {
        length += piece.len();
        if length > limit {
            return;
        }
    }
}

/// Discards the body of a refused request, within an allowance. Returns whether its time ran out.
///
/// A client that waits for 100 Continue sends no body, and is not asked to.
pub(crate) async fn discard_of(headers: &HeaderMap, body: Body, allowance: Allowance) -> bool {
    if headers.contains_key(EXPECT) {
        return false;
    }
    timeout(allowance.time, discard(body.into_data_stream(), allowance.bytes)).await.is_err()
}

/// The connection closes after it, since the rest of the body may still arrive.
fn too_slow(time: Duration) -> Rejection {
    let seconds = usize::try_from(time.as_secs()).unwrap_or(usize::MAX);
    Rejection::limited(StatusCode::REQUEST_TIMEOUT, Limit::BodyTime, seconds)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

/// Parses `Content-Encoding`, which may be repeated.
fn encoding(headers: &HeaderMap) -> Result<Encoding, Rejection> {
    let lines = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()));
    let named = lines.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    match named
        .split(',')
        .map(str::trim)
        .filter(|name| !matches!(*name, "" | "identity"))
        .collect::<Vec<_>>()[..]
    {
        [] => Ok(Encoding::Identity),
        ["gzip" | "x-gzip"] => Ok(Encoding::Gzip),
        _ => {
            let named: String = named.chars().take(40).collect();
            let rejection = Rejection::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!(
                    "Content-Encoding {named:?} is not supported: expected gzip, once, or identity"
                ),
            );
            // RFC 9110, section 15.5.16.
            Err(rejection.with(ACCEPT_ENCODING, HeaderValue::from_static("gzip, identity")))
        }
    }
}

/// Decompresses at most `most` bytes: a small body may expand a thousandfold.
fn unzip(body: &[u8], most: usize) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most + 1).unwrap_or(u64::MAX);
    match MultiGzDecoder::new(body).take(limit).read_to_end(&mut bytes) {
        Ok(length) if length > most => Err(too_large(most)),
        Ok(_) => Ok(bytes),
        Err(error) => Err(not_gzip(error)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_gzip(error: std::io::Error) -> Rejection {
    Rejection::bad_request(format!("body is not valid gzip, as Content-Encoding declares: {error}"))
}

fn refuse_wide(bytes: &[u8]) -> Result<(), Rejection> {
    match wide(bytes) {
        None => Ok(()),
        Some(width) => Err(Rejection::bad_request(format!("body is UTF-{width}: expected UTF-8"))),
    }
}

/// Returns the width in bits of a UTF-16 or UTF-32 text, which its byte order mark or the zeros of
/// ASCII JSON reveal.
fn wide(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => {
            Some(32)
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Some(16),
        _ => None,
    }
}

fn too_large(most: usize) -> Rejection {
    let error = format!("body: at most {most} bytes are accepted, also after decompression");
    Rejection::limited(StatusCode::PAYLOAD_TOO_LARGE, Limit::LogBytes, most).with_error(error)
}

/// Enough for the bodies of operators, which name a stream or a channel.
const SMALL_BYTES: usize = 1 << 20;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// How many bytes are decompressed at once: less than a millisecond of work.
const PIECE: u64 = 256 * 1_024;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const MAX_BYTES: usize = 1 << 20;
    const ALLOWANCE: Allowance = Allowance { bytes: MAX_BYTES, time: Duration::MAX };

    fn read(encodings: &[&str], body: &[u8]) -> Result<String, String> {
        let headers = encodings
            .iter()
            .map(|encoding| (CONTENT_ENCODING, encoding.parse().expect("a value")))
            .collect();
        text(&headers, &Bytes::copy_from_slice(body), ALLOWANCE)
            .map_err(|rejection| format!("{rejection:?}"))
    }

    fn zipped(text: &[u8]) -> Vec<u8> {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zip.write_all(text).and_then(|()| zip.finish()).expect("memory")
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(read(&[], b"\xef\xbb\xbf{}"), Ok("{}".into()));
        assert_eq!(read(&["gzip"], &zipped(b"\xef\xbb\xbf{}")), Ok("{}".into()));
    }

    #[test]
    fn gzip_is_decompressed_by_any_of_its_names() {
        for encodings in
            [&["gzip"][..], &["GZIP"], &["x-gzip"], &["identity, gzip"], &["identity", "gzip"]]
        {
            assert_eq!(read(encodings, &zipped(b"{}")), Ok("{}".into()), "{encodings:?}");
        }
        let members = [zipped(b"{"), zipped(b"}")].concat();
        assert_eq!(read(&["gzip"], &members), Ok("{}".into()));
    }

    #[test]
    fn another_encoding_is_refused_with_those_that_are_supported() {
        for encodings in [
            &["br"][..],
            &["deflate"],
            &["zstd"],
            &["gzip, gzip"],
            &["gzip", "gzip"],
            &["gzip, br"],
            &["naïve"],
        ] {
            let error = read(encodings, b"{}").expect_err("refused");
            assert!(error.contains("415") && error.contains("expected gzip"), "{error}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let error = read(&["gzip"], &zipped(&vec![b' '; 8 << 20])).expect_err("refused");
        assert!(error.contains("413"), "{error}");
        assert!(read(&["gzip"], &zipped(&vec![b' '; MAX_BYTES])).is_ok());
    }

    #[test]
    fn gzip_that_is_cut_wrong_or_followed_by_something_is_refused() {
        let good = zipped(b"{\"a\":1}");
        let mut wrong = good.clone();
        *wrong.last_mut().expect("bytes") ^= 1;
        for body in [&good[..good.len() - 3], &wrong, &[&good[..], b"{}"].concat(), b"{}", b""] {
            let error = read(&["gzip"], body).expect_err("refused");
            assert!(error.contains("400") && error.contains("not valid gzip"), "{error}");
        }
    }

    #[test]
    fn other_charsets_are_refused_by_name() {
        let utf16 = |order: fn(u16) -> [u8; 2], mark: &str| {
            format!("{mark}{{\"a\":1}}").encode_utf16().flat_map(order).collect::<Vec<u8>>()
        };
        for mark in ["", "\u{feff}"] {
            for body in [utf16(u16::to_le_bytes, mark), utf16(u16::to_be_bytes, mark)] {
                assert!(
                    read(&[], &body)
                        .is_err_and(|error| error.contains("body is UTF-16: expected UTF-8")),
                    "{body:?}"
                );
            }
        }
        assert!(read(&[], b"{\0\0\0}\0\0\0").is_err_and(|error| error.contains("UTF-32")));
        assert!(
            read(&[], b"{\"a\":\"caf\xe9\"}")
                .is_err_and(|error| error.contains("not UTF-8") && error.contains("at 9"))
        );
    }
}
