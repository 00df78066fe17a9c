use std::fmt;
use std::io;
use std::sync::Arc;

use super::output::Exit;
use crate::validate::Invalid;

/// Why a program was not run, or not to its end. It names the program, never its arguments or its output.
#[derive(Clone, Debug)]
pub struct ProcessError {
    program: &'static str,
    kind: ProcessErrorKind,
    source: Option<Arc<io::Error>>,
}

/// What went wrong, as a program can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessErrorKind {
    /// The table has no program of that name.
    UnknownProgram,
    /// Misuse: two programs of the table have one name.
    NamedTwice,
    /// Misuse: the path of a program is not absolute.
    PathNotAbsolute,
    /// Misuse: the program is a batch file of Windows.
    Batch,
    /// An operand was refused.
    Operand(Invalid),
    /// The name of an option does not begin with two hyphens or has an equals sign, or its value has a NUL.
    Option,
    /// There is no file at the program's path, or no such folder to run it in.
    NotFound,
    /// The file may not be executed.
    NotExecutable,
    /// The system did not start it or lost touch with it; see the source.
    Unavailable,
    /// It was killed after its time.
    TimedOut,
    /// It was killed after it had written too much.
    TooMuchOutput,
    /// It ended, and not well.
    Failed(Exit),
}

impl ProcessError {
    pub(super) const fn new(program: &'static str, kind: ProcessErrorKind) -> Self {
        Self { program, kind, source: None }
    }

    pub(super) fn io(program: &'static str, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ProcessErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ProcessErrorKind::NotExecutable,
            _ => ProcessErrorKind::Unavailable,
        };
        Self { program, kind, source: Some(Arc::new(error)) }
    }

    /// What went wrong.
    pub const fn kind(&self) -> ProcessErrorKind {
        self.kind
    }

    /// The program's name in the table; empty for one that the table has not.
    pub const fn program(&self) -> &'static str {
        self.program
    }
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.program;
        match self.kind {
            ProcessErrorKind::UnknownProgram => f.write_str("the table has no program of that name"),
            ProcessErrorKind::NamedTwice => write!(f, "{program} stands twice in the table"),
            ProcessErrorKind::PathNotAbsolute => write!(f, "the path of {program} is not absolute"),
            ProcessErrorKind::Batch => {
                write!(f, "{program} is a batch file, whose arguments cannot be made safe")
            }
            ProcessErrorKind::Operand(invalid) => write!(f, "{program} is not run: {invalid}"),
            ProcessErrorKind::Option => {
                write!(f, "{program} is not run: option: a name such as --name, a value without NUL")
            }
            ProcessErrorKind::NotFound => {
                write!(f, "{program} is not there, or the folder to run it in is not")
            }
            ProcessErrorKind::NotExecutable => write!(f, "{program} may not be executed"),
            ProcessErrorKind::Unavailable => write!(f, "{program} could not be run"),
            ProcessErrorKind::TimedOut => write!(f, "{program} took too long and was killed"),
            ProcessErrorKind::TooMuchOutput => write!(f, "{program} wrote too much and was killed"),
            ProcessErrorKind::Failed(Exit::Code(code)) => write!(f, "{program} ended with code {code}"),
            ProcessErrorKind::Failed(Exit::Signal(signal)) => {
                write!(f, "{program} was ended by signal {signal}")
            }
        }
    }
}

impl std::error::Error for ProcessError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| &**error as _)
    }
}
