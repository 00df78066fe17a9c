//! What holds for an audit log that several threads record in.

use std::io;
use std::sync::{Arc, Mutex as Plain};
use std::time::Duration;

use crate::audit::{self, AuditLog, Checkpoint, Event, Kind, Record, Sink};
use crate::keys::KeyRing;
use crate::orders::{self, Task};
use crate::sync::{self, thread};

pub(crate) const TASKS: &[Task] = &[
    Task::Check("one chain, and each event once", &[], || {
        orders::some(20_000, || one_chain(|place| Arc::clone(&place.log)))
    }),
    Task::Check("a checkpoint is of whole records", &[], || {
        orders::some(20_000, || checkpoints(|log, paper| (log.checkpoint().expect("synced"), paper.text())));
    }),
    Task::Control("a checkpoint that is newer than the copy it goes with", "Truncated", || {
        orders::some(20_000, || {
            checkpoints(|log, paper| {
                let copy = paper.text();
                (log.checkpoint().expect("synced"), copy)
            });
        });
    }),
    Task::Check("a writer that panics, and nothing more is recorded", &[], || {
        orders::some(20_000, writer_panics)
    }),
    Task::Broken("each thread with a log of its own, of one file", "Tampered", || {
        orders::some(20_000, || {
            one_chain(|place| Arc::new(AuditLog::new(place.paper.clone(), &place.ring)));
        });
    }),
];

/// What was written, and moments at which others go on.
#[derive(Clone, Default)]
pub(super) struct Paper(Arc<Plain<Vec<u8>>>);

impl Paper {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("the log is text")
    }

    /// The chain, verified: how many records, those of the log itself among them.
    pub(super) fn verified(&self, ring: &KeyRing) -> u64 {
        audit::verify(self.text().as_bytes(), ring).expect("one chain").records
    }

    pub(super) fn subjects(&self) -> Vec<String> {
        let lines = self.text();
        let subject = |line: &str| {
            let (_, rest) = line.split_once(r#""subject":""#)?;
            rest.split_once('"').map(|(subject, _)| subject.to_owned())
        };
        lines.lines().filter_map(subject).collect()
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        sync::point();
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        sync::point();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A record's place in the chain, and its subject.
type Heard = (Option<u64>, String);

/// What sinks were told.
#[derive(Clone, Default)]
pub(super) struct Told(pub(super) Arc<Plain<Vec<Heard>>>);

impl Sink for Told {
    fn accept(&self, record: &Record<'_>) {
        if let Some(subject) = record.field("subject") {
            self.0.lock().expect("no panic").push((record.seq(), subject.into_owned()));
        }
    }
}

pub(super) fn event(subject: &str) -> Event {
    Event::authentication_failure().subject(subject)
}

/// A log, and what it writes to under which keys.
struct Place {
    ring: KeyRing,
    paper: Paper,
    log: Arc<AuditLog<Paper>>,
}

fn one_chain(log_of_a_thread: fn(&Place) -> Arc<AuditLog<Paper>>) {
    let (ring, paper, told) = (KeyRing::generate().expect("random bytes"), Paper::default(), Told::default());
    let builder = AuditLog::builder(&ring).also(told.clone());
    let builder = builder.alert(Kind::ALL[0], 1_000, Duration::from_secs(60));
    let log = Arc::new(builder.writer(paper.clone()));
    let place = Place { ring, paper, log };
    let recording: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .map(|name| {
            let log = log_of_a_thread(&place);
            thread::spawn(move || {
                for number in 0..2 {
                    log.record(event(&format!("{name}{number}"))).expect("recorded");
                }
            })
        })
        .collect();
    let Place { ring, paper, log } = place;
    ring.promote(ring.add_generated().expect("room")).expect("it is accepted"); // records go on under the new key
    for thread in recording {
        thread.join().expect("no panic");
    }
    assert_eq!(paper.verified(&ring), 7);
    let kind = event("").kind().expect("a kind");
    assert_eq!(log.counts(kind).total, 6);
    let subjects = paper.subjects();
    for name in ["a", "b", "c"] {
        let own: Vec<_> = subjects.iter().filter(|subject| subject.starts_with(name)).collect();
        assert_eq!(own, [&format!("{name}0"), &format!("{name}1")]);
    }
    // Sinks are told where each is.
    let mut told = told.0.lock().expect("no panic").clone();
    told.sort();
    let places: Vec<_> = (1..).map(Some).zip(subjects).collect();
    assert_eq!(told, places);
}

fn checkpoints(copied: fn(&AuditLog<Paper>, &Paper) -> (Checkpoint, String)) {
    let (ring, paper) = (KeyRing::generate().expect("random bytes"), Paper::default());
    let log = Arc::new(AuditLog::new(paper.clone(), &ring));
    log.record(event("before")).expect("recorded");
    let recording = [0, 1].map(|number| {
        let log = Arc::clone(&log);
        thread::spawn(move || log.record(event(&number.to_string())).expect("recorded"))
    });
    let (checkpoint, copy) = copied(&log, &paper);
    assert!(audit::verify_against(copy.as_bytes(), &ring, &checkpoint).expect("one chain").anchored);
    for thread in recording {
        thread.join().expect("no panic");
    }
    let verified = audit::verify_against(paper.text().as_bytes(), &ring, &checkpoint).expect("one chain");
    assert!(verified.anchored && verified.records == 4);
}

/// Panics at its second line, half of which it has taken.
#[derive(Clone, Default)]
pub(super) struct Torn(pub(super) Paper);

impl io::Write for Torn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.text().lines().count() < 2 {
            return self.0.write(bytes);
        }
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
        self.0.write(half)?;
        sync::panic()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn writer_panics() {
    let (ring, torn) = (KeyRing::generate().expect("random bytes"), Torn::default());
    let log = Arc::new(AuditLog::new(torn.clone(), &ring));
    let recording = [0, 1, 2].map(|number| {
        let log = Arc::clone(&log);
        thread::spawn(move || log.record(event(&number.to_string())))
    });
    let ended = recording.map(thread::JoinHandle::join);
    let recorded = ended.iter().filter(|end| matches!(end, Ok(Ok(())))).count();
    let refused = ended.iter().filter(|end| matches!(end, Ok(Err(_)))).count();
    // One line starts the chain, one is recorded, one panics, and the last finds the log broken.
    assert_eq!((recorded, refused), (1, 1), "{ended:?}");
    let text = torn.0.text();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    assert_eq!(whole.lines().count(), 2);
}
