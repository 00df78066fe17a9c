use std::borrow::Cow;

use super::{Invalid, InvalidKind};

valid_text! {
    /// The value of an HTTP header field: visible ASCII, with spaces and tabs inside. It may be empty.
    ///
    /// ```
    /// use palisade::validate::HeaderValue;
    ///
    /// assert_eq!(HeaderValue::parse("text/html; charset=utf-8")?.as_str(), "text/html; charset=utf-8");
    /// assert!(HeaderValue::parse("/home\r\nSet-Cookie: session=mine").is_err());
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// Non-ASCII is refused, which the standard calls opaque and receivers read in ways of their own: some cut U+560D and
    /// U+560A to a carriage return and a line feed. Encode it first, as RFC 8187 has it for file names.
    ///
    /// # Source
    /// RFC 9110 §5.5, without obs-text.
    HeaderValue, at most 8192 bytes
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.len() > HeaderValue::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 8192 bytes"));
    }
    if let Some(at) = text.bytes().position(|byte| !matches!(byte, b' '..=b'~' | b'\t')) {
        return Err(invalid(InvalidKind::Character, VISIBLE).at_byte(at));
    }
    if text.trim_ascii().len() != text.len() {
        return Err(invalid(InvalidKind::Form, "no space or tab at either end"));
    }
    Ok(Cow::Borrowed(text))
}

#[cfg(feature = "http")]
impl From<HeaderValue> for http::HeaderValue {
    fn from(value: HeaderValue) -> Self {
        Self::from_str(value.as_str()).expect("visible ASCII, spaces and tabs are what it takes")
    }
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("header value", kind, expected)
}

const VISIBLE: &str = "only visible ASCII, spaces and tabs";
