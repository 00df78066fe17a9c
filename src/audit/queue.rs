use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::event::{Event, Name};
use super::output::Output;
use super::{AuditError, AuditErrorKind, AuditLog, Level, Outcome, log};
use crate::sync::thread::{self, JoinHandle};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// What happens to an event when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// The caller waits until there is room: nothing is lost, and a disk that stands still brings all callers to a stop.
    Wait,
    /// The caller waits so long, and then gets [`AuditErrorKind::Full`].
    WaitAtMost(Duration),
    /// The caller gets [`AuditErrorKind::Full`] at once. How many were refused is recorded when there is room again.
    Refuse,
}

/// Records events from a thread of its own, so that callers do not wait for the disk: for asynchronous servers.
///
/// An event keeps the time at which it was handed over. While the log fails, the queue keeps its events and tries
/// again; [`last_error`](Self::last_error) tells, and [`WhenFull`] decides once it is full.
///
/// ```
/// use palisade::audit::{AuditLog, Event, Queue, WhenFull};
/// use palisade::keys::KeyRing;
///
/// let ring = KeyRing::generate()?;
/// let queue = Queue::new(AuditLog::new(Vec::new(), &ring), 10_000, WhenFull::Refuse)?;
/// queue.record(Event::authentication_failure())?;
/// queue.flush()?; // waits until all is recorded
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// What is in the queue when the process is killed is lost. For what must be on record before it is done, call
/// [`AuditLog::record`].
pub struct Queue<W: Output + Send + 'static = super::LogFile> {
    shared: Arc<Shared>,
    log: Arc<AuditLog<W>>,
    when_full: WhenFull,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to do, or it is time to end.
    arrived: Condvar,
    /// There is room, or all is done.
    left: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Events taken in, and those of them that are recorded or given up.
    taken: u64,
    done: u64,
    /// Refused or given up since this was last recorded.
    lost: u64,
    is_closing: bool,
    /// The thread has ended.
    is_closed: bool,
    /// Of the event that is tried now.
    last_error: Option<AuditError>,
    /// The first of an event that is recorded all the same, or was given up, until it is told.
    untold: Option<AuditError>,
}

impl<W: Output + Send + 'static> Queue<W> {
    /// Starts the thread; at most `capacity` events wait, each of a few hundred bytes, or some ten thousand when an
    /// attacker fills them.
    ///
    /// # Errors
    /// [`io::Error`] when no thread could be started.
    pub fn new(log: AuditLog<W>, capacity: usize, when_full: WhenFull) -> io::Result<Self> {
        let (waiting, arrived, left) = (Mutex::default(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { waiting, arrived, left, capacity: capacity.max(1) });
        let log = Arc::new(log);
        let (working, writing) = (Arc::clone(&shared), Arc::clone(&log));
        let name = "palisade-audit".to_owned();
        let thread = thread::Builder::new().name(name).spawn(move || {
            let _closed = Closes(&working); // also when a writer panics
            working.work(&writing.shared);
        })?;
        Ok(Self { shared, log, when_full, thread: Some(thread) })
    }

    /// Hands an event over.
    ///
    /// # Errors
    /// [`AuditError`]: `Full`, by the policy; `Changed` or `Broken` when callers would wait for a log that takes no
    /// more; `Closed` when the thread has ended by a panic of the writer.
    pub fn record(&self, event: Event) -> Result<(), AuditError> {
        let Some((event, raised)) = self.log.shared.prepare(event) else { return Ok(()) };
        let now = self.log.now();
        let dated = |event: Event| if event.at.is_some() { event } else { event.at(now) };
        let when_full = if self.is_own_thread() { WhenFull::Refuse } else { self.when_full };
        let pushed = self.shared.push(dated(event), when_full).map_err(|refused| {
            let (error, event) = *refused;
            self.log.shared.tell_unrecorded(&event);
            error
        });
        // Alerts are few, and find room: when the queue is full they matter most.
        for alert in raised {
            self.shared.push_alert(dated(alert));
        }
        pushed
    }

    /// Waits until all events handed over so far are recorded.
    ///
    /// # Errors
    /// [`AuditError`]: what keeps them from being recorded, or failed after one was; `Closed`; `WaitsForItself` in a sink.
    pub fn flush(&self) -> Result<(), AuditError> {
        if self.is_own_thread() {
            return Err(AuditErrorKind::WaitsForItself.into());
        }
        let mut waiting = self.shared.waiting();
        let taken = waiting.taken;
        while waiting.done < taken {
            if waiting.is_closed {
                return Err(AuditErrorKind::Closed.into());
            }
            if let Some(error) = &waiting.last_error {
                return Err(error.clone());
            }
            waiting = self.shared.left.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.untold.take().map_or(Ok(()), Err)
    }

    /// Records what waits, and gives the log back.
    ///
    /// # Errors
    /// Those of [`flush`](Self::flush); what could not be recorded is lost. In a sink, the queue is closed once that returns.
    pub fn close(mut self) -> Result<Arc<AuditLog<W>>, AuditError> {
        if self.is_own_thread() {
            return Err(AuditErrorKind::WaitsForItself.into());
        }
        self.end();
        let mut waiting = self.shared.waiting();
        let is_lost = waiting.done < waiting.taken || waiting.lost > 0; // the writer panicked
        let failed = waiting.untold.take().or_else(|| is_lost.then(|| AuditErrorKind::Closed.into()));
        drop(waiting);
        failed.map_or_else(|| Ok(Arc::clone(&self.log)), Err)
    }

    fn end(&mut self) {
        self.shared.waiting().is_closing = true;
        self.shared.arrived.notify_all();
        let is_own = self.is_own_thread();
        if let Some(thread) = self.thread.take().filter(|_| !is_own) {
            let _ended = thread.join();
        }
    }

    /// Whether this is the queue's thread, in a sink: it cannot wait for itself.
    fn is_own_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|own| own.thread().id() == thread::current().id())
    }

    /// The log, to read its counts or make a checkpoint.
    pub fn log(&self) -> &AuditLog<W> {
        &self.log
    }

    /// Why the event that is first in the queue could not be recorded when that was tried last, if so.
    pub fn last_error(&self) -> Option<AuditError> {
        self.shared.waiting().last_error.clone()
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.shared.waiting().events.len()
    }

    /// Whether no event waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Shared {
    fn push(&self, event: Event, when_full: WhenFull) -> Result<(), Box<(AuditError, Event)>> {
        let is_hopeless = |waiting: &Waiting| {
            let error = waiting.last_error.as_ref();
            error
                .is_some_and(|error| matches!(error.kind(), AuditErrorKind::Changed | AuditErrorKind::Broken))
        };
        let must_wait = |waiting: &mut Waiting| {
            waiting.events.len() >= self.capacity && !waiting.is_closed && !is_hopeless(waiting)
        };
        let mut waiting = self.waiting();
        waiting = match when_full {
            WhenFull::Refuse => waiting,
            WhenFull::Wait => {
                self.left.wait_while(waiting, must_wait).unwrap_or_else(PoisonError::into_inner)
            }
            WhenFull::WaitAtMost(limit) => {
                let waited = self.left.wait_timeout_while(waiting, limit, must_wait);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        if waiting.is_closed {
            return Err(Box::new((AuditErrorKind::Closed.into(), event)));
        }
        if waiting.events.len() >= self.capacity {
            waiting.lost = waiting.lost.saturating_add(1);
            let hopeless = waiting.last_error.clone().filter(|_| is_hopeless(&waiting));
            return Err(Box::new((hopeless.unwrap_or_else(|| AuditErrorKind::Full.into()), event)));
        }
        waiting.take_in(event);
        self.arrived.notify_one();
        Ok(())
    }

    fn push_alert(&self, alert: Event) {
        let mut waiting = self.waiting();
        if !waiting.is_closed {
            waiting.take_in(alert);
            self.arrived.notify_one();
        }
    }

    /// Records one event after the other until it is time to end.
    fn work<W: Output>(&self, log: &log::Shared<W>) {
        let mut tries = 0;
        loop {
            let idle =
                |waiting: &mut Waiting| waiting.events.is_empty() && waiting.lost == 0 && !waiting.is_closing;
            let mut waiting =
                self.arrived.wait_while(self.waiting(), idle).unwrap_or_else(PoisonError::into_inner);
            let lost = waiting.lost;
            // What was refused is told when there is room again, and under a flood now and then.
            let tells = lost > 0 && (waiting.events.is_empty() || lost >= self.capacity as u64);
            let event = if tells { Some(lost_events(lost)) } else { waiting.events.pop_front() };
            let Some(event) = event else { return };
            drop(waiting);

            let (place, result) = log.append(&event);
            tries += 1;
            let is_recorded = result.as_ref().map_or_else(AuditError::is_recorded, |()| true);
            // While it closes, the first event that fails is tried a little longer, all others once.
            let gives_up = !is_recorded && self.waiting().is_closing && tries >= CLOSING_TRIES;
            if is_recorded || gives_up {
                log.tell(&event, place);
            }
            let mut waiting = self.waiting();
            if is_recorded {
                waiting.last_error = None;
                waiting.untold = waiting.untold.take().or(result.err());
                tries = 0;
            } else {
                waiting.last_error = result.err();
                if gives_up {
                    waiting.untold = waiting.untold.take().or_else(|| waiting.last_error.clone());
                }
            }
            match (is_recorded, tells) {
                (true, true) => waiting.lost = waiting.lost.saturating_sub(lost),
                (true, false) => waiting.done += 1,
                (false, true) if gives_up => return,
                (false, false) if gives_up => {
                    waiting.done += 1;
                    waiting.lost = waiting.lost.saturating_add(1);
                }
                (false, true) => {}
                (false, false) => waiting.events.push_front(event),
            }
            self.left.notify_all();
            if !is_recorded && !gives_up {
                // Closing wakes it once, and then it waits again between its last tries.
                let was_closing = waiting.is_closing;
                let unchanged = |waiting: &mut Waiting| waiting.is_closing == was_closing;
                drop(self.arrived.wait_timeout_while(waiting, RETRY, unchanged));
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // INVARIANT: nothing panics while it is locked.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take_in(&mut self, event: Event) {
        self.events.push_back(event);
        self.taken += 1;
    }
}

/// Tells whoever waits that nobody works any more.
struct Closes<'a>(&'a Shared);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.waiting().is_closed = true;
        self.0.left.notify_all();
    }
}

impl<W: Output + Send + 'static> Drop for Queue<W> {
    /// As [`close`](Self::close), without an answer.
    fn drop(&mut self) {
        self.end();
    }
}

impl<W: Output + Send + 'static> fmt::Debug for Queue<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.len()).field("log", &self.log).finish_non_exhaustive()
    }
}

fn lost_events(count: u64) -> Event {
    Event::named(Name::Log("audit_events_lost"), Level::Critical, Outcome::Failure)
        .reason("the queue was full, or closed while the log failed")
        .detail("count", count)
}

/// How long a failed event waits to be tried again.
const RETRY: Duration = Duration::from_millis(100);
/// How often an event is tried when the queue is closing.
const CLOSING_TRIES: u32 = 3;
