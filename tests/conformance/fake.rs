//! Stores that tests drive.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use palisade::rate_limit::Decision;
use palisade::rate_limit::store::{Answer, AsyncStore, Limit, Memory, Op, Store, StoreError, StoreErrorKind};
use tokio::runtime::Runtime;

/// An awaited store, for tests that block.
#[derive(Debug)]
pub(crate) struct Blocking<S> {
    store: S,
    runtime: Runtime,
}

impl<S> Blocking<S> {
    pub(crate) fn new(store: S, runtime: Runtime) -> Self {
        Self { store, runtime }
    }
}

impl<S: AsyncStore> Store for Blocking<S> {
    fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Result<Decision, StoreError> {
        self.runtime.block_on(self.store.decide(op, limits))
    }
}

/// Answers as a store in memory until it is told to fail.
#[derive(Debug)]
pub(crate) struct Fragile {
    pub(crate) memory: Memory,
    pub(crate) failing: Mutex<Option<StoreErrorKind>>,
    pub(crate) asked: AtomicU64,
}

impl Fragile {
    pub(crate) fn new(memory: Memory) -> Self {
        Self { memory, failing: Mutex::default(), asked: AtomicU64::new(0) }
    }

    pub(crate) fn fail(&self, kind: impl Into<Option<StoreErrorKind>>) {
        *self.failing.lock().unwrap() = kind.into();
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Store for Fragile {
    fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Result<Decision, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match *self.failing.lock().unwrap() {
            Some(kind) => Err(kind.into()),
            None => Store::decide(&self.memory, op, limits),
        }
    }
}

/// Never answers.
#[derive(Debug)]
pub(crate) struct Silent;

impl AsyncStore for Silent {
    fn decide<'a>(&'a self, _: Op, _: &'a [Limit<'a>]) -> Answer<'a> {
        Box::pin(std::future::pending())
    }
}
