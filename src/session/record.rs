use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use super::AuthLevel;
use crate::encoding;
use crate::random::{self, RandomError};
use crate::token::{PresentedSplit, SplitToken, TokenDigest};

/// Declares a name of 22 characters.
macro_rules! names {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; LEN]);

        impl $name {
            /// The 22 characters.
            pub fn as_str(&self) -> &str {
                // INVARIANT: it was made of base64url.
                std::str::from_utf8(&self.0).unwrap_or_default()
            }

            fn of(name: &str) -> Self {
                Self(name.as_bytes().try_into().expect("16 bytes are 22 characters, and so is a selector"))
            }
        }

        impl FromStr for $name {
            type Err = SessionIdError;

            fn from_str(text: &str) -> Result<Self, SessionIdError> {
                let bytes = text.as_bytes().try_into().map_err(|_| SessionIdError)?;
                encoding::from_base64url(text, &mut [0; 16]).map(|()| Self(bytes)).ok_or(SessionIdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

/// What a store keeps of one session: nothing that lets anybody in.
///
/// Times are whole milliseconds, so that they come back from every store as they went in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The row's key, which its token begins with: another one after each rotation.
    pub key: SessionKey,
    /// The session's name among its user's, which stays.
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
    /// When the user last proved who it is, by whatever means.
    pub authenticated: SystemTime,
    /// When the user last showed a second factor, if ever in this session.
    pub second_factor: Option<SystemTime>,
}

impl LoginRecord {
    pub(super) const fn level(&self) -> AuthLevel {
        if self.second_factor.is_some() { AuthLevel::SecondFactor } else { AuthLevel::Password }
    }
}

impl Record {
    /// Who is logged in, if anybody is.
    pub fn user(&self) -> Option<&str> {
        self.login.as_ref().map(|login| &*login.user)
    }
}

names! {
    /// Names one session of a user, in lists: 22 characters of base64url, which stay when its token changes, and let nobody in.
    SessionId
}

names! {
    /// The key of a session's row: the 22 characters of base64url that its token begins with. It lets nobody in.
    SessionKey
}

/// A text is not the name or the key of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a session is 22 characters of base64url")]
#[non_exhaustive]
pub struct SessionIdError;

impl SessionId {
    /// Of 128 random bits: no other session has it.
    pub(super) fn generate() -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        random::fill(&mut bytes)?;
        Ok(Self::of(&encoding::base64url(&bytes)))
    }
}

impl SessionKey {
    pub(super) fn of_token(token: &SplitToken) -> Self {
        Self::of(token.selector())
    }

    pub(super) fn presented(token: &PresentedSplit<'_>) -> Self {
        Self::of(token.selector())
    }
}

const LEN: usize = 22;
