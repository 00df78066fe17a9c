use std::time::SystemTime;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use super::{Answer, AsyncStore, Store};
use crate::session::otp::{AsyncCodeStore, CodeAnswer, CodeStore};
use crate::session::{Record, SessionId, SessionKey};
use crate::token::TokenDigest;

/// A store that blocks, [`Memory`](super::Memory) or `Sqlite`, behind [`AsyncSessions`](crate::session::AsyncSessions) and the calls of
/// [`OtpVerifier`](crate::session::otp::OtpVerifier) that are awaited.
///
/// ```
/// use palisade::session::{AsyncSessions, AuthLevel, Login, store::{Blocking, Memory}};
///
/// # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
/// let sessions = AsyncSessions::new(Blocking::new(Memory::default()));
/// let issued = sessions.log_in("ann", Login::by(AuthLevel::Password)).await?;
/// assert_eq!(sessions.check(issued.expose()).await?.user(), "ann");
/// # Ok::<(), palisade::session::SessionError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// While a call works, the other tasks of its thread go to another one. On a runtime of one thread they wait.
#[derive(Clone, Debug)]
pub struct Blocking<S>(S);

impl<S> Blocking<S> {
    /// Lets a store be awaited.
    pub const fn new(store: S) -> Self {
        Self(store)
    }
}

impl<S: Store> AsyncStore for Blocking<S> {
    fn insert<'a>(&'a self, record: &'a Record) -> Answer<'a, ()> {
        Box::pin(async move { aside(|| self.0.insert(record)) })
    }

    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move { aside(|| self.0.find(key)) })
    }

    fn replace<'a>(&'a self, old: &'a SessionKey, record: &'a Record) -> Answer<'a, bool> {
        Box::pin(async move { aside(|| self.0.replace(old, record)) })
    }

    fn touch<'a>(&'a self, uses: &'a [(SessionKey, SystemTime)]) -> Answer<'a, ()> {
        Box::pin(async move { aside(|| self.0.touch(uses)) })
    }

    fn end<'a>(&'a self, user: &'a str, id: &'a SessionId) -> Answer<'a, bool> {
        Box::pin(async move { aside(|| self.0.end(user, id)) })
    }

    fn end_all<'a>(&'a self, user: &'a str, but: Option<&'a SessionId>) -> Answer<'a, u64> {
        Box::pin(async move { aside(|| self.0.end_all(user, but)) })
    }

    fn list<'a>(&'a self, user: &'a str) -> Answer<'a, Vec<Record>> {
        Box::pin(async move { aside(|| self.0.list(user)) })
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Answer<'_, u64> {
        Box::pin(async move { aside(|| self.0.sweep(now, unused_since)) })
    }
}

impl<S: CodeStore> AsyncCodeStore for Blocking<S> {
    fn step<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, Option<u64>> {
        Box::pin(async move { aside(|| self.0.step(user)) })
    }

    fn advance<'a>(&'a self, user: &'a str, step: u64) -> CodeAnswer<'a, bool> {
        Box::pin(async move { aside(|| self.0.advance(user, step)) })
    }

    fn replace_codes<'a>(&'a self, user: &'a str, digests: &'a [TokenDigest]) -> CodeAnswer<'a, ()> {
        Box::pin(async move { aside(|| self.0.replace_codes(user, digests)) })
    }

    fn spend_code<'a>(&'a self, user: &'a str, digest: &'a TokenDigest) -> CodeAnswer<'a, bool> {
        Box::pin(async move { aside(|| self.0.spend_code(user, digest)) })
    }

    fn codes_left<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, usize> {
        Box::pin(async move { aside(|| self.0.codes_left(user)) })
    }

    fn remove<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, ()> {
        Box::pin(async move { aside(|| self.0.remove(user)) })
    }
}

fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}
