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
        let install =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "argon2-cffi", "pynacl"];
        run(Command::new(&python).args(install));
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
        let process = &mut *self.0.borrow_mut();
        let [first, second, third] = costs;
        writeln!(process.input, "{who} {first} {second} {third}").unwrap();
        let mut line = String::new();
        process.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
