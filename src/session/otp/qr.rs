use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

use super::provisioning::ProvisioningUri;
use crate::secret::SecretString;

impl ProvisioningUri {
    /// Draws the URI as a QR code in SVG, for an authenticator's camera: black on white, with a margin of four modules, to
    /// stand in a page of HTML as it is.
    ///
    /// It has neither script nor style nor text in it, and takes the size of what it stands in.
    ///
    /// ```
    /// use palisade::secret::ExposeSecret;
    /// use palisade::session::otp::{Otp, OtpSecret};
    ///
    /// let uri = Otp::default().provisioning_uri(&OtpSecret::generate()?, "Acme", "ann@example.com")?;
    /// let svg = uri.to_qr_svg();
    /// assert!(svg.expose_secret().starts_with("<svg "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Security
    /// The picture is the secret: see [`ProvisioningUri`]. What the encoder holds while it works is freed, not erased.
    ///
    /// # Source
    /// ISO/IEC 18004, with error correction M: a photograph may miss 15 % of it.
    #[must_use]
    pub fn to_qr_svg(&self) -> SecretString {
        SecretString::from(draw(self.expose()))
    }
}

fn draw(uri: &str) -> String {
    // INVARIANT: a URI has at most 1,500 bytes, 1,152 of them for names and 205 for the secret; level M takes 2,331.
    let code = QrCode::encode_text(uri, QrCodeEcc::Medium).expect("a URI fits");
    let side = code.size() + 2 * MARGIN;
    // In memory that does not grow, so that no copy stays behind: every other module may begin a run of 20 characters.
    let modules = usize::try_from(code.size() * (code.size() + 1)).expect("at most 177 by 178");
    let mut svg = String::with_capacity(256 + modules * 10);
    let written = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\""
    )
    .and_then(|()| write_modules(&mut svg, &code))
    .and_then(|()| svg.write_str("\"/></svg>"));
    written.expect("a String takes whatever is written");
    svg
}

/// Every run of black modules in a row as a rectangle.
fn write_modules(svg: &mut String, code: &QrCode) -> std::fmt::Result {
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let start = x;
            while code.get_module(x, y) {
                x += 1; // beyond its sides a code is white
            }
            if x > start {
                let length = x - start;
                write!(svg, "M{} {}h{length}v1h-{length}z", start + MARGIN, y + MARGIN)?;
            }
            x += 1;
        }
    }
    Ok(())
}

/// Modules left white around the code: the quiet zone of ISO/IEC 18004 §6.3.8.
const MARGIN: i32 = 4;
