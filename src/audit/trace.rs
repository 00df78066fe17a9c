use std::fmt;
use std::str::FromStr;

use crate::encoding;
use crate::random::{self, RandomError};

/// Where a request stands in a trace that spans services: the content of a `traceparent` header.
///
/// ```
/// use palisade::audit::TraceContext;
///
/// let received = ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]; // every traceparent of the request
/// let here = TraceContext::receive(received)?; // the same trace, a span of our own
/// assert!(here.to_string().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
///
/// let fresh = TraceContext::receive(["not one"])?; // what is malformed is not continued
/// assert_ne!(fresh.trace_id(), here.trace_id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Whoever calls may choose the trace id, so it links events but identifies nothing. Give a request an id of your own
/// with [`Event::request_id`](super::Event::request_id) where that matters.
///
/// # Source
/// W3C Trace Context, level 1, §3.2; of level 2 the flag for random ids passes through.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// Not all zero.
    trace_id: [u8; 16],
    /// Not all zero.
    span_id: [u8; 8],
    flags: u8,
}

impl TraceContext {
    /// Starts a trace, sampled.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self { trace_id: random_id()?, span_id: random_id()?, flags: SAMPLED })
    }

    /// Continues the trace of a request, or starts one: without a header, with a malformed one, or with several.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn receive<H: AsRef<[u8]>>(headers: impl IntoIterator<Item = H>) -> Result<Self, RandomError> {
        Self::only(headers).map_or_else(Self::generate, |received| received.child())
    }

    /// As [`receive`](Self::receive), with random bytes that the caller has drawn; `None` if half of them are zero.
    #[cfg(feature = "tower")]
    pub(crate) fn receive_with<H: AsRef<[u8]>>(
        headers: impl IntoIterator<Item = H>,
        drawn: [u8; 16],
    ) -> Option<Self> {
        let span_id = *drawn.last_chunk()?;
        let fresh = || Self { trace_id: drawn, span_id, flags: SAMPLED };
        let here = Self::only(headers).map_or_else(fresh, |received| Self { span_id, ..received });
        (span_id != [0; 8]).then_some(here)
    }

    /// The next span of this trace, for a call to another service.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn child(&self) -> Result<Self, RandomError> {
        Ok(Self { span_id: random_id()?, ..*self })
    }

    /// The trace: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        encoding::hex(&self.trace_id)
    }

    /// The span: 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        encoding::hex(&self.span_id)
    }

    /// Whether the caller asks for the trace to be kept.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    fn only<H: AsRef<[u8]>>(headers: impl IntoIterator<Item = H>) -> Option<Self> {
        let mut headers = headers.into_iter();
        match (headers.next(), headers.next()) {
            (Some(header), None) => Self::parse(header.as_ref()),
            _ => None,
        }
    }

    fn parse(header: &[u8]) -> Option<Self> {
        let text = str::from_utf8(header).ok()?.trim_matches([' ', '\t']);
        let (known, rest) = text.split_at_checked(LEN)?;
        let mut parts = known.split('-');
        let mut next = || parts.next();
        let (version, trace, span, flags) = (next()?, next()?, next()?, next()?);
        if next().is_some() {
            return None;
        }
        let (mut number, mut trace_id, mut span_id, mut bits) = ([0; 1], [0; 16], [0; 8], [0; 1]);
        encoding::from_hex(version, &mut number)?;
        encoding::from_hex(trace, &mut trace_id)?;
        encoding::from_hex(span, &mut span_id)?;
        encoding::from_hex(flags, &mut bits)?;
        // A later version may be longer, but only by further parts. 255 is forbidden.
        let ends = match number {
            [0] => rest.is_empty(),
            [255] => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let [flags] = bits;
        let flags = flags & (SAMPLED | RANDOM);
        (ends && trace_id != [0; 16] && span_id != [0; 8]).then_some(Self { trace_id, span_id, flags })
    }
}

impl fmt::Display for TraceContext {
    /// As a `traceparent` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceContext({self})")
    }
}

impl FromStr for TraceContext {
    type Err = TraceContextError;

    fn from_str(text: &str) -> Result<Self, TraceContextError> {
        Self::parse(text.as_bytes()).ok_or(TraceContextError)
    }
}

/// A text is not a trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a traceparent header")]
#[non_exhaustive]
pub struct TraceContextError;

fn random_id<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut id = [0; N];
    while id == [0; N] {
        random::fill(&mut id)?;
    }
    Ok(id)
}

/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const LEN: usize = 55;
const SAMPLED: u8 = 1;
/// Level 2: the trace id is random.
const RANDOM: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_standard_says() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        for (header, flags) in [
            (format!("00-{trace}-{span}-01"), Some("01")),
            (format!(" \t00-{trace}-{span}-00 "), Some("00")),
            (format!("00-{trace}-{span}-ff"), Some("03")),
            (format!("cc-{trace}-{span}-01"), Some("01")),
            (format!("cc-{trace}-{span}-01-more"), Some("01")),
            (format!("cc-{trace}-{span}-01.more"), None),
            (format!("00-{trace}-{span}-01-more"), None),
            (format!("00-{trace}-{span}-01-"), None),
            (format!("ff-{trace}-{span}-01"), None),
            (format!("00-{}-{span}-01", trace.to_uppercase()), None),
            (format!("00-{}-{span}-01", "0".repeat(32)), None),
            (format!("00-{trace}-{}-01", "0".repeat(16)), None),
            (format!("0-0{trace}-{span}-01"), None),
            (format!("00-{trace}{span}--01"), None),
            (format!("00-{trace}-{span}-1"), None),
            (format!("00-{}é-{span}-01", &trace[..30]), None),
            (format!("00-{trace}-{span}-0\u{0}"), None),
            (String::new(), None),
        ] {
            let read = header.parse::<TraceContext>().ok().map(|read| read.to_string());
            assert_eq!(read, flags.map(|flags| format!("00-{trace}-{span}-{flags}")), "{header:?}");
        }
    }

    #[test]
    fn several_headers_or_bytes_start_a_trace() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let other = TraceContext::receive([header, header]).unwrap();
        assert_ne!(other.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(TraceContext::receive([&[0xff_u8; 55][..]]).unwrap().is_sampled());
        let child = TraceContext::receive([header]).unwrap();
        assert_eq!(child.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(child.span_id(), "00f067aa0ba902b7");
        assert!(random::while_failing(|| TraceContext::receive([header])).is_err());
    }
}
