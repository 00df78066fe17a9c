//! What holds for events that are recorded by a thread of their own.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::log::{Paper, Torn, event};
use crate::audit::{AuditErrorKind, AuditLog, Queue, Record, Sink, WhenFull};
use crate::keys::KeyRing;
use crate::orders::{self, Task};
use crate::sync::{self, Fault, thread};

pub(crate) const TASKS: &[Task] = &[
    Task::Check("who waits for room gets it, and all is recorded", &[], || {
        orders::some(20_000, all_is_recorded)
    }),
    Task::Check("what is refused is counted", &["a refusal"], || {
        orders::some(20_000, || refused_are_counted(WhenFull::Refuse));
    }),
    Task::Check("who waits for so long ends", &["a refusal"], || {
        orders::some(20_000, || refused_are_counted(WhenFull::WaitAtMost(MOMENT * 2)));
    }),
    Task::Check("a writer that fails twice loses nothing", &["a flush that failed"], || {
        orders::some(20_000, writer_recovers)
    }),
    Task::Check("a writer that fails for ever holds nobody up", &["a caller who was told"], || {
        orders::some(20_000, writer_is_broken)
    }),
    Task::Check("a writer that panics holds nobody up", &["a caller who was told"], || {
        orders::some(20_000, writer_panics)
    }),
    Task::Check(
        "a sink hands over to the queue it listens to",
        &["an echo", "a queue that its own thread lets go of"],
        || orders::some(20_000, sink_hands_over),
    ),
    Task::Control("one is told where all should be", "deadlock", || {
        orders::with_fault(Fault::OneForAll, 20_000, all_is_recorded);
    }),
    Task::Control("from the tenth on, nobody is told anything", "deadlock", || {
        orders::with_fault(Fault::SilentAfter(9), 20_000, all_is_recorded);
    }),
    Task::Broken("a writer that says it wrote what it lost", "Tampered", || {
        orders::some(20_000, a_line_is_lost)
    }),
];

/// How long the queue waits to try again.
const MOMENT: Duration = Duration::from_millis(100);

type Shared<W> = Arc<Queue<W>>;

fn queue<W: io::Write + Send + 'static>(ring: &KeyRing, writer: W, when_full: WhenFull) -> Shared<W> {
    Arc::new(Queue::new(AuditLog::new(writer, ring), 1, when_full).expect("shuttle starts it"))
}

/// A subject, and whether the queue took the event.
type Handed = (String, Result<(), AuditErrorKind>);

/// Threads that hand over two events each; what became of them.
fn hand_over<W: io::Write + Send + 'static>(
    queue: &Shared<W>,
    names: &'static [&str],
) -> Vec<thread::JoinHandle<Vec<Handed>>> {
    let hands_over = |name: &&'static str| {
        let (queue, name) = (Arc::clone(queue), *name);
        thread::spawn(move || {
            let recorded = [0, 1].map(|number| {
                let subject = format!("{name}{number}");
                let result = queue.record(event(&subject)).map_err(|error| error.kind());
                (subject, result)
            });
            recorded.to_vec()
        })
    };
    names.iter().map(hands_over).collect()
}

fn ended<T>(threads: Vec<thread::JoinHandle<Vec<T>>>) -> Vec<T> {
    threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
}

fn sole<W: io::Write + Send + 'static>(queue: Shared<W>) -> Queue<W> {
    Arc::into_inner(queue).expect("all threads have ended")
}

/// Lets time pass until the work is done.
fn while_time_passes<T>(work: impl FnOnce() -> T) -> T {
    let is_over = Arc::new(AtomicBool::new(false));
    let clock = {
        let is_over = Arc::clone(&is_over);
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                sync::pass(MOMENT);
                thread::yield_now();
            }
        })
    };
    let done = work();
    is_over.store(true, Ordering::Relaxed);
    clock.join().expect("no panic");
    done
}

/// Of each thread in its order.
fn assert_in_order(subjects: &[String], names: &[&str]) {
    for name in names {
        let own: Vec<_> = subjects.iter().filter(|subject| subject.starts_with(name)).collect();
        assert!(own.is_sorted() && own.windows(2).all(|two| two[0] != two[1]), "{subjects:?}");
    }
}

fn all_is_recorded() {
    let (ring, paper) = (KeyRing::generate().expect("random bytes"), Paper::default());
    let queue = queue(&ring, paper.clone(), WhenFull::Wait);
    let threads = hand_over(&queue, &["a", "b"]);
    queue.record(event("c")).expect("room");
    queue.flush().expect("recorded");
    assert!(paper.subjects().contains(&"c".to_owned()), "flushed, and not there");
    assert!(ended(threads).iter().all(|(_, result)| result.is_ok()));
    sole(queue).close().expect("recorded");
    assert_eq!(paper.verified(&ring), 6);
    assert_in_order(&paper.subjects(), &["a", "b"]);
}

fn refused_are_counted(when_full: WhenFull) {
    let (ring, paper) = (KeyRing::generate().expect("random bytes"), Paper::default());
    let queue = queue(&ring, paper.clone(), when_full);
    let all = while_time_passes(|| {
        let all = ended(hand_over(&queue, &["a", "b"]));
        sole(queue).close().expect("recorded");
        all
    });
    let (taken, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, result)| result.is_ok());
    assert!(refused.iter().all(|(_, result)| *result == Err(AuditErrorKind::Full)), "{refused:?}");
    if !refused.is_empty() {
        orders::meet("a refusal");
    }
    let mut subjects = paper.subjects();
    assert_in_order(&subjects, &["a", "b"]);
    subjects.sort();
    let mut taken: Vec<_> = taken.into_iter().map(|(subject, _)| subject).collect();
    taken.sort();
    assert_eq!(subjects, taken);
    paper.verified(&ring);
    assert_eq!(lost(&paper), refused.len() as u64);
}

/// How many the log says were lost.
fn lost(paper: &Paper) -> u64 {
    let text = paper.text();
    let told = text.lines().filter(|line| line.contains("audit_events_lost"));
    told.map(|line| {
        let (_, count) = line.split_once(r#""count":"#).expect("it says how many");
        let digits = count.trim_start_matches('"').split(|c: char| !c.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse::<u64>().ok()).expect("a number")
    })
    .sum()
}

/// Fails so many times, and takes nothing then.
#[derive(Clone)]
struct Failing(Paper, Arc<AtomicU32>);

impl io::Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1.load(Ordering::Relaxed) == 0 {
            return self.0.write(bytes);
        }
        self.1.fetch_sub(1, Ordering::Relaxed);
        sync::point();
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn writer_recovers() {
    let (ring, paper) = (KeyRing::generate().expect("random bytes"), Paper::default());
    let failing = Failing(paper.clone(), Arc::new(AtomicU32::new(2)));
    let queue = queue(&ring, failing, WhenFull::Wait);
    while_time_passes(|| {
        let threads = hand_over(&queue, &["a", "b"]);
        let flushed = queue.flush().map_err(|error| error.kind());
        assert!(matches!(flushed, Ok(()) | Err(AuditErrorKind::Unavailable)));
        if flushed.is_err() {
            orders::meet("a flush that failed");
        }
        assert!(ended(threads).iter().all(|(_, result)| result.is_ok()));
        sole(queue).close().expect("recorded in the end");
    });
    assert_eq!(paper.verified(&ring), 5);
    assert_in_order(&paper.subjects(), &["a", "b"]);
}

/// Takes half of its second line, and fails from then on.
struct Broken(Paper);

impl io::Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = self.0.text();
        if text.is_empty() {
            return self.0.write(bytes);
        }
        if text.ends_with('\n') {
            return self.0.write(bytes.get(..bytes.len() / 2).unwrap_or_default());
        }
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn writer_is_broken() {
    let ring = KeyRing::generate().expect("random bytes");
    let queue = queue(&ring, Broken(Paper::default()), WhenFull::Wait);
    while_time_passes(|| {
        let threads = hand_over(&queue, &["a", "b"]);
        let flushed = queue.flush().map_err(|error| error.kind());
        assert!(matches!(flushed, Ok(()) | Err(AuditErrorKind::Broken)), "{flushed:?}");
        for (_, result) in ended(threads) {
            assert!(matches!(result, Ok(()) | Err(AuditErrorKind::Broken)), "{result:?}");
            if result.is_err() {
                orders::meet("a caller who was told");
            }
        }
        let closed = sole(queue).close().map(drop).map_err(|error| error.kind());
        assert_eq!(closed, Err(AuditErrorKind::Broken));
    });
}

fn writer_panics() {
    let ring = KeyRing::generate().expect("random bytes");
    let torn = Torn::default();
    let queue = queue(&ring, torn.clone(), WhenFull::Wait);
    let threads = hand_over(&queue, &["a", "b"]);
    let flushed = queue.flush().map_err(|error| error.kind());
    assert!(matches!(flushed, Ok(()) | Err(AuditErrorKind::Closed)), "{flushed:?}");
    for (_, result) in ended(threads) {
        assert!(matches!(result, Ok(()) | Err(AuditErrorKind::Closed)), "{result:?}");
        if result.is_err() {
            orders::meet("a caller who was told");
        }
    }
    assert_eq!(queue.flush().map_err(|error| error.kind()), Err(AuditErrorKind::Closed));
    let closed = sole(queue).close().map(drop).map_err(|error| error.kind());
    assert_eq!(closed, Err(AuditErrorKind::Closed), "events were lost");
}

/// Hands one event over for the first that it hears of, and keeps what became of it: a panic in a sink is not heard of.
struct Echo {
    queue: Arc<OnceLock<Weak<Queue<Closing>>>>,
    handed: Arc<OnceLock<Result<(), AuditErrorKind>>>,
}

impl Sink for Echo {
    fn accept(&self, record: &Record<'_>) {
        if record.field("subject").as_deref() == Some("a0")
            && let Some(queue) = self.queue.get().and_then(Weak::upgrade)
        {
            let _ = self.handed.set(queue.record(event("echo")).map_err(|error| error.kind()));
            orders::meet("an echo");
            if Arc::strong_count(&queue) == 1 {
                orders::meet("a queue that its own thread lets go of");
            }
        }
    }
}

/// Tells when the log lets go of it.
struct Closing(Paper, Arc<AtomicBool>);

impl io::Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Relaxed);
    }
}

/// It does not wait for itself, neither for room nor, when it lets go of the queue last, for its own end; and what it took is
/// on record even then.
fn sink_hands_over() {
    let (ring, paper) = (KeyRing::generate().expect("random bytes"), Paper::default());
    let (queue, handed, is_closed) = (Arc::default(), Arc::default(), Arc::default());
    let echo = Echo { queue: Arc::clone(&queue), handed: Arc::clone(&handed) };
    let log = AuditLog::builder(&ring).also(echo).writer(Closing(paper.clone(), Arc::clone(&is_closed)));
    let place = queue;
    let queue = Arc::new(Queue::new(log, 1, WhenFull::Wait).expect("shuttle starts it"));
    place.set(Arc::downgrade(&queue)).expect("it is set once");
    let all = ended(hand_over(&queue, &["a"]));
    assert!(all.iter().all(|(_, result)| result.is_ok()), "{all:?}");
    drop(queue);
    while !is_closed.load(Ordering::Relaxed) {
        thread::yield_now();
    }
    let mut expected = vec!["a0", "a1"];
    match handed.get() {
        Some(Ok(())) => expected.push("echo"),
        Some(Err(AuditErrorKind::Full)) | None => {}
        Some(other) => panic!("{other:?}"),
    }
    let mut subjects = paper.subjects();
    subjects.sort();
    assert_eq!(subjects, expected);
    paper.verified(&ring);
}

/// Loses its third line.
struct Losing(Paper, u32);

impl io::Write for Losing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1 == 3 { Ok(bytes.len()) } else { self.0.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn a_line_is_lost() {
    let (ring, paper) = (KeyRing::generate().expect("random bytes"), Paper::default());
    let queue = queue(&ring, Losing(paper.clone(), 0), WhenFull::Wait);
    assert!(ended(hand_over(&queue, &["a", "b"])).iter().all(|(_, result)| result.is_ok()));
    sole(queue).close().expect("or so it says");
    paper.verified(&ring);
}
