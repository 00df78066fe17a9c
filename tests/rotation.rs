//! Two processes share a ring in a file and reload it at different times, through a full rotation, under load:
//! what one signs or seals, the other accepts, at every moment.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "processes answer each other by lines")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use palisade::config::{Environment, KeyBytes};
use palisade::keys::{KeyFile, KeyRing, Wrapping};
use palisade::seal::Sealer;
use palisade::secret::ExposeSecret;
use palisade::token::Signer;

palisade::secrets! { struct Secrets { wrapping: "WRAPPING" as KeyBytes<32> } }

/// Short, so that the test waits seconds and not minutes: each process reloads within half of it.
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn file(path: &Path) -> KeyFile {
    let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let environment = Environment::from_vars([("WRAPPING", text)]);
    let wrapping = Wrapping::key(&Secrets::from_source(&environment).unwrap().wrapping);
    KeyFile::new(path, wrapping).reload_interval(RELOAD_INTERVAL)
}

/// The other process: for each line, a token and a seal of the first, answers with a pair of its own, or says what
/// failed. Its keys arrive by its watcher alone.
fn serve(path: &Path) {
    let ring = file(path).open().unwrap();
    let failed = |error| {
        eprintln!("reload: {error}");
        std::process::exit(1);
    };
    let _watcher = ring.watch(failed).unwrap();
    let (signer, sealer) = (Signer::new(&ring), Sealer::new(&ring));
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (token, sealed) = line.split_once(' ').unwrap();
        let answer = match (signer.verify("load", token), sealer.open_text(sealed, "load")) {
            (Ok(_), Ok(_)) => pair(&signer, &sealer),
            (token, sealed) => {
                format!("failed: {:?} {:?}, version {}", token.err(), sealed.err(), ring.version())
            }
        };
        println!("palisade> {answer}");
    }
}

fn pair(signer: &Signer, sealer: &Sealer) -> String {
    let token = signer.sign("load", b"payload", HOUR).unwrap();
    format!("{token} {}", sealer.seal_text("plain", "load").unwrap())
}

struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    fn start(path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_full_rotation_between_two_processes_fails_nobody", "--nocapture"])
            .env("PALISADE_TEST_RING", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn ask(&mut self, question: &str) -> String {
        writeln!(self.input, "{question}").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the other process has ended");
            if let Some((_, answer)) = line.split_once("palisade> ") {
                return answer.trim_end().to_owned();
            }
        }
    }
}

/// Both directions, as often as it goes, for so long; how often it went.
fn load(ring: &KeyRing, others: &mut [Other], time: Duration) -> usize {
    let (signer, sealer) = (Signer::new(ring), Sealer::new(ring));
    let started = std::time::Instant::now();
    let mut rounds = 0;
    while started.elapsed() < time {
        for other in &mut *others {
            let answer = other.ask(&pair(&signer, &sealer));
            let (token, sealed) = answer.split_once(' ').unwrap();
            assert_ne!(token, "failed:", "{answer}");
            assert_eq!(signer.verify("load", token).unwrap(), b"payload");
            assert_eq!(sealer.open_text(sealed, "load").unwrap().expose_secret(), "plain");
            rounds += 1;
        }
    }
    rounds
}

#[test]
fn a_full_rotation_between_two_processes_fails_nobody() {
    if let Some(path) = std::env::var_os("PALISADE_TEST_RING") {
        return serve(&PathBuf::from(path));
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("rotation-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("keys");
    let ring = file(&path).create().unwrap();
    let (errors, heard) = std::sync::mpsc::channel();
    let watcher = ring.watch(move |error| errors.send(error).unwrap()).unwrap();
    let mut others = [Other::start(&path), Other::start(&path)];
    let old = ring.primary();

    let mut rounds = load(&ring, &mut others, RELOAD_INTERVAL / 4);
    let new = ring.add_generated().unwrap();
    while ring.promote(new).is_err() {
        rounds += load(&ring, &mut others, RELOAD_INTERVAL / 4); // too young: others may not know it
    }
    while ring.retire(old).is_err() {
        rounds += load(&ring, &mut others, RELOAD_INTERVAL / 4); // too young: others may still use it
    }
    while ring.destroy(old).is_err() {
        rounds += load(&ring, &mut others, RELOAD_INTERVAL / 4); // too young: others may not know that it is retired
    }
    rounds += load(&ring, &mut others, RELOAD_INTERVAL / 4);
    assert!(rounds > 1000, "only {rounds} rounds: this was no load");
    assert_eq!((ring.primary(), ring.keys().len()), (new, 1));

    drop(watcher);
    assert_eq!(heard.iter().map(|error| error.to_string()).collect::<Vec<_>>(), [] as [String; 0]);
    for Other { mut child, input, mut output } in others {
        drop(input);
        std::io::copy(&mut output, &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// The control: promoted before the others can know it, a key fails them at once.
#[test]
fn promoting_too_early_is_what_fails_others() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("too-early-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("keys");
    let (one, two) = (file(&path).create().unwrap(), file(&path).open().unwrap());
    let new = one.add_generated().unwrap();
    assert!(one.promote(new).is_err());
    one.promote_now(new).unwrap();
    let token = Signer::new(&one).sign("load", b"", HOUR).unwrap();
    assert!(Signer::new(&two).verify("load", &token).is_err());
    two.reload().unwrap();
    assert!(Signer::new(&two).verify("load", &token).is_ok());
    fs::remove_dir_all(&folder).unwrap();
}
