//! A process that does one piece of work and waits, and what is left of secrets in its memory: searched from outside, through the
//! kernel.

use std::collections::HashMap;
use std::env;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use zeroize::Zeroize;

/// What a test that is called `helper` does in a process of its own: the work it is told, on the secret that it reads.
///
/// The secret comes through a pipe into an array, which is erased: standard input itself has a buffer, which keeps what it read.
pub(crate) fn help(work: impl FnOnce(&str, &[u8])) {
    let Ok(name) = env::var("PALISADE_TEST_WORK") else { return };
    let mut input = File::open("/dev/stdin").unwrap();
    let (mut len, mut secret) = ([0; 2], [0; 4096]);
    input.read_exact(&mut len).unwrap();
    let secret = &mut secret[..u16::from_be_bytes(len).into()];
    input.read_exact(secret).unwrap();
    work(&name, secret);
    secret.zeroize();
    io::stdout().write_all(b"\nready\n").unwrap();
    let _ended = input.read(&mut [0]).unwrap();
}

/// A process that has done its work, and waits.
pub(crate) struct Worked {
    child: Child,
    /// What it said.
    pub(crate) lines: Vec<String>,
}

/// Where in a process bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// What the allocator gives out: of the main thread's or another's arena.
    Heap,
    /// Static variables, and memory of its own from the kernel.
    Mapping,
    /// A thread's stack, below what is in use too.
    Stack,
    /// The variables that the process was started with, which the kernel lays above the stack.
    Environment,
}

/// A piece of a process's memory.
pub(crate) struct Region {
    pub(crate) place: Place,
    pub(crate) bytes: Vec<u8>,
}

/// What is looked for, and what it is called.
pub(crate) struct Needle {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Bytes of needles of one name, one after the other, that were found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) len: usize,
}

impl Worked {
    /// Has `helper`, a test of this program, do its work with further `variables` in its environment.
    pub(crate) fn after(helper: &str, work: &str, secret: &[u8], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([helper, "--exact", "--test-threads=1", "--nocapture"]);
        command.env("PALISADE_TEST_WORK", work).envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut worked = Self { child: command.spawn().unwrap(), lines: Vec::new() };
        let len = u16::try_from(secret.len()).unwrap().to_be_bytes();
        worked.child.stdin.as_mut().unwrap().write_all(&[&len, secret].concat()).unwrap();
        let lines = BufReader::new(worked.child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
        worked.lines = lines.take_while(|line| line != "ready").collect();
        assert!(
            worked.child.try_wait().unwrap().is_none(),
            "{work}: the helper ended early: {:?}",
            worked.lines
        );
        worked
    }

    /// A file about the process in `/proc`.
    pub(crate) fn about(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap()
    }

    /// All that can be written of its memory.
    pub(crate) fn memory(&self) -> Vec<Region> {
        // A thread that ends while it is read takes its stack along.
        (0..100).find_map(|_| self.read_memory().ok()).expect("its threads rest")
    }

    fn read_memory(&self) -> io::Result<Vec<Region>> {
        let memory = File::open(format!("/proc/{}/mem", self.child.id())).unwrap();
        let stat = self.about("stat");
        // proc_pid_stat(5): fields 50 and 51 of all, of which two stand before the closing parenthesis.
        let stat: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let environment: Range<u64> = stat[47].parse().unwrap()..stat[48].parse().unwrap();
        let (mut found, mut guard) = (Vec::new(), 0);
        let mut add = |place, range: Range<u64>| -> io::Result<()> {
            let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
            memory.read_exact_at(&mut bytes, range.start)?;
            found.push(Region { place, bytes });
            Ok(())
        };
        for line in self.about("maps").lines() {
            let mut fields = line.split_whitespace();
            let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
            let (start, end) = range.split_once('-').unwrap();
            let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
            match fields.nth(3).unwrap_or_default() {
                _ if !rights.starts_with("rw") => {
                    guard = if rights.starts_with("---") { end } else { 0 };
                    continue;
                }
                "[vvar]" => {}
                "[stack]" => {
                    add(Place::Stack, start..environment.start)?;
                    add(Place::Environment, environment.clone())?;
                    add(Place::Stack, environment.end..end)?;
                }
                "[heap]" => add(Place::Heap, start..end)?,
                "" if start % ARENA == 0 => add(Place::Heap, start..end)?,
                "" if guard == start => add(Place::Stack, start..end)?,
                _ => add(Place::Mapping, start..end)?,
            }
            guard = 0;
        }
        Ok(found)
    }

    /// What of the needles is in its memory.
    pub(crate) fn left(&self, needles: &[Needle]) -> Vec<Found> {
        let search = Search::of(needles);
        let mut left: Vec<Found> = self.memory().iter().flat_map(|region| search.of_region(region)).collect();
        left.sort();
        left
    }
}

impl Drop for Worked {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Every piece of every needle, and what it is called.
struct Search<'a> {
    automaton: AhoCorasick,
    names: Vec<&'a str>,
}

impl<'a> Search<'a> {
    fn of(needles: &'a [Needle]) -> Self {
        let mut pieces: HashMap<&[u8], &str> = HashMap::new();
        for Needle { name, bytes } in needles {
            assert!(bytes.len() >= PIECE, "{name} is too short to be searched for");
            for piece in bytes.windows(PIECE) {
                let mut distinct = piece.to_vec();
                distinct.sort_unstable();
                distinct.dedup();
                // Paddings and the like are everywhere.
                if distinct.len() > PIECE / 2 {
                    pieces.entry(piece).or_insert(name);
                }
            }
        }
        let (pieces, names): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
        let automaton =
            AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(pieces).unwrap();
        Self { automaton, names }
    }

    fn of_region(&self, region: &Region) -> Vec<Found> {
        let mut found: Vec<(Range<usize>, &str)> = Vec::new();
        for piece in self.automaton.find_overlapping_iter(&region.bytes) {
            let name = self.names[piece.pattern().as_usize()];
            match found.last_mut() {
                Some((run, of)) if piece.start() <= run.end && *of == name => run.end = piece.end(),
                _ => found.push((piece.range(), name)),
            }
        }
        let found = found.into_iter();
        found
            .map(|(run, name)| Found { place: region.place, name: name.to_owned(), len: run.len() })
            .collect()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {} in {:?}", self.len, self.name, self.place)
    }
}

/// So many bytes of a needle are a find: fewer are there by chance, and an allocator writes over the first 16 of what it takes back.
const PIECE: usize = 8;
/// Where arenas of other threads begin, in glibc: at multiples of this.
const ARENA: u64 = 64 << 20;
