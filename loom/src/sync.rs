//! In place of the crate's `sync`: shuttle's locks and threads, which take turns as a schedule has it; time, which stands
//! still until a check lets it pass; and faults, which controls put in.

use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LockResult, PoisonError};
use std::time::Duration;

use shuttle::sync as shuttled;

pub(crate) use shuttle::sync::{RwLock, atomic};

/// What is wrong with every [`Condvar`].
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Who tells all tells one.
    OneForAll,
    /// So many are told, and nobody from then on.
    SilentAfter(u32),
}

/// One order's worth of the world. All threads of shuttle's are one of the system's.
#[derive(Default)]
struct World {
    fault: Cell<Fault>,
    told: Cell<u32>,
    now: Cell<Duration>,
    /// Who waits, and until when.
    waiting: RefCell<Vec<(Arc<shuttled::Condvar>, Option<Duration>)>>,
    /// Threads that panic.
    panicking: RefCell<Vec<usize>>,
}

thread_local!(static WORLD: World = World::default());

/// Begins a new order.
pub(crate) fn begin(fault: Fault) {
    WORLD.with(|world| {
        world.fault.set(fault);
        world.told.set(0);
        world.now.set(Duration::ZERO);
        world.waiting.borrow_mut().clear();
        world.panicking.borrow_mut().clear();
    });
}

/// Time that has passed.
pub(crate) fn now() -> Duration {
    WORLD.with(|world| world.now.get())
}

/// Lets time pass, and all go on who have waited long enough.
pub(crate) fn pass(time: Duration) {
    WORLD.with(|world| world.now.set(world.now.get() + time));
    let due = || {
        WORLD.with(|world| {
            let waiting = world.waiting.borrow();
            let due = waiting.iter().find(|(_, until)| until.is_some_and(|until| until <= now()));
            due.map(|(condvar, _)| Arc::clone(condvar))
        })
    };
    while let Some(condvar) = due() {
        condvar.notify_all();
        thread::yield_now();
    }
}

/// How many threads wait to be told something.
pub(crate) fn waiting() -> usize {
    WORLD.with(|world| world.waiting.borrow().len())
}

/// A moment at which others may go on.
pub(crate) fn point() {
    shuttle::thread::sleep(Duration::ZERO);
}

/// Panics, as part of a check.
pub(crate) fn panic() -> ! {
    WORLD.with(|world| world.panicking.borrow_mut().push(this()));
    panic::resume_unwind(Box::new("as part of a check"))
}

fn is_panicking() -> bool {
    WORLD.with(|world| world.panicking.borrow().contains(&this()))
}

/// This thread's number.
pub(crate) fn this() -> usize {
    shuttle::thread::current().id().into()
}

/// shuttle's, poisoned by who panics while it holds it: shuttle's own is poisoned by whoever holds it while another panics,
/// all being one thread to the system.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T> {
    lock: shuttled::Mutex<T>,
    is_poisoned: AtomicBool,
}

pub(crate) struct MutexGuard<'a, T> {
    guard: Option<shuttled::MutexGuard<'a, T>>,
    mutex: &'a Mutex<T>,
    was_panicking: bool,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { lock: shuttled::Mutex::new(value), is_poisoned: AtomicBool::new(false) }
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.held(self.lock.lock())
    }

    pub(crate) fn into_inner(self) -> LockResult<T> {
        let value = self.lock.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.is_poisoned.into_inner() { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    fn held<'a>(&'a self, locked: LockResult<shuttled::MutexGuard<'a, T>>) -> LockResult<MutexGuard<'a, T>> {
        let guard = Some(locked.unwrap_or_else(PoisonError::into_inner));
        let guard = MutexGuard { guard, mutex: self, was_panicking: is_panicking() };
        if self.is_poisoned.load(Ordering::Relaxed) { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.guard.as_ref().expect("taken where it is given up")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("taken where it is given up")
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if is_panicking() && !self.was_panicking {
            self.mutex.is_poisoned.store(true, Ordering::Relaxed);
        }
    }
}

pub(crate) struct Condvar(Arc<shuttled::Condvar>);

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(Arc::new(shuttled::Condvar::new()))
    }

    fn wait_until<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        until: Option<Duration>,
    ) -> LockResult<MutexGuard<'a, T>> {
        if until.is_some_and(|until| until <= now()) {
            thread::yield_now(); // others may have the lock meanwhile, but need not
            return Ok(guard);
        }
        WORLD.with(|world| world.waiting.borrow_mut().push((Arc::clone(&self.0), until)));
        let (mutex, held) = (guard.mutex, guard.guard.take().expect("taken where it is given up"));
        let woken = self.0.wait(held);
        WORLD.with(|world| {
            let mut waiting = world.waiting.borrow_mut();
            let own = waiting.iter().position(|(at, end)| Arc::ptr_eq(at, &self.0) && *end == until);
            waiting.swap_remove(own.expect("it was put there"));
        });
        mutex.held(woken)
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.wait_until(guard, None)
    }

    pub(crate) fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        let until = now() + limit;
        let woken = self.wait_until(guard, Some(until));
        let timed_out = until <= now();
        woken
            .map(|guard| (guard, timed_out))
            .map_err(|poisoned| PoisonError::new((poisoned.into_inner(), timed_out)))
    }

    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        let until = now() + limit;
        while condition(&mut guard) {
            if until <= now() {
                return Ok((guard, true));
            }
            guard = self.wait_timeout(guard, until - now())?.0;
        }
        Ok((guard, false))
    }

    pub(crate) fn notify_one(&self) {
        if self.tells() {
            self.0.notify_one();
        }
    }

    pub(crate) fn notify_all(&self) {
        if WORLD.with(|world| world.fault.get()) == Fault::OneForAll {
            self.0.notify_one();
        } else if self.tells() {
            self.0.notify_all();
        }
    }

    fn tells(&self) -> bool {
        WORLD.with(|world| {
            let told = world.told.replace(world.told.get() + 1);
            !matches!(world.fault.get(), Fault::SilentAfter(most) if told >= most)
        })
    }
}

pub(crate) mod thread {
    //! As the standard library's: who panics ends alone, and whoever joins it is told.

    use std::io;
    use std::panic::{self, AssertUnwindSafe};
    use std::time::Duration;

    pub(crate) use shuttle::thread::{Scope, Thread, current, scope, yield_now};

    pub(crate) struct JoinHandle<T>(shuttle::thread::JoinHandle<std::thread::Result<T>>);

    impl<T> JoinHandle<T> {
        pub(crate) fn thread(&self) -> &Thread {
            self.0.thread()
        }

        pub(crate) fn join(self) -> std::thread::Result<T> {
            self.0.join().and_then(|result| result)
        }
    }

    #[derive(Default)]
    pub(crate) struct Builder;

    impl Builder {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn name(self, _: String) -> Self {
            self
        }

        pub(crate) fn spawn<T: Send + 'static>(
            self,
            work: impl FnOnce() -> T + Send + 'static,
        ) -> io::Result<JoinHandle<T>> {
            let work = move || {
                let result = panic::catch_unwind(AssertUnwindSafe(work));
                super::WORLD
                    .with(|world| world.panicking.borrow_mut().retain(|thread| *thread != super::this()));
                result
            };
            Ok(JoinHandle(shuttle::thread::spawn(work)))
        }

        pub(crate) fn spawn_scoped<'scope, T: Send + 'scope>(
            self,
            scope: &'scope Scope<'scope, '_>,
            work: impl FnOnce() -> T + Send + 'scope,
        ) -> io::Result<shuttle::thread::ScopedJoinHandle<'scope, T>> {
            Ok(scope.spawn(work))
        }
    }

    pub(crate) fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        Builder::new().spawn(work).expect("shuttle starts as many as are asked for")
    }

    /// Lets the others go on. No time passes by it.
    pub(crate) fn sleep(_: Duration) {
        yield_now();
    }
}
