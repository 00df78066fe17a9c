/// Proof that a user presented a code that was right, and that cannot be presented again.
///
/// A function that needs a second factor takes one, and cannot be called without:
///
/// ```
/// use palisade::session::otp::Verified;
///
/// fn change_password(verified: Verified, new: &str) {
///     let user = verified.user(); // of this user, and nobody else
/// }
/// ```
///
/// It is not made by hand, from nothing, or twice:
///
/// ```compile_fail,E0451
/// use palisade::session::otp::{Method, Verified};
/// let forged = Verified { user: "ann".into(), method: Method::Totp, codes_left: None };
/// ```
/// ```compile_fail,E0277
/// fn from_nothing<T: Default>() -> T { T::default() }
/// let forged: palisade::session::otp::Verified = from_nothing();
/// ```
/// ```compile_fail,E0382
/// use palisade::session::otp::Verified;
/// fn spend(_: Verified) {}
/// fn twice(verified: Verified) { spend(verified); spend(verified); }
/// ```
/// ```compile_fail,E0599
/// fn copy(verified: palisade::session::otp::Verified) { let _ = verified.clone(); }
/// ```
/// ```compile_fail,E0277
/// let forged: palisade::session::otp::Verified = serde_json::from_str("null")?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a proof nobody asks for protects nothing"]
pub struct Verified {
    user: Box<str>,
    method: Method,
    codes_left: Option<usize>,
}

/// What kind of code was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// The code of a time.
    Totp,
    /// The code of a counter.
    Hotp,
    /// A recovery code.
    Recovery,
}

impl Verified {
    /// Called where a code has been accepted, and nowhere else.
    pub(super) fn passed(user: &str, method: Method) -> Self {
        Self { user: user.into(), method, codes_left: None }
    }

    pub(super) fn with_codes_left(self, codes_left: Option<usize>) -> Self {
        Self { codes_left, ..self }
    }

    /// Who presented the code.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What kind of code it was.
    pub fn method(&self) -> Method {
        self.method
    }

    /// After a recovery code, how many are left; `None` after another code, or when the store could not tell.
    pub fn codes_left(&self) -> Option<usize> {
        self.codes_left
    }
}
