use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::{ProcessError, ProcessErrorKind};
use super::output::Output;
use super::programs::Programs;
use super::run::run;
use crate::validate::CommandArg;

/// One run of a program from the table.
///
/// Unless said otherwise it gets no environment and no input, has 30 seconds, and may write 1 MiB on each of standard
/// output and standard error.
///
/// ```no_run
/// use palisade::process::{Programs, StrictCommand};
///
/// let programs = Programs::builder().program("git", "/usr/bin/git").build()?;
/// let (author, branch) = ("--all", "feature/login"); // untrusted
/// let log = StrictCommand::from(&programs, "git")?
///     .env("LANG", "C")
///     .arg("log")
///     .option("--author", author)? // one argument, --author=--all
///     .operand(branch)? // --all would be an error here
///     .end_of_options()
///     .run()?
///     .success()?;
/// # Ok::<(), palisade::process::ProcessError>(())
/// ```
pub struct StrictCommand {
    pub(super) program: &'static str,
    pub(super) path: Arc<Path>,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(&'static str, OsString)>,
    pub(super) folder: Option<PathBuf>,
    pub(super) input: Vec<u8>,
    pub(super) timeout: Duration,
    pub(super) most_output: usize,
}

impl StrictCommand {
    /// The program that the table has under `name`.
    ///
    /// # Errors
    /// The table has none.
    pub fn from(programs: &Programs, name: &str) -> Result<Self, ProcessError> {
        let (program, path) = programs.find(name)?;
        Ok(Self {
            program,
            path,
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
            input: Vec::new(),
            timeout: Duration::from_secs(30),
            most_output: 1 << 20,
        })
    }

    /// An argument that is written in the source: a subcommand, an option. Text that is kept in a `static`, such as settings in a
    /// `OnceLock`, is `'static` too: that belongs to [`operand`](Self::operand).
    #[must_use]
    pub fn arg(mut self, argument: &'static str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// An argument from anywhere, which the program cannot take for an option; see [`CommandArg`]. It may be empty.
    ///
    /// # Errors
    /// It might be taken for one, or has control characters.
    pub fn operand(mut self, operand: impl AsRef<str>) -> Result<Self, ProcessError> {
        let operand = CommandArg::parse(operand.as_ref())
            .map_err(|invalid| ProcessError::new(self.program, ProcessErrorKind::Operand(invalid)))?;
        self.arguments.push(operand.into());
        Ok(self)
    }

    /// `name=value` as one argument, so that the value may begin with anything. What the program reads in a value is its own:
    /// to some, as curl's `--data`, `@path` is a file.
    ///
    /// # Errors
    /// The name does not begin with two hyphens, or the value has a NUL.
    pub fn option(mut self, name: &'static str, value: impl AsRef<str>) -> Result<Self, ProcessError> {
        let value = value.as_ref();
        if !name.starts_with("--") || name.len() == 2 || name.contains('=') || value.contains('\0') {
            return Err(ProcessError::new(self.program, ProcessErrorKind::Option));
        }
        self.arguments.push(format!("{name}={value}"));
        Ok(self)
    }

    /// `--`, after which most programs read no options. Operands are checked all the same, since some do.
    #[must_use]
    pub fn end_of_options(self) -> Self {
        self.arg("--")
    }

    /// A variable of its environment, which has nothing but a `PATH` of the system's folders otherwise.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// The folder it runs in, that of this process otherwise.
    #[must_use]
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// What it reads from standard input, nothing otherwise. A program that ends without reading it is no error, where this
    /// process ignores `SIGPIPE`, as Rust programs do.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// How long it may take, from its start to the end of its output.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many bytes it may write on standard output, and how many on standard error.
    #[must_use]
    pub fn max_output(mut self, bytes: usize) -> Self {
        self.most_output = bytes;
        self
    }

    /// Runs the program and waits for it.
    ///
    /// When it ends, or is ended, what it started in the background is killed, and nothing is left to be waited for. A
    /// process that has left for a group or session of its own is not; while it keeps the output open, the run is not over.
    ///
    /// # Errors
    /// The program could not be started, took too long or wrote too much. An exit code that is not zero is no error here:
    /// see [`Output::success`].
    pub fn run(self) -> Result<Output, ProcessError> {
        run(self)
    }
}

/// How many arguments there are, and not what they say.
impl fmt::Debug for StrictCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StrictCommand")
            .field("program", &self.program)
            .field("arguments", &self.arguments.len())
            .finish_non_exhaustive()
    }
}
