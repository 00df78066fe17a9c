//! C libraries as Python programs reach them, in a process of their own: a request and an answer cost microseconds.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

/// A running `others.py`; clones are the same process.
#[derive(Clone)]
pub struct Python(Rc<RefCell<Process>>);

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it, in a virtual environment that is made by the first run.
    pub fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let venv = folder.join("target/venv");
        let python = venv.join("bin/python");
        let run = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?}");
        if !python.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        }
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(PINNED));
        let mut child = Command::new(&python)
            .arg(folder.join("others.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self(Rc::new(RefCell::new(Process { child, input, output })))
    }

    /// Has one hash made, and answers it in hexadecimal.
    pub fn hash(&self, who: &str, costs: [u32; 3]) -> String {
        let [first, second, third] = costs;
        self.ask(&format!("{who} {first} {second} {third}"))
    }

    /// The version of OpenSSL that Python is linked to, as `OpenSSL 3.0.17`.
    pub fn openssl(&self) -> String {
        self.ask("version 0 0 0").split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    fn ask(&self, line: &str) -> String {
        let process = &mut *self.0.borrow_mut();
        writeln!(process.input, "{line}").unwrap();
        let mut line = String::new();
        process.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

const PINNED: [&str; 3] = ["argon2-cffi==25.1.0", "argon2-cffi-bindings==25.1.0", "pynacl==1.6.2"];

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
