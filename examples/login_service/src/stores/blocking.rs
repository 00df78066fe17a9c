use std::time::SystemTime;

use palisade::session::otp::{AsyncCodeStore, CodeAnswer, CodeStore};
use palisade::session::store::{Answer, AsyncStore, Store};
use palisade::session::{Record, SessionId, SessionKey};
use palisade::token::TokenDigest;
use tokio::task::block_in_place;

/// A store that blocks, for callers that await: while it works, the thread's other tasks go to another thread.
#[derive(Clone, Debug)]
pub(super) struct Blocking<S>(pub(super) S);

impl<S: Store> AsyncStore for Blocking<S> {
    fn insert<'a>(&'a self, record: &'a Record) -> Answer<'a, ()> {
        Box::pin(async move { block_in_place(|| self.0.insert(record)) })
    }

    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move { block_in_place(|| self.0.find(key)) })
    }

    fn replace<'a>(&'a self, old: &'a SessionKey, record: &'a Record) -> Answer<'a, bool> {
        Box::pin(async move { block_in_place(|| self.0.replace(old, record)) })
    }

    fn touch<'a>(&'a self, uses: &'a [(SessionKey, SystemTime)]) -> Answer<'a, ()> {
        Box::pin(async move { block_in_place(|| self.0.touch(uses)) })
    }

    fn end<'a>(&'a self, user: &'a str, id: &'a SessionId) -> Answer<'a, bool> {
        Box::pin(async move { block_in_place(|| self.0.end(user, id)) })
    }

    fn end_all<'a>(&'a self, user: &'a str, but: Option<&'a SessionId>) -> Answer<'a, u64> {
        Box::pin(async move { block_in_place(|| self.0.end_all(user, but)) })
    }

    fn list<'a>(&'a self, user: &'a str) -> Answer<'a, Vec<Record>> {
        Box::pin(async move { block_in_place(|| self.0.list(user)) })
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Answer<'_, u64> {
        Box::pin(async move { block_in_place(|| self.0.sweep(now, unused_since)) })
    }
}

impl<S: CodeStore> AsyncCodeStore for Blocking<S> {
    fn step<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, Option<u64>> {
        Box::pin(async move { block_in_place(|| self.0.step(user)) })
    }

    fn advance<'a>(&'a self, user: &'a str, step: u64) -> CodeAnswer<'a, bool> {
        Box::pin(async move { block_in_place(|| self.0.advance(user, step)) })
    }

    fn replace_codes<'a>(&'a self, user: &'a str, digests: &'a [TokenDigest]) -> CodeAnswer<'a, ()> {
        Box::pin(async move { block_in_place(|| self.0.replace_codes(user, digests)) })
    }

    fn spend_code<'a>(&'a self, user: &'a str, digest: &'a TokenDigest) -> CodeAnswer<'a, bool> {
        Box::pin(async move { block_in_place(|| self.0.spend_code(user, digest)) })
    }

    fn codes_left<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, usize> {
        Box::pin(async move { block_in_place(|| self.0.codes_left(user)) })
    }

    fn remove<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, ()> {
        Box::pin(async move { block_in_place(|| self.0.remove(user)) })
    }
}
