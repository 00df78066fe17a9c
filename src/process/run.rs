//! One run: threads that read and write, and a wait that ends.

use std::io::{self, Read, Write};
#[cfg(unix)]
use std::os::fd::AsFd as Handle;
#[cfg(windows)]
use std::os::windows::io::AsHandle as Handle;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
#[cfg(unix)]
use rustix::io::Errno;

use super::command::StrictCommand;
use super::error::{ProcessError, ProcessErrorKind};
use super::output::{Exit, Output};

pub(super) fn run(command: StrictCommand) -> Result<Output, ProcessError> {
    let program = command.program;
    let deadline = Instant::now().checked_add(command.timeout);
    let mut running = Running::start(&command).map_err(|error| ProcessError::io(program, error))?;
    let reports = running.talk(command).map_err(|error| ProcessError::io(program, error))?;
    let (stdout, stderr) = running.collect(&reports, deadline).map_err(|stop| stop.of(program))?;
    let exit = running.end(deadline).map_err(|stop| stop.of(program))?;
    Ok(Output::new(program, exit, stdout, stderr))
}

/// A program that has been started and not been waited for. Dropping it kills it, what it started, and waits for it; its pipes
/// are left, whoever holds their other ends.
struct Running {
    child: Option<Child>,
    is_over: Arc<AtomicBool>,
}

/// One of its standard streams, for as long as the run is not over.
struct Pipe<S> {
    stream: S,
    is_over: Arc<AtomicBool>,
}

/// What a thread has read from a stream to its end; nothing where that was too much.
type Report = (Stream, io::Result<Option<Vec<u8>>>);

#[derive(Clone, Copy)]
enum Stream {
    Output,
    Error,
}

/// Why a run is not to go on.
enum Stop {
    TimedOut,
    TooMuchOutput,
    Io(io::Error),
}

impl Running {
    fn start(command: &StrictCommand) -> io::Result<Self> {
        let mut prepared = Command::new(&*command.path);
        prepared
            .args(&command.arguments)
            .env_clear()
            .envs(PATH) // without one, bash takes a list of its own, which may end in the current folder
            .envs(command.environment.iter().map(|(name, value)| (name, value)))
            .stdin(if command.input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &command.folder {
            prepared.current_dir(folder);
        }
        // A group of its own, by which what it starts is reached, too.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut prepared, 0);
        prepared.spawn().map(|child| Self { child: Some(child), is_over: Arc::default() })
    }

    /// Threads, so that no pipe fills up while another is waited for.
    fn talk(&mut self, command: StrictCommand) -> io::Result<Receiver<Report>> {
        let (report, reports) = channel();
        let Some(child) = &mut self.child else { return Ok(reports) };
        if let Some(stdin) = child.stdin.take() {
            let mut stdin = Pipe::new(stdin, &self.is_over);
            // A program may end without reading it all.
            spawn(move || drop(stdin.write_all(&command.input)))?;
        }
        if let Some(stdout) = child.stdout.take() {
            let (stdout, report) = (Pipe::new(stdout, &self.is_over), report.clone());
            spawn(move || read(stdout, command.most_output, Stream::Output, &report))?;
        }
        if let Some(stderr) = child.stderr.take() {
            let stderr = Pipe::new(stderr, &self.is_over);
            spawn(move || read(stderr, command.most_output, Stream::Error, &report))?;
        }
        Ok(reports)
    }

    /// Standard output and standard error, each to its end.
    fn collect(
        &mut self,
        reports: &Receiver<Report>,
        deadline: Option<Instant>,
    ) -> Result<(Vec<u8>, Vec<u8>), Stop> {
        let (mut output, mut error) = (None, None);
        loop {
            if let (Some(output), Some(error)) = (&mut output, &mut error) {
                return Ok((std::mem::take(output), std::mem::take(error)));
            }
            if let Ok((stream, read)) = reports.recv_timeout(TICK) {
                let bytes = read.map_err(Stop::Io)?.ok_or(Stop::TooMuchOutput)?;
                match stream {
                    Stream::Output => output = Some(bytes),
                    Stream::Error => error = Some(bytes),
                }
            } else if self.has_ended().map_err(Stop::Io)? {
                self.kill(); // what it started in the background keeps the output open
            }
            in_time(deadline)?;
        }
    }

    /// Waits until the program has ended, ends what it started, and says how it ended.
    fn end(mut self, deadline: Option<Instant>) -> Result<Exit, Stop> {
        let mut pause = Duration::from_micros(50);
        while !self.has_ended().map_err(Stop::Io)? {
            in_time(deadline)?;
            thread::sleep(pause);
            pause = (pause * 2).min(TICK);
        }
        self.kill();
        let mut child = self.child.take().ok_or_else(|| Stop::Io(io::ErrorKind::NotFound.into()))?;
        child.wait().map(Exit::from).map_err(Stop::Io)
    }

    /// Whether it has ended. On Unix it stays unreaped, so that its number names nothing else when its group is killed.
    fn has_ended(&mut self) -> io::Result<bool> {
        let Some(child) = &mut self.child else { return Ok(true) };
        #[cfg(all(unix, not(target_os = "openbsd")))]
        {
            use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            let waited = waitid(WaitId::Pid(Pid::from_child(child)), options);
            if waited.as_ref().is_err_and(|error| *error == Errno::CHILD) {
                self.child = None; // somebody else reaped it: its number may be another's by now, and is not killed
            }
            Ok(waited?.is_some())
        }
        #[cfg(not(all(unix, not(target_os = "openbsd"))))]
        child.try_wait().map(|status| status.is_some())
    }

    /// Kills it and its group; false when it may not be killed.
    fn kill(&mut self) -> bool {
        let Some(child) = &mut self.child else { return true };
        // Nobody may be left in the group, or it may have left it: the child itself is killed by its number.
        #[cfg(unix)]
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(child),
            rustix::process::Signal::KILL,
        );
        child.kill().is_ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let killed = self.kill();
        let soon = Instant::now() + Duration::from_secs(1);
        while killed && Instant::now() < soon && matches!(self.has_ended(), Ok(false)) {
            thread::sleep(Duration::from_millis(1));
        }
        let has_ended = matches!(self.has_ended(), Ok(true));
        let Some(mut child) = self.child.take() else { return };
        if has_ended {
            drop(child.wait());
        } else {
            // One that runs as somebody else, or hangs in the kernel, ends when it likes, and is waited for somewhere else.
            drop(spawn(move || drop(child.wait())));
        }
    }
}

impl<S: Handle> Pipe<S> {
    fn new(stream: S, is_over: &Arc<AtomicBool>) -> Self {
        Self { stream, is_over: Arc::clone(is_over) }
    }

    /// Waits until the stream can be read or written; false when the run is over.
    #[cfg(unix)]
    fn is_ready(&self, flags: PollFlags) -> io::Result<bool> {
        const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        while !self.is_over.load(Ordering::Relaxed) {
            match poll(&mut [PollFd::new(&self.stream, flags)], Some(&PAUSE)) {
                Ok(0) | Err(Errno::INTR) => {}
                outcome => return Ok(outcome.map(|_| true)?),
            }
        }
        Ok(false)
    }
}

impl<S: Handle + Read> Read for Pipe<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        if !self.is_ready(PollFlags::IN)? {
            return Ok(0);
        }
        self.stream.read(buffer)
    }
}

impl<S: Handle + Write> Write for Pipe<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(unix)]
        if !self.is_ready(PollFlags::OUT)? {
            return Ok(0);
        }
        self.stream.write(bytes.get(..AT_ONCE).unwrap_or(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Stop {
    fn of(self, program: &'static str) -> ProcessError {
        match self {
            Self::TimedOut => ProcessError::new(program, ProcessErrorKind::TimedOut),
            Self::TooMuchOutput => ProcessError::new(program, ProcessErrorKind::TooMuchOutput),
            Self::Io(error) => ProcessError::io(program, error),
        }
    }
}

fn read(pipe: impl Read, most: usize, stream: Stream, report: &Sender<Report>) {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = pipe.take(one_more).read_to_end(&mut bytes);
    // Nobody listens any more when the run was given up.
    drop(report.send((stream, read.map(|_| (bytes.len() <= most).then_some(bytes)))));
}

fn in_time(deadline: Option<Instant>) -> Result<(), Stop> {
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) { Err(Stop::TimedOut) } else { Ok(()) }
}

/// A thread; an error where the system has none to give, and not a panic.
fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("palisade process".to_owned()).spawn(work).map(drop)
}

/// What a pipe that can be written takes without waiting: POSIX's `_POSIX_PIPE_BUF`.
const AT_ONCE: usize = 512;
/// How often a program is looked at that does not end its output.
const TICK: Duration = Duration::from_millis(10);

#[cfg(unix)]
const PATH: [(&str, &str); 1] = [("PATH", "/usr/bin:/bin")];
#[cfg(not(unix))]
const PATH: [(&str, &str); 0] = [];
