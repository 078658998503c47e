//! The header `traceparent` of W3C Trace Context, with which a publisher says to which trace a log
//! belongs.

use std::fmt;
use std::str::FromStr;

use axum::http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The name of the header, and of the field in an envelope.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// A position in a trace: which trace, and which span is the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceParent {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

/// A text that is not a `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl TraceParent {
    /// Returns the position in the only header of that name. A malformed or repeated one counts as
    /// absent, as the standard demands: no log is lost because of it.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok()?.parse().ok(),
            _ => None,
        }
    }

    /// Returns the position of a span, if it is a valid one.
    pub(crate) fn of_span(span: &SpanContext) -> Option<Self> {
        span.is_valid().then(|| Self {
            trace: span.trace_id(),
            span: span.span_id(),
            flags: span.trace_flags(),
        })
    }

    /// Returns the position as a parent for a span of this process.
    pub(crate) fn as_parent(self) -> SpanContext {
        SpanContext::new(self.trace, self.span, self.flags, true, TraceState::NONE)
    }
}

impl FromStr for TraceParent {
    type Err = Malformed;

    /// Parses `00-{trace}-{parent}-{flags}` in lower case hexadecimal. Of a later version, the
    /// fields of version 00 are used, as the standard says.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (known, rest) = text.split_at_checked(LENGTH).ok_or(Malformed)?;
        let fields: Vec<_> = known.split('-').collect();
        let &[version, trace, span, flags] = &fields[..] else { return Err(Malformed) };
        let has_lengths = [version.len(), trace.len(), span.len(), flags.len()] == [2, 32, 16, 2];
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
        let is_version = version != "ff" && (rest.is_empty() || version != "00");
        let is_ended = rest.is_empty() || rest.starts_with('-');
        if !(has_lengths && known.bytes().all(is_hex) && is_version && is_ended) {
            return Err(Malformed);
        }
        let trace = TraceId::from_hex(trace).map_err(|_| Malformed)?;
        let span = SpanId::from_hex(span).map_err(|_| Malformed)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| Malformed)?;
        if trace == TraceId::INVALID || span == SpanId::INVALID {
            return Err(Malformed);
        }
        let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED;
        Ok(Self { trace, span, flags })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags.to_u8())
    }
}

/// The length of version 00.
const LENGTH: usize = 55;

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn parsed(text: &str) -> Option<String> {
        text.parse::<TraceParent>().ok().map(|parent| parent.to_string())
    }

    #[test]
    fn a_valid_one_is_displayed_as_it_was() {
        assert_eq!(parsed(VALID).as_deref(), Some(VALID));
        let unsampled = VALID.replace("-01", "-00");
        assert_eq!(parsed(&unsampled), Some(unsampled));
        // Flags of the future are dropped, and a later version is used as version 00.
        assert_eq!(parsed(&VALID.replace("-01", "-fb")).as_deref(), Some(VALID));
        let later = VALID.replacen("00-", "cc-", 1) + "-what-the-future-will-be-like";
        assert_eq!(parsed(&later).as_deref(), Some(VALID));
    }

    #[test]
    fn anything_else_is_refused() {
        let zeros = "0".repeat(32);
        for wrong in [
            String::new(),
            VALID[..54].into(),
            VALID.to_uppercase(),
            format!("{VALID}-"),
            format!("{VALID}0"),
            format!(" {VALID}"),
            VALID.replacen("00-", "ff-", 1),
            VALID.replacen("00-", "cc-", 1) + "x",
            VALID.replace('4', "g"),
            VALID.replace('4', "é"),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", &zeros[..16]),
            VALID.replacen('-', "+", 2),
        ] {
            assert_eq!(parsed(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_repeated_header_counts_as_absent() {
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, VALID.parse().expect("a value"));
        assert!(TraceParent::of_headers(&headers).is_some());
        headers.append(TRACEPARENT, VALID.parse().expect("a value"));
        assert_eq!(TraceParent::of_headers(&headers), None);
    }
}
