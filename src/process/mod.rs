//! Run a program without a shell, on operands that it cannot take for options.
//!
//! ```
//! # #[cfg(unix)] {
//! use palisade::process::{Programs, StrictCommand};
//! use std::time::Duration;
//!
//! let programs = Programs::builder().program("echo", "/bin/echo").build()?; // once, at start
//!
//! let name = "notes; rm -rf ~"; // untrusted
//! let output = StrictCommand::from(&programs, "echo")?
//!     .arg("found:")
//!     .operand(name)? // text that begins with a hyphen is refused
//!     .timeout(Duration::from_secs(5))
//!     .run()?
//!     .success()?;
//! assert_eq!(output.stdout(), b"found: notes; rm -rf ~\n");
//! # }
//! # Ok::<(), palisade::process::ProcessError>(())
//! ```
//!
//! The program gets the arguments as they are, an environment with nothing but `PATH=/usr/bin:/bin`, no input unless some is
//! given, and an end: after the timeout it is killed, and so is what it started in its group. What it writes is kept up to a limit.
//!
//! It does not build pipelines or interpret patterns such as `*`, and it blocks: call it where blocking is fine.
//!
//! # Security
//! A program that itself runs what its arguments say, such as `sh`, `env`, `xargs` or `ssh`, is a shell, whatever runs it:
//! keep it out of the table; so is one that takes `name=value` operands for settings, such as `make`, `dd` or `awk`. The files in
//! the table, and the folders above them, belong to administrators alone. Errors name the program, never its arguments.
//!
//! Nothing else in the process may reap its children or ignore `SIGCHLD`: a run would be told as failed. When this process dies,
//! by Ctrl-C too, the program goes on without a limit. A process that it put into a group or session of its own, as `timeout` and
//! `setsid` do, is not killed; while that keeps the output open, two threads of ours wait for it.
//!
//! On systems that are not Unix, only the program itself is killed, not what it started.

mod command;
mod error;
mod output;
mod programs;
mod run;

pub use command::StrictCommand;
pub use error::{ProcessError, ProcessErrorKind};
pub use output::{Exit, Output};
pub use programs::{Programs, ProgramsBuilder};
