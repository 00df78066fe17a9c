use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::chain::{self, ChainKey, Current, Head, Source};
use super::event::{Event, Name};
use super::line::{self, Start};
use super::monitor::{Counts, Monitor};
use super::output::{Fsync, LogFile, Output, Tail};
use super::record::{Record, Sink};
use super::{AuditError, AuditErrorKind, Checkpoint, CheckpointStore, Kind, Level, Outcome};
use crate::clock::{Clock, SystemClock};
use crate::compare;
use crate::config::Watcher;
use crate::keys::{KeyId, MacKey};
use crate::random;

/// Records events, each chained to all before it.
///
/// It is shared by reference, or in an [`Arc`]; a record is written whole before `record` returns.
///
/// ```
/// use palisade::audit::{self, AuditLog, Event};
/// use palisade::keys::KeyRing;
///
/// # let folder = std::env::temp_dir().join(format!("palisade-log-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("audit.jsonl");
/// let ring = KeyRing::generate()?; // in earnest: from a KeyFile
/// let log = AuditLog::open(&path, &ring)?; // continues the chain where the last process left it
/// log.record(Event::authentication_failure().subject("alice").source_ip("203.0.113.7".parse()?))?;
///
/// let verified = audit::verify(std::fs::File::open(&path)?, &ring)?;
/// assert_eq!(verified.records, 2); // with the one that starts the chain
/// # drop(log);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// An event that could not be recorded is an error: whoever does what must be recorded does it only after `record`
/// said `Ok`.
pub struct AuditLog<W: Output = LogFile> {
    /// Begins epochs while nothing happens. Stopped before the file is closed.
    _epochs: Option<Watcher>,
    pub(super) shared: Held<W>,
}

/// Saves a last checkpoint when it is dropped.
pub(super) struct Held<W: Output>(Arc<Shared<W>>);

/// Sets up an [`AuditLog`].
///
/// ```
/// use palisade::audit::{AuditLog, CheckpointFile, Fsync, Kind};
/// use palisade::keys::KeyRing;
/// use std::time::Duration;
///
/// # let folder = std::env::temp_dir().join(format!("palisade-builder-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let log = AuditLog::builder(KeyRing::generate()?)
///     .app("shop")
///     .rotate_at(64 * 1024 * 1024)
///     .fsync(Fsync::Every(Duration::from_millis(200)))
///     .checkpoints(CheckpointFile::new(folder.join("on-another-disk")), 1000)
///     .alert(Kind::AuthenticationFailure, 50, Duration::from_secs(60))
///     .open(folder.join("audit.jsonl"))?;
/// # drop(log);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "open() a file, or give it a writer()"]
pub struct Builder {
    key: ChainKey,
    settings: Settings,
    monitor: Monitor,
    rotate_at: Option<u64>,
    fsync: Fsync,
    set_aside_damaged: bool,
}

type Redact = dyn for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync;

struct Settings {
    app: String,
    clock: Arc<dyn Clock>,
    redact: Option<Box<Redact>>,
    keep_one_in: u32,
    checkpoints: Option<(Box<dyn CheckpointStore>, u64)>,
    sinks: Vec<Box<dyn Sink>>,
}

pub(super) struct Shared<W> {
    settings: Settings,
    monitor: Mutex<Monitor>,
    /// Events that may be sampled, so far, by name: names are constants, and so few.
    sampled: Mutex<HashMap<&'static str, u64>>,
    state: Mutex<State<W>>,
}

/// When an event happened, and where in the chain it is, if it was recorded.
#[derive(Clone, Copy)]
pub(super) struct Place {
    time: SystemTime,
    at: Option<Head>,
}

/// What a record changes. INVARIANT: of what runs while it is locked only a writer or clock may panic, in the middle of
/// a record or before; the log then counts as broken.
struct State<W> {
    out: W,
    source: Source,
    current: Current,
    /// `None` until the chain is started.
    head: Option<Head>,
    line: String,
    /// Where the last event is, which a record of the log about itself may follow.
    recorded: Option<Head>,
    /// What the log recorded about itself, and no sink has heard yet.
    untold: Vec<(Event, Place)>,
    /// The writer has taken part of a line, and may not go on.
    is_broken: bool,
    /// Since the last checkpoint that was saved.
    uncheckpointed: u64,
    /// When the epoch began.
    turned: Duration,
}

impl<W: Write> AuditLog<W> {
    /// Starts a new chain into a writer.
    ///
    /// Each event is handed to the writer and flushed before `record` returns.
    pub fn new(writer: W, key: impl Into<ChainKey>) -> Self {
        Builder::new(key).writer(writer)
    }

    /// Gives the writer back, flushed.
    ///
    /// # Errors
    /// [`AuditError`] of kind `NotSynced`.
    pub fn into_inner(self) -> Result<W, AuditError> {
        let shared = Arc::clone(&self.shared.0);
        drop(self);
        let shared = Shared::sole(shared);
        let mut state = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.out.flush().map_err(|error| AuditError::new(AuditErrorKind::NotSynced, error))?;
        Ok(state.out)
    }
}

impl AuditLog {
    /// Opens a log, or makes one; other writers are kept out while it is open.
    ///
    /// The end of the file must be a chain's, made under these keys; a line that a crash cut off is removed, and
    /// that is recorded. The rest is not read: [`verify`](super::verify) does that.
    ///
    /// # Errors
    /// [`AuditError`]: `Locked`, `Damaged`, `UnknownKey`, `Truncated`, `Unavailable`, `Random`, and those of
    /// [`record`](Self::record).
    pub fn open(path: impl AsRef<Path>, key: impl Into<ChainKey>) -> Result<Self, AuditError> {
        Builder::new(key).open(path)
    }

    /// Sets up a log with more than the defaults.
    pub fn builder(key: impl Into<ChainKey>) -> Builder {
        Builder::new(key)
    }
}

impl<W: Output> AuditLog<W> {
    /// Records an event.
    ///
    /// # Errors
    /// [`AuditError`]: `Unavailable`, `Changed`, `Broken`, `Random`. Where [`AuditError::is_recorded`] says so, the
    /// event is in the log, but something after it failed.
    pub fn record(&self, event: Event) -> Result<(), AuditError> {
        self.shared.record(event)
    }

    /// What the chain has come to, once that is synced; also saved to the checkpoint store, if there is one.
    ///
    /// # Errors
    /// Those of [`record`](Self::record).
    pub fn checkpoint(&self) -> Result<Checkpoint, AuditError> {
        let shared = &self.shared;
        let made = shared.with_state(|state| state.save_checkpoint(&shared.settings));
        made.map(|head| Checkpoint { head })
    }

    /// Brings everything recorded to the disk, or through the writer.
    ///
    /// # Errors
    /// [`AuditError`] of kind `NotSynced`.
    pub fn sync(&self) -> Result<(), AuditError> {
        let synced = self.shared.state().out.sync();
        synced.map_err(|error| AuditError::new(AuditErrorKind::NotSynced, error))
    }

    /// The time by the log's clock.
    pub(super) fn now(&self) -> SystemTime {
        self.shared.settings.clock.wall()
    }

    /// How often a kind of event happened, recorded or not.
    pub fn counts(&self, kind: Kind) -> Counts {
        self.shared.monitor().counts(kind, self.shared.settings.clock.monotonic())
    }
}

impl Builder {
    fn new(key: impl Into<ChainKey>) -> Self {
        let (app, clock, redact, keep_one_in) = (String::new(), Arc::new(SystemClock), None, 1);
        let settings = Settings { app, clock, redact, keep_one_in, checkpoints: None, sinks: Vec::new() };
        let (monitor, fsync) = (Monitor::new(), Fsync::Every(Duration::from_secs(1)));
        Self { key: key.into(), settings, monitor, rotate_at: None, fsync, set_aside_damaged: false }
    }

    /// The application's name, in every record.
    pub fn app(mut self, name: impl Into<String>) -> Self {
        self.settings.app = name.into();
        self
    }

    /// The clock that dates events.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Passes every text of an event, after the name of its field, through `redact` before it goes anywhere.
    ///
    /// ```
    /// use palisade::audit::{AuditLog, Event};
    /// use palisade::keys::KeyRing;
    /// use std::borrow::Cow;
    ///
    /// let log = AuditLog::builder(KeyRing::generate()?)
    ///     .redact(|_field, text| if text.contains('@') { Cow::Borrowed("[address]") } else { Cow::Borrowed(text) })
    ///     .writer(Vec::new());
    /// log.record(Event::authentication_failure().subject("alice@example.com"))?;
    /// assert!(!String::from_utf8(log.into_inner()?)?.contains("alice"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn redact<R>(mut self, redact: R) -> Self
    where
        R: for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync + 'static,
    {
        self.settings.redact = Some(Box::new(redact));
        self
    }

    /// Of the application's own events of level `Info`, keeps one in so many of each name; each kept one says so. All
    /// others are kept.
    pub fn keep_one_in(mut self, count: u32) -> Self {
        self.settings.keep_one_in = count.max(1);
        self
    }

    /// Saves a checkpoint to a second place after so many events, and refuses to open a file that ends before it.
    ///
    /// The file is synced before each.
    pub fn checkpoints(mut self, store: impl CheckpointStore + 'static, events: u64) -> Self {
        self.settings.checkpoints = Some((Box::new(store), events.max(1)));
        self
    }

    /// Records a `suspicious_pattern_detected` when there are so many events of a kind within so long; once in that
    /// time.
    pub fn alert(mut self, kind: Kind, count: u32, within: Duration) -> Self {
        self.monitor.alert(kind, count, within);
        self
    }

    /// Shows every event to a sink as well, redacted, after it was recorded; also what the log records about itself.
    pub fn also(mut self, sink: impl Sink + 'static) -> Self {
        self.settings.sinks.push(Box::new(sink));
        self
    }

    /// When a file is synced; every second by default.
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// Starts another file when this one has so many bytes. The old one gets the number of its last record at the
    /// end of its name; the chain goes on.
    pub fn rotate_at(mut self, bytes: u64) -> Self {
        self.rotate_at = Some(bytes.max(1));
        self
    }

    /// Moves a file away that cannot be continued and starts a new chain, which begins by saying so; without this,
    /// `open` fails.
    pub fn set_aside_damaged(mut self) -> Self {
        self.set_aside_damaged = true;
        self
    }

    /// Starts a new chain into a writer. How files are kept does not concern it.
    pub fn writer<W: Write>(self, writer: W) -> AuditLog<W> {
        let (shared, _) = self.into_shared(writer);
        AuditLog { _epochs: None, shared: Held(Arc::new(shared)) }
    }

    /// Opens a file, as [`AuditLog::open`] does.
    ///
    /// # Errors
    /// Those of [`AuditLog::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<AuditLog, AuditError> {
        let file = LogFile::open(path.as_ref(), self.rotate_at, self.fsync)?;
        let (shared, set_aside_damaged) = self.into_shared(file);
        shared.with_state(|state| state.resume(&shared.settings, set_aside_damaged))?;
        let shared = Arc::new(shared);
        let length = match &shared.state().source {
            Source::Ring(_) => None,
            Source::Ratchet(ratchet) => Some(ratchet.length()),
        };
        let watched = Arc::downgrade(&shared);
        let begin_epoch = move || {
            if let Some(shared) = watched.upgrade() {
                // What fails is tried again by the next event, whose caller is told.
                let _turned = shared.with_state(|state| state.turn_if_due(&shared.settings));
            }
        };
        let epochs = length.map(|length| Watcher::every(length / 4, begin_epoch)).transpose()?;
        Ok(AuditLog { _epochs: epochs, shared: Held(shared) })
    }

    fn into_shared<W>(self, out: W) -> (Shared<W>, bool) {
        let Self { key: ChainKey(source), settings, monitor, set_aside_damaged, .. } = self;
        let turned = settings.clock.monotonic();
        let (current, head, line) = (Current::default(), None, String::new());
        let (recorded, untold, is_broken, uncheckpointed) = (None, Vec::new(), false, 0);
        let state =
            State { out, source, current, head, line, recorded, untold, is_broken, uncheckpointed, turned };
        let (monitor, sampled, state) = (Mutex::new(monitor), Mutex::default(), Mutex::new(state));
        (Shared { settings, monitor, sampled, state }, set_aside_damaged)
    }
}

impl<W: Output> Shared<W> {
    fn sole(shared: Arc<Self>) -> Self {
        Arc::into_inner(shared).expect("only the watcher shared it, and it has ended")
    }

    fn record(&self, event: Event) -> Result<(), AuditError> {
        let Some((event, raised)) = self.prepare(event) else { return Ok(()) };
        let (place, mut recorded) = self.append(&event);
        let places: Vec<Place> = raised
            .iter()
            .map(|alert| {
                let (place, result) = self.append(alert);
                let alerted = result.map_err(|error| error.into_kind(AuditErrorKind::NotAlerted));
                recorded = mem::replace(&mut recorded, Ok(())).and(alerted);
                place
            })
            .collect();
        self.tell(&event, place);
        raised.iter().zip(places).for_each(|(alert, place)| self.tell(alert, place));
        recorded
    }

    /// Redacts and counts an event; `None` for one that is not kept. With it come the alerts that it raises.
    pub(super) fn prepare(&self, mut event: Event) -> Option<(Event, Vec<Event>)> {
        if let Name::Application(name) = event.name
            && event.level == Level::Info
            && !self.keep(name, &mut event)
        {
            return None;
        }
        if let Some(redact) = &self.settings.redact {
            event.redact(&**redact);
        }
        let raised = self.monitor().count(&event, self.settings.clock.monotonic());
        Some((event, raised))
    }

    /// Adds to the chain.
    pub(super) fn append(&self, event: &Event) -> (Place, Result<(), AuditError>) {
        self.with_state(|state| {
            let time = event.at.unwrap_or_else(|| self.settings.clock.wall());
            let result = state.record(&self.settings, event, time);
            let is_recorded = result.as_ref().map_or_else(AuditError::is_recorded, |()| true);
            (Place { time, at: state.recorded.filter(|_| is_recorded) }, result)
        })
    }

    /// Changes the state, and then tells the sinks what the log recorded about itself.
    fn with_state<T>(&self, change: impl FnOnce(&mut State<W>) -> T) -> T {
        let (answer, untold) = {
            let mut state = self.state();
            (change(&mut state), mem::take(&mut state.untold))
        };
        for (event, place) in &untold {
            self.tell(event, *place);
        }
        answer
    }

    /// Tells the sinks of an event that the log never saw.
    pub(super) fn tell_unrecorded(&self, event: &Event) {
        let time = event.at.unwrap_or_else(|| self.settings.clock.wall());
        self.tell(event, Place { time, at: None });
    }

    /// Tells the sinks.
    pub(super) fn tell(&self, event: &Event, Place { time, at }: Place) {
        for sink in &self.settings.sinks {
            let record = Record { event, app: &self.settings.app, time, at };
            // The panic hook tells of it; who records is not to suffer.
            let _told = panic::catch_unwind(AssertUnwindSafe(|| sink.accept(&record)));
        }
    }

    /// Whether an event is one of those that are kept, which is then written on it.
    fn keep(&self, name: &'static str, event: &mut Event) -> bool {
        let one_in = self.settings.keep_one_in;
        if one_in == 1 {
            return true;
        }
        event.one_in = Some(one_in);
        let mut sampled = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sampled.entry(name).or_default();
        *count = count.wrapping_add(1);
        *count % u64::from(one_in) == 1
    }

    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            state.is_broken = true;
            state
        })
    }

    fn monitor(&self) -> MutexGuard<'_, Monitor> {
        self.monitor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Output> State<W> {
    fn record(&mut self, settings: &Settings, event: &Event, time: SystemTime) -> Result<(), AuditError> {
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
    fn turn_if_due(&mut self, settings: &Settings) -> Result<(), AuditError> {
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
    fn save_checkpoint(&mut self, settings: &Settings) -> Result<Head, AuditError> {
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
    fn resume(&mut self, settings: &Settings, set_aside_damaged: bool) -> Result<(), AuditError> {
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
        if let Some(kept) = latest {
            let is_met = reached.map(|reached| self.meets(&kept, &reached, &tail)).transpose()?;
            if is_met != Some(true) {
                return Err(AuditErrorKind::Truncated.into());
            }
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
    fn meets(
        &self,
        Checkpoint { head: kept }: &Checkpoint,
        reached: &Head,
        tail: &Tail,
    ) -> Result<bool, AuditError> {
        if kept.chain != reached.chain || kept.seq > reached.seq {
            return Ok(false);
        }
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

impl<W: Output> Deref for Held<W> {
    type Target = Shared<W>;

    fn deref(&self) -> &Shared<W> {
        &self.0
    }
}

impl<W: Output> Drop for Held<W> {
    fn drop(&mut self) {
        let settings = &self.0.settings;
        if settings.checkpoints.is_some() {
            self.0.with_state(|state| {
                if state.uncheckpointed > 0 && !state.is_broken {
                    let _best_effort = state.save_checkpoint(settings);
                }
            });
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

impl<W: Output> fmt::Debug for AuditLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("AuditLog")
            .field("head", &state.head)
            .field("source", &state.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("app", &self.settings.app)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
