use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

use crate::browser::Browser;

/// A running service on a port of its own, and its data folder, which is removed with it.
pub(crate) struct Server {
    process: Child,
    lines: Receiver<String>,
    pub(crate) origin: String,
    pub(crate) folder: PathBuf,
}

impl Server {
    /// Starts on an empty folder of that name.
    pub(crate) fn start(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let (process, lines, origin) = spawn(&folder, &[]);
        Self { process, lines, origin, folder }
    }

    /// Ends it as an orchestrator does, and starts it on the same folder.
    pub(crate) fn restart(&mut self, options: &[&str]) {
        self.terminate();
        (self.process, self.lines, self.origin) = spawn(&self.folder, options);
    }

    pub(crate) fn browser(&self, agent: &str) -> Browser {
        Browser::new(&self.origin, agent)
    }

    /// The next line that the service prints: a letter.
    pub(crate) fn letter(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    fn terminate(&mut self) {
        let id = self.process.id().to_string();
        let killed = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().unwrap();
        assert!(killed.success());
        assert!(self.process.wait().unwrap().success(), "it ends in order");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
        let _left = fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &Path, options: &[&str]) -> (Child, Receiver<String>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_login-service"));
    command.args(["--listen", "127.0.0.1:0", "--data"]).arg(folder).args(options);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let (told, lines) = channel();
    thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
    let first = lines.recv_timeout(Duration::from_secs(20)).unwrap();
    let origin = first.strip_prefix("login-service: ").unwrap().to_owned();
    (process, lines, origin)
}
