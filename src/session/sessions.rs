use std::sync::Arc;
use std::time::Duration;

use super::active::{Issued, Login, Session, SessionInfo, Visitor};
use super::error::{SessionError, SessionErrorKind, SessionsBuildError};
use super::otp::Verified;
use super::record::SessionId;
use super::rules::{Batch, Rules};
use super::store::Store;
use super::{AsyncSessions, AuthLevel};
use crate::clock::{Clock, SystemClock};

/// Sessions kept in a store, checked by one set of rules.
///
/// ```
/// use palisade::session::{AuthLevel, Login, Sessions, store::Memory};
/// use std::time::Duration;
///
/// let sessions = Sessions::builder(Memory::default())
///     .idle(Duration::from_secs(20 * 60))
///     .absolute(Duration::from_secs(8 * 3600))
///     .build()?;
///
/// // After the password was verified:
/// let issued = sessions.log_in("ann", Login::by(AuthLevel::Password).device("Firefox on Linux"))?;
/// let cookie: &str = issued.expose();
///
/// // With every request:
/// let session = sessions.check(cookie)?;
/// assert_eq!(session.user(), "ann");
///
/// sessions.log_out_everywhere("ann")?;
/// assert!(sessions.check(cookie).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`AsyncSessions`](super::AsyncSessions) has the same methods, awaited.
#[derive(Debug)]
pub struct Sessions<S> {
    store: S,
    rules: Rules,
}

/// Makes [`Sessions`] or [`AsyncSessions`](super::AsyncSessions).
#[derive(Clone, Debug)]
#[must_use = "a builder keeps no sessions until build()"]
pub struct SessionsBuilder<S> {
    store: S,
    idle: Duration,
    absolute: Duration,
    clock: Arc<dyn Clock>,
}

impl<S: Store> Sessions<S> {
    /// Sessions that end after 30 minutes without use, and after 12 hours.
    pub fn new(store: S) -> Self {
        let (store, rules) = Self::builder(store).parts();
        Self { store, rules }
    }

    /// Sessions with times of the application's own.
    pub fn builder(store: S) -> SessionsBuilder<S> {
        SessionsBuilder::new(store)
    }

    /// Begins a session of `user`, who has just proved who it is.
    ///
    /// The token is always a new one: whatever the client presented before opens nothing that a login opens. `user` is the key of
    /// the application's row, and never what somebody typed: sessions of `Ann` and `ann` are two users'.
    ///
    /// While a password is changed, somebody may be logging in with the old one. Where that matters, look once more after
    /// this call whether the stored password is the one that was verified, and end the session if it is not.
    ///
    /// # Errors
    /// The store or the random source fails; or the user's name has not 1 to 256 bytes.
    pub fn log_in(&self, user: &str, login: Login) -> Result<Issued<Session>, SessionError> {
        let (issued, visit) = self.rules.logged_in(user, login)?;
        let record = issued.session().record();
        let took_over = match visit {
            Some(visit) => self.store.replace(&visit, record)?,
            None => false,
        };
        if !took_over {
            self.store.insert(record)?;
        }
        Ok(issued)
    }

    /// Whose session a presented token is.
    ///
    /// It is one look-up. A use is noted once a minute at most and written within two, together with others: by the caller whose
    /// turn it is, or by [`write_uses`](Self::write_uses).
    ///
    /// # Errors
    /// Nobody's: [`SessionErrorKind`] says why, for the log. Or the store fails.
    pub fn check(&self, presented: &str) -> Result<Session, SessionError> {
        self.check_with(presented, None)
    }

    /// As [`check`](Self::check), of a client that shows `property`, to which the session may be [bound](Login::bound_to).
    ///
    /// # Errors
    /// As for [`check`](Self::check).
    pub fn check_bound(&self, presented: &str, property: &str) -> Result<Session, SessionError> {
        self.check_with(presented, Some(property))
    }

    /// Begins a session of somebody who has not logged in. Each takes room in the store: limit how often one address may.
    ///
    /// # Errors
    /// The store or the random source fails.
    pub fn visit(&self) -> Result<Issued<Visitor>, SessionError> {
        let (issued, record) = self.rules.visiting()?;
        self.store.insert(&record)?;
        Ok(issued)
    }

    /// Which visit a presented token is of.
    ///
    /// # Errors
    /// Of none, or of a session of a user who has logged in. Or the store fails.
    pub fn check_visitor(&self, presented: &str) -> Result<Visitor, SessionError> {
        let (key, token) = Rules::parse(presented)?;
        let (visitor, batch) = self.rules.visitor(token, self.store.find(&key)?)?;
        self.write(batch);
        Ok(visitor)
    }

    /// The same session under a new token; the old one opens nothing any more. It is to be called within a minute of the check.
    ///
    /// Of several requests that do so at once with one token, one wins.
    ///
    /// # Errors
    /// The session was ended or rotated meanwhile, or checked more than a minute ago; or the store or the random source fails.
    pub fn rotate(&self, session: Session) -> Result<Issued<Session>, SessionError> {
        self.replace(session, None)
    }

    /// The same session after its user showed a second factor, under a new token.
    ///
    /// # Errors
    /// As for [`rotate`](Self::rotate); or the code was another user's.
    pub fn step_up(&self, session: Session, verified: Verified) -> Result<Issued<Session>, SessionError> {
        let level = Rules::level_of(&session, verified)?;
        self.replace(session, Some(level))
    }

    /// The same session after its user proved once more who it is, by something that the application has checked, under a new
    /// token. Its level rises to `level`, if that is higher.
    ///
    /// # Errors
    /// As for [`rotate`](Self::rotate).
    pub fn authenticated_again(
        &self,
        session: Session,
        level: AuthLevel,
    ) -> Result<Issued<Session>, SessionError> {
        self.replace(session, Some(level))
    }

    /// Ends a session, under whichever token it is by now.
    ///
    /// # Errors
    /// The store fails; the session may go on.
    pub fn log_out(&self, session: Session) -> Result<(), SessionError> {
        let (user, id) = (session.user().to_owned(), session.id());
        drop(session);
        self.store.end(&user, &id)?;
        Ok(())
    }

    /// Ends all sessions of a user and answers how many: after a changed password, a lost device, a leaver.
    ///
    /// # Errors
    /// The store fails; sessions may go on.
    pub fn log_out_everywhere(&self, user: &str) -> Result<u64, SessionError> {
        Ok(self.store.end_all(user, None)?)
    }

    /// Ends all sessions of its user but this, and answers how many.
    ///
    /// # Errors
    /// The store fails; sessions may go on.
    pub fn log_out_others(&self, session: &Session) -> Result<u64, SessionError> {
        Ok(self.store.end_all(session.user(), Some(&session.id()))?)
    }

    /// Ends one of `user`'s sessions, by its name in [`list`](Self::list); whether there was one of that name, and this user's.
    ///
    /// # Errors
    /// The store fails; the session may go on.
    pub fn end(&self, user: &str, id: &SessionId) -> Result<bool, SessionError> {
        Ok(self.store.end(user, id)?)
    }

    /// The sessions of `user` that are alive, the one last used first.
    ///
    /// # Errors
    /// The store fails.
    pub fn list(&self, user: &str) -> Result<Vec<SessionInfo>, SessionError> {
        self.rules.listed(user, self.store.list(user)?)
    }

    /// Removes what has expired from the store, and answers how many. Nothing else depends on it: call it every hour or so.
    ///
    /// # Errors
    /// The store fails.
    pub fn sweep(&self) -> Result<u64, SessionError> {
        self.write_uses()?;
        let (now, unused_since) = self.rules.horizon()?;
        Ok(self.store.sweep(now, unused_since)?)
    }

    /// Writes the uses that the store was not told of yet. To be called before the program ends; without it a session
    /// may seem unused for two minutes more than it was.
    ///
    /// # Errors
    /// The store fails; they are kept for the next time.
    pub fn write_uses(&self) -> Result<(), SessionError> {
        while let Some(batch) = self.rules.batch() {
            self.store.touch(batch.uses())?;
            batch.written();
        }
        Ok(())
    }

    fn check_with(&self, presented: &str, property: Option<&str>) -> Result<Session, SessionError> {
        let (key, token) = Rules::parse(presented)?;
        let (session, batch) = self.rules.session(token, self.store.find(&key)?, property)?;
        self.write(batch);
        Ok(session)
    }

    fn replace(&self, session: Session, level: Option<AuthLevel>) -> Result<Issued<Session>, SessionError> {
        let (issued, old) = self.rules.rotated(session, level)?;
        if !self.store.replace(&old, issued.session().record())? {
            return Err(SessionErrorKind::Ended.into());
        }
        Ok(issued)
    }

    /// Whoever's turn it is has a session that is alive, whether the store can write now or not.
    fn write(&self, batch: Option<Batch<'_>>) {
        if let Some(batch) = batch
            && self.store.touch(batch.uses()).is_ok()
        {
            batch.written();
        }
    }
}

impl<S> SessionsBuilder<S> {
    pub(super) fn new(store: S) -> Self {
        let (idle, absolute) = (Duration::from_secs(30 * 60), Duration::from_secs(12 * 3600));
        Self { store, idle, absolute, clock: Arc::new(SystemClock) }
    }

    /// After how long without use a session ends: 8 seconds to the absolute time, 30 minutes unless said otherwise.
    pub fn idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// After how long a session ends, however much it is used: ten years at most, 12 hours unless said otherwise.
    pub fn absolute(self, absolute: Duration) -> Self {
        Self { absolute, ..self }
    }

    /// The clock whose calendar time sessions end by.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// The sessions.
    ///
    /// # Errors
    /// The times are out of their bounds.
    pub fn build(self) -> Result<Sessions<S>, SessionsBuildError> {
        let (store, rules) = self.checked()?.parts();
        Ok(Sessions { store, rules })
    }

    /// The sessions, of a store that is awaited.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_async(self) -> Result<AsyncSessions<S>, SessionsBuildError> {
        let (store, rules) = self.checked()?.parts();
        Ok(AsyncSessions::of(store, rules))
    }

    pub(super) fn parts(self) -> (S, Rules) {
        (self.store, Rules::new(self.idle, self.absolute, self.clock))
    }

    fn checked(self) -> Result<Self, SessionsBuildError> {
        let is_sound = self.idle >= SHORTEST && self.absolute >= self.idle && self.absolute <= LONGEST;
        if is_sound { Ok(self) } else { Err(SessionsBuildError) }
    }
}

const SHORTEST: Duration = Duration::from_secs(8);
/// Ten years of 365.25 days.
const LONGEST: Duration = Duration::from_secs(315_576_000);
