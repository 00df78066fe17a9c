//! What holds for sessions wherever they are kept: decisions, and no waiting.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::AuthLevel;
use super::active::{Issued, Login, Session, SessionInfo, Visitor};
use super::error::{SessionError, SessionErrorKind};
use super::otp::Verified;
use super::record::{LoginRecord, Record, SessionId, SessionKey};
use crate::clock::Clock;
use crate::token::{PresentedSplit, SplitToken, TokenDigest};

pub(super) struct Rules {
    idle: Duration,
    absolute: Duration,
    clock: Arc<dyn Clock>,
    /// How exact the time of the last use is kept: a session that is used every second is written once in two of these.
    step: Duration,
    unwritten: Mutex<Unwritten>,
}

/// Uses that the store was not told of yet.
#[derive(Default)]
struct Unwritten {
    uses: HashMap<SessionKey, SystemTime>,
    is_being_written: bool,
    /// After a failure.
    not_before: Option<SystemTime>,
}

/// Uses that the store is to be told of now. They stay noted until it was.
#[must_use = "nobody else writes them meanwhile"]
pub(super) struct Batch<'a> {
    rules: &'a Rules,
    uses: Vec<(SessionKey, SystemTime)>,
    was_written: bool,
}

impl Rules {
    pub(super) fn new(idle: Duration, absolute: Duration, clock: Arc<dyn Clock>) -> Self {
        let step = (idle / 8).min(Duration::from_secs(60));
        Self { idle, absolute, clock, step, unwritten: Mutex::default() }
    }

    pub(super) fn parse(presented: &str) -> Result<(SessionKey, PresentedSplit<'_>), SessionError> {
        let token = SplitToken::parse(presented).map_err(|_| SessionErrorKind::Malformed)?;
        Ok((SessionKey::presented(&token), token))
    }

    /// The session of a token, from `found`, what the store has under the token's key; with what is to be written.
    pub(super) fn session(
        &self,
        token: PresentedSplit<'_>,
        found: Option<Record>,
        property: Option<&str>,
    ) -> Result<(Session, Option<Batch<'_>>), SessionError> {
        let (record, now) = self.alive(token, found)?;
        match (record.binding, property) {
            (None, _) => {}
            (Some(expected), Some(property)) if expected == binding(property) => {}
            _ => return Err(SessionErrorKind::Binding.into()),
        }
        if record.login.is_none() {
            return Err(SessionErrorKind::Visitor.into());
        }
        let batch = self.used(&record, now)?; // the last: what was refused is no use
        Ok((self.open(record, now)?, batch))
    }

    /// The visit of a token, likewise.
    pub(super) fn visitor(
        &self,
        token: PresentedSplit<'_>,
        found: Option<Record>,
    ) -> Result<(Visitor, Option<Batch<'_>>), SessionError> {
        let (record, now) = self.alive(token, found)?;
        if record.login.is_some() {
            return Err(SessionErrorKind::LoggedIn.into());
        }
        let batch = self.used(&record, now)?;
        Ok((Visitor::new(record), batch))
    }

    /// A new session with its token, and the key of the one that it ends.
    pub(super) fn logged_in(
        &self,
        user: &str,
        login: Login,
    ) -> Result<(Issued<Session>, Option<SessionKey>), SessionError> {
        if user.is_empty() || user.len() > MAX_USER {
            return Err(SessionErrorKind::User.into());
        }
        let Login { level, device, instead_of, second_factor_of, property } = login;
        if second_factor_of.is_some_and(|of| *of != *user) {
            return Err(SessionErrorKind::OtherUser.into());
        }
        let now = self.now()?;
        let second_factor = (level >= AuthLevel::SecondFactor).then_some(now);
        let who = LoginRecord { user: user.into(), authenticated: now, second_factor };
        let (token, record) = self.begin(Some(who), device, property.as_deref().map(binding), now)?;
        Ok((Issued::new(token, self.open(record, now)?), instead_of))
    }

    pub(super) fn visiting(&self) -> Result<(Issued<Visitor>, Record), SessionError> {
        let (token, record) = self.begin(None, Arc::from(""), None, self.now()?)?;
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
    ) -> Result<(Issued<Session>, SessionKey), SessionError> {
        let (token, now) = (SplitToken::generate()?, self.now()?);
        // One that was kept would bring back what has ended by itself since.
        if since(now, session.checked_at()).is_none_or(|ago| ago > SKEW) {
            return Err(SessionErrorKind::Stale.into());
        }
        let mut record = session.into_record();
        if now >= record.expires {
            return Err(SessionErrorKind::Expired.into());
        }
        let old = record.key;
        (record.key, record.digest, record.last_used) = (SessionKey::of_token(&token), token.digest(), now);
        if let (Some(level), Some(login)) = (level, &mut record.login) {
            login.authenticated = now;
            if level >= AuthLevel::SecondFactor {
                login.second_factor = Some(now);
            }
        }
        Ok((Issued::new(token, self.open(record, now)?), old))
    }

    /// Those of `user` that are alive, the one last used first.
    pub(super) fn listed(&self, user: &str, records: Vec<Record>) -> Result<Vec<SessionInfo>, SessionError> {
        let now = self.now()?;
        let unwritten = self.lock();
        let mut list: Vec<SessionInfo> = records
            .into_iter()
            .filter(|record| record.user() == Some(user) && self.is_in_time(record, now))
            .filter_map(|record| {
                let last_used = unwritten.last_use(&record);
                let level = record.login.as_ref()?.level();
                let Record { id, device, created, expires, .. } = record;
                let is_used = since(now, last_used).is_some_and(|unused| unused < self.idle);
                is_used.then_some(SessionInfo { id, device, level, created, last_used, expires })
            })
            .collect();
        list.sort_by_key(|info| Reverse((info.last_used, info.created)));
        Ok(list)
    }

    /// Before when a session must have ended by itself: the end that was set, and the last use.
    pub(super) fn horizon(&self) -> Result<(SystemTime, SystemTime), SessionError> {
        let now = self.now()?;
        // What is not written yet here or in other processes must not be lost: they write within two steps.
        let unused_since = now.checked_sub(self.idle + 2 * self.step).unwrap_or(UNIX_EPOCH);
        Ok((now, unused_since.max(UNIX_EPOCH)))
    }

    /// Uses that the store was not told of, if there are any and nobody is about to tell it.
    pub(super) fn batch(&self) -> Option<Batch<'_>> {
        self.batch_of(&mut self.lock())
    }

    /// A record that its token opens and whose time is not over, however it was used.
    fn alive(
        &self,
        token: PresentedSplit<'_>,
        found: Option<Record>,
    ) -> Result<(Record, SystemTime), SessionError> {
        let now = self.now()?;
        let key = SessionKey::presented(&token);
        let record = found.filter(|record| record.key == key).ok_or(SessionErrorKind::Unknown)?;
        if !token.matches(&record.digest) {
            return Err(SessionErrorKind::Mismatch.into());
        }
        if !self.is_in_time(&record, now) {
            return Err(SessionErrorKind::Expired.into());
        }
        Ok((record, now))
    }

    /// Whether it has begun and not ended, by the end that was set and by the one that would be set today.
    fn is_in_time(&self, record: &Record, now: SystemTime) -> bool {
        // One that is to begin yet is of a clock that was set back since, and how far nobody knows.
        now < record.expires && since(now, record.created).is_some_and(|age| age < self.absolute)
    }

    /// Notes that a session is used now, and hands out what is to be written where it is time for that.
    fn used(&self, record: &Record, now: SystemTime) -> Result<Option<Batch<'_>>, SessionError> {
        let unused = since(now, record.last_used).ok_or(SessionErrorKind::Idle)?;
        if unused < self.step {
            return Ok(None); // without a lock
        }
        let mut unwritten = self.lock();
        let last_use = unwritten.last_use(record);
        let noted = since(now, last_use).ok_or(SessionErrorKind::Idle)?;
        if noted >= self.idle {
            return Err(SessionErrorKind::Idle.into());
        }
        let has_room = unwritten.uses.len() < MOST_UNWRITTEN || unwritten.uses.contains_key(&record.key);
        if noted >= self.step && has_room {
            unwritten.uses.insert(record.key, now);
        }
        // The store is told within two steps, and then of all sessions that were used meanwhile.
        let is_time = unused >= 2 * self.step || unwritten.uses.len() >= BATCH;
        let may_write = unwritten.not_before.is_none_or(|not_before| now >= not_before);
        Ok(if is_time && may_write { self.batch_of(&mut unwritten) } else { None })
    }

    fn batch_of(&self, unwritten: &mut Unwritten) -> Option<Batch<'_>> {
        if unwritten.is_being_written || unwritten.uses.is_empty() {
            return None;
        }
        unwritten.is_being_written = true;
        let uses = unwritten.uses.iter().take(BATCH).map(|(key, at)| (*key, *at)).collect();
        Some(Batch { rules: self, uses, was_written: false })
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
            key: SessionKey::of_token(&token),
            id: SessionId::generate()?,
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

    fn open(&self, record: Record, now: SystemTime) -> Result<Session, SessionError> {
        Session::new(record, now, &self.clock).ok_or_else(|| SessionErrorKind::Visitor.into())
    }

    /// In whole milliseconds, as stores keep it.
    fn now(&self) -> Result<SystemTime, SessionError> {
        let since = self.clock.wall().duration_since(UNIX_EPOCH).ok().filter(|since| *since < LATEST);
        let since = since.ok_or(SessionErrorKind::Unavailable)?;
        Ok(UNIX_EPOCH + Duration::new(since.as_secs(), since.subsec_millis() * 1_000_000))
    }

    fn lock(&self) -> MutexGuard<'_, Unwritten> {
        // INVARIANT: nothing panics while the lock is held.
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unwritten {
    fn last_use(&self, record: &Record) -> SystemTime {
        self.uses.get(&record.key).map_or(record.last_used, |&noted| noted.max(record.last_used))
    }
}

impl Batch<'_> {
    pub(super) fn uses(&self) -> &[(SessionKey, SystemTime)] {
        &self.uses
    }

    /// The store was told.
    pub(super) fn written(mut self) {
        self.was_written = true;
    }
}

/// Also where a task is given up while the store is being told.
impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let now = self.rules.now().ok();
        let mut unwritten = self.rules.lock();
        unwritten.is_being_written = false;
        if !self.was_written {
            unwritten.not_before = now.map(|now| now + self.rules.step);
            return;
        }
        unwritten.not_before = None;
        for (key, at) in &self.uses {
            if unwritten.uses.get(key) == Some(at) {
                unwritten.uses.remove(key);
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

/// How long before `now` a moment is, none at all if it is ahead by as much as clocks differ; `None` if it is further ahead.
pub(super) fn since(now: SystemTime, moment: SystemTime) -> Option<Duration> {
    match now.duration_since(moment) {
        Ok(ago) => Some(ago),
        Err(ahead) => (ahead.duration() <= SKEW).then_some(Duration::ZERO),
    }
}

fn binding(property: &str) -> TokenDigest {
    TokenDigest::of(&format!("palisade session binding\0{property}"))
}

/// By how much the clocks of two servers may differ.
const SKEW: Duration = Duration::from_secs(60);
/// The year 9987, after which some session would end in a year that not every database can write.
const LATEST: Duration = Duration::from_secs(253_000_000_000);
const MAX_USER: usize = 256;
/// Uses that a store is told of at once.
const BATCH: usize = 256;
/// Of which there may be more while the store is away.
const MOST_UNWRITTEN: usize = 1 << 16;
