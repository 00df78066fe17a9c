//! Stores of codes that are awaited: for the suite, which blocks; and behind a verifier.

use std::net::IpAddr;
use std::time::SystemTime;

use palisade::keys::KeyRing;
use palisade::rate_limit::LoginGuard;
use palisade::seal::Sealer;
use palisade::session::otp::{
    AsyncCodeStore, CodeStore, CodeStoreError, MemoryCodeStore, Method, Otp, OtpErrorKind, OtpSecret,
    OtpVerifier,
};
use palisade::session::store::Blocking;
use palisade::token::TokenDigest;
use tokio::runtime::Handle;

/// A store that is awaited, as one that blocks.
#[derive(Debug)]
pub(crate) struct Awaited<S>(pub(crate) S, pub(crate) Handle);

impl<S: AsyncCodeStore> CodeStore for Awaited<S> {
    fn step(&self, user: &str) -> Result<Option<u64>, CodeStoreError> {
        self.1.block_on(self.0.step(user))
    }

    fn advance(&self, user: &str, step: u64) -> Result<bool, CodeStoreError> {
        self.1.block_on(self.0.advance(user, step))
    }

    fn replace_codes(&self, user: &str, digests: &[TokenDigest]) -> Result<(), CodeStoreError> {
        self.1.block_on(self.0.replace_codes(user, digests))
    }

    fn spend_code(&self, user: &str, digest: &TokenDigest) -> Result<bool, CodeStoreError> {
        self.1.block_on(self.0.spend_code(user, digest))
    }

    fn codes_left(&self, user: &str) -> Result<usize, CodeStoreError> {
        self.1.block_on(self.0.codes_left(user))
    }

    fn remove(&self, user: &str) -> Result<(), CodeStoreError> {
        self.1.block_on(self.0.remove(user))
    }
}

#[test]
fn awaited_memory_of_codes_keeps_the_contract() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let shared: std::sync::Arc<dyn AsyncCodeStore> =
        std::sync::Arc::new(Blocking::new(MemoryCodeStore::new(100)));
    crate::codes::suite(&Awaited(shared, runtime.handle().clone()), "awaited memory");
}

#[tokio::test]
async fn codes_in_a_store_that_is_awaited_are_used_once() {
    // Its futures may move between threads.
    tokio::spawn(codes_are_used_once(Blocking::new(MemoryCodeStore::new(10)))).await.unwrap();
}

/// By all calls of a verifier.
pub(crate) async fn codes_are_used_once(store: impl AsyncCodeStore) {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let secret = OtpSecret::generate().unwrap();
    let totp = secret.seal(&sealer, "ann").unwrap();
    let hotp = secret.seal(&sealer, "bob").unwrap();
    let verifier = OtpVerifier::new(sealer, store, LoginGuard::new().unwrap());
    let addr: IpAddr = "203.0.113.9".parse().unwrap();

    let code = Otp::default().at(&secret, SystemTime::now()).unwrap();
    let verified = verifier.confirm_enrolment_async("ann", addr, &totp, code.expose()).await.unwrap();
    assert_eq!((verified.user(), verified.method()), ("ann", Method::Totp));
    let error = verifier.confirm_enrolment_async("ann", addr, &totp, code.expose()).await.unwrap_err();
    assert_eq!(error.kind(), OtpErrorKind::Enrolled);
    let error = verifier.confirm_replacement_async(&verified, addr, &totp, code.expose()).await.unwrap_err();
    assert_eq!(error.kind(), OtpErrorKind::Replayed);
    let error = verifier.verify_async("ann", addr, &totp, code.expose()).await.unwrap_err();
    assert_eq!(error.kind(), OtpErrorKind::Replayed);
    let error = verifier.verify_async("ann", addr, &hotp, code.expose()).await.unwrap_err();
    assert_eq!(error.kind(), OtpErrorKind::Corrupt);

    for (counter, expected) in
        [(3, None), (3, Some(OtpErrorKind::Wrong)), (2, Some(OtpErrorKind::Wrong)), (4, None)]
    {
        let code = Otp::default().hotp(&secret, counter);
        let answer = verifier.verify_hotp_async("bob", addr, &hotp, code.expose()).await;
        assert_eq!(answer.err().map(|error| error.kind()), expected, "{counter}");
    }

    let codes = verifier.replace_recovery_codes_async(&verified).await.unwrap();
    let code = codes.expose().next().unwrap();
    let verified = verifier.spend_recovery_code_async("ann", addr, code).await.unwrap();
    assert_eq!((verified.method(), verified.codes_left()), (Method::Recovery, Some(9)));
    let error = verifier.spend_recovery_code_async("ann", addr, code).await.unwrap_err();
    assert_eq!(error.kind(), OtpErrorKind::Wrong);
}
