use std::fmt;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::error::{OtpParameterError, OtpParameterErrorKind};
use super::secret::OtpSecret;
use crate::secret::{ExposeSecret, SecretString};

/// How codes are made of a secret: the hash, the number of digits, and for how long a code stands.
///
/// [`Otp::default`] is what every authenticator reads: SHA-1, 6 digits, 30 seconds. Other values are for secrets that were
/// handed out with them.
///
/// ```
/// use palisade::session::otp::{Algorithm, Otp, OtpSecret};
/// use std::time::{Duration, SystemTime};
///
/// let secret = OtpSecret::generate()?;
/// let shown = Otp::default().at(&secret, SystemTime::now())?; // what the user's telephone shows now
/// assert_eq!(shown.expose().len(), 6);
///
/// let imported = Otp::default().algorithm(Algorithm::Sha256).digits(8)?.period(Duration::from_secs(60))?;
/// assert_eq!(imported.hotp(&secret, 0).expose().len(), 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
/// HOTP: RFC 4226. TOTP: RFC 6238, with `T0 = 0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Otp {
    pub(super) algorithm: Algorithm,
    pub(super) digits: u8,
    /// In seconds.
    pub(super) period: u64,
}

/// A one-time code: digits, erased when dropped.
///
/// For as long as it stands it lets in whoever knows it, so `Debug` shows its type alone.
pub struct OtpCode(SecretString);

impl Otp {
    /// Another hash than SHA-1.
    #[must_use]
    pub const fn algorithm(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// Codes of 6, 7 or 8 digits.
    ///
    /// # Errors
    /// [`OtpParameterErrorKind::Digits`] for other numbers.
    ///
    /// # Source
    /// RFC 4226 §5.3.
    pub const fn digits(self, digits: u8) -> Result<Self, OtpParameterError> {
        if digits < 6 || digits > 8 {
            return Err(OtpParameterError::new(OtpParameterErrorKind::Digits));
        }
        Ok(Self { digits, ..self })
    }

    /// Codes that stand for 15 to 120 whole seconds each.
    ///
    /// # Errors
    /// [`OtpParameterErrorKind::Period`] for other times.
    pub const fn period(self, period: Duration) -> Result<Self, OtpParameterError> {
        let seconds = period.as_secs();
        if seconds < 15 || seconds > 120 || period.subsec_nanos() > 0 {
            return Err(OtpParameterError::new(OtpParameterErrorKind::Period));
        }
        Ok(Self { period: seconds, ..self })
    }

    /// The code of a counter, as a token with a button shows it.
    pub fn hotp(&self, secret: &OtpSecret, counter: u64) -> OtpCode {
        OtpCode(decimal(self.algorithm.truncated(secret.expose(), counter), self.digits))
    }

    /// The code of a time, as an authenticator shows it then. For tests and for programs that log in by themselves; what a
    /// user presents is checked by an [`OtpVerifier`](super::OtpVerifier).
    ///
    /// # Errors
    /// [`OtpParameterErrorKind::Time`] for times before 1970, which have no code.
    pub fn at(&self, secret: &OtpSecret, time: SystemTime) -> Result<OtpCode, OtpParameterError> {
        let step = self.step(time).ok_or(OtpParameterErrorKind::Time)?;
        Ok(self.hotp(secret, step))
    }

    /// How many periods have passed since 1970.
    pub(super) fn step(&self, time: SystemTime) -> Option<u64> {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        since.as_secs().checked_div(self.period)
    }

    /// The digits of a code as somebody typed it: white space anywhere, and as many ASCII digits as codes have.
    pub(super) fn read(&self, presented: &str) -> Option<Zeroizing<Vec<u8>>> {
        if presented.len() > LONGEST_TEXT {
            return None;
        }
        let mut digits = Zeroizing::new(Vec::with_capacity(presented.len()));
        digits.extend(presented.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        let all = digits.len() == usize::from(self.digits) && digits.iter().all(u8::is_ascii_digit);
        all.then_some(digits)
    }
}

impl Default for Otp {
    fn default() -> Self {
        Self { algorithm: Algorithm::Sha1, digits: 6, period: 30 }
    }
}

impl OtpCode {
    /// The code's digits.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for OtpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpCode")
    }
}

/// The last `digits` decimal digits of `number`.
fn decimal(number: u32, digits: u8) -> SecretString {
    let (mut rest, mut text) = (number, Zeroizing::new([0; 8]));
    let (text, _) = text.split_at_mut(digits.min(8).into());
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    SecretString::from(std::str::from_utf8(text).expect("digits are ASCII"))
}

/// Digits with what stands between them.
const LONGEST_TEXT: usize = 32;
