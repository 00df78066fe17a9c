//! The chain as it is written: begun, continued, recovered, turned to its next epoch, rotated, saved in checkpoints.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::builder::Settings;
use super::chain::{self, Current, Head, Source};
use super::event::{Event, Name};
use super::line::{self, Start};
use super::output::{LogFile, Output, Tail};
use super::{AuditError, AuditErrorKind, Checkpoint, Level, Outcome};
use crate::compare;
use crate::keys::{KeyId, MacKey};
use crate::random;

/// What a record changes. INVARIANT: of what runs while it is locked only a writer or clock may panic, in the middle of
/// a record or before; the log then counts as broken.
pub(super) struct State<W> {
    pub(super) out: W,
    pub(super) source: Source,
    current: Current,
    /// `None` until the chain is started.
    pub(super) head: Option<Head>,
    line: String,
    /// Where the last event is, which a record of the log about itself may follow.
    pub(super) recorded: Option<Head>,
    /// What the log recorded about itself, and no sink has heard yet.
    pub(super) untold: Vec<(Event, Place)>,
    /// The writer has taken part of a line, and may not go on.
    pub(super) is_broken: bool,
    /// Since the last checkpoint that was saved.
    pub(super) uncheckpointed: u64,
    /// When the epoch began.
    turned: Duration,
}

/// When an event happened, and where in the chain it is, if it was recorded.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) time: SystemTime,
    pub(super) at: Option<Head>,
}

impl<W: Output> State<W> {
    /// A chain that is not begun, in an epoch that began at `turned`.
    pub(super) fn new(out: W, source: Source, turned: Duration) -> Self {
        let (current, head, line) = (Current::default(), None, String::new());
        let (recorded, untold, is_broken, uncheckpointed) = (None, Vec::new(), false, 0);
        Self { out, source, current, head, line, recorded, untold, is_broken, uncheckpointed, turned }
    }

    pub(super) fn record(
        &mut self,
        settings: &Settings,
        event: &Event,
        time: SystemTime,
    ) -> Result<(), AuditError> {
        let turned = self.turn_if_due(settings);
        if let Err(error) = turned.as_ref()
            && !error.is_recorded()
        {
            return turned;
        }
        self.append(settings, event, time)?;
        self.recorded = self.head;
        self.uncheckpointed = self.uncheckpointed.saturating_add(1);
        // All of them, whatever fails; the first failure is told.
        turned
            .and(self.after_append())
            .and(self.settle_ratchet())
            .and(self.checkpoint_if_due(settings))
            .and(self.rotate_if_full(settings))
    }

    /// Where the chain stands; starts it if need be.
    fn begin(&mut self, settings: &Settings) -> Result<Head, AuditError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let mut chain = [0; 16];
        random::fill(&mut chain)?;
        let at = Head { chain, seq: 0, mac: [0; 32] };
        let key = self.current.key(&self.source, &chain);
        let event = Event::named(Name::Log("audit_chain_started"), Level::Info, Outcome::Success);
        let time = settings.clock.wall();
        let head = self.compose(settings, at, true, &event, time, &key);
        self.hand_over(head)?;
        self.untold.push((event, Place { time, at: Some(head) }));
        Ok(head)
    }

    fn append(&mut self, settings: &Settings, event: &Event, time: SystemTime) -> Result<(), AuditError> {
        let at = self.begin(settings)?.next();
        let key = self.current.key(&self.source, &at.chain);
        let head = self.compose(settings, at, false, event, time, &key);
        self.hand_over(head)
    }

    /// Something about the log itself.
    fn append_own(&mut self, settings: &Settings, event: Event) -> Result<(), AuditError> {
        let time = settings.clock.wall();
        self.append(settings, &event, time)?;
        self.untold.push((event, Place { time, at: self.head }));
        Ok(())
    }

    /// Writes a record to `self.line`; where the chain stands when it is taken.
    fn compose(
        &mut self,
        settings: &Settings,
        at: Head,
        starts: bool,
        event: &Event,
        time: SystemTime,
        (id, key): &(KeyId, Arc<MacKey>),
    ) -> Head {
        let ratchet = match &self.source {
            Source::Ring(_) => None,
            Source::Ratchet(ratchet) => Some(ratchet.state()),
        };
        let start = starts.then_some(Start { chain: at.chain, before: at.mac, ratchet });
        self.line.clear();
        line::open(&mut self.line, at.seq, start.as_ref(), time, &settings.app, event);
        let mac = line::close(&mut self.line, *id, |signed| chain::mac(key, &at.mac, signed));
        Head { mac, ..at }
    }

    /// Gives `self.line` to the output, after which the chain stands at `head`.
    fn hand_over(&mut self, head: Head) -> Result<(), AuditError> {
        if self.is_broken {
            return Err(AuditErrorKind::Broken.into());
        }
        self.out.append(self.line.as_bytes()).inspect_err(|error| {
            self.is_broken |= error.kind() == AuditErrorKind::Broken;
        })?;
        self.head = Some(head);
        Ok(())
    }

    fn after_append(&mut self) -> Result<(), AuditError> {
        self.out.after_append().map_err(|error| AuditError::new(AuditErrorKind::NotSynced, error))
    }

    /// Begins an epoch when the one under way has lasted long enough.
    pub(super) fn turn_if_due(&mut self, settings: &Settings) -> Result<(), AuditError> {
        let Source::Ratchet(ratchet) = &self.source else { return Ok(()) };
        let lasted = settings.clock.monotonic().saturating_sub(self.turned);
        if lasted >= ratchet.length() && !ratchet.is_unsaved() { self.turn(settings) } else { Ok(()) }
    }

    /// Begins an epoch: with a record under its key, which says so. The one before must be saved.
    fn turn(&mut self, settings: &Settings) -> Result<(), AuditError> {
        let at = self.begin(settings)?.next();
        let Source::Ratchet(ratchet) = &self.source else { return Ok(()) };
        let epoch = ratchet.epoch().saturating_add(1);
        let key = chain::epoch_key(&chain::next_epoch(ratchet.secret()), &at.chain);
        let key = (ratchet.key_id(), Arc::new(key));
        let event = Event::named(Name::Log("audit_epoch_started"), Level::Info, Outcome::Success);
        let event = event.detail("epoch", epoch);
        let time = settings.clock.wall();
        let head = self.compose(settings, at, false, &event, time, &key);
        self.hand_over(head)?;
        self.untold.push((event, Place { time, at: Some(head) }));
        if let Source::Ratchet(ratchet) = &mut self.source {
            ratchet.turn();
        }
        self.current = Current::default(); // the key of the epoch that ends is erased now, not with the next event
        self.turned = settings.clock.monotonic();
        self.settle_ratchet()
    }

    /// Saves what the ratchet has come to, once the record that says so is on the disk.
    fn settle_ratchet(&mut self) -> Result<(), AuditError> {
        let Source::Ratchet(ratchet) = &mut self.source else { return Ok(()) };
        if !ratchet.is_unsaved() {
            return Ok(());
        }
        let settled = self.out.sync().and_then(|()| ratchet.settle());
        settled.map_err(|error| AuditError::new(AuditErrorKind::NotRatcheted, error))
    }

    fn checkpoint_if_due(&mut self, settings: &Settings) -> Result<(), AuditError> {
        match &settings.checkpoints {
            Some((_, events)) if self.uncheckpointed >= *events => self.save_checkpoint(settings).map(drop),
            _ => Ok(()),
        }
    }

    /// Saves a checkpoint of what is on the disk: one of what is not would accuse a power failure of forgery.
    pub(super) fn save_checkpoint(&mut self, settings: &Settings) -> Result<Head, AuditError> {
        let head = self.begin(settings)?;
        self.out.sync().map_err(|error| AuditError::new(AuditErrorKind::NotSynced, error))?;
        if let Some((store, _)) = &settings.checkpoints {
            let save = || store.save(&Checkpoint { head });
            let saved = panic::catch_unwind(AssertUnwindSafe(save));
            let saved = saved.unwrap_or_else(|_| Err(io::Error::other("the checkpoint store panicked")));
            saved.map_err(|error| AuditError::new(AuditErrorKind::NotCheckpointed, error))?;
        }
        self.uncheckpointed = 0;
        Ok(head)
    }

    /// Goes on in another file when this one is full.
    fn rotate_if_full(&mut self, settings: &Settings) -> Result<(), AuditError> {
        let Some(last) = self.head.filter(|_| self.out.is_full()) else { return Ok(()) };
        if settings.checkpoints.is_some() {
            self.save_checkpoint(settings)?; // so that the file of now always reaches back to the last checkpoint
        }
        let key = self.current.key(&self.source, &last.chain);
        let event = Event::named(Name::Log("audit_chain_continued"), Level::Info, Outcome::Success);
        let time = settings.clock.wall();
        let head = self.compose(settings, last.next(), true, &event, time, &key);
        let rotated = self.out.rotate(last.seq, self.line.as_bytes());
        rotated.map_err(|error| AuditError::new(AuditErrorKind::NotRotated, error))?;
        self.head = Some(head);
        self.untold.push((event, Place { time, at: Some(head) }));
        Ok(())
    }
}

impl State<LogFile> {
    /// Finds where the chain in the file stands.
    pub(super) fn resume(&mut self, settings: &Settings, set_aside_damaged: bool) -> Result<(), AuditError> {
        let latest = settings.checkpoints.as_ref().map(|(store, _)| store.latest()).transpose();
        let latest = latest.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => AuditError::new(AuditErrorKind::Malformed, error),
            _ => error.into(),
        })?;
        match self.continue_chain(settings, latest.flatten()) {
            Err(error) if set_aside_damaged && is_damage(error.kind()) => {
                self.set_aside(settings, &error, latest.flatten())?;
            }
            other => other?,
        }
        self.save_checkpoint(settings).map(drop)
    }

    fn continue_chain(&mut self, settings: &Settings, latest: Option<Checkpoint>) -> Result<(), AuditError> {
        let Some(tail) = self.out.tail()? else {
            return if latest.is_some() {
                Err(AuditErrorKind::Truncated.into())
            } else {
                self.begin(settings).map(drop)
            };
        };
        // A record that lacks its line break alone is whole.
        let is_whole = line::outline(&tail.torn).is_some();
        let tail = if is_whole { tail.completed() } else { tail };
        if !line::is_torn(&tail.torn) {
            return Err(AuditErrorKind::Damaged.into());
        }
        // The line that starts the file may itself be torn: then there is no record yet.
        let reached = tail.first.as_deref().map(|first| self.check(first, &tail)).transpose()?;
        if let Some(kept) = latest
            && (reached.is_none() || !self.meets(&kept, &tail)?)
        {
            return Err(AuditErrorKind::Truncated.into());
        }
        self.head = reached;
        if is_whole {
            self.out.append(b"\n")?;
        }
        if !tail.torn.is_empty() || is_whole {
            self.out.cut(tail.torn.len())?;
            let event = Event::named(Name::Log("audit_log_recovered"), Level::Warn, Outcome::Success);
            self.append_own(
                settings,
                event.reason("a line was cut off").detail("cut_bytes", tail.torn.len() as u64),
            )?;
        }
        self.begin(settings)?;
        self.settle_ratchet()?; // a turn that a crash left half done, before the next
        if reached.is_some() {
            if latest.is_none() && settings.checkpoints.is_some() {
                let event =
                    Event::named(Name::Log("audit_checkpoint_missing"), Level::Warn, Outcome::Unknown);
                self.append_own(settings, event.reason("no checkpoint is kept of a log that has records"))?;
            }
            self.turn(settings)?;
        }
        Ok(())
    }

    /// Whether the file holds the record that a checkpoint was made after.
    fn meets(&self, Checkpoint { head: kept }: &Checkpoint, tail: &Tail) -> Result<bool, AuditError> {
        // What was kept before the last rotation is the record that this file follows.
        let first = tail.first.as_deref().and_then(line::outline);
        let before = first.and_then(|first| first.start.filter(|_| first.seq == kept.seq.saturating_add(1)));
        let mac = match before {
            Some(start) => Some(start.before),
            None => self.out.find(kept.seq)?.and_then(|line| line::outline(&line).map(|outline| outline.mac)),
        };
        Ok(mac == Some(kept.mac))
    }

    /// Starts a new chain in place of one that cannot be continued: in one step, so that it always says why.
    fn set_aside(
        &mut self,
        settings: &Settings,
        error: &AuditError,
        latest: Option<Checkpoint>,
    ) -> Result<(), AuditError> {
        let mut chain = [0; 16];
        random::fill(&mut chain)?;
        let aside = self
            .out
            .aside(settings.clock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())?;
        let (time, start) = (settings.clock.wall(), Head { chain, seq: 0, mac: [0; 32] });
        let key = self.current.key(&self.source, &chain);
        let started = Event::named(Name::Log("audit_chain_started"), Level::Info, Outcome::Success);
        let first = self.compose(settings, start, true, &started, time, &key);
        let mut content = self.line.clone();
        let damaged = Event::named(Name::Log("audit_chain_damaged"), Level::Critical, Outcome::Unknown);
        let name = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut damaged = damaged.reason(error.to_string()).detail("set_aside", name);
        if let Some(latest) = latest {
            damaged = damaged.detail("checkpoint", latest.to_string());
        }
        let second = self.compose(settings, first.next(), false, &damaged, time, &key);
        content.push_str(&self.line);
        self.out.change_file(&aside, content.as_bytes())?;
        self.head = Some(second);
        self.untold.push((started, Place { time, at: Some(first) }));
        self.untold.push((damaged, Place { time, at: Some(second) }));
        Ok(())
    }

    /// Whether the last line follows the one before, under a key that is here.
    fn check(&mut self, first: &[u8], tail: &Tail) -> Result<Head, AuditError> {
        let damaged = AuditErrorKind::Damaged;
        let start = line::outline(first).and_then(|first| first.start).ok_or(damaged)?;
        let last = line::outline(&tail.last).ok_or(damaged)?;
        let before = match last.start {
            Some(start) => start.before,
            None => line::outline(&tail.before).ok_or(damaged)?.mac,
        };
        let head = Head { chain: start.chain, seq: last.seq, mac: last.mac };
        let matches = |key: &MacKey| compare::equal(&chain::mac(key, &before, last.signed), &last.mac);
        match &mut self.source {
            Source::Ring(ring) => {
                let snapshot = ring.snapshot();
                let key = snapshot.stored(last.key).filter(|_| start.ratchet.is_none());
                let key = key.ok_or(AuditErrorKind::UnknownKey)?;
                matches(&chain::ring_key(key, &start.chain)).then_some(head).ok_or_else(|| damaged.into())
            }
            Source::Ratchet(ratchet) => {
                if start.ratchet.is_none_or(|state| state.id != ratchet.state().id) {
                    return Err(AuditErrorKind::UnknownKey.into());
                }
                if matches(&chain::epoch_key(ratchet.secret(), &start.chain)) {
                    return Ok(head);
                }
                // A crash came between the record that begins an epoch and the saving of the ratchet.
                if matches(&chain::epoch_key(&chain::next_epoch(ratchet.secret()), &start.chain)) {
                    ratchet.turn();
                    return Ok(head);
                }
                Err(damaged.into())
            }
        }
    }
}

impl Tail {
    /// The tail as it is when its last line gets the line break that it lacks.
    fn completed(self) -> Self {
        let first = self.first.or_else(|| Some(self.torn.clone()));
        Self { first, before: self.last, last: self.torn, torn: Vec::new() }
    }
}

impl Head {
    /// Where the next record goes: its number, and the MAC of the one before.
    fn next(self) -> Self {
        Self { seq: self.seq.saturating_add(1), ..self }
    }
}

const fn is_damage(kind: AuditErrorKind) -> bool {
    matches!(kind, AuditErrorKind::Damaged | AuditErrorKind::Truncated | AuditErrorKind::UnknownKey)
}
