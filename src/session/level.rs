use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use super::Session;

/// How sure it is who uses a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AuthLevel {
    /// A password, or what stands for one: a link in a mail, another site's word.
    Password,
    /// Something besides that its owner alone has: a one-time code, a security key.
    SecondFactor,
}

/// Proof that a session meets `R`: [`SecondFactor`], [`Recent`], [`RecentSecondFactor`], or a pair of them. Made by [`Session::prove`].
///
/// A handler that takes one cannot be called without it, and takes its user from it:
///
/// ```
/// use palisade::session::{AuthLevel, Login, Proven, Recent, SecondFactor, Sessions, store::Memory};
///
/// fn close_account(proof: &Proven<'_, (SecondFactor, Recent<300>)>) -> String {
///     format!("{} is gone", proof.user())
/// }
///
/// let sessions = Sessions::new(Memory::default());
/// let session = sessions.log_in("ann", Login::by(AuthLevel::Password))?.into_session();
/// let missing = session.prove::<(SecondFactor, Recent<300>)>().unwrap_err();
/// assert_eq!(missing.to_string(), "a second factor is needed");
///
/// // A security key answered; after a one-time code there is `step_up`:
/// let stepped_up = sessions.authenticated_again(session, AuthLevel::SecondFactor)?;
/// assert_eq!(close_account(&stepped_up.session().prove()?), "ann is gone");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With a permission it goes into one function, which then asks for both:
///
/// ```
/// use palisade::rbac::Granted;
/// use palisade::session::{Proven, RecentSecondFactor};
///
/// palisade::permissions! { enum AccountPerm in may { Close = "account:close" } }
///
/// fn close(_: Granted<'_, may::Close>, proof: &Proven<'_, RecentSecondFactor<600>>) {
///     println!("{} closes the account", proof.user());
/// }
/// ```
///
/// It is gone with its session:
///
/// ```compile_fail,E0505
/// # use palisade::session::{Sessions, SecondFactor, Session, store::Memory};
/// fn kept(sessions: &Sessions<Memory>, session: Session) {
///     let proof = session.prove::<SecondFactor>();
///     drop(sessions.log_out(session));
///     drop(proof);
/// }
/// ```
#[must_use = "a proof that nobody asks for protects nothing"]
pub struct Proven<'session, R> {
    session: &'session Session,
    met: PhantomData<fn() -> R>,
}

/// What a session must show for a step that matters. Implemented by [`SecondFactor`], [`Recent`], [`RecentSecondFactor`] and pairs of them.
pub trait Requirement: sealed::Sealed {
    /// What is missing, where something is.
    #[doc(hidden)]
    fn missing(session: &Session) -> Option<StepUp>;
}

/// The user showed a second factor in this session.
#[derive(Debug)]
pub struct SecondFactor(Infallible);

/// The user proved who it is in the last so many seconds, by a password or by whatever else.
#[derive(Debug)]
pub struct Recent<const SECONDS: u64>(Infallible);

/// The user showed a second factor in the last so many seconds.
#[derive(Debug)]
pub struct RecentSecondFactor<const SECONDS: u64>(Infallible);

/// What a user is to do first, see [`Sessions::step_up`](super::Sessions::step_up).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepUp {
    /// Show a second factor.
    #[error("a second factor is needed")]
    SecondFactor,
    /// Prove once more who it is: the last time is longer ago than this.
    #[error("the last login is more than {} s ago, log in again", .0.as_secs())]
    Again(Duration),
}

impl Requirement for SecondFactor {
    fn missing(session: &Session) -> Option<StepUp> {
        (session.level() < AuthLevel::SecondFactor).then_some(StepUp::SecondFactor)
    }
}

impl<const SECONDS: u64> Requirement for Recent<SECONDS> {
    fn missing(session: &Session) -> Option<StepUp> {
        (!is_recent(session, session.authenticated_at(), SECONDS))
            .then_some(StepUp::Again(Duration::from_secs(SECONDS)))
    }
}

impl<const SECONDS: u64> Requirement for RecentSecondFactor<SECONDS> {
    fn missing(session: &Session) -> Option<StepUp> {
        let shown = session.second_factor_at();
        (!shown.is_some_and(|at| is_recent(session, at, SECONDS))).then_some(StepUp::SecondFactor)
    }
}

impl<A: Requirement, B: Requirement> Requirement for (A, B) {
    fn missing(session: &Session) -> Option<StepUp> {
        A::missing(session).or_else(|| B::missing(session))
    }
}

impl Session {
    /// Proof that it meets `R` now.
    ///
    /// # Errors
    /// What the user is to do first.
    pub fn prove<R: Requirement>(&self) -> Result<Proven<'_, R>, StepUp> {
        R::missing(self).map_or(Ok(Proven { session: self, met: PhantomData }), Err)
    }
}

impl<'session, R> Proven<'session, R> {
    /// Who proved it.
    pub fn user(&self) -> &'session str {
        self.session.user()
    }

    /// In which session.
    pub const fn session(&self) -> &'session Session {
        self.session
    }
}

impl<R> fmt::Debug for Proven<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proven({:?})", self.session)
    }
}

fn is_recent(session: &Session, moment: SystemTime, seconds: u64) -> bool {
    session.ago(moment).is_some_and(|ago| ago <= Duration::from_secs(seconds))
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::SecondFactor {}
    impl<const SECONDS: u64> Sealed for super::Recent<SECONDS> {}
    impl<const SECONDS: u64> Sealed for super::RecentSecondFactor<SECONDS> {}
    impl<A: Sealed, B: Sealed> Sealed for (A, B) {}
}
