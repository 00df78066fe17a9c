//! What every store writes of a record, and how it is read back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::StoreError;
use crate::session::{AuthLevel, LoginRecord, Record, SessionId};
use crate::token::TokenDigest;

/// A record in columns: text, bytes, and times in milliseconds since 1970.
pub(super) struct Row<T, B> {
    pub(super) id: T,
    pub(super) digest: B,
    pub(super) user: Option<T>,
    pub(super) level: Option<i64>,
    pub(super) authenticated: Option<i64>,
    pub(super) device: T,
    pub(super) binding: Option<B>,
    pub(super) created: i64,
    pub(super) last_used: i64,
    pub(super) expires: i64,
}

impl<'a> Row<&'a str, &'a [u8]> {
    /// Nothing of which the record would come back another than it is.
    pub(super) fn of(record: &'a Record) -> Result<Self, StoreError> {
        let login = record.login.as_ref();
        Ok(Self {
            id: record.id.as_str(),
            digest: record.digest.as_bytes(),
            user: record.user(),
            level: login.map(|login| number(login.level)),
            authenticated: login.map(|login| millis(login.authenticated)).transpose()?,
            device: &record.device,
            binding: record.binding.as_ref().map(|digest| &digest.as_bytes()[..]),
            created: millis(record.created)?,
            last_used: millis(record.last_used)?,
            expires: millis(record.expires)?,
        })
    }
}

impl<T: AsRef<str>, B: AsRef<[u8]>> Row<T, B> {
    /// The record, unless something else has written there.
    pub(super) fn record(self) -> Result<Record, StoreError> {
        let login = match (self.user, self.level, self.authenticated) {
            (Some(user), Some(level), Some(authenticated)) => Some(LoginRecord {
                user: user.as_ref().into(),
                level: level_of(level).ok_or_else(damaged)?,
                authenticated: time(authenticated)?,
            }),
            (None, None, None) => None,
            _ => return Err(damaged()),
        };
        Ok(Record {
            id: id(self.id.as_ref())?,
            digest: digest(self.digest.as_ref())?,
            login,
            device: self.device.as_ref().into(),
            binding: self.binding.as_ref().map(|bytes| digest(bytes.as_ref())).transpose()?,
            created: time(self.created)?,
            last_used: time(self.last_used)?,
            expires: time(self.expires)?,
        })
    }
}

/// Milliseconds since 1970, to the year 9999: numbers that every database has room for.
pub(super) fn millis(time: SystemTime) -> Result<i64, StoreError> {
    let since = time.duration_since(UNIX_EPOCH).ok();
    since
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .filter(|millis| *millis <= LATEST)
        .ok_or_else(|| StoreError::new("a time is not between 1970 and 9999"))
}

pub(super) fn damaged() -> StoreError {
    StoreError::new("what is stored of a session is damaged")
}

fn time(millis: i64) -> Result<SystemTime, StoreError> {
    let since = u64::try_from(millis).ok().filter(|_| millis <= LATEST).ok_or_else(damaged)?;
    Ok(UNIX_EPOCH + Duration::from_millis(since))
}

fn digest(bytes: &[u8]) -> Result<TokenDigest, StoreError> {
    bytes.try_into().map(TokenDigest::from_bytes).map_err(|_| damaged())
}

fn id(text: &str) -> Result<SessionId, StoreError> {
    text.parse().map_err(|_| damaged())
}

// The numbers are in databases: one that was given is never given to another level.
fn number(level: AuthLevel) -> i64 {
    match level {
        AuthLevel::Password => 1,
        AuthLevel::SecondFactor => 2,
    }
}

fn level_of(number: i64) -> Option<AuthLevel> {
    match number {
        1 => Some(AuthLevel::Password),
        2 => Some(AuthLevel::SecondFactor),
        _ => None,
    }
}

/// The end of the year 9999.
const LATEST: i64 = 253_402_300_799_999;
