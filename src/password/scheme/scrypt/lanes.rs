//! Lanes of scrypt on whatever the gate has left: beside each other, beside those of other logins, on more threads.

use std::iter;
use std::slice::ChunksExactMut;
use std::sync::PoisonError;

use super::romix::{self, Chunk, Progress};
use crate::password::gate::{Permit, Reach};
use crate::password::scheme::NoMemory;
use crate::secret::{HASH, on_clean_stack};
use crate::sync::{Mutex, thread};

/// Mixes each of the lanes in memory of so many chunks: on as many threads and in as much memory as the gate has left.
pub(super) fn mix_many(
    lanes: ChunksExactMut<'_, u8>,
    chunks: usize,
    permit: &mut Permit<'_>,
) -> Result<(), NoMemory> {
    permit.run_alone();
    let mut without_memory = lanes.len().saturating_sub(1);
    let mut more = |reach| {
        let more = if without_memory == 0 { None } else { permit.more(reach) };
        without_memory -= usize::from(more.is_some());
        more
    };
    let threads: Vec<_> = iter::from_fn(|| more(Reach::Thread)).collect();
    let pairs = if romix::INTERLEAVES { threads.len() + 1 } else { 0 };
    let mut beside: Vec<_> = iter::from_fn(|| more(Reach::Memory)).take(pairs).collect();
    let lanes = Mutex::new(lanes);
    thread::scope(|scope| {
        for mut permit in threads {
            let (lanes, mut beside) = (&lanes, beside.pop());
            let work = move || mix_next(lanes, chunks, &mut permit, beside.as_mut());
            // What cannot be started gives back what it was granted.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        mix_next(&lanes, chunks, permit, beside.pop().as_mut())
    })
}

/// Mixes the one lane of a hash: beside another's, if a seat was given, and then with room for one who waits.
pub(super) fn mix_one(lane: &mut [u8], chunks: usize, permit: &mut Permit<'_>) -> Result<(), NoMemory> {
    let progress = Progress::start(lane, permit.chunks(chunks).ok_or(NoMemory)?);
    let mut progress = permit.ride(chunks, progress).ok_or(NoMemory)?;
    let seat = if progress.is_done() { None } else { Some(permit.offer_seat(lane.len() / 64)) };
    let memory = permit.chunks(chunks).ok_or(NoMemory)?;
    while !progress.is_done() {
        let Some((seat, mut ride)) = seat.as_ref().and_then(|seat| Some((seat, seat.take()?))) else {
            progress.advance(memory);
            continue;
        };
        if progress.goes_with(&ride.progress)
            && let Some(theirs) = ride.arena.chunks(ride.chunks).and_then(|all| all.get_mut(..ride.chunks))
        {
            mix_two((&mut progress, memory), (&mut ride.progress, theirs));
        }
        seat.give_back(ride);
    }
    progress.finish(memory, lane);
    Ok(())
}

/// Mixes two lanes until one of them is done.
fn mix_two(one: (&mut Progress, &mut [Chunk]), other: (&mut Progress, &mut [Chunk])) {
    let ((one, memory), (other, memory_of_other)) = (one, other);
    on_clean_stack::<HASH, _>(|| {
        while !one.is_done() && !other.is_done() {
            Progress::advance_two((one, memory), (other, memory_of_other));
            Progress::advance_two((other, memory_of_other), (one, memory));
        }
    });
}

/// Mixes lanes until there are no more: two at once, where there is memory for both.
fn mix_next(
    lanes: &Mutex<ChunksExactMut<'_, u8>>,
    chunks: usize,
    permit: &mut Permit<'_>,
    beside: Option<&mut Permit<'_>>,
) -> Result<(), NoMemory> {
    let memory = permit.chunks(chunks).ok_or(NoMemory)?;
    let mut beside = beside.and_then(|beside| beside.chunks(chunks));
    loop {
        let next = || lanes.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(lane) = next() else { return Ok(()) };
        let mut progress = Progress::start(lane, memory);
        if let Some((other, theirs)) = beside.as_mut().and_then(|beside| Some((next()?, beside))) {
            let mut progress_of_other = Progress::start(other, theirs);
            mix_two((&mut progress, memory), (&mut progress_of_other, theirs));
            progress_of_other.run(theirs);
            progress_of_other.finish(theirs, other);
        }
        progress.run(memory);
        progress.finish(memory, lane);
    }
}
