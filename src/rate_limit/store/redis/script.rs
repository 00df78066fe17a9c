//! One call of the script: what is sent, and what comes back.

use redis::{Cmd, Value};
use sha1::{Digest, Sha1};

use super::name::Names;
use crate::encoding;
use crate::rate_limit::all;
use crate::rate_limit::decision::{Balance, Decision};
use crate::rate_limit::gcra::LONGEST;
use crate::rate_limit::limiter::MOST_DEBT;
use crate::rate_limit::store::{Limit, Op, StoreError};

/// A script, and the name that servers know it by once they have seen it.
#[derive(Clone, Debug)]
pub(super) struct Script {
    text: String,
    digest: String,
}

/// A question to the server.
#[derive(Debug)]
pub(super) struct Call<'a> {
    op: Op,
    limits: &'a [Limit<'a>],
    keys: Vec<String>,
}

/// What is known before the server is asked.
pub(super) enum Begun<'a> {
    Answered(Decision),
    Ask(Call<'a>),
}

impl Script {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), digest: encoding::hex(&Sha1::digest(text.as_bytes())) }
    }

    /// By its name: 40 bytes in place of 4 KB.
    pub(super) fn by_digest(&self, call: &Call<'_>) -> Cmd {
        call.command("EVALSHA", &self.digest)
    }

    /// In full, for a server that does not know it yet.
    pub(super) fn in_full(&self, call: &Call<'_>) -> Cmd {
        call.command("EVAL", &self.text)
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::new(include_str!("script.lua"))
    }
}

impl<'a> Call<'a> {
    pub(super) fn begin(op: Op, limits: &'a [Limit<'a>], names: &Names) -> Result<Begun<'a>, StoreError> {
        Limit::check_all(limits)?;
        let is_impossible = |limit: &Limit<'_>| {
            Decision::of_ahead(0, limit.quota.pace_or_nothing(), limit.cost) == Decision::Impossible
        };
        if matches!(op, Op::Check | Op::Peek) && limits.iter().any(is_impossible) {
            return Ok(Begun::Answered(Decision::Impossible));
        }
        Ok(Begun::Ask(Self { op, limits, keys: names.of(limits)? }))
    }

    /// Whether it may be sent again when nobody knows if the server did it. A second charge denies more; a second refund
    /// would admit more.
    pub(super) fn is_repeatable(&self) -> bool {
        self.op != Op::Refund
    }

    /// Of two lanes to the same servers, the one that sends nothing again by itself is the last.
    pub(super) fn lane<'l, L>(&self, lanes: &'l [L]) -> &'l L {
        let lane = if self.is_repeatable() { lanes.first() } else { lanes.last() };
        lane.expect("a store has one lane or two")
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let op = match self.op {
            Op::Check => "check",
            Op::Peek => "peek",
            Op::Refund => "refund",
            Op::Debit => "debit",
        };
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len()).arg(&self.keys).arg(op);
        for limit in self.limits {
            let pace = limit.quota.pace_or_nothing();
            let furthest = pace.furthest(pace.capacity().saturating_mul(MOST_DEBT));
            for nanos in [pace.price(limit.cost), pace.depth(), furthest] {
                command.arg(nanos / 1000).arg(nanos % 1000);
            }
        }
        command
    }

    /// What the server's answer comes to; `None` if it is not one of the script's.
    pub(super) fn read(&self, reply: &Value) -> Option<Decision> {
        let Value::Array(numbers) = reply else { return None };
        let [Value::Int(conforms @ 0..=1), aheads @ ..] = numbers.as_slice() else { return None };
        if aheads.len() != 2 * self.limits.len() {
            return None;
        }
        let decisions = self.limits.iter().zip(aheads.chunks_exact(2)).map(|(limit, ahead)| {
            let pace = limit.quota.pace_or_nothing();
            let ahead = nanos(ahead)?;
            Some(match self.op {
                Op::Check => Decision::of_ahead(ahead, pace, limit.cost),
                Op::Peek => Decision::of_ahead(ahead, pace, limit.cost).uncharged(),
                Op::Refund | Op::Debit => Balance::new(ahead, pace, 0).as_decision(),
            })
        });
        let decision = all::combined(decisions.collect::<Option<Vec<_>>>()?.into_iter());
        // Both reckon with the same numbers, so an answer that differs is not the script's. What it says was charged counts.
        (decision.is_allowed() == (*conforms == 1)).then_some(decision)
    }
}

/// Whole microseconds and the rest, as nanoseconds.
fn nanos(ahead: &[Value]) -> Option<u64> {
    let [Value::Int(micros), Value::Int(rest @ 0..=999)] = ahead else { return None };
    let nanos = u64::try_from(*micros).ok()?.checked_mul(1000)?.checked_add(u64::try_from(*rest).ok()?)?;
    (nanos <= LONGEST).then_some(nanos)
}
