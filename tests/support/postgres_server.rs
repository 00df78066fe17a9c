//! A server of PostgreSQL that a test starts for itself: on a socket in a folder of its own, without a port.
//!
//! `PALISADE_POSTGRES_BIN` names another folder of programs than Debian's. The server refuses to run as root: started by
//! root, it runs as `nobody`.

#![allow(dead_code, reason = "each test crate uses some of it")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Stopped when dropped.
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    fsync: &'static str,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with("fsync=off")
    }

    /// One that keeps what it acknowledged when it is killed.
    pub(crate) fn durable() -> Self {
        Self::with("fsync=on")
    }

    fn with(fsync: &'static str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("palisade-postgres-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        // The other user goes in by name alone.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let data = folder.join("data");
        let made = program("initdb", &folder)
            .args([
                "--username=palisade", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync",
                "--pgdata",
            ])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let child = serve(&folder, fsync);
        let mut server = Self { child, folder, fsync };
        server.wait();
        server
    }

    /// Kills it, as a crash would, and starts it again.
    pub(crate) fn crash(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = serve(&self.folder, self.fsync);
        self.wait();
    }

    fn wait(&mut self) {
        let started = Instant::now();
        let is_ready = |folder: &Path| {
            program("pg_isready", folder).arg("-q").arg("-h").arg(folder).status().unwrap().success()
        };
        while !is_ready(&self.folder) {
            assert!(started.elapsed() < Duration::from_secs(60), "postgres does not answer");
            std::thread::sleep(Duration::from_millis(20));
            // It does not start before all that was left of a crash has ended.
            if self.child.try_wait().unwrap().is_some() {
                self.child = serve(&self.folder, self.fsync);
            }
        }
    }

    /// The folder of its socket.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT: fast shutdown, which ends the server's children as well.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn serve(folder: &Path, fsync: &str) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    program("postgres", folder)
        .args(["-c", "listen_addresses=", "-c", fsync, "-k"])
        .arg(folder)
        .arg("-D")
        .arg(folder.join("data"))
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap()
}

fn program(name: &str, folder: &Path) -> Command {
    let program = programs().join(name);
    let mut command = if fs::metadata(folder).unwrap().uid() == 0 {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// The newest of `/usr/lib/postgresql/NUMBER/bin`.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("PALISADE_POSTGRES_BIN") {
        return folder.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed as on Debian");
    let newest = versions.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<u32>().ok()).max();
    Path::new("/usr/lib/postgresql").join(newest.unwrap().to_string()).join("bin")
}
