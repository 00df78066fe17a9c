//! What holds for sessions wherever they are kept: decisions, and no waiting.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::AuthLevel;
use super::active::{Issued, Login, Session, SessionInfo, Visitor};
use super::error::{SessionError, SessionErrorKind};
use super::otp::Verified;
use super::record::{LoginRecord, Record, SessionId};
use crate::clock::Clock;
use crate::token::{PresentedSplit, SplitToken, TokenDigest};

/// Uses of sessions that the store is to be told of. What is dropped before it was written is for the next one.
#[must_use = "uses are lost on nobody but the store"]
pub(super) struct Batch<'a> {
    rules: &'a Rules,
    uses: Vec<(SessionId, SystemTime)>,
}

pub(super) struct Rules {
    idle: Duration,
    absolute: Duration,
    clock: Arc<dyn Clock>,
    /// How exact the time of the last use is kept: a session that is used every second is written once in so long.
    step: Duration,
    /// Uses that the store was not told of yet.
    unwritten: Mutex<HashMap<SessionId, SystemTime>>,
}

impl Rules {
    pub(super) fn new(idle: Duration, absolute: Duration, clock: Arc<dyn Clock>) -> Self {
        let step = (idle / 8).min(Duration::from_secs(60));
        Self { idle, absolute, clock, step, unwritten: Mutex::default() }
    }

    pub(super) fn parse(presented: &str) -> Result<(SessionId, PresentedSplit<'_>), SessionError> {
        let token = SplitToken::parse(presented).map_err(|_| SessionErrorKind::Malformed)?;
        Ok((SessionId::of_selector(token.selector()), token))
    }

    /// Whether `found`, what the store has under the token's selector, is a session that is alive; with what is to be written.
    pub(super) fn judge(
        &self,
        id: SessionId,
        token: PresentedSplit<'_>,
        found: Option<Record>,
        property: Option<&str>,
    ) -> Result<(Record, SystemTime, Batch<'_>), SessionError> {
        let now = self.now();
        let record = found.filter(|record| record.id == id).ok_or(SessionErrorKind::Unknown)?;
        if !token.matches(&record.digest) {
            return Err(SessionErrorKind::Mismatch.into());
        }
        // One that is to begin yet is of a clock that was set back since, and how far nobody knows.
        if now >= record.expires || record.created > now + SKEW {
            return Err(SessionErrorKind::Expired.into());
        }
        let batch = self.used(&record, now)?;
        match (record.binding, property) {
            (None, _) => {}
            (Some(expected), Some(property)) if expected == binding(property) => {}
            _ => return Err(SessionErrorKind::Binding.into()),
        }
        Ok((record, now, batch))
    }

    pub(super) fn session(record: Record, now: SystemTime) -> Result<Session, SessionError> {
        Session::new(record, now).ok_or_else(|| SessionErrorKind::Visitor.into())
    }

    pub(super) fn visitor(record: Record) -> Result<Visitor, SessionError> {
        if record.login.is_some() { Err(SessionErrorKind::LoggedIn.into()) } else { Ok(Visitor::new(record)) }
    }

    /// A new session with its token, and the visit that it ends.
    pub(super) fn logged_in(
        &self,
        user: &str,
        login: Login,
    ) -> Result<(Issued<Session>, Option<SessionId>), SessionError> {
        if user.is_empty() || user.len() > MAX_USER {
            return Err(SessionErrorKind::User.into());
        }
        let Login { level, device, visitor, property } = login;
        let now = self.now();
        let who = LoginRecord { user: user.into(), level, authenticated: now };
        let (token, record) = self.begin(Some(who), device, property.as_deref().map(binding), now)?;
        Ok((Issued::new(token, Self::session(record, now)?), visitor.map(|visitor| visitor.id())))
    }

    pub(super) fn visiting(&self) -> Result<(Issued<Visitor>, Record), SessionError> {
        let (token, record) = self.begin(None, Arc::from(""), None, self.now())?;
        Ok((Issued::new(token, Visitor::new(record.clone())), record))
    }

    /// What a code that was accepted raises a session to.
    pub(super) fn level_of(session: &Session, verified: Verified) -> Result<AuthLevel, SessionError> {
        let is_own = verified.user() == session.user();
        drop(verified); // once
        if is_own { Ok(AuthLevel::SecondFactor) } else { Err(SessionErrorKind::OtherUser.into()) }
    }

    /// The same session under another token, and its key under the old one.
    pub(super) fn rotated(
        &self,
        session: Session,
        level: Option<AuthLevel>,
    ) -> Result<(Issued<Session>, SessionId), SessionError> {
        let (token, now) = (SplitToken::generate()?, self.now());
        let (old, mut record) = (session.id(), session.into_record());
        (record.id, record.digest, record.last_used) = (SessionId::of_token(&token), token.digest(), now);
        if let (Some(level), Some(login)) = (level, &mut record.login) {
            (login.level, login.authenticated) = (login.level.max(level), now);
        }
        Ok((Issued::new(token, Self::session(record, now)?), old))
    }

    /// Those that are alive, the one last used first.
    pub(super) fn listed(&self, records: Vec<Record>) -> Vec<SessionInfo> {
        let now = self.now();
        let unwritten = self.lock();
        let mut list: Vec<SessionInfo> = records
            .into_iter()
            .filter_map(|record| {
                let seen = unwritten.get(&record.id).copied();
                let last_used = seen.map_or(record.last_used, |seen| seen.max(record.last_used));
                let is_alive = now < record.expires && now < last_used + self.idle;
                let level = record.login.as_ref().filter(|_| is_alive)?.level;
                let Record { id, device, created, expires, .. } = record;
                Some(SessionInfo { id, device, level, created, last_used, expires })
            })
            .collect();
        list.sort_by_key(|info| std::cmp::Reverse((info.last_used, info.created)));
        list
    }

    /// Before when a session must have ended by itself: the end that was set, and the last use.
    pub(super) fn horizon(&self) -> (SystemTime, SystemTime) {
        let now = self.now();
        // What is not written yet here or in other processes must not be lost: they write within two steps.
        (now, now.checked_sub(self.idle + 2 * self.step).unwrap_or(UNIX_EPOCH))
    }

    /// All uses that the store was not told of.
    pub(super) fn unwritten(&self) -> Batch<'_> {
        let uses = self.lock().drain().collect();
        Batch { rules: self, uses }
    }

    /// Notes that a session is used now, and hands out what is to be written where it is time for that.
    fn used(&self, record: &Record, now: SystemTime) -> Result<Batch<'_>, SessionError> {
        let nothing = Batch { rules: self, uses: Vec::new() };
        if now < record.last_used + self.step {
            return Ok(nothing); // without a lock
        }
        let mut unwritten = self.lock();
        let last = unwritten.get(&record.id).map_or(record.last_used, |&seen| seen.max(record.last_used));
        if now >= last + self.idle {
            return Err(SessionErrorKind::Idle.into());
        }
        if now >= last + self.step && unwritten.len() < MOST_UNWRITTEN {
            unwritten.insert(record.id, now);
        }
        // The store is never told later than after two steps, and then of all sessions that were used meanwhile.
        let is_time = now >= record.last_used + 2 * self.step || unwritten.len() >= BATCH;
        Ok(if is_time { Batch { rules: self, uses: unwritten.drain().collect() } } else { nothing })
    }

    fn begin(
        &self,
        login: Option<LoginRecord>,
        device: Arc<str>,
        binding: Option<TokenDigest>,
        now: SystemTime,
    ) -> Result<(SplitToken, Record), SessionError> {
        let token = SplitToken::generate()?;
        let record = Record {
            id: SessionId::of_token(&token),
            digest: token.digest(),
            login,
            device,
            binding,
            created: now,
            last_used: now,
            expires: now + self.absolute,
        };
        Ok((token, record))
    }

    /// In whole milliseconds, as stores keep it.
    fn now(&self) -> SystemTime {
        let since = self.clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default().min(LATEST);
        UNIX_EPOCH + Duration::new(since.as_secs(), since.subsec_millis() * 1_000_000)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, SystemTime>> {
        // INVARIANT: nothing panics while the lock is held.
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch<'_> {
    pub(super) fn uses(&self) -> &[(SessionId, SystemTime)] {
        &self.uses
    }

    /// The store was told.
    pub(super) fn written(mut self) {
        self.uses.clear();
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if self.uses.is_empty() {
            return;
        }
        let mut unwritten = self.rules.lock();
        for (id, at) in self.uses.drain(..) {
            if unwritten.len() < MOST_UNWRITTEN {
                let kept = unwritten.entry(id).or_insert(at);
                *kept = at.max(*kept);
            }
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("idle", &self.idle)
            .field("absolute", &self.absolute)
            .finish_non_exhaustive()
    }
}

fn binding(property: &str) -> TokenDigest {
    TokenDigest::of(&format!("palisade session binding\0{property}"))
}

/// By how much the clocks of two servers may differ.
const SKEW: Duration = Duration::from_secs(60);
/// The year 9999, which every database can write, less what a session may last.
const LATEST: Duration = Duration::from_secs(253_000_000_000);
const MAX_USER: usize = 256;
/// Uses that are written at once, whether it is time or not.
const BATCH: usize = 256;
/// Of which there may be more while the store is away.
const MOST_UNWRITTEN: usize = 1 << 16;
