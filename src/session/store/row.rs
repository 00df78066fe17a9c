//! What every store writes of a record, and how it is read back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::StoreError;
use crate::session::{LoginRecord, Record};
use crate::token::TokenDigest;

/// A record in columns: text, bytes, and times in milliseconds since 1970.
pub(super) struct Row<T, B> {
    pub(super) key: T,
    pub(super) id: T,
    pub(super) digest: B,
    pub(super) user: Option<T>,
    pub(super) authenticated: Option<i64>,
    pub(super) second_factor: Option<i64>,
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
            key: record.key.as_str(),
            id: record.id.as_str(),
            digest: record.digest.as_bytes(),
            user: record.user(),
            authenticated: login.map(|login| millis(login.authenticated)).transpose()?,
            second_factor: login.and_then(|login| login.second_factor).map(millis).transpose()?,
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
        let login = match (self.user, self.authenticated, self.second_factor) {
            (Some(user), Some(authenticated), second_factor) => Some(LoginRecord {
                user: user.as_ref().into(),
                authenticated: time(authenticated)?,
                second_factor: second_factor.map(time).transpose()?,
            }),
            (None, None, None) => None,
            _ => return Err(damaged()),
        };
        Ok(Record {
            key: self.key.as_ref().parse().map_err(|_| damaged())?,
            id: self.id.as_ref().parse().map_err(|_| damaged())?,
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

/// The end of the year 9999.
const LATEST: i64 = 253_402_300_799_999;
