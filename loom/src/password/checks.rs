//! What holds at the gate.

use std::sync::Arc;
use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};

use super::gate::{Budget, Gate, Permit, Share};
use super::scheme::NoMemory;
use super::scheme::scrypt::{derive, romix};
use super::{HashErrorKind, arena};
use crate::orders::{self, Task};
use crate::sync::{self, Fault, Mutex, thread};

pub(crate) const TASKS: &[Task] = &[
    Task::Check("two come and go", &[], || orders::all(two_come_and_go)),
    Task::Check("all get in, within the budget", &[], || orders::some(ORDERS, all_get_in)),
    Task::Check("who waits rides along, and each hash is right", &["a ride"], || {
        orders::some(ORDERS, riders)
    }),
    Task::Check("lanes take what is left", &["two threads"], || {
        orders::some(ORDERS, lanes_take_what_is_left)
    }),
    Task::Check("a panic in a hash costs only who rode along", &["a ride that was lost"], || {
        orders::some(ORDERS, panic_in_a_hash);
    }),
    Task::Check("who gives up leaves nothing behind", &["somebody who gave up"], || {
        orders::some(ORDERS, who_gives_up);
    }),
    Task::Check("who stood behind one who gave up goes on", &[], || orders::some(ORDERS, who_stood_behind)),
    Task::Check("two go in at once where both fit", &[], || orders::some(ORDERS, both_fit)),
    Task::Check("first come, first served", &[], || orders::some(ORDERS, first_come_first_served)),
    Task::Control("one is told where all should be", "deadlock", || {
        orders::with_fault(Fault::OneForAll, ORDERS, all_get_in);
    }),
    Task::Control("from the seventh on, nobody is told anything", "deadlock", || {
        orders::with_fault(Fault::SilentAfter(6), ORDERS, riders);
    }),
    Task::Broken("a permit that is never given back", "deadlock", || {
        orders::some(ORDERS, a_permit_is_forgotten)
    }),
    Task::Control("a look at the budget, and then a step in", "2 hashes at once", || {
        orders::some(ORDERS, look_and_step_in)
    }),
    Task::Broken("memory that is returned unerased", "not erased", || {
        orders::some(ORDERS, memory_is_not_erased)
    }),
];

const ORDERS: usize = 50_000;

/// How long callers wait.
const WAIT: Duration = Duration::from_secs(10);

struct House {
    gate: Arc<Gate>,
    hashes: usize,
    memory: usize,
}

impl House {
    /// A budget of so many hashes at once, in so many chunks.
    fn open(hashes: usize, chunks: usize) -> Self {
        arena::begin();
        romix::begin(None);
        let memory = chunks * 64;
        let gate = Gate::new(Budget { memory: memory as u64, hashes, wait: WAIT });
        Self { gate: Arc::new(gate), hashes, memory }
    }

    fn login(&self, login: Login) -> thread::JoinHandle<Result<Result<(), NoMemory>, HashErrorKind>> {
        let gate = Arc::clone(&self.gate);
        thread::spawn(move || login.run(&gate))
    }

    /// All that was granted is back, there was never too much of it, and nothing is left in it.
    fn close(self) {
        let late = self.gate.deadline();
        sync::pass(WAIT);
        let memory = (self.memory / self.hashes) as u64;
        let permits: Vec<_> = (0..self.hashes)
            .map(|_| self.gate.enter(Share { memory, ..Share::default() }, late).expect("all is back"))
            .collect();
        for rides in [1, 2] {
            let more = self.gate.enter(Share { rides, ..Share::default() }, late);
            assert_eq!(more.err(), Some(HashErrorKind::Busy), "a place too many, or a seat beside nobody");
        }
        drop(permits);
        assert!(romix::at_once() <= self.hashes, "{} hashes at once", romix::at_once());
        drop(Arc::into_inner(self.gate).expect("all threads have ended"));
        let (bytes, most, is_left) = arena::ledger();
        assert!(!is_left, "memory went that was not erased");
        assert!(bytes == 0 && most <= self.memory, "{most} bytes at once, and {bytes} at the end");
    }
}

#[derive(Clone, Copy)]
struct Login {
    /// A mark that its hash comes out with.
    mark: u8,
    lanes: usize,
    /// Chunks in a lane.
    width: usize,
    /// Chunks that a lane is mixed in.
    chunks: usize,
}

impl Login {
    fn new(mark: u8, chunks: usize) -> Self {
        Self { mark, lanes: 1, width: 1, chunks }
    }

    fn share(self) -> Share {
        let rides = if self.lanes == 1 { self.width } else { 0 };
        let Self { chunks, .. } = self;
        Share { memory: chunks as u64 * 64, blocks: 0, chunks, rides, keep: (0, 2) }
    }

    fn run(self, gate: &Gate) -> Result<Result<(), NoMemory>, HashErrorKind> {
        let mut permit = gate.enter(self.share(), gate.deadline())?;
        Ok(self.hash(&mut permit))
    }

    fn hash(self, permit: &mut Permit<'_>) -> Result<(), NoMemory> {
        struct Leaves;
        impl Drop for Leaves {
            fn drop(&mut self) {
                romix::leave();
            }
        }
        let _leaves = Leaves; // also in a panic
        let lane = self.width * 64;
        let mut bytes = vec![self.mark; lane * self.lanes];
        derive(permit, &mut bytes, lane, self.chunks)?;
        assert!(bytes.chunks(lane).all(|lane| lane[..2] == [self.mark, romix::ROWS]), "{bytes:?}");
        Ok(())
    }
}

fn two_come_and_go() {
    let house = House::open(1, 2);
    let gate = Arc::clone(&house.gate);
    let enters = |gate: &Gate| drop(gate.enter(Login::new(1, 2).share(), gate.deadline()).expect("a turn"));
    let other = thread::spawn(move || enters(&gate));
    enters(&house.gate);
    other.join().expect("no panic");
}

fn all_get_in() {
    let house = House::open(2, 8);
    let logins = [2, 4, 8, 2].map(|chunks| house.login(Login { width: chunks, ..Login::new(1, chunks) }));
    for login in logins {
        assert!(matches!(login.join().expect("no panic"), Ok(Ok(()))));
    }
    house.close();
}

fn riders() {
    let house = House::open(1, 6);
    let wider = Login { width: 2, ..Login::new(4, 2) };
    let logins =
        [Login::new(1, 2), Login::new(2, 2), Login::new(3, 2), wider].map(|login| house.login(login));
    for login in logins {
        assert!(matches!(login.join().expect("no panic"), Ok(Ok(()))));
    }
    house.close();
}

fn lanes_take_what_is_left() {
    let house = House::open(2, 8);
    let of_three = Login { lanes: 3, ..Login::new(1, 2) };
    let logins = [of_three, Login::new(2, 2), of_three].map(|login| house.login(login));
    for login in logins {
        assert!(matches!(login.join().expect("no panic"), Ok(Ok(()))));
    }
    if romix::at_once() == 2 {
        orders::meet("two threads");
    }
    house.close();
}

fn panic_in_a_hash() {
    let house = House::open(1, 4);
    romix::begin(Some(thread_rng().gen_range(0..u32::from(romix::ROWS) * 2)));
    let logins = [1, 2, 3].map(|mark| house.login(Login::new(mark, 2)));
    let ended = logins.map(thread::JoinHandle::join);
    let panicked = ended.iter().filter(|end| end.is_err()).count();
    let lost = ended.iter().filter(|end| matches!(end, Ok(Ok(Err(NoMemory))))).count();
    assert!(panicked == 1 && lost <= 1, "{ended:?}");
    if lost == 1 {
        orders::meet("a ride that was lost");
    }
    house.close();
}

fn who_gives_up() {
    let house = House::open(1, 4);
    let logins = [4, 2, 2].map(|chunks| house.login(Login { width: chunks, ..Login::new(1, chunks) }));
    sync::pass(WAIT);
    for login in logins {
        match login.join().expect("no panic") {
            Ok(hashed) => hashed.expect("memory"),
            Err(HashErrorKind::Busy) => orders::meet("somebody who gave up"),
        }
    }
    house.close();
}

/// Two wait until a third goes, and then each until the other is in.
fn both_fit() {
    let house = House::open(2, 4);
    let first = house.gate.enter(Login::new(0, 4).share(), house.gate.deadline()).expect("nobody is there");
    let inside = Arc::new(Mutex::new(0));
    let logins = [1, 2].map(|mark| {
        let (gate, inside) = (Arc::clone(&house.gate), Arc::clone(&inside));
        thread::spawn(move || {
            let _permit = gate.enter(Login::new(mark, 2).share(), gate.deadline()).expect("a turn");
            *inside.lock().expect("no panic") += 1;
            while *inside.lock().expect("no panic") < 2 {
                thread::yield_now();
            }
        })
    });
    drop(first);
    for login in logins {
        login.join().expect("no panic");
    }
    house.close();
}

/// One waits for more than there is, and one behind it for what there is, which gets that when the other gives up.
fn who_stood_behind() {
    let house = House::open(2, 4);
    let first = house.gate.enter(Login::new(0, 2).share(), house.gate.deadline()).expect("nobody is there");
    let large = house.login(Login::new(1, 4));
    while sync::waiting() < 1 {
        thread::yield_now();
    }
    sync::pass(WAIT / 2);
    let small = house.login(Login { width: 2, ..Login::new(2, 2) });
    sync::pass(WAIT / 2);
    assert_eq!(large.join().expect("no panic").err(), Some(HashErrorKind::Busy));
    assert!(matches!(small.join().expect("no panic"), Ok(Ok(()))));
    drop(first);
    house.close();
}

/// A small one does not overtake a large one, nor one that is alike.
fn first_come_first_served() {
    let house = House::open(1, 8);
    let order = Arc::new(Mutex::new(Vec::new()));
    let first = house.gate.enter(Login::new(0, 2).share(), house.gate.deadline()).expect("nobody is there");
    let logins: Vec<_> = [8, 2, 2]
        .iter()
        .zip(1..)
        .map(|(chunks, number)| {
            let (gate, order) = (Arc::clone(&house.gate), Arc::clone(&order));
            let share = Login::new(1, *chunks).share();
            let waits = thread::spawn(move || {
                let _permit = gate.enter(share, gate.deadline()).expect("a turn");
                order.lock().expect("no panic").push(number);
            });
            while sync::waiting() < number {
                thread::yield_now();
            }
            waits
        })
        .collect();
    drop(first);
    for login in logins {
        login.join().expect("no panic");
    }
    assert_eq!(*order.lock().expect("no panic"), [1, 2, 3]);
    house.close();
}

fn a_permit_is_forgotten() {
    let house = House::open(1, 2);
    std::mem::forget(house.gate.enter(Login::new(1, 2).share(), house.gate.deadline()));
    let login = house.login(Login::new(2, 2));
    assert!(matches!(login.join().expect("no panic"), Ok(Ok(()))));
}

/// As a gate would be that lets go of its lock between the two.
fn look_and_step_in() {
    let house = House::open(1, 4);
    let running = Arc::new(Mutex::new(0));
    let logins = [1, 2].map(|mark| {
        let (running, gate) =
            (Arc::clone(&running), Arc::new(Gate::new(Budget { hashes: 9, ..house.gate.budget() })));
        thread::spawn(move || {
            while *running.lock().expect("no panic") >= 1 {
                thread::yield_now();
            }
            *running.lock().expect("no panic") += 1;
            Login::new(mark, 2).run(&gate).expect("room").expect("memory");
            *running.lock().expect("no panic") -= 1;
        })
    });
    for login in logins {
        login.join().expect("no panic");
    }
    house.close();
}

/// As a ride would be that is not erased where it is lost.
fn memory_is_not_erased() {
    let house = House::open(1, 2);
    let mut lost = arena::Arena::default();
    lost.chunks(2).expect("memory")[0][0] = 1;
    drop(lost);
    house.close();
}
