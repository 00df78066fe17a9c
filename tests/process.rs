//! Programs that hang, flood, fork, fail or are not there: every run ends, says why, and leaves nobody behind.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use palisade::process::{Exit, ProcessError, ProcessErrorKind, Programs, StrictCommand};
use palisade::validate::CommandArg;

#[test]
fn arguments_arrive_as_they_are() {
    let hostile = "$(reboot) `x` ; | && * ~ 'a' \"b\" \\ \n%PATH% é";
    let printed = sh("printf '%s|' \"$@\"")
        .arg("first")
        .operand(hostile)
        .unwrap()
        .operand(CommandArg::parse("typed").unwrap())
        .unwrap()
        .option("--message", "-rf --all")
        .unwrap()
        .end_of_options()
        .operand("")
        .unwrap()
        .run()
        .unwrap();
    assert_eq!(printed.exit(), Exit::Code(0));
    let expected = format!("first|{hostile}|typed|--message=-rf --all|--||");
    assert_eq!(String::from_utf8(printed.into_stdout()).unwrap(), expected);
}

#[test]
fn operands_that_could_be_options_are_refused_and_not_repeated() {
    for operand in
        ["-rf", "--upload-pack=secret", "@secret", "+secret", "~secret", " -rf", "se\0cret", "\u{2013}rf"]
    {
        let error = sh("exit").operand(operand).unwrap_err();
        assert!(matches!(error.kind(), ProcessErrorKind::Operand(_)), "{operand}: {error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        assert!(sh("exit").end_of_options().operand(operand).is_err(), "{operand} after --");
    }
    for (name, value) in [("-m", "x"), ("--", "x"), ("--a=b", "x"), ("message", "x"), ("--message", "a\0b")] {
        assert_eq!(sh("exit").option(name, value).unwrap_err().kind(), ProcessErrorKind::Option, "{name}");
    }
}

#[test]
fn the_environment_is_what_was_given_and_input_is_at_its_end() {
    let command = || StrictCommand::from(&table("env", "/usr/bin/env"), "env").unwrap();
    assert_eq!(command().run().unwrap().stdout(), b"PATH=/usr/bin:/bin\n");
    assert_eq!(command().env("PATH", "/opt").run().unwrap().stdout(), b"PATH=/opt\n");
    assert_eq!(command().env("LANG", "C").run().unwrap().stdout(), b"LANG=C\nPATH=/usr/bin:/bin\n");
    let error = command().env("LANG", "a\0b").run().unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::Unavailable);

    let cat = || StrictCommand::from(&table("cat", "/bin/cat"), "cat").unwrap();
    assert_eq!(cat().run().unwrap().stdout(), b"");
    let input = "0123456789abcdef".repeat(1 << 14); // four times what a pipe holds
    assert_eq!(cat().stdin(input.as_str()).run().unwrap().into_stdout(), input.into_bytes());
    assert_eq!(sh("exit 0").stdin(vec![b'x'; 1 << 20]).run().unwrap().exit(), Exit::Code(0));
}

#[test]
fn it_runs_in_the_folder_that_was_given() {
    let folder = Folder::new("cwd");
    let printed = sh("pwd -P").current_dir(&folder.0).run().unwrap();
    assert_eq!(printed.stdout().trim_ascii(), folder.0.canonicalize().unwrap().to_str().unwrap().as_bytes());
    let error = sh("exit").current_dir(folder.0.join("missing")).run().unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::NotFound);
}

#[test]
fn exits_are_told_apart() {
    let failed = sh("echo why >&2; exit 3").run().unwrap();
    assert_eq!((failed.exit(), failed.stderr()), (Exit::Code(3), &b"why\n"[..]));
    let error = failed.success().unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::Failed(Exit::Code(3)));
    assert_eq!(error.to_string(), "sh ended with code 3");
    let killed = sh("kill -TERM $$").run().unwrap().success().unwrap_err();
    assert_eq!(killed.kind(), ProcessErrorKind::Failed(Exit::Signal(15)));
}

#[test]
fn a_program_that_hangs_is_killed_and_reaped() {
    let folder = Folder::new("hangs");
    for script in [
        "echo $$ > pid; sleep 1000",
        "echo $$ > pid; exec >&- 2>&-; sleep 1000", // it ends its output and goes on
        "echo $$ > pid; trap '' TERM HUP; sleep 1000 & wait; sleep 1000",
    ] {
        let error =
            sh(script).env("PATH", "/usr/bin:/bin").current_dir(&folder.0).timeout(SHORT).run().unwrap_err();
        assert_eq!(error.kind(), ProcessErrorKind::TimedOut, "{script}");
        assert_eq!(error.to_string(), "sh took too long and was killed");
        if let Some(pid) = folder.read_pid() {
            assert!(!exists(pid), "{script}: it was not waited for");
        }
    }
}

#[test]
fn what_was_started_in_the_background_does_not_outlive_the_program() {
    let script = "sleep 1000 & echo $!"; // the sleeper keeps standard output open
    let printed = sh(script).env("PATH", "/usr/bin:/bin").run().unwrap().success().unwrap();
    let sleeper = String::from_utf8(printed.into_stdout()).unwrap().trim().parse().unwrap();
    wait_until_dead(sleeper);
}

#[test]
#[cfg(target_os = "linux")]
fn a_process_of_its_own_session_that_keeps_the_output_open_does_not_stop_the_clock() {
    let error = sh("setsid sleep 20 & exit 0").env("PATH", "/usr/bin:/bin").timeout(SHORT).run().unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::TimedOut);
}

#[test]
#[cfg(target_os = "linux")]
fn nobody_listens_to_what_was_left_behind() {
    let folder = Folder::new("left");
    let writer = "trap '' PIPE; while echo x; do sleep 0.1; done 2>/dev/null; echo $$ > pid";
    let error = sh("setsid sh -c \"$WRITER\" & exit 0")
        .env("WRITER", writer)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(&folder.0)
        .timeout(SHORT)
        .run()
        .unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::TimedOut);
    let soon = Instant::now() + Duration::from_secs(20);
    while folder.read_pid().is_none() {
        assert!(Instant::now() < soon, "its output is still read");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn floods_end_where_the_limit_is() {
    for script in ["while :; do echo yyyyyyyyyyyyyyyy; done", "while :; do echo yyyyyyyyyyyyyyyy >&2; done"] {
        let error = sh(script).run().unwrap_err();
        assert_eq!(error.kind(), ProcessErrorKind::TooMuchOutput, "{script}");
        assert_eq!(error.to_string(), "sh wrote too much and was killed");
    }
    assert_eq!(sh("printf 12345").max_output(5).run().unwrap().stdout(), b"12345");
    let error = sh("printf 123456").max_output(5).run().unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::TooMuchOutput);
    assert!(sh("exit 0").max_output(0).run().is_ok());
}

#[test]
fn both_streams_are_read_at_once() {
    let script = "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; \
                  echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done";
    let printed = sh(script).run().unwrap();
    assert_eq!((printed.stdout().len(), printed.stderr().len()), (3000 * 41, 3000 * 41));
}

#[test]
fn programs_that_cannot_be_run_say_so() {
    let folder = Folder::new("unusable");
    let plain = folder.0.join("plain");
    fs::write(&plain, "#!/bin/sh\nexit 0\n").unwrap();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    let kind = |path: PathBuf| StrictCommand::from(&table("x", path), "x").unwrap().run().unwrap_err().kind();
    assert_eq!(kind(plain.clone()), ProcessErrorKind::NotExecutable);
    assert_eq!(kind(folder.0.join("missing")), ProcessErrorKind::NotFound);
    assert_eq!(kind(folder.0.clone()), ProcessErrorKind::NotExecutable);
    assert_eq!(kind(plain.join("below-a-file")), ProcessErrorKind::Unavailable);
}

#[test]
fn the_table_takes_absolute_paths_of_programs_that_are_no_batch_files() {
    let build = |path: &str| Programs::builder().program("x", path).build().map(|_| ());
    let kind = |path| build(path).unwrap_err().kind();
    for path in ["git", "./git", "../git", "", "bin/git", "/"] {
        assert_eq!(kind(path), ProcessErrorKind::PathNotAbsolute, "{path}");
    }
    for path in ["/x.bat", "/x.CMD", "/x.bat.", "/x.cmd. .", "/x.bat::$DATA"] {
        assert_eq!(kind(path), ProcessErrorKind::Batch, "{path}");
    }
    assert!(build("/usr/bin/cmd").is_ok() && build("/usr/bin/x.bat.exe").is_ok());
    let twice = Programs::builder().program("x", "/a").program("x", "/b").build();
    assert_eq!(twice.unwrap_err().kind(), ProcessErrorKind::NamedTwice);
    for name in ["y", "/bin/sh", "", "sh\0", "X"] {
        let error = StrictCommand::from(&table("x", "/bin/sh"), name).unwrap_err();
        assert_eq!((error.kind(), error.program()), (ProcessErrorKind::UnknownProgram, ""), "{name}");
    }
}

#[test]
fn debug_shows_no_arguments_and_no_output() {
    let command = sh("echo hunter2").operand("hunter2").unwrap().env("PASSWORD", "hunter2").stdin("hunter2");
    assert_eq!(format!("{command:?}"), "StrictCommand { program: \"sh\", arguments: 4, .. }");
    let printed = command.run().unwrap();
    let shown = "Output { program: \"sh\", exit: Code(0), stdout: 8, stderr: 0 }";
    assert_eq!(format!("{printed:?}"), shown);
}

/// `sh -c SCRIPT sh`: the program is the script here.
fn sh(script: &'static str) -> StrictCommand {
    StrictCommand::from(&table("sh", "/bin/sh"), "sh").unwrap().arg("-c").arg(script).arg("sh")
}

fn table(name: &'static str, path: impl Into<PathBuf>) -> Programs {
    let table: Result<_, ProcessError> = Programs::builder().program(name, path).build();
    table.unwrap()
}

/// A folder of one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("palisade-process-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// What the script has written, unless it was killed before.
    fn read_pid(&self) -> Option<u32> {
        fs::read_to_string(self.0.join("pid")).ok()?.trim().parse().ok()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Whether there is a process of that number, were it one that has ended and not been waited for.
fn exists(pid: u32) -> bool {
    PathBuf::from(format!("/proc/{pid}")).exists()
}

/// It may be nobody's child but the system's, whose time to wait for it is its own.
fn wait_until_dead(pid: u32) {
    while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        thread::sleep(Duration::from_millis(5));
    }
}

const SHORT: Duration = Duration::from_millis(300);
