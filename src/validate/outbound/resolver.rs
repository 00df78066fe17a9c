use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};

#[cfg(feature = "tokio")]
use super::TargetError;

/// Looks names up.
///
/// # Contract
/// What it answers is judged by the caller: a resolver leaves nothing out. An answer that is cached for longer than its owner
/// said is no fault here, for what is connected to is what was judged.
pub trait Resolver: Send + Sync {
    /// All addresses of `host`.
    ///
    /// # Errors
    /// It could not be looked up.
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver, with its files and its search list.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|addr| addr.ip()).collect())
    }
}

/// Does `work` where it may wait, with as many others as there are permits.
#[cfg(feature = "tokio")]
pub(in crate::validate) async fn look_up<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TargetError> + Send + 'static,
) -> Result<T, TargetError> {
    let lost = |error| TargetError::Unavailable(io::Error::other(error));
    let permit = PERMITS.acquire().await.expect("nobody closes them");
    // A caller who no longer waits does not end the look-up: the permit is the thread's.
    let work = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

/// Of tokio's 512 threads that may wait, which it does not stop.
#[cfg(feature = "tokio")]
static PERMITS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(64);

impl<R: Resolver + ?Sized> Resolver for std::sync::Arc<R> {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        (**self).resolve(host)
    }
}
