//! Orders, and how many of them a task tries.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use std::{env, iter, panic};

use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Schedule, Scheduler, TaskId};
use shuttle::{Config, MaxSteps, Runner};

use crate::sync::thread::JoinHandle;
use crate::sync::{self, Fault};

/// Something to try, by what it shows.
pub(crate) enum Task {
    /// It holds, in each order that is tried; some of which come to what is named.
    Check(&'static str, &'static [&'static str], fn()),
    /// It is broken where threads get in each other's way, and this is seen, by words of the check that sees it. When each runs on
    /// until it must wait, nothing is.
    Control(&'static str, &'static str, fn()),
    /// It is broken in every order, and this is seen.
    Broken(&'static str, &'static str, fn()),
}

use Task::{Broken, Check, Control};

/// How many orders were tried.
static ORDERS: AtomicU64 = AtomicU64::new(0);
/// In how many of them something was met.
static MET: Mutex<BTreeMap<&str, u64>> = Mutex::new(BTreeMap::new());
/// Whether the one order alone is tried in which each thread runs on until it must wait.
static IN_TURN: AtomicBool = AtomicBool::new(false);

thread_local!(static THIS: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) });

impl Task {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Check(name, ..) | Control(name, ..) | Broken(name, ..) => name,
        }
    }

    /// Tries the task here, where what shuttle has to say of a control is heard.
    pub(crate) fn run(&self, part: &str) {
        let started = Instant::now();
        ORDERS.store(0, Ordering::Relaxed);
        MET.lock().expect("no panic").clear();
        let what = match self {
            Check(_, sights, work) => {
                work();
                let met = MET.lock().expect("no panic");
                let times = sights.iter().map(|sight| {
                    let times = met.get(sight).copied().unwrap_or_default();
                    assert!(times > 0, "{part}: {}: no order comes to {sight}", self.name());
                    format!("{times} with {sight}")
                });
                iter::once("orders".to_owned()).chain(times).collect::<Vec<_>>().join(", ")
            }
            Control(_, words, work) | Broken(_, words, work) => {
                if let Control(..) = self {
                    IN_TURN.store(true, Ordering::Relaxed);
                    work();
                    IN_TURN.store(false, Ordering::Relaxed);
                    ORDERS.store(0, Ordering::Relaxed);
                }
                let seen = panic::catch_unwind(work).err();
                let seen = seen.unwrap_or_else(|| panic!("nothing is seen of it in {} orders", tried()));
                let told = seen.downcast_ref::<String>().map(String::as_str);
                let told = told.or(seen.downcast_ref::<&str>().copied()).unwrap_or_default();
                assert!(told.contains(words), "what is seen is not {words:?}, but {told:?}");
                "orders until it is seen".to_owned()
            }
        };
        println!("{part}: {}: {} {what}, {} ms", self.name(), tried(), started.elapsed().as_millis());
    }

    /// Tries the task; a control in a process of its own, which is silent when all is as it should be.
    pub(crate) fn run_quietly(&self, part: &str) {
        if let Check(..) = self {
            return self.run(part);
        }
        let this = env::current_exe().expect("this program is a file");
        let output = Command::new(this).arg(format!("{part}: {}", self.name())).output();
        let output = output.expect("this program runs");
        let [told, failed] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "control: {part}: {}:\n{failed}", self.name());
        print!("{told}");
    }
}

/// What a thread came to; what it panics with goes on here.
pub(crate) fn joined<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// Notes that this order has come to something.
pub(crate) fn meet(sight: &'static str) {
    if THIS.with_borrow_mut(|this| this.insert(sight)) {
        *MET.lock().expect("no panic").entry(sight).or_default() += 1;
    }
}

/// Whether the one order alone is to be tried in which each thread runs on until it must wait.
pub(crate) fn is_in_turn() -> bool {
    IN_TURN.load(Ordering::Relaxed)
}

/// That order.
struct InTurn(Option<Schedule>);

impl Scheduler for InTurn {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.take()
    }

    fn next_task(
        &mut self,
        runnable: &[&shuttle::scheduler::Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        let ids = || runnable.iter().map(|task| task.id());
        let after = || ids().find(|id| Some(*id) > current).or(ids().next());
        current.filter(|current| !is_yielding && ids().any(|id| id == *current)).or_else(after)
    }

    fn next_u64(&mut self) -> u64 {
        SEED
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
    if is_in_turn() {
        return explore(InTurn(Some(Schedule::new(SEED))), fault, work);
    }
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
    config.silence_warnings = true; // of orders of atomics, which are loom's part
    Runner::new(scheduler, config).run(move || {
        count();
        THIS.take();
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
