//! Secrets in the headers of `http`.

use http::{HeaderMap, HeaderValue};

use super::key;
use super::mask;
use super::redactor::Redactor;

impl Redactor {
    /// The headers to log: credentials and cookies hidden, their schemes and names kept.
    ///
    /// A value that is [marked as sensitive](HeaderValue::set_sensitive) is hidden whole.
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue, header};
    /// use palisade::redact::Redactor;
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer c2VjcmV0"));
    /// headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    /// assert_eq!(
    ///     format!("{:?}", Redactor::default().redact_headers(&headers)),
    ///     r#"{"authorization": "Bearer [REDACTED]", "accept": "text/html"}"#
    /// );
    /// ```
    pub fn redact_headers(&self, headers: &HeaderMap) -> HeaderMap {
        let mut redacted = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            let shown =
                if value.is_sensitive() { hidden() } else { self.redact_header(name.as_str(), value) };
            redacted.append(name, shown);
        }
        redacted
    }

    fn redact_header(&self, name: &str, value: &HeaderValue) -> HeaderValue {
        match self.redact_event(value.as_bytes(), key::judge(name.as_bytes())).bytes {
            None => value.clone(),
            Some(bytes) => HeaderValue::from_bytes(&bytes).unwrap_or_else(|_| hidden()),
        }
    }
}

fn hidden() -> HeaderValue {
    HeaderValue::from_static(mask::DEFAULT)
}
