//! Two tasks of a hundred thousand random operations each: who is let in, and which codes are taken.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use palisade::clock::{Clock, ManualClock};
use palisade::session::otp::AsyncCodeStore;
use palisade::session::{AsyncSessions, AuthLevel, Login};
use palisade::token::TokenDigest;

use crate::dice::Dice;
use crate::sessions::Handle;

/// No session outlives its time or is accepted after it was ended, and no code is accepted twice.
pub(crate) async fn lets_in_nobody_whose_time_is_over(
    handles: [Handle; 2],
    codes: [Arc<dyn AsyncCodeStore>; 2],
) {
    let clock = ManualClock::new();
    clock.set_wall(SystemTime::now()); // a server may forget by its own clock what has expired
    let world = Arc::new(World { clock, ..World::default() });
    let tasks = handles.into_iter().zip(codes).zip(1..).map(|((handle, codes), seed)| {
        let sessions = AsyncSessions::builder(handle).clock(world.clock.clone());
        let sessions = sessions.idle(30 * MINUTE).absolute(60 * MINUTE).build_async().unwrap();
        tokio::spawn(storm(sessions, codes, Arc::clone(&world), seed))
    });
    let mut let_in = 0;
    for task in tasks.collect::<Vec<_>>() {
        let_in += task.await.unwrap();
    }
    assert!(let_in > 10_000, "{let_in}");
    assert!(world.accepted.lock().unwrap().len() > 1_000);
}

/// What both tasks know.
#[derive(Debug)]
struct World {
    clock: ManualClock,
    /// A line of time of which each moment is one number.
    moments: AtomicU64,
    /// By user, the moment before all sessions were ended.
    ended: [AtomicU64; 5],
    step: AtomicU64,
    codes: Mutex<Vec<TokenDigest>>,
    /// Steps and recovery codes.
    accepted: Mutex<HashSet<(usize, String)>>,
}

struct Issue {
    token: String,
    user: usize,
    /// The moment after it was handed out.
    at: u64,
    /// It began then or before.
    latest_start: SystemTime,
}

async fn storm(
    sessions: AsyncSessions<Handle>,
    codes: Arc<dyn AsyncCodeStore>,
    world: Arc<World>,
    seed: u64,
) -> usize {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
    let (mut tokens, mut over, mut let_in) = (Vec::<Issue>::new(), Vec::<String>::new(), 0);
    for _ in 0..OPERATIONS {
        let user = index(&mut dice, 5);
        let name = format!("user-{user}");
        let pick = index(&mut dice, tokens.len() + 1);
        match dice.roll(100) {
            0..10 => {
                let issued = sessions.log_in(&name, Login::by(AuthLevel::Password)).await.unwrap();
                let at = world.moments.fetch_add(1, Ordering::SeqCst);
                let latest_start = world.clock.wall();
                tokens.push(Issue { token: issued.expose().to_owned(), user, at, latest_start });
            }
            10..12 => {
                let start = world.moments.fetch_add(1, Ordering::SeqCst);
                sessions.log_out_everywhere(&name).await.unwrap();
                world.ended[user].fetch_max(start, Ordering::SeqCst);
            }
            12..17 if pick < tokens.len() => {
                let issue = tokens.swap_remove(pick);
                if let Ok(session) = sessions.check(&issue.token).await
                    && let Ok(next) = sessions.rotate(session).await
                {
                    let at = world.moments.fetch_add(1, Ordering::SeqCst);
                    tokens.push(Issue { token: next.expose().to_owned(), at, ..issue });
                    over.push(issue.token);
                }
            }
            17..20 if pick < tokens.len() => {
                let issue = tokens.swap_remove(pick);
                if let Ok(session) = sessions.check(&issue.token).await {
                    sessions.log_out(session).await.unwrap();
                }
                over.push(issue.token);
            }
            20..22 => world.clock.advance(Duration::from_secs(dice.roll(120))),
            22 if dice.roll(100) == 0 => drop(sessions.sweep().await.unwrap()),
            23..28 if !over.is_empty() => {
                let gone = &over[index(&mut dice, over.len())];
                assert!(sessions.check(gone).await.is_err(), "it was over");
            }
            28..34 => {
                let step = world.step.load(Ordering::SeqCst) + dice.roll(3);
                if codes.advance(&name, step).await.unwrap() {
                    assert!(world.takes(user, step.to_string()), "step {step} is accepted twice");
                    world.step.fetch_max(step, Ordering::SeqCst);
                }
            }
            34..36 => {
                let fresh: Vec<_> =
                    (0..4).map(|_| TokenDigest::of(&dice.roll(u64::MAX).to_string())).collect();
                codes.replace_codes(&name, &fresh).await.unwrap();
                world.codes.lock().unwrap().extend(fresh);
            }
            36..40 => {
                let Some(code) = world.any_code(&mut dice) else { continue };
                if codes.spend_code(&name, &code).await.unwrap() {
                    assert!(world.takes(user, code.to_hex()), "a recovery code is accepted twice");
                }
            }
            _ if pick < tokens.len() => {
                let issue = &tokens[pick];
                let last_end = world.ended[issue.user].load(Ordering::SeqCst);
                let now = world.clock.wall();
                if let Ok(session) = sessions.check(&issue.token).await {
                    assert_eq!(session.user(), format!("user-{}", issue.user));
                    assert!(issue.at > last_end, "it was ended with all of its user's");
                    assert!(now < issue.latest_start + 60 * MINUTE, "it outlived its time");
                    let_in += 1;
                } else {
                    over.push(tokens.swap_remove(pick).token);
                }
            }
            _ => {}
        }
    }
    let_in
}

impl World {
    fn takes(&self, user: usize, code: String) -> bool {
        self.accepted.lock().unwrap().insert((user, code))
    }

    /// One of the latest, mostly.
    fn any_code(&self, dice: &mut Dice) -> Option<TokenDigest> {
        let codes = self.codes.lock().unwrap();
        let back = index(dice, codes.len().min(40) + 1);
        codes.len().checked_sub(back + 1).map(|at| codes[at])
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            clock: ManualClock::new(),
            moments: AtomicU64::new(1),
            ended: Default::default(),
            step: AtomicU64::new(1),
            codes: Mutex::default(),
            accepted: Mutex::default(),
        }
    }
}

fn index(dice: &mut Dice, below: usize) -> usize {
    usize::try_from(dice.roll(below.try_into().unwrap())).unwrap()
}

const OPERATIONS: usize = 100_000;
const MINUTE: Duration = Duration::from_secs(60);
