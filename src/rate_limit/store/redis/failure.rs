//! What the client's errors come to.

use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::rate_limit::store::{StoreError, StoreErrorKind};

/// What went wrong, for operators.
///
/// Not the client's own error: its details come from the server or the configuration, and may hold names and addresses.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Failure {
    what: String,
}

/// An answer that the script does not give.
pub(super) fn unreadable() -> StoreError {
    because(StoreErrorKind::Unavailable, "the server's answer is not one of the script's".to_owned())
}

/// The server was not asked, since there was no time left to.
pub(super) fn timed_out() -> StoreError {
    StoreErrorKind::TimedOut.into()
}

pub(super) fn of(error: &RedisError) -> StoreError {
    let code = error.code().filter(|code| is_code(code));
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::CrossSlot) => return StoreErrorKind::CrossSlot.into(),
        ErrorKind::Extension if code == Some("CORRUPT") => return StoreErrorKind::Corrupt.into(),
        _ if error.is_timeout() => return timed_out(),
        _ => {}
    }
    let what = if error.is_connection_refusal() {
        "the connection was refused".to_owned()
    } else if error.is_connection_dropped() {
        "the connection was lost".to_owned()
    } else {
        match code {
            Some(code) => format!("the server answered with the error {code}"),
            None => error.category().to_owned(),
        }
    };
    because(StoreErrorKind::Unavailable, what)
}

/// Whether the server does not know the script. It did nothing, then.
pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Whether the connection is as good as before: the server refused one call, and said why.
pub(super) fn leaves_connection_well(error: &RedisError) -> bool {
    let code = error.code();
    code == Some("CORRUPT")
        || code == Some("OOM")
        || error.kind() == ErrorKind::Server(ServerErrorKind::CrossSlot)
}

fn because(kind: StoreErrorKind, what: String) -> StoreError {
    StoreError::new(kind, Some(Arc::new(Failure { what })))
}

/// Codes are a word in capitals; what else a server may send there is not shown.
fn is_code(code: &str) -> bool {
    (1..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
