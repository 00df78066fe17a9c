//! What holds for a ring of keys that changes while others use it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process};

use crate::config::{FieldRules, KeyBytes, SecretField, Value};
use crate::keys::{KeyFile, KeyId, KeyRing, KeyState, Reloaded, Wrapping};
use crate::orders::{self, Task, joined};
use crate::secret::SecretBytes;
use crate::sync::{self, RwLock, thread};

pub(crate) const TASKS: &[Task] = &[
    Task::Check("rotated by two, used by two", &[], || {
        orders::some(30_000, || {
            let ring = KeyRing::generate().expect("random bytes");
            let first = ring.primary();
            rotated_while_used(ring.clone());
            assert_eq!(ring.state(first), Some(KeyState::Accepted));
            ring.retire(first).expect("it is not the primary");
            ring.destroy(first).expect("it is retired");
        })
    }),
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
    Task::Control(
        "a copy is changed and put in place, of a ring that has changed",
        "a change was lost",
        || {
            orders::some(30_000, || rotated_while_used(Loose::<false>::new()));
        },
    ),
    Task::Control("a primary that steps down before the other steps up", "0 primaries", || {
        orders::some(30_000, || rotated_while_used(Loose::<true>::new()));
    }),
];

/// A ring that is rotated and read.
trait Ring: Clone + Send + 'static {
    type Id;

    fn add(&self) -> Self::Id;

    fn promote(&self, id: Self::Id);

    /// One look at all keys.
    fn states(&self) -> Vec<KeyState>;

    /// The number of changes.
    fn version(&self) -> u64;
}

impl Ring for KeyRing {
    type Id = KeyId;

    fn add(&self) -> KeyId {
        self.add_generated().expect("room")
    }

    fn promote(&self, id: KeyId) {
        self.promote(id).expect("it is accepted");
        // The other may have rotated since; then it is the primary no longer.
        assert!(matches!(self.state(id), Some(KeyState::Primary | KeyState::Accepted)));
    }

    fn states(&self) -> Vec<KeyState> {
        self.keys().iter().map(|key| key.state).collect()
    }

    fn version(&self) -> u64 {
        self.version()
    }
}

/// A ring whose changes are not one after the other; or one that is changed in its place, key by key.
#[derive(Clone)]
struct Loose<const BY_HALVES: bool>(Arc<RwLock<(u64, Vec<KeyState>)>>);

impl<const BY_HALVES: bool> Loose<BY_HALVES> {
    fn new() -> Self {
        Self(Arc::new(RwLock::new((1, vec![KeyState::Primary]))))
    }

    fn change<T>(&self, change: impl FnOnce(&mut (u64, Vec<KeyState>)) -> T) -> T {
        if BY_HALVES {
            return change(&mut self.0.write().expect("no panic"));
        }
        let mut copy = self.0.read().expect("no panic").clone();
        let result = change(&mut copy);
        *self.0.write().expect("no panic") = copy;
        result
    }
}

impl<const BY_HALVES: bool> Ring for Loose<BY_HALVES> {
    type Id = usize;

    fn add(&self) -> usize {
        self.change(|(version, keys)| {
            *version += 1;
            keys.push(KeyState::Accepted);
            keys.len() - 1
        })
    }

    fn promote(&self, id: usize) {
        let step_down = |keys: &mut Vec<KeyState>| keys.fill(KeyState::Accepted);
        if BY_HALVES {
            self.change(|(_, keys)| step_down(keys));
        }
        self.change(|(version, keys)| {
            *version += 1;
            step_down(keys);
            keys[id] = KeyState::Primary;
        });
    }

    fn states(&self) -> Vec<KeyState> {
        self.0.read().expect("no panic").1.clone()
    }

    fn version(&self) -> u64 {
        self.0.read().expect("no panic").0
    }
}

fn reads<R: Ring>(ring: &R) -> thread::JoinHandle<()> {
    let ring = ring.clone();
    thread::spawn(move || {
        let versions = [(); 4].map(|()| {
            let primaries = ring.states().iter().filter(|state| **state == KeyState::Primary).count();
            assert!(primaries == 1, "{primaries} primaries");
            ring.version()
        });
        assert!(versions.is_sorted(), "an older ring after a newer one: {versions:?}");
    })
}

fn rotated_while_used<R: Ring>(ring: R) {
    let rotates = || {
        let ring = ring.clone();
        thread::spawn(move || ring.promote(ring.add()))
    };
    for thread in [rotates(), rotates(), reads(&ring), reads(&ring)] {
        joined(thread);
    }
    assert_eq!((ring.version(), ring.states().len()), (5, 3), "a change was lost");
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
