use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::mem;
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::builder::{Builder, Settings};
use super::chain::ChainKey;
use super::chain_writer::{Place, State};
use super::event::{Event, Name};
use super::monitor::{Counts, Monitor};
use super::output::{LogFile, Output};
use super::record::Record;
use super::{AuditError, AuditErrorKind, Checkpoint, Kind, Level};
use crate::config::Watcher;
use crate::sync::{Mutex, MutexGuard};

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
    pub(super) _epochs: Option<Watcher>,
    pub(super) shared: Held<W>,
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

impl<W: Output> fmt::Debug for AuditLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("AuditLog")
            .field("head", &state.head)
            .field("source", &state.source)
            .finish_non_exhaustive()
    }
}

/// Saves a last checkpoint when it is dropped.
pub(super) struct Held<W: Output>(pub(super) Arc<Shared<W>>);

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

pub(super) struct Shared<W> {
    pub(super) settings: Settings,
    monitor: Mutex<Monitor>,
    /// Events that may be sampled, so far, by name: names are constants, and so few.
    sampled: Mutex<HashMap<&'static str, u64>>,
    state: Mutex<State<W>>,
}

impl<W: Output> Shared<W> {
    pub(super) fn new(settings: Settings, monitor: Monitor, state: State<W>) -> Self {
        let (monitor, sampled, state) = (Mutex::new(monitor), Mutex::default(), Mutex::new(state));
        Self { settings, monitor, sampled, state }
    }

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
    pub(super) fn with_state<T>(&self, change: impl FnOnce(&mut State<W>) -> T) -> T {
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

    pub(super) fn state(&self) -> MutexGuard<'_, State<W>> {
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
