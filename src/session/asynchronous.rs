use super::active::{Issued, Login, Session, SessionInfo, Visitor};
use super::error::{SessionError, SessionErrorKind};
use super::otp::Verified;
use super::record::SessionId;
use super::rules::{Batch, Rules};
use super::store::AsyncStore;
use super::{AuthLevel, SessionsBuilder};

/// [`Sessions`](super::Sessions) in a store that is awaited: the same methods and rules.
///
/// A future that is dropped may have done its work or not: a client that went away during a login or a rotation logs in again.
#[derive(Debug)]
pub struct AsyncSessions<S> {
    store: S,
    rules: Rules,
}

impl<S> AsyncSessions<S> {
    pub(super) fn of(store: S, rules: Rules) -> Self {
        Self { store, rules }
    }
}

impl<S: AsyncStore> AsyncSessions<S> {
    /// Sessions that end after 30 minutes without use, and after 12 hours.
    pub fn new(store: S) -> Self {
        let (store, rules) = Self::builder(store).parts();
        Self { store, rules }
    }

    /// Sessions with times of the application's own.
    pub fn builder(store: S) -> SessionsBuilder<S> {
        SessionsBuilder::new(store)
    }

    /// As [`Sessions::log_in`](super::Sessions::log_in).
    ///
    /// # Errors
    /// As [`Sessions::log_in`](super::Sessions::log_in).
    pub async fn log_in(&self, user: &str, login: Login) -> Result<Issued<Session>, SessionError> {
        let (issued, visit) = self.rules.logged_in(user, login)?;
        let record = issued.session().record();
        let took_over = match visit {
            Some(visit) => self.store.replace(&visit, record).await?,
            None => false,
        };
        if !took_over {
            self.store.insert(record).await?;
        }
        Ok(issued)
    }

    /// As [`Sessions::check`](super::Sessions::check).
    ///
    /// # Errors
    /// As [`Sessions::check`](super::Sessions::check).
    pub async fn check(&self, presented: &str) -> Result<Session, SessionError> {
        self.check_with(presented, None).await
    }

    /// As [`Sessions::check_bound`](super::Sessions::check_bound).
    ///
    /// # Errors
    /// As [`Sessions::check_bound`](super::Sessions::check_bound).
    pub async fn check_bound(&self, presented: &str, property: &str) -> Result<Session, SessionError> {
        self.check_with(presented, Some(property)).await
    }

    /// As [`Sessions::visit`](super::Sessions::visit).
    ///
    /// # Errors
    /// As [`Sessions::visit`](super::Sessions::visit).
    pub async fn visit(&self) -> Result<Issued<Visitor>, SessionError> {
        let (issued, record) = self.rules.visiting()?;
        self.store.insert(&record).await?;
        Ok(issued)
    }

    /// As [`Sessions::check_visitor`](super::Sessions::check_visitor).
    ///
    /// # Errors
    /// As [`Sessions::check_visitor`](super::Sessions::check_visitor).
    pub async fn check_visitor(&self, presented: &str) -> Result<Visitor, SessionError> {
        let (key, token) = Rules::parse(presented)?;
        let (visitor, batch) = self.rules.visitor(token, self.store.find(&key).await?)?;
        self.write(batch).await;
        Ok(visitor)
    }

    /// As [`Sessions::rotate`](super::Sessions::rotate).
    ///
    /// # Errors
    /// As [`Sessions::rotate`](super::Sessions::rotate).
    pub async fn rotate(&self, session: Session) -> Result<Issued<Session>, SessionError> {
        self.replace(session, None).await
    }

    /// As [`Sessions::step_up`](super::Sessions::step_up).
    ///
    /// # Errors
    /// As [`Sessions::step_up`](super::Sessions::step_up).
    pub async fn step_up(
        &self,
        session: Session,
        verified: Verified,
    ) -> Result<Issued<Session>, SessionError> {
        let level = Rules::level_of(&session, verified)?;
        self.replace(session, Some(level)).await
    }

    /// As [`Sessions::authenticated_again`](super::Sessions::authenticated_again).
    ///
    /// # Errors
    /// As [`Sessions::authenticated_again`](super::Sessions::authenticated_again).
    pub async fn authenticated_again(
        &self,
        session: Session,
        level: AuthLevel,
    ) -> Result<Issued<Session>, SessionError> {
        self.replace(session, Some(level)).await
    }

    /// As [`Sessions::log_out`](super::Sessions::log_out).
    ///
    /// # Errors
    /// As [`Sessions::log_out`](super::Sessions::log_out).
    pub async fn log_out(&self, session: Session) -> Result<(), SessionError> {
        let (user, id) = (session.user().to_owned(), session.id());
        drop(session);
        self.store.end(&user, &id).await?;
        Ok(())
    }

    /// As [`Sessions::log_out_everywhere`](super::Sessions::log_out_everywhere).
    ///
    /// # Errors
    /// As [`Sessions::log_out_everywhere`](super::Sessions::log_out_everywhere).
    pub async fn log_out_everywhere(&self, user: &str) -> Result<u64, SessionError> {
        Ok(self.store.end_all(user, None).await?)
    }

    /// As [`Sessions::log_out_others`](super::Sessions::log_out_others).
    ///
    /// # Errors
    /// As [`Sessions::log_out_others`](super::Sessions::log_out_others).
    pub async fn log_out_others(&self, session: &Session) -> Result<u64, SessionError> {
        Ok(self.store.end_all(session.user(), Some(&session.id())).await?)
    }

    /// As [`Sessions::end`](super::Sessions::end).
    ///
    /// # Errors
    /// As [`Sessions::end`](super::Sessions::end).
    pub async fn end(&self, user: &str, id: &SessionId) -> Result<bool, SessionError> {
        Ok(self.store.end(user, id).await?)
    }

    /// As [`Sessions::list`](super::Sessions::list).
    ///
    /// # Errors
    /// As [`Sessions::list`](super::Sessions::list).
    pub async fn list(&self, user: &str) -> Result<Vec<SessionInfo>, SessionError> {
        self.rules.listed(user, self.store.list(user).await?)
    }

    /// As [`Sessions::sweep`](super::Sessions::sweep).
    ///
    /// # Errors
    /// As [`Sessions::sweep`](super::Sessions::sweep).
    pub async fn sweep(&self) -> Result<u64, SessionError> {
        self.write_uses().await?;
        let (now, unused_since) = self.rules.horizon()?;
        Ok(self.store.sweep(now, unused_since).await?)
    }

    /// As [`Sessions::write_uses`](super::Sessions::write_uses).
    ///
    /// # Errors
    /// As [`Sessions::write_uses`](super::Sessions::write_uses).
    pub async fn write_uses(&self) -> Result<(), SessionError> {
        while let Some(batch) = self.rules.batch() {
            self.store.touch(batch.uses()).await?;
            batch.written();
        }
        Ok(())
    }

    async fn check_with(&self, presented: &str, property: Option<&str>) -> Result<Session, SessionError> {
        let (key, token) = Rules::parse(presented)?;
        let (session, batch) = self.rules.session(token, self.store.find(&key).await?, property)?;
        self.write(batch).await;
        Ok(session)
    }

    async fn replace(
        &self,
        session: Session,
        level: Option<AuthLevel>,
    ) -> Result<Issued<Session>, SessionError> {
        let (issued, old) = self.rules.rotated(session, level)?;
        if !self.store.replace(&old, issued.session().record()).await? {
            return Err(SessionErrorKind::Ended.into());
        }
        Ok(issued)
    }

    /// Whoever's turn it is has a session that is alive, whether the store can write now or not.
    async fn write(&self, batch: Option<Batch<'_>>) {
        if let Some(batch) = batch
            && self.store.touch(batch.uses()).await.is_ok()
        {
            batch.written();
        }
    }
}
