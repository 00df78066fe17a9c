//! Orders, and how many of them a task tries.

use std::cell::Cell;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::sync::{self, Fault};

/// Something to try, by what it shows.
pub(crate) enum Task {
    /// It holds, in each order that is tried.
    Check(&'static str, fn()),
    /// It is broken, and this is seen.
    Control(&'static str, fn()),
}

use Task::{Check, Control};

/// How many orders were tried.
static ORDERS: AtomicU64 = AtomicU64::new(0);

thread_local!(static IS_CONTROL: Cell<bool> = const { Cell::new(false) });

/// Panics of controls are awaited, and not printed.
pub(crate) fn silence_controls() {
    let mut config = Config::new();
    config.silence_warnings = true;
    Runner::new(RandomScheduler::new(1), config).run(|| {}); // so that shuttle's own hook is in place
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_CONTROL.get() {
            print(info);
        }
    }));
}

impl Task {
    pub(crate) fn run(&self, part: &str) {
        ORDERS.store(0, Ordering::Relaxed);
        let started = Instant::now();
        let (what, name) = match self {
            Check(name, work) => {
                work();
                ("orders", name)
            }
            Control(name, work) => {
                IS_CONTROL.set(true);
                let caught = panic::catch_unwind(work).is_err();
                IS_CONTROL.set(false);
                assert!(caught, "control: {part}: {name}: nothing was seen of it in {} orders", tried());
                ("orders until it was seen", name)
            }
        };
        println!("{part}: {name}: {} {what}, {} ms", tried(), started.elapsed().as_millis());
    }
}

fn tried() -> u64 {
    ORDERS.load(Ordering::Relaxed)
}

/// Notes that another order is tried.
pub(crate) fn count() {
    ORDERS.fetch_add(1, Ordering::Relaxed);
}

/// Tries so many orders: one half drawn at each step, one half with few switches, but those anywhere.
pub(crate) fn some(count: usize, work: impl Fn() + Send + Sync + 'static) {
    with_fault(Fault::None, count, work);
}

/// As [`some`], over conditions that are broken.
pub(crate) fn with_fault(fault: Fault, count: usize, work: impl Fn() + Send + Sync + 'static) {
    let work = Arc::new(work);
    explore(RandomScheduler::new_from_seed(SEED, count / 2), fault, Arc::clone(&work));
    explore(PctScheduler::new_from_seed(SEED, SWITCHES, count / 2), fault, work);
}

/// Tries every order there is.
pub(crate) fn all(work: impl Fn() + Send + Sync + 'static) {
    explore(DfsScheduler::new(None, false), Fault::None, Arc::new(work));
}

fn explore(scheduler: impl Scheduler + 'static, fault: Fault, work: Arc<impl Fn() + Send + Sync + 'static>) {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.max_steps = MaxSteps::FailAfter(STEPS);
    if IS_CONTROL.get() {
        config.failure_persistence = FailurePersistence::None;
    }
    Runner::new(scheduler, config).run(move || {
        count();
        sync::begin(fault);
        work();
    });
}

/// The same orders each time; `SHUTTLE_RANDOM_SEED` draws others.
const SEED: u64 = 2026;
/// In orders with few switches.
const SWITCHES: usize = 3;
/// An order of so many steps is one that does not end.
const STEPS: usize = 50_000;
/// For each thread.
const STACK: usize = 256 << 10;
