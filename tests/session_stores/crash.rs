//! What is left of sessions that rotated when something was killed.

#![allow(dead_code, reason = "it takes a store that can be killed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use palisade::session::store::AsyncStore;
use palisade::session::{AsyncSessions, AuthLevel, Login, SessionErrorKind};

/// Sessions of several users rotate until `crash` kills the server and starts it again.
pub(crate) async fn leaves_one_good_token_at_most<S: AsyncStore + 'static>(
    sessions: Arc<AsyncSessions<S>>,
    round: usize,
    after: usize,
    crash: impl FnOnce(),
) {
    let ended = sessions.log_in("dora", Login::by(AuthLevel::Password)).await.unwrap();
    assert!(sessions.log_out_everywhere("dora").await.unwrap() > 0);
    let rotations = Arc::new(AtomicUsize::new(0));
    let users = ["ann", "bob", "carl"].map(|user| format!("{user} {round}"));
    let tasks = users
        .each_ref()
        .map(|user| tokio::spawn(rotated(Arc::clone(&sessions), user.clone(), Arc::clone(&rotations))));
    while rotations.load(Ordering::SeqCst) < after {
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    crash();
    for (user, task) in users.iter().zip(tasks) {
        let tokens = task.await.unwrap();
        let listed = sessions.list(user).await.unwrap();
        assert!(listed.len() <= 1, "{user} has {} sessions", listed.len());
        let (last, earlier) = tokens.split_last().unwrap();
        for token in earlier {
            let kind = sessions.check(token).await.unwrap_err().kind();
            assert_eq!(kind, SessionErrorKind::Unknown, "{user} has {} tokens", tokens.len());
        }
        // If not the last that was handed out, then one that nobody got.
        match sessions.check(last).await {
            Ok(session) => assert_eq!(session.id(), listed[0].id),
            Err(error) => assert_eq!(error.kind(), SessionErrorKind::Unknown),
        }
    }
    assert_eq!(sessions.check(ended.expose()).await.unwrap_err().kind(), SessionErrorKind::Unknown);
}

/// All tokens that were handed out, until something failed.
async fn rotated<S: AsyncStore>(
    sessions: Arc<AsyncSessions<S>>,
    user: String,
    rotations: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut issued = sessions.log_in(&user, Login::by(AuthLevel::Password)).await.unwrap();
    let mut tokens = vec![issued.expose().to_owned()];
    while let Ok(next) = sessions.rotate(issued.into_session()).await {
        issued = next;
        tokens.push(issued.expose().to_owned());
        rotations.fetch_add(1, Ordering::SeqCst);
    }
    tokens
}
