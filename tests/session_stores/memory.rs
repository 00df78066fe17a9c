//! Sessions in memory.

use std::sync::Arc;

use palisade::session::otp::{AsyncCodeStore, MemoryCodeStore};
use palisade::session::store::{AsyncStore, Blocking, Memory, Store};

use crate::sessions::{self, Handle};
use crate::storm;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_keeps_the_contract() {
    let memory = Memory::default();
    let (one, other): (Handle, Handle) =
        (Arc::new(Blocking::new(memory.clone())), Arc::new(Blocking::new(memory)));
    sessions::suite(&one, &other, "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_lets_in_nobody_whose_time_is_over() {
    let (memory, codes) = (Memory::default(), MemoryCodeStore::new(100));
    let handle = || -> Handle { Arc::new(Blocking::new(memory.clone())) };
    let codes = || -> Arc<dyn AsyncCodeStore> { Arc::new(Blocking::new(codes.clone())) };
    storm::lets_in_nobody_whose_time_is_over([handle(), handle()], [codes(), codes()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_are_objects_keep_the_contract() {
    let shared: Arc<dyn Store> = Arc::new(Memory::default());
    let awaited: Arc<dyn AsyncStore> = Arc::new(Blocking::new(shared));
    let twice: Handle = Arc::new(Arc::clone(&awaited));
    sessions::suite(&awaited, &twice, "shared memory").await;
}
