use std::fmt;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::sync::thread::{self, JoinHandle};
use crate::sync::{Condvar, Mutex};

/// Repeats some work in the background until it is dropped.
///
/// Dropping waits for work under way, at most one round of it.
#[must_use = "watching ends when this is dropped"]
pub struct Watcher {
    stopping: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts a thread of its own that does `work` after each `interval`.
    pub(crate) fn every(interval: Duration, mut work: impl FnMut() + Send + 'static) -> io::Result<Self> {
        let stopping = Arc::new((Mutex::new(false), Condvar::new()));
        let (watched, name) = (Arc::clone(&stopping), "palisade-watcher".to_owned());
        let thread = thread::Builder::new().name(name).spawn(move || {
            let (stop, changed) = &*watched;
            loop {
                let guard = stop.lock().unwrap_or_else(PoisonError::into_inner);
                let waited = changed.wait_timeout_while(guard, interval, |stop| !*stop);
                if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                    return;
                }
                // A panic in the caller's part must not end the watching in silence: its message is printed by the
                // panic hook, and the next round comes.
                let _round = panic::catch_unwind(AssertUnwindSafe(&mut work));
            }
        })?;
        Ok(Self { stopping, thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let (stop, changed) = &*self.stopping;
        *stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // Dropped by its own work, it cannot wait for itself.
            if thread.thread().id() != thread::current().id() {
                let _ended = thread.join();
            }
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}
