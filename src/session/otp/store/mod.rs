mod memory;

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::session::store::StoreError;
use crate::token::TokenDigest;

pub use memory::MemoryCodeStore;

/// Remembers for each user the last code that was accepted, and the digests of recovery codes that are not spent.
///
/// # Contract
/// - Atomic: of two concurrent [`advance`](Self::advance) with one step, exactly one is told `true`; of two concurrent
///   [`spend_code`](Self::spend_code) with one digest as well.
/// - To forget a step or to bring back a spent code lets a code be used twice, and is a security fault. A store that is full
///   or behind its primary returns `Err`; it never forgets to make room.
/// - Users are told apart byte by byte: a column that compares without case is not one for them.
/// - A store that cannot tell returns `Err`; the code is then refused. A step that it has no room for, as one above 2^63 − 1
///   in many databases, is such a case.
///
/// [`MemoryCodeStore`] is one; with features, the [stores of sessions](crate::session::store) are as well.
///
/// In SQL, with tables `otp_steps (account PRIMARY KEY, step)` and `recovery_codes (account, digest, PRIMARY KEY (account,
/// digest))`:
///
/// ```sql
/// -- advance: true when a row was written
/// INSERT INTO otp_steps (account, step) VALUES (?, ?)
/// ON CONFLICT (account) DO UPDATE SET step = excluded.step WHERE excluded.step > otp_steps.step
/// -- spend_code: true when a row was deleted
/// DELETE FROM recovery_codes WHERE account = ? AND digest = ?
/// ```
pub trait CodeStore: fmt::Debug + Send + Sync {
    /// The step that was stored last, if any: the count of periods of a TOTP code, or the counter of a HOTP code.
    ///
    /// # Errors
    /// [`CodeStoreError`] when the store cannot tell.
    fn step(&self, user: &str) -> Result<Option<u64>, CodeStoreError>;

    /// Stores `step` if none is stored or if it is greater than the one that is; `true` exactly if it was stored.
    ///
    /// # Errors
    /// [`CodeStoreError`] when the store cannot tell.
    fn advance(&self, user: &str, step: u64) -> Result<bool, CodeStoreError>;

    /// Forgets the user's recovery codes and stores others in their place, all of them or none.
    ///
    /// # Errors
    /// [`CodeStoreError`] when the store cannot tell.
    fn replace_codes(&self, user: &str, digests: &[TokenDigest]) -> Result<(), CodeStoreError>;

    /// Forgets one recovery code; `true` exactly if it was the user's and was there.
    ///
    /// # Errors
    /// [`CodeStoreError`] when the store cannot tell.
    fn spend_code(&self, user: &str, digest: &TokenDigest) -> Result<bool, CodeStoreError>;

    /// How many recovery codes the user has left.
    ///
    /// # Errors
    /// [`CodeStoreError`] when the store cannot tell.
    fn codes_left(&self, user: &str) -> Result<usize, CodeStoreError>;

    /// Forgets all about the user, step and codes.
    ///
    /// # Errors
    /// [`CodeStoreError`] when the store cannot tell.
    ///
    /// # Security
    /// Call it after the user's sealed secret was deleted, not before: without the step, the last code can be used again for
    /// as long as it stands, and of a counter all that were ever used.
    fn remove(&self, user: &str) -> Result<(), CodeStoreError>;
}

/// A [`CodeStore`] whose answers are awaited. The contract is the same, and so are the tests.
///
/// Dropping a future may leave its work done or not done, and never half.
pub trait AsyncCodeStore: fmt::Debug + Send + Sync {
    /// As [`CodeStore::step`].
    fn step<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, Option<u64>>;
    /// As [`CodeStore::advance`].
    fn advance<'a>(&'a self, user: &'a str, step: u64) -> CodeAnswer<'a, bool>;
    /// As [`CodeStore::replace_codes`].
    fn replace_codes<'a>(&'a self, user: &'a str, digests: &'a [TokenDigest]) -> CodeAnswer<'a, ()>;
    /// As [`CodeStore::spend_code`].
    fn spend_code<'a>(&'a self, user: &'a str, digest: &'a TokenDigest) -> CodeAnswer<'a, bool>;
    /// As [`CodeStore::codes_left`].
    fn codes_left<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, usize>;
    /// As [`CodeStore::remove`].
    fn remove<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, ()>;
}

/// What an [`AsyncCodeStore`] will answer.
pub type CodeAnswer<'a, T> = Pin<Box<dyn Future<Output = Result<T, CodeStoreError>> + Send + 'a>>;

impl<S: CodeStore + ?Sized> CodeStore for Arc<S> {
    fn step(&self, user: &str) -> Result<Option<u64>, CodeStoreError> {
        (**self).step(user)
    }

    fn advance(&self, user: &str, step: u64) -> Result<bool, CodeStoreError> {
        (**self).advance(user, step)
    }

    fn replace_codes(&self, user: &str, digests: &[TokenDigest]) -> Result<(), CodeStoreError> {
        (**self).replace_codes(user, digests)
    }

    fn spend_code(&self, user: &str, digest: &TokenDigest) -> Result<bool, CodeStoreError> {
        (**self).spend_code(user, digest)
    }

    fn codes_left(&self, user: &str) -> Result<usize, CodeStoreError> {
        (**self).codes_left(user)
    }

    fn remove(&self, user: &str) -> Result<(), CodeStoreError> {
        (**self).remove(user)
    }
}

impl<S: AsyncCodeStore + ?Sized> AsyncCodeStore for Arc<S> {
    fn step<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, Option<u64>> {
        (**self).step(user)
    }

    fn advance<'a>(&'a self, user: &'a str, step: u64) -> CodeAnswer<'a, bool> {
        (**self).advance(user, step)
    }

    fn replace_codes<'a>(&'a self, user: &'a str, digests: &'a [TokenDigest]) -> CodeAnswer<'a, ()> {
        (**self).replace_codes(user, digests)
    }

    fn spend_code<'a>(&'a self, user: &'a str, digest: &'a TokenDigest) -> CodeAnswer<'a, bool> {
        (**self).spend_code(user, digest)
    }

    fn codes_left<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, usize> {
        (**self).codes_left(user)
    }

    fn remove<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, ()> {
        (**self).remove(user)
    }
}

/// A store of codes cannot tell; the code is refused.
#[derive(Clone, Debug, Default)]
pub struct CodeStoreError {
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl CodeStoreError {
    /// An error that a store's author makes of what went wrong. `source` is shown to operators: it must hold no digests.
    pub fn new(source: Option<Arc<dyn Error + Send + Sync>>) -> Self {
        Self { source }
    }
}

/// Of a store that keeps sessions as well.
impl From<StoreError> for CodeStoreError {
    fn from(error: StoreError) -> Self {
        Self::new(Some(Arc::new(error)))
    }
}

impl fmt::Display for CodeStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store of codes is unavailable")
    }
}

impl Error for CodeStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
