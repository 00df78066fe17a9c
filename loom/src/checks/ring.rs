//! What holds for a ring of keys that changes while others use it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process};

use crate::config::{FieldRules, KeyBytes, SecretField, Value};
use crate::keys::{KeyFile, KeyRing, KeyState, Reloaded, Wrapping};
use crate::orders::{self, Task};
use crate::secret::SecretBytes;
use crate::sync::{self, RwLock, thread};

pub(crate) const TASKS: &[Task] = &[
    Task::Check("rotated by two, used by two", &[], || orders::some(30_000, rotated_while_used)),
    Task::Check(
        "what is made is accepted until its key is retired",
        &["a key that was retired meanwhile"],
        || {
            orders::some(30_000, made_and_accepted);
        },
    ),
    Task::Check("one file, two processes, three changes", &["a reload that finds another's change"], || {
        orders::some(1_000, one_file)
    }),
    Task::Control("a copy is changed and put in place, of a ring that has changed", || {
        orders::some(30_000, changes_are_lost);
    }),
    Task::Control("a primary that steps down before the other steps up", || {
        orders::some(30_000, promoted_by_halves);
    }),
];

/// One look at all keys, of which one is primary; and the number of changes, before or after.
fn read(ring: &KeyRing) -> u64 {
    let keys = ring.keys();
    let primaries = keys.iter().filter(|key| key.state == KeyState::Primary).count();
    assert_eq!(primaries, 1, "{keys:?}");
    ring.version()
}

fn reads(ring: &KeyRing) -> thread::JoinHandle<()> {
    let ring = ring.clone();
    thread::spawn(move || {
        let versions = [(); 4].map(|()| read(&ring));
        assert!(versions.is_sorted(), "an older ring after a newer one: {versions:?}");
    })
}

fn rotated_while_used() {
    let ring = KeyRing::generate().expect("random bytes");
    let first = ring.primary();
    let rotating: Vec<_> = (0..2)
        .map(|_| {
            let ring = ring.clone();
            thread::spawn(move || {
                let new = ring.add_generated().expect("room");
                ring.promote(new).expect("it is accepted");
                // The other may have rotated since; then it is the primary no longer.
                assert!(matches!(ring.state(new), Some(KeyState::Primary | KeyState::Accepted)));
            })
        })
        .collect();
    let reading = [reads(&ring), reads(&ring)];
    for thread in rotating.into_iter().chain(reading) {
        thread.join().expect("no panic");
    }
    assert_eq!((ring.version(), ring.keys().len()), (5, 3), "a change was lost");
    assert_eq!(ring.state(first), Some(KeyState::Accepted));
    ring.retire(first).expect("it is not the primary");
    ring.destroy(first).expect("it is retired");
}

/// One rotates and retires, others make and check meanwhile: by the ring at the moment of each.
fn made_and_accepted() {
    let ring = KeyRing::generate().expect("random bytes");
    let first = ring.primary();
    let using: Vec<_> = (0..2)
        .map(|_| {
            let ring = ring.clone();
            thread::spawn(move || {
                let (id, tag) = {
                    let snapshot = ring.snapshot();
                    let key = snapshot.primary();
                    (key.id, key.mac_key(b"check", &[]).tag(&[b"message"]))
                };
                sync::point();
                let snapshot = ring.snapshot();
                let key = snapshot.stored(id).expect("no key is destroyed");
                assert_eq!(*tag, *key.mac_key(b"check", &[]).tag(&[b"message"]));
                let is_retired = ring.state(id) == Some(KeyState::Retired);
                assert!(snapshot.accepted(id).is_some() || id == first && is_retired);
                if is_retired {
                    orders::meet("a key that was retired meanwhile");
                }
            })
        })
        .collect();
    let new = ring.add_generated().expect("room");
    ring.promote(new).expect("it is accepted");
    ring.retire(first).expect("it is not the primary");
    for thread in using {
        thread.join().expect("no panic");
    }
}

/// Two rings of one file, as two processes have them: both change it, one is reloaded, and one is read.
fn one_file() {
    let folder = Folder::new();
    let open = || {
        let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let text = Value::exact(SecretBytes::from(text.as_bytes().to_vec()));
        let key = KeyBytes::from_value("WRAPPING", Some(text), FieldRules::new()).expect("a key");
        KeyFile::new(folder.0.join("keys"), Wrapping::key(&key)).reload_interval(Duration::ZERO)
    };
    let here = open().create().expect("a folder of our own");
    let there = open().open().expect("the file that was made");
    let change = |ring: &KeyRing| {
        let ring = ring.clone();
        thread::spawn(move || {
            ring.add_generated().expect("a turn with the file");
        })
    };
    let threads = [change(&here), change(&there), reads(&here), {
        let here = here.clone();
        thread::spawn(move || {
            if here.reload().expect("the ring's own file") == Reloaded::Updated {
                orders::meet("a reload that finds another's change");
            }
        })
    }];
    let new = there.add_generated().expect("a turn with the file");
    there.promote(new).expect("nobody else must know");
    for thread in threads {
        thread.join().expect("no panic");
    }
    here.reload().expect("the ring's own file");
    there.reload().expect("the ring's own file");
    assert_eq!((here.version(), here.keys().len()), (5, 4), "a change was lost");
    assert_eq!((there.version(), there.primary()), (5, here.primary()));
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = env::temp_dir().join(format!("palisade-orders-{}", process::id()));
        let _ = fs::remove_dir_all(&folder); // of an order that failed
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// As a ring would be whose changes were not one after the other.
fn changes_are_lost() {
    let versions = Arc::new(RwLock::new(0));
    let changing = [(); 2].map(|()| {
        let versions = Arc::clone(&versions);
        thread::spawn(move || {
            let next = *versions.read().expect("no panic") + 1;
            *versions.write().expect("no panic") = next;
        })
    });
    for thread in changing {
        thread.join().expect("no panic");
    }
    assert_eq!(*versions.read().expect("no panic"), 2);
}

/// As a ring would be that was changed in its place, key by key.
fn promoted_by_halves() {
    let keys = Arc::new([RwLock::new(KeyState::Primary), RwLock::new(KeyState::Accepted)]);
    let reading = {
        let keys = Arc::clone(&keys);
        thread::spawn(move || {
            let is_primary = |key: &RwLock<_>| *key.read().expect("no panic") == KeyState::Primary;
            assert!(keys.iter().any(is_primary));
        })
    };
    for (key, state) in keys.iter().zip([KeyState::Accepted, KeyState::Primary]) {
        *key.write().expect("no panic") = state;
    }
    reading.join().expect("no panic");
}
