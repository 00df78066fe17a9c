use std::fmt;
use std::process::ExitStatus;

use super::error::{ProcessError, ProcessErrorKind};

/// What a program that has ended leaves behind.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    program: &'static str,
    exit: Exit,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// It ended by itself, with this code; 0 is success.
    Code(i32),
    /// A signal ended it, on Unix.
    Signal(i32),
}

impl Output {
    pub(super) fn new(program: &'static str, exit: Exit, stdout: Vec<u8>, stderr: Vec<u8>) -> Self {
        Self { program, exit, stdout, stderr }
    }

    /// How it ended.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The output of a program that ended well.
    ///
    /// # Errors
    /// It ended with a code that is not zero, or by a signal.
    pub fn success(self) -> Result<Self, ProcessError> {
        match self.exit {
            Exit::Code(0) => Ok(self),
            exit => Err(ProcessError::new(self.program, ProcessErrorKind::Failed(exit))),
        }
    }

    /// What it wrote on standard output.
    pub fn stdout(&self) -> &[u8] {
        &self.stdout
    }

    /// What it wrote on standard error.
    pub fn stderr(&self) -> &[u8] {
        &self.stderr
    }

    /// What it wrote on standard output, to keep.
    pub fn into_stdout(self) -> Vec<u8> {
        self.stdout
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        // INVARIANT: a process that has ended has a code where no signal ended it.
        Self::Code(status.code().unwrap_or(-1))
    }
}

/// How much there is, and not what it says.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("program", &self.program)
            .field("exit", &self.exit)
            .field("stdout", &self.stdout.len())
            .field("stderr", &self.stderr.len())
            .finish()
    }
}
