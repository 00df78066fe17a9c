//! What holds for secrets that are read again while others use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::config::{ConfigError, Live, Reason, Source, Value};
use crate::orders::{self, Task, joined};
use crate::secret::{ExposeSecret, SecretBytes};
use crate::sync::{self, Fault, Mutex, RwLock, thread};
use two::Two;

pub(crate) const TASKS: &[Task] = &[
    Task::Check("whole readings, and never an older one again", &[], || {
        orders::some(30_000, || reloaded_while_used(|vault| Two::live(vault).expect("it answers")));
    }),
    Task::Check("a watcher ends when it is dropped", &["a change that it heard of"], || {
        orders::some(30_000, watched);
    }),
    Task::Control("a reading that is put in place though a newer one is", "was already read", || {
        orders::some(30_000, || reloaded_while_used(Torn::new));
    }),
    Task::Control("a watcher that is not told to end", "deadlock", || {
        orders::with_fault(Fault::SilentAfter(0), 30_000, watched);
    }),
];

#[allow(dead_code, reason = "they are read from a vault")]
mod two {
    crate::secrets! { pub(super) struct Two { user: "DB_USER", password: "DB_PASSWORD" } }
}

/// A number that grows, in both secrets.
#[derive(Clone, Default)]
struct Vault(Arc<Mutex<u32>>);

impl Vault {
    fn read(&self) -> u32 {
        *self.0.lock().expect("no panic")
    }
}

impl Source for Vault {
    fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
        Ok(Some(Value::exact(SecretBytes::from(format!("{name} no. {}", self.read()).into_bytes()))))
    }
}

trait Reloads: Clone + Send + 'static {
    fn reload(&self);

    /// The number of the reading in place.
    fn number(&self) -> u32;
}

impl Reloads for Live<Two> {
    fn reload(&self) {
        let changed: Result<bool, ConfigError> = self.reload();
        changed.expect("it answers");
    }

    fn number(&self) -> u32 {
        let two = self.current();
        let number = |secret: &str| secret.rsplit(' ').next().and_then(|number| number.parse().ok());
        let user = number(two.user.expose_secret());
        assert_eq!(user, number(two.password.expose_secret()), "two readings are mixed");
        user.expect("a number")
    }
}

/// As it would be without a lock from reading to putting in place.
#[derive(Clone)]
struct Torn(Vault, Arc<RwLock<u32>>);

impl Torn {
    fn new(vault: Vault) -> Self {
        Self(vault, Arc::default())
    }
}

impl Reloads for Torn {
    fn reload(&self) {
        let read = self.0.read();
        *self.1.write().expect("no panic") = read;
    }

    fn number(&self) -> u32 {
        *self.1.read().expect("no panic")
    }
}

/// Two reload, while the secrets change and somebody reads.
fn reloaded_while_used<L: Reloads>(open: fn(Vault) -> L) {
    let vault = Vault::default();
    let live = open(vault.clone());
    let reloading: Vec<_> = (0..2)
        .map(|_| {
            let (live, vault) = (live.clone(), vault.clone());
            thread::spawn(move || {
                let before = vault.read();
                live.reload();
                let there = live.number();
                assert!(
                    there >= before,
                    "reloaded, and {there} is in place, where {before} was already read"
                );
            })
        })
        .collect();
    let reading = {
        let live = live.clone();
        thread::spawn(move || {
            let read = [(); 3].map(|()| live.number());
            assert!(read.is_sorted(), "{read:?}");
        })
    };
    *vault.0.lock().expect("no panic") += 1;
    *vault.0.lock().expect("no panic") += 1;
    for thread in reloading {
        joined(thread);
    }
    joined(reading);
}

/// It hears of a change, or is dropped before; and of nothing after.
fn watched() {
    let vault = Vault::default();
    let live = Two::live(vault.clone()).expect("it answers");
    let heard = Arc::new(AtomicU32::new(0));
    let watcher = {
        let heard = Arc::clone(&heard);
        live.watch(MOMENT, move |change| {
            assert_eq!(change.expect("it answers").user.expose_secret(), "DB_USER no. 1");
            heard.fetch_add(1, Ordering::Relaxed);
        })
    };
    let watcher = watcher.expect("shuttle starts it");
    *vault.0.lock().expect("no panic") += 1;
    sync::pass(MOMENT);
    drop(watcher);
    let told = heard.load(Ordering::Relaxed);
    assert_eq!(live.number(), told);
    if told == 1 {
        orders::meet("a change that it heard of");
    }
    sync::pass(MOMENT);
    assert_eq!(heard.load(Ordering::Relaxed), told);
}

const MOMENT: Duration = Duration::from_secs(1);
