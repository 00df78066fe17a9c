use std::fmt;

use super::code::Otp;
use super::error::{OtpParameterError, OtpParameterErrorKind};
use super::secret::OtpSecret;
use crate::secret::{ExposeSecret, SecretString};

/// What an authenticator reads to set itself up: `otpauth://totp/…`, with the secret in it. Erased when dropped.
///
/// ```
/// use palisade::session::otp::{Otp, OtpSecret};
///
/// let secret = OtpSecret::from_base32("JBSWY3DPEHPK3PXP")?;
/// let uri = Otp::default().provisioning_uri(&secret, "Acme Co", "ann@example.com")?;
/// assert_eq!(
///     uri.expose(),
///     "otpauth://totp/Acme%20Co:ann%40example.com\
///      ?secret=JBSWY3DPEHPK3PXP&issuer=Acme%20Co&algorithm=SHA1&digits=6&period=30"
/// );
/// assert_eq!(format!("{uri:?}"), "ProvisioningUri");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Whoever sees it has the secret. Show it to its user, once, on a page with `Cache-Control: no-store`; hand it to no service
/// that draws QR codes.
///
/// # Source
/// Google Authenticator's "Key Uri Format". Percent-encoding: RFC 3986 §2.
pub struct ProvisioningUri(SecretString);

impl Otp {
    /// Names the service and the account to the authenticator that is to show codes of `secret`.
    ///
    /// # Errors
    /// [`OtpParameterErrorKind::Issuer`] or [`Account`](OtpParameterErrorKind::Account) for a name that is empty or longer
    /// than 128 bytes, has a colon or a control character in it, or white space at its ends.
    pub fn provisioning_uri(
        &self,
        secret: &OtpSecret,
        issuer: &str,
        account: &str,
    ) -> Result<ProvisioningUri, OtpParameterError> {
        if !is_name(issuer) {
            return Err(OtpParameterErrorKind::Issuer.into());
        }
        if !is_name(account) {
            return Err(OtpParameterErrorKind::Account.into());
        }
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        let secret = secret.expose_base32();
        let Self { algorithm, digits, period } = *self;
        let rest = format!("&issuer={issuer}&algorithm={}&digits={digits}&period={period}", algorithm.name());
        let before = format!("otpauth://totp/{issuer}:{account}?secret=");
        let mut uri = String::with_capacity(before.len() + secret.len() + rest.len());
        for part in [&before, secret.expose_secret(), &rest] {
            uri.push_str(part);
        }
        Ok(ProvisioningUri(SecretString::from(uri)))
    }
}

impl ProvisioningUri {
    /// The URI's text.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ProvisioningUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProvisioningUri")
    }
}

/// What stands before or after a colon in a label, and comes out of it as it went in.
fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.trim() == name
        && !name.chars().any(|character| character == ':' || character.is_control())
}

/// All but the unreserved characters of RFC 3986 §2.3; a space is `%20`, since some authenticators show `+` as it is.
fn percent_encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 0xf)]);
        }
    }
    encoded
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or_default().to_ascii_uppercase()
}
