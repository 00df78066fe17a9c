use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::AuthLevel;
use super::otp::Verified;
use super::record::{LoginRecord, Record, SessionId, SessionKey};
use super::rules::since;
use crate::clock::Clock;
use crate::token::SplitToken;

/// Proof that a request comes from a user who is logged in. Made by [`Sessions::check`](super::Sessions::check) and by a login.
///
/// It says what held when it was checked, and is for one request: a connection that stays open checks again for each
/// message that matters. After a minute it is not rotated any more, and what it proves to be recent is measured when it is proved. It
/// cannot be copied or made up:
///
/// ```compile_fail,E0451
/// let session = palisade::session::Session { record: todo!(), login: todo!(), checked: todo!(), clock: todo!() };
/// ```
#[must_use = "a session that nobody asks for protects nothing"]
pub struct Session {
    record: Record,
    login: LoginRecord,
    checked: SystemTime,
    clock: Arc<dyn Clock>,
}

/// Proof that a request comes from a client that was here before, whoever that is. Made by
/// [`Sessions::check_visitor`](super::Sessions::check_visitor).
///
/// It never becomes a [`Session`]: a login gives its client another token, and ends the visit.
#[must_use = "a visit that nobody asks for means nothing"]
pub struct Visitor {
    record: Record,
}

/// A session that has just begun or changed its token, with the token that its client is to be sent.
#[must_use = "the client needs its token"]
pub struct Issued<S> {
    token: SplitToken,
    session: S,
}

/// How a user logs in.
///
/// ```
/// use palisade::session::{AuthLevel, Login};
///
/// let login = Login::by(AuthLevel::Password).device("Firefox on Linux");
/// ```
///
/// # Security
/// Who has a second factor is asked for it *before* there is a session: [`Login::with`] takes the code's proof. Until then the
/// browser keeps who passed the password in a token that is signed for a few minutes ([`token::Signer`](crate::token::Signer)).
#[must_use = "nobody is logged in by it alone"]
pub struct Login {
    pub(super) level: AuthLevel,
    pub(super) device: Arc<str>,
    pub(super) instead_of: Option<SessionKey>,
    pub(super) second_factor_of: Option<Box<str>>,
    pub(super) property: Option<Box<str>>,
}

/// One of a user's sessions, for a page that lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// What [`Sessions::end`](super::Sessions::end) takes. It stays when the token changes.
    pub id: SessionId,
    /// The device's label, which its own client chose: escape it.
    pub device: Arc<str>,
    /// How its user logged in.
    pub level: AuthLevel,
    /// When it began.
    pub created: SystemTime,
    /// When it was last used, within two minutes.
    pub last_used: SystemTime,
    /// When it ends.
    pub expires: SystemTime,
}

impl Session {
    /// Nothing if nobody is logged in.
    pub(super) fn new(record: Record, checked: SystemTime, clock: &Arc<dyn Clock>) -> Option<Self> {
        let login = record.login.clone()?;
        Some(Self { record, login, checked, clock: Arc::clone(clock) })
    }

    /// Who is logged in.
    pub fn user(&self) -> &str {
        &self.login.user
    }

    /// The session's name among its user's.
    pub const fn id(&self) -> SessionId {
        self.record.id
    }

    /// How sure it is who that is; [`prove`](Self::prove) makes a proof of it.
    pub const fn level(&self) -> AuthLevel {
        self.login.level()
    }

    /// When the user last proved it, by whatever means.
    pub const fn authenticated_at(&self) -> SystemTime {
        self.login.authenticated
    }

    /// When the user last showed a second factor, if ever in this session.
    pub const fn second_factor_at(&self) -> Option<SystemTime> {
        self.login.second_factor
    }

    /// When it was checked, by the clock of the sessions.
    pub const fn checked_at(&self) -> SystemTime {
        self.checked
    }

    /// How long ago a moment is; nothing if it lies further ahead than clocks differ.
    pub(super) fn ago(&self, moment: SystemTime) -> Option<Duration> {
        since(self.clock.wall(), moment)
    }

    /// When it ends, however much it is used.
    pub const fn expires(&self) -> SystemTime {
        self.record.expires
    }

    pub(super) const fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn into_record(self) -> Record {
        self.record
    }
}

impl Visitor {
    pub(super) const fn new(record: Record) -> Self {
        Self { record }
    }

    /// The visit's name, under which an application keeps what belongs to it.
    pub const fn id(&self) -> SessionId {
        self.record.id
    }

    fn into_record(self) -> Record {
        self.record
    }
}

impl<S> Issued<S> {
    pub(super) const fn new(token: SplitToken, session: S) -> Self {
        Self { token, session }
    }

    /// The token's text, for a cookie that scripts cannot read and that only TLS carries.
    pub fn expose(&self) -> &str {
        self.token.expose()
    }

    /// What it stands for.
    pub const fn session(&self) -> &S {
        &self.session
    }

    /// What it stands for. The token is gone.
    pub fn into_session(self) -> S {
        self.session
    }
}

impl Login {
    /// A login by a proof of that level, which the application has checked.
    pub fn by(level: AuthLevel) -> Self {
        Self { level, device: Arc::from(""), instead_of: None, second_factor_of: None, property: None }
    }

    /// A login by a password and a code that was accepted, which was this user's.
    pub fn with(verified: Verified) -> Self {
        let user = Box::from(verified.user());
        drop(verified); // once
        Self { second_factor_of: Some(user), ..Self::by(AuthLevel::SecondFactor) }
    }

    /// A label of the device, such as `Firefox on Linux`, for the user's list of sessions. What has more than 128 characters is cut
    /// off, and controls become spaces.
    pub fn device(mut self, label: &str) -> Self {
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        self.device = label.chars().take(MAX_LABEL).map(clean).collect::<String>().into();
        self
    }

    /// The visit that ends with it, whose data the application moves from [`Visitor::id`] to the session's.
    pub fn instead_of(mut self, visitor: Visitor) -> Self {
        self.instead_of = Some(visitor.into_record().key);
        self
    }

    /// The session that ends with it, of a user who logs in once more or as somebody else.
    pub fn instead_of_session(mut self, session: Session) -> Self {
        self.instead_of = Some(session.into_record().key);
        self
    }

    /// What the client has to show beside its token from now on: the fingerprint of its certificate, its network. The store has
    /// its digest, from which whoever reads the store can guess what has few values.
    pub fn bound_to(mut self, property: &str) -> Self {
        self.property = Some(property.into());
        self
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut session = f.debug_struct("Session");
        session
            .field("id", &self.id())
            .field("user", &self.user())
            .field("level", &self.level())
            .finish_non_exhaustive()
    }
}

/// Without what it is bound to.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("level", &self.level)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// Without the token.
impl<S: fmt::Debug> fmt::Debug for Issued<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Characters of a device's label.
const MAX_LABEL: usize = 128;
