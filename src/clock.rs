//! Where time enters: the system's clock, or one that a test moves by hand.
//!
//! A [`Clock`] answers two questions that must not be mixed: how much time has passed ([`Clock::monotonic`],
//! which never goes back), and what the calendar says ([`Clock::wall`], which an administrator or NTP may step).
//!
//! It does not sleep and it does not format dates.
//!
//! ```
//! use palisade::clock::{Clock, ManualClock};
//! use std::time::Duration;
//!
//! let clock = ManualClock::new();
//! let handed_to_a_limiter = clock.clone(); // clones share the same time
//! clock.advance(Duration::from_secs(90));
//! assert_eq!(handed_to_a_limiter.monotonic(), Duration::from_secs(90));
//! ```

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Tells the time.
///
/// # Contract
/// - [`monotonic`](Clock::monotonic) never goes back. A clock that does lets callers exceed limits, and is a
///   security fault.
/// - [`wall`](Clock::wall) may be stepped in both directions; who reads it must bear that.
/// - Neither blocks for long: both are read on every request.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time passed since some fixed moment, which is the same for every reading of one clock.
    fn monotonic(&self) -> Duration;

    /// The calendar's time.
    fn wall(&self) -> SystemTime;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn monotonic(&self) -> Duration {
        (**self).monotonic()
    }

    fn wall(&self) -> SystemTime {
        (**self).wall()
    }
}

/// The system's clock.
///
/// All values count from the same moment, the first reading in this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        // The origin first: were it made after the reading, the first answer would lie before it.
        let origin = *ORIGIN;
        Instant::now().saturating_duration_since(origin)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until it is moved, for tests that must not sleep.
///
/// Clones share the same time. It starts at zero on the monotonic side and at 2026-01-01T00:00:00Z on the
/// calendar's.
#[derive(Clone, Default)]
pub struct ManualClock {
    time: Arc<Mutex<Time>>,
}

#[derive(Clone, Copy, Debug)]
struct Time {
    monotonic: Duration,
    wall: SystemTime,
}

impl ManualClock {
    /// Makes a clock that stands still.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves both sides forward by `step`; beyond the end of time they stay there.
    pub fn advance(&self, step: Duration) {
        let mut time = self.lock();
        time.monotonic = time.monotonic.saturating_add(step);
        time.wall = time.wall.checked_add(step).unwrap_or(time.wall);
    }

    /// Steps the calendar alone, forward or back, as NTP or an administrator does.
    pub fn set_wall(&self, wall: SystemTime) {
        self.lock().wall = wall;
    }

    fn lock(&self) -> MutexGuard<'_, Time> {
        // INVARIANT: no code panics between the two writes of `advance`, so a poisoned time is still whole.
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn monotonic(&self) -> Duration {
        self.lock().monotonic
    }

    fn wall(&self) -> SystemTime {
        self.lock().wall
    }
}

impl Default for Time {
    fn default() -> Self {
        Self { monotonic: Duration::ZERO, wall: SystemTime::UNIX_EPOCH + START_OF_2026 }
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Time { monotonic, wall } = *self.lock();
        f.debug_struct("ManualClock").field("monotonic", &monotonic).field("wall", &wall).finish()
    }
}

/// 2026-01-01T00:00:00Z: a date that certificates and expiry arithmetic of our time accept.
const START_OF_2026: Duration = Duration::from_secs(1_767_225_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_time() {
        let clock = ManualClock::new();
        let other = clock.clone();
        let started = other.wall();
        clock.advance(Duration::from_nanos(1));
        clock.advance(Duration::from_secs(2));
        assert_eq!(other.monotonic(), Duration::new(2, 1));
        assert_eq!(other.wall(), started + Duration::new(2, 1));
    }

    #[test]
    fn stepping_the_calendar_leaves_elapsed_time_alone() {
        let clock = ManualClock::new();
        clock.advance(Duration::from_secs(5));
        clock.set_wall(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
        assert!(clock.wall() < SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn the_end_of_time_saturates() {
        let clock = ManualClock::new();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.monotonic(), Duration::MAX);
    }

    #[test]
    fn system_time_never_goes_back_between_instances_and_threads() {
        let first = SystemClock.monotonic();
        let other = std::thread::spawn(|| SystemClock.monotonic()).join().unwrap();
        assert!(first <= other && other <= SystemClock.monotonic());
    }

    #[test]
    fn a_shared_trait_object_is_a_clock() {
        let manual = ManualClock::new();
        let shared: Arc<dyn Clock> = Arc::new(manual.clone());
        manual.advance(Duration::from_secs(1));
        assert_eq!(Clock::monotonic(&shared), Duration::from_secs(1));
    }
}
