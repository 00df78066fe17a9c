//! The stores in memory.

use palisade::clock::ManualClock;
use palisade::rate_limit::store::{AsyncStore, Memory, Store};

use palisade::session::otp::{CodeStore, MemoryCodeStore};

use crate::fake::Blocking;
use crate::{codes, scenarios, store};

#[test]
fn memory_keeps_the_contract() {
    store::suite(&Memory::new().unwrap(), "memory");
    let clock = ManualClock::new();
    store::suite(&Memory::builder().clock(clock).build().unwrap(), "memory that stands still");
}

#[test]
fn memory_that_is_awaited_keeps_the_contract() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    store::suite(&Blocking::new(Memory::new().unwrap(), runtime), "awaited memory");
}

#[test]
fn memory_answers_as_the_vectors_say() {
    let clock = ManualClock::new();
    let memory = Memory::builder().clock(clock.clone()).build().unwrap();
    let mut last = std::time::Duration::ZERO;
    scenarios::replay(|at, op, limits| {
        // Each case begins at zero, with a caller of its own: time goes on all the same.
        clock.advance(at.saturating_sub(last));
        last = at;
        Store::decide(&memory, op, limits).unwrap()
    });
}

#[test]
fn both_kinds_of_stores_are_objects() {
    let memory = Memory::new().unwrap();
    let _: (Box<dyn Store>, Box<dyn AsyncStore>) = (Box::new(memory.clone()), Box::new(memory));
}

#[test]
fn memory_of_codes_keeps_the_contract() {
    codes::suite(&MemoryCodeStore::new(100), "memory");
    let shared: std::sync::Arc<dyn CodeStore> = std::sync::Arc::new(MemoryCodeStore::new(100));
    codes::suite(&shared, "shared memory");
}
