//! Servers of Redis or Valkey that tests start for themselves: on a free port of the loopback, in a folder of their own.
//!
//! `PALISADE_REDIS_SERVER` names another program than `redis-server`.

#![allow(dead_code, reason = "each test crate uses some of it")]

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::{Client, Connection, Value};

/// Killed when dropped.
pub(crate) struct Server {
    child: Option<Child>,
    folder: PathBuf,
    port: u16,
    settings: Vec<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(settings: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("palisade-redis-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mut server = Self { child: None, folder, port: free_port(), settings };
        server.restart();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The port of a cluster's nodes among themselves.
    pub(crate) fn bus_port(&self) -> u16 {
        let place = self.settings.iter().position(|setting| setting == "--cluster-port").unwrap();
        self.settings[place + 1].parse().unwrap()
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it on the same port, with what its settings made it keep: nothing unless they say so.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let program = std::env::var("PALISADE_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let log = fs::File::create(self.folder.join("log")).unwrap();
        let port = self.port.to_string();
        let child = Command::new(&program)
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(&self.folder)
            .args(&self.settings)
            .stdout(Stdio::from(log))
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{program} does not start: {error}")));
        let started = Instant::now();
        while self.try_ask(&["PING"]).is_none() {
            assert!(started.elapsed() < Duration::from_secs(10), "{program} does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What the server itself answers.
    pub(crate) fn ask(&self, command: &[&str]) -> Value {
        self.try_ask(command).unwrap_or_else(|| panic!("{command:?} failed"))
    }

    pub(crate) fn number(&self, command: &[&str]) -> i64 {
        redis::from_redis_value(self.ask(command)).unwrap()
    }

    pub(crate) fn text(&self, command: &[&str]) -> String {
        redis::from_redis_value(self.ask(command)).unwrap()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        redis::from_redis_value(self.ask(&["KEYS", "*"])).unwrap()
    }

    fn try_ask(&self, command: &[&str]) -> Option<Value> {
        let mut parts = command.iter();
        let mut built = redis::cmd(parts.next()?);
        parts.for_each(|part| {
            built.arg(part);
        });
        built.query(&mut self.connect()?).ok()
    }

    fn connect(&self) -> Option<Connection> {
        Client::open(self.url()).ok()?.get_connection_with_timeout(Duration::from_secs(1)).ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
