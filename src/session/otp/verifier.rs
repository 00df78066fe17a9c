use std::net::IpAddr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::code::Otp;
use super::error::{OtpError, OtpErrorKind, OtpParameterError, OtpParameterErrorKind};
use super::recovery::{self, RecoveryCodes};
use super::secret::OtpSecret;
use super::store::{AsyncCodeStore, CodeStore};
use super::verified::{Method, Verified};
use crate::clock::{Clock, SystemClock};
use crate::compare::{self, Choice, ConditionallySelectable, CtOption};
use crate::rate_limit::{Attempt, LoginGuard};
use crate::seal::Sealer;

/// Checks the codes that users present: guesses are limited, and no code is accepted twice.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::rate_limit::LoginGuard;
/// use palisade::seal::Sealer;
/// use palisade::session::otp::{MemoryCodeStore, Otp, OtpSecret, OtpVerifier};
/// use std::net::IpAddr;
/// use std::time::SystemTime;
///
/// let sealer = Sealer::new(&KeyRing::generate()?);
/// let secret = OtpSecret::generate()?;
/// let column = secret.seal(&sealer, "17")?; // of user 17
///
/// let verifier = OtpVerifier::new(sealer, MemoryCodeStore::new(10_000), LoginGuard::new()?); // one for the whole program
/// let addr: IpAddr = "203.0.113.9".parse()?;
/// let typed = Otp::default().at(&secret, SystemTime::now())?;
///
/// let verified = verifier.verify("17", addr, &column, typed.expose())?;
/// assert_eq!(verified.user(), "17");
/// assert!(verifier.verify("17", addr, &column, typed.expose()).unwrap_err().is_rejected()); // once is all
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In all its calls `user` is the account's number or another name of it that never changes, and never what somebody typed.
/// Each user has one secret.
///
/// # Security
/// A guess at 6 digits is right with a chance of three in a million, with a drift of two periods five. The guard's defaults
/// let through 100 guesses at one account in 30 days, which makes one in 3,300; of a counter with a look-ahead of 5 one in 1,700, of 20
/// one in 480. That is by process, and since it started. It should be a guard of its own: to the second factor come only those who
/// know the password, so that strangers cannot use up the guesses of its owner. Whoever does know it can, codes and recovery
/// codes alike: [`LoginGuard::reset`](crate::rate_limit::LoginGuard::reset) is for the owner who has proved it otherwise.
///
/// All codes of the window are computed and compared, whichever matches, in a time independent of content. A guess that could
/// not be judged, since the store failed, stays charged.
///
/// # Source
/// RFC 4226 §§7.2 to 7.4; RFC 6238 §§5.2, 6. Limits and single use: NIST SP 800-63B-4 §§3.1.4, 3.1.5.
#[derive(Clone, Debug)]
pub struct OtpVerifier<S> {
    sealer: Sealer,
    store: S,
    guard: Arc<LoginGuard>,
    otp: Otp,
    drift: u64,
    look_ahead: u64,
    clock: Arc<dyn Clock>,
}

impl<S> OtpVerifier<S> {
    /// Checks codes of [`Otp::default`] with a drift of one period, of secrets that `sealer` opens.
    pub fn new(sealer: Sealer, store: S, guard: impl Into<Arc<LoginGuard>>) -> Self {
        let (guard, clock) = (guard.into(), Arc::new(SystemClock));
        Self { sealer, store, guard, otp: Otp::default(), drift: 1, look_ahead: 5, clock }
    }

    /// Other codes than [`Otp::default`]'s.
    #[must_use]
    pub fn otp(self, otp: Otp) -> Self {
        Self { otp, ..self }
    }

    /// By how many periods the authenticator's clock may be wrong, in each direction: 1 unless set, at most 2. Each adds two
    /// codes that a guess may hit.
    ///
    /// # Errors
    /// [`OtpParameterErrorKind::Drift`] above 2.
    pub fn drift(self, periods: u8) -> Result<Self, OtpParameterError> {
        if periods > 2 {
            return Err(OtpParameterErrorKind::Drift.into());
        }
        Ok(Self { drift: periods.into(), ..self })
    }

    /// How many codes of a counter may be left out, as when the button was pressed for nothing: 5 unless set, at most 20.
    /// Each adds a code that a guess may hit.
    ///
    /// # Errors
    /// [`OtpParameterErrorKind::LookAhead`] above 20.
    pub fn look_ahead(self, codes: u8) -> Result<Self, OtpParameterError> {
        if codes > 20 {
            return Err(OtpParameterErrorKind::LookAhead.into());
        }
        Ok(Self { look_ahead: codes.into(), ..self })
    }

    /// Another clock than the system's.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Where steps and recovery codes are.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The secret and what was presented, if both can be read.
    fn read(&self, user: &str, sealed: &[u8], presented: &str) -> Result<Question, OtpError> {
        let secret = OtpSecret::open(&self.sealer, user, sealed).map_err(|_| OtpErrorKind::Corrupt)?;
        let presented = self.otp.read(presented).ok_or(OtpErrorKind::Malformed)?;
        Ok(Question { secret, presented })
    }

    /// The period whose code was presented. Of two with one code the later, so that what was used is used for both.
    fn period(&self, question: &Question) -> Result<u64, OtpError> {
        let now = self.otp.step(self.clock.wall()).ok_or(OtpErrorKind::Unavailable)?;
        let accepted = now.saturating_sub(self.drift)..=now.saturating_add(self.drift);
        self.last_match(question, accepted).ok_or_else(|| OtpErrorKind::Wrong.into())
    }

    /// The counter whose code was presented, after the one that was used: none after the last there is. Of two with one code
    /// the earlier, where the token more likely is.
    fn counter(&self, question: &Question, used: Option<u64>) -> Result<u64, OtpError> {
        let next = match used {
            Some(used) => used.checked_add(1).ok_or(OtpErrorKind::Wrong)?,
            None => 0,
        };
        let accepted = next..=next.saturating_add(self.look_ahead);
        self.last_match(question, accepted.rev()).ok_or_else(|| OtpErrorKind::Wrong.into())
    }

    /// The last of `steps` whose code was presented. Nothing ends early, whichever it is.
    fn last_match(&self, question: &Question, steps: impl Iterator<Item = u64>) -> Option<u64> {
        let (mut last, mut any) = (0, Choice::from(0));
        for step in steps {
            let code = self.otp.hotp(&question.secret, step);
            let same = Choice::from(u8::from(compare::equal(code.expose().as_bytes(), &question.presented)));
            last.conditional_assign(&step, same);
            any |= same;
        }
        CtOption::new(last, any).into()
    }
}

impl<S: CodeStore> OtpVerifier<S> {
    /// Checks the code of a time, as authenticators show it; white space in it is passed over.
    ///
    /// `sealed` is what [`OtpSecret::seal`] made for this user, and `addr` where the request comes from: see
    /// [`client_ip`](crate::rate_limit::client_ip).
    ///
    /// # Errors
    /// [`OtpError`]: the code is rejected, guesses are [`Denied`](OtpErrorKind::Denied), or nothing can be said.
    pub fn verify(
        &self,
        user: &str,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        let attempt = self.guard.attempt(user, addr)?;
        let step = self.period(&self.read(user, sealed, presented)?)?;
        settle(user, Method::Totp, attempt, self.store.advance(user, step)?)
    }

    /// Checks the code of a counter, as tokens with a button show it, and counts on from there.
    ///
    /// A new user's counter begins at 0, and a token that is ahead by more than [`look_ahead`](Self::look_ahead) is refused:
    /// [`CodeStore::advance`] sets the counter of one that was used before. A user who had another secret needs
    /// [`CodeStore::remove`] first, when that one is deleted.
    ///
    /// # Errors
    /// As [`verify`](Self::verify). A code that was used is [`Wrong`](OtpErrorKind::Wrong) here: none before the counter is
    /// looked at.
    pub fn verify_hotp(
        &self,
        user: &str,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        let attempt = self.guard.attempt(user, addr)?;
        let question = self.read(user, sealed, presented)?;
        let step = self.counter(&question, self.store.step(user)?)?;
        settle(user, Method::Hotp, attempt, self.store.advance(user, step)?)
    }

    /// Checks a recovery code, which is spent with that, and tells how many are left.
    ///
    /// # Errors
    /// As [`verify`](Self::verify). A code that was spent is [`Wrong`](OtpErrorKind::Wrong).
    pub fn spend_recovery_code(
        &self,
        user: &str,
        addr: IpAddr,
        presented: &str,
    ) -> Result<Verified, OtpError> {
        let attempt = self.guard.attempt(user, addr)?;
        let digest = recovery::digest(user, presented).ok_or(OtpErrorKind::Malformed)?;
        let verified = spent(user, attempt, self.store.spend_code(user, &digest)?)?;
        // The code is spent, so its user is let in, whether or not the store can tell how many there are now.
        Ok(verified.with_codes_left(self.store.codes_left(user).ok()))
    }

    /// Checks the first code of a user's first secret, which is `sealed` and pending.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); or the user has a second factor, which is [`Enrolled`](OtpErrorKind::Enrolled): whoever has the
    /// password alone does not put another in its place.
    ///
    /// # Security
    /// That there is one is what the store remembers: a code that was accepted, or recovery codes. Of a secret that was imported, or
    /// whose store has forgotten, the application knows by its own column, and calls
    /// [`confirm_replacement`](Self::confirm_replacement).
    pub fn confirm_enrolment(
        &self,
        user: &str,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        if self.store.step(user)?.is_some() || self.store.codes_left(user)? > 0 {
            return Err(OtpErrorKind::Enrolled.into());
        }
        self.verify(user, addr, sealed, presented)
    }

    /// Checks the first code of another secret, which is `sealed` and pending, of the user who has just shown the second factor
    /// that there is: a code of the old secret, or a recovery code.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn confirm_replacement(
        &self,
        proof: &Verified,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        self.verify(proof.user(), addr, sealed, presented)
    }

    /// Makes recovery codes for the user who has just shown a second factor, and who has no others from then on.
    ///
    /// # Errors
    /// [`OtpErrorKind::Random`] or [`OtpErrorKind::Unavailable`].
    pub fn replace_recovery_codes(&self, proof: &Verified) -> Result<RecoveryCodes, OtpError> {
        let codes = RecoveryCodes::generate()?;
        self.store.replace_codes(proof.user(), &codes.digests(proof.user()))?;
        Ok(codes)
    }
}

impl<S: AsyncCodeStore> OtpVerifier<S> {
    /// As [`verify`](Self::verify), in a store that is awaited. A future that is dropped may have used the code.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn verify_async(
        &self,
        user: &str,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        let attempt = self.guard.attempt(user, addr)?;
        let step = self.period(&self.read(user, sealed, presented)?)?;
        settle(user, Method::Totp, attempt, self.store.advance(user, step).await?)
    }

    /// As [`verify_hotp`](Self::verify_hotp), in a store that is awaited.
    ///
    /// # Errors
    /// As [`verify_hotp`](Self::verify_hotp).
    pub async fn verify_hotp_async(
        &self,
        user: &str,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        let attempt = self.guard.attempt(user, addr)?;
        let question = self.read(user, sealed, presented)?;
        let step = self.counter(&question, self.store.step(user).await?)?;
        settle(user, Method::Hotp, attempt, self.store.advance(user, step).await?)
    }

    /// As [`spend_recovery_code`](Self::spend_recovery_code), in a store that is awaited.
    ///
    /// # Errors
    /// As [`spend_recovery_code`](Self::spend_recovery_code).
    pub async fn spend_recovery_code_async(
        &self,
        user: &str,
        addr: IpAddr,
        presented: &str,
    ) -> Result<Verified, OtpError> {
        let attempt = self.guard.attempt(user, addr)?;
        let digest = recovery::digest(user, presented).ok_or(OtpErrorKind::Malformed)?;
        let verified = spent(user, attempt, self.store.spend_code(user, &digest).await?)?;
        Ok(verified.with_codes_left(self.store.codes_left(user).await.ok()))
    }

    /// As [`replace_recovery_codes`](Self::replace_recovery_codes), in a store that is awaited.
    ///
    /// # Errors
    /// As [`replace_recovery_codes`](Self::replace_recovery_codes).
    pub async fn replace_recovery_codes_async(&self, proof: &Verified) -> Result<RecoveryCodes, OtpError> {
        let codes = RecoveryCodes::generate()?;
        self.store.replace_codes(proof.user(), &codes.digests(proof.user())).await?;
        Ok(codes)
    }

    /// As [`confirm_enrolment`](Self::confirm_enrolment), in a store that is awaited.
    ///
    /// # Errors
    /// As [`confirm_enrolment`](Self::confirm_enrolment).
    pub async fn confirm_enrolment_async(
        &self,
        user: &str,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        if self.store.step(user).await?.is_some() || self.store.codes_left(user).await? > 0 {
            return Err(OtpErrorKind::Enrolled.into());
        }
        self.verify_async(user, addr, sealed, presented).await
    }

    /// As [`confirm_replacement`](Self::confirm_replacement), in a store that is awaited.
    ///
    /// # Errors
    /// As [`confirm_replacement`](Self::confirm_replacement).
    pub async fn confirm_replacement_async(
        &self,
        proof: &Verified,
        addr: IpAddr,
        sealed: &[u8],
        presented: &str,
    ) -> Result<Verified, OtpError> {
        self.verify_async(proof.user(), addr, sealed, presented).await
    }
}

/// What a code is looked for with.
struct Question {
    secret: OtpSecret,
    presented: Zeroizing<Vec<u8>>,
}

/// After the store was told of the step: whether that was new.
fn settle(user: &str, method: Method, attempt: Attempt<'_>, is_new: bool) -> Result<Verified, OtpError> {
    if !is_new {
        return Err(OtpErrorKind::Replayed.into());
    }
    attempt.succeeded();
    Ok(Verified::passed(user, method))
}

/// After the store was told that a recovery code is spent: whether there was one.
fn spent(user: &str, attempt: Attempt<'_>, was_there: bool) -> Result<Verified, OtpError> {
    if !was_there {
        return Err(OtpErrorKind::Wrong.into());
    }
    attempt.succeeded();
    Ok(Verified::passed(user, Method::Recovery))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::while_failing;
    use crate::session::otp::MemoryCodeStore;

    #[test]
    fn a_failing_random_source_leaves_the_recovery_codes_that_there_are() {
        let sealer = Sealer::new(crate::keys::KeyRing::generate().unwrap());
        let verifier = OtpVerifier::new(sealer, MemoryCodeStore::new(1), LoginGuard::new().unwrap());
        let proof = Verified::passed("17", Method::Totp);
        assert_eq!(verifier.replace_recovery_codes(&proof).unwrap().expose().count(), 10);
        let error = while_failing(|| verifier.replace_recovery_codes(&proof)).unwrap_err();
        assert_eq!(error.kind(), OtpErrorKind::Random);
        assert_eq!(verifier.store().codes_left("17").unwrap(), 10);
    }
}
