use std::fmt;

/// What one request is called: in its extensions, in the `X-Request-Id` of its response, and in events of the audit log.
///
/// 128 random bits in 32 hexadecimal digits; a trace that begins here has the same. What a caller sends under that name is not taken over: whoever chooses an id can
/// choose another's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 32]);

impl RequestId {
    pub(super) fn new(random: [u8; 16]) -> Self {
        let mut digits = [0; 32];
        base16ct::lower::encode(&random, &mut digits).expect("16 bytes are 32 digits");
        Self(digits)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default() // hexadecimal is ASCII
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}
