use std::sync::Arc;

use tokio::task;
use tokio::time::timeout;

use super::gate::Deadline;
use super::{HashError, HashErrorKind, Hasher, StoredHash, Verified, VerifyError};
use crate::secret::{ExposeSecret, SecretString};

impl Hasher {
    /// [`hash`](Self::hash) on tokio's blocking pool.
    ///
    /// Callers wait for their turn without a thread, at most as long as the [`Budget`](super::Budget) says; as many as may
    /// hash at once, or beside one that does, then hold one. A future that is dropped leaves the queue, or lets a hash that runs come to its
    /// end, which keeps its share of the budget until then. The runtime must have timers (`enable_time`).
    ///
    /// ```
    /// use palisade::password::{Hasher, Scheme};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let hasher = Hasher::builder().scheme(Scheme::argon2id(19_456, 2, 1)).build()?;
    /// let stored = hasher.hash_async("correct horse").await?;
    /// assert!(hasher.verify_async("correct horse", Some(stored.as_str())).await.is_ok());
    /// assert!(hasher.verify_async("correct horse", None::<&str>).await.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`hash`](Self::hash).
    pub async fn hash_async(&self, password: impl Into<SecretString>) -> Result<StoredHash, HashError> {
        let password = password.into();
        self.blocking(move |hasher, until| hasher.hash_until(password.expose_secret(), until), Into::into)
            .await
    }

    /// [`verify_user`](Self::verify_user) on tokio's blocking pool, as [`hash_async`](Self::hash_async).
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub async fn verify_async(
        &self,
        password: impl Into<SecretString>,
        stored: Option<impl Into<String>>,
    ) -> Result<Verified, VerifyError> {
        let (password, stored) = (password.into(), stored.map(Into::into));
        let verify =
            move |hasher: Self, until| hasher.check(password.expose_secret(), stored.as_deref(), until);
        self.blocking(verify, Into::into).await
    }

    /// [`verify_user_and_upgrade`](Self::verify_user_and_upgrade) on tokio's blocking pool, as
    /// [`hash_async`](Self::hash_async).
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub async fn verify_and_upgrade_async(
        &self,
        password: impl Into<SecretString>,
        stored: Option<impl Into<String>>,
    ) -> Result<Option<StoredHash>, VerifyError> {
        let (password, stored) = (password.into(), stored.map(Into::into));
        let verify = move |hasher: Self, until| {
            hasher.upgrade_until(password.expose_secret(), stored.as_deref(), until)
        };
        self.blocking(verify, Into::into).await
    }

    async fn blocking<T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl FnOnce(Self, Deadline) -> Result<T, E> + Send + 'static,
        error: impl Fn(HashErrorKind) -> E,
    ) -> Result<T, E> {
        let deadline = self.gate.deadline();
        let waiting = timeout(deadline.left(), Arc::clone(&self.gate.threads).acquire_owned());
        // The semaphore is never closed.
        let turn = waiting.await.ok().and_then(Result::ok).ok_or_else(|| error(HashErrorKind::Busy))?;
        let hasher = self.clone();
        let worked = task::spawn_blocking(move || {
            let _turn = turn; // held by the work, not by who waits for it
            work(hasher, deadline)
        });
        // It does not panic; a runtime that shuts down cancels what has not begun.
        worked.await.unwrap_or_else(|_| Err(error(HashErrorKind::Unavailable)))
    }
}
