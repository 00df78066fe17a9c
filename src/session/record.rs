use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use super::AuthLevel;
use crate::encoding;
use crate::token::{SplitToken, TokenDigest};

/// What a store keeps of one session: nothing that lets anybody in.
///
/// Times are whole milliseconds, so that they come back from every store as they went in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The row's key, which its token begins with.
    pub id: SessionId,
    /// What the whole token is held against.
    pub digest: TokenDigest,
    /// Who is logged in, and how; nobody in a visitor's session.
    pub login: Option<LoginRecord>,
    /// Which device it is on, for its owner to read; may be empty.
    pub device: Arc<str>,
    /// The digest of what the client must show beside the token, if anything.
    pub binding: Option<TokenDigest>,
    /// When it began; rotation does not change it.
    pub created: SystemTime,
    /// When it was last used, as far as the store was told.
    pub last_used: SystemTime,
    /// When it ends, however much it is used.
    pub expires: SystemTime,
}

/// Who is logged in, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRecord {
    /// The user's name for the application: a key of its table, 1 to 256 bytes.
    pub user: Arc<str>,
    /// How sure it is who that is.
    pub level: AuthLevel,
    /// When the user last proved it.
    pub authenticated: SystemTime,
}

impl Record {
    /// Who is logged in, if anybody is.
    pub fn user(&self) -> Option<&str> {
        self.login.as_ref().map(|login| &*login.user)
    }
}

/// Names one session, in lists and in stores: 22 characters of base64url. It is the selector of the session's token, changes with
/// it, and lets nobody in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; LEN]);

/// A text is not the name of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a session is 22 characters of base64url")]
pub struct SessionIdError;

impl SessionId {
    /// The 22 characters.
    pub fn as_str(&self) -> &str {
        // INVARIANT: it was made of base64url.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// That of a token whose form was checked.
    pub(super) fn of_selector(selector: &str) -> Self {
        Self(selector.as_bytes().try_into().expect("a selector has 22 characters"))
    }

    pub(super) fn of_token(token: &SplitToken) -> Self {
        Self::of_selector(token.selector())
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        let bytes = text.as_bytes().try_into().map_err(|_| SessionIdError)?;
        encoding::from_base64url(text, &mut [0; 16]).map(|()| Self(bytes)).ok_or(SessionIdError)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

const LEN: usize = 22;
