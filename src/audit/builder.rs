use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::chain::{ChainKey, Source};
use super::chain_writer::State;
use super::log::{Held, Shared};
use super::monitor::Monitor;
use super::output::{Fsync, LogFile, Output};
use super::{AuditError, AuditLog, CheckpointStore, Kind, Sink};
use crate::clock::{Clock, SystemClock};
use crate::config::Watcher;

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

impl Builder {
    pub(super) fn new(key: impl Into<ChainKey>) -> Self {
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
    /// use palisade::redact::Redactor;
    ///
    /// let redactor = Redactor::builder().personal_data(true).build()?;
    /// let log = AuditLog::builder(KeyRing::generate()?)
    ///     .redact(move |field, text| redactor.redact_field(field, text))
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

    fn into_shared<W: Output>(self, out: W) -> (Shared<W>, bool) {
        let Self { key: ChainKey(source), settings, monitor, set_aside_damaged, .. } = self;
        let state = State::new(out, source, settings.clock.monotonic());
        (Shared::new(settings, monitor, state), set_aside_damaged)
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

/// What holds for the log as long as it is open.
pub(super) struct Settings {
    pub(super) app: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) redact: Option<Box<Redact>>,
    pub(super) keep_one_in: u32,
    pub(super) checkpoints: Option<(Box<dyn CheckpointStore>, u64)>,
    pub(super) sinks: Vec<Box<dyn Sink>>,
}

type Redact = dyn for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync;
