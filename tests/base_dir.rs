//! Whatever is put below a folder, nothing outside of it is opened, and nothing hangs.

#![cfg(all(unix, feature = "files"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use palisade::validate::{BaseDir, BaseDirErrorKind, RelPath};

#[test]
fn files_beneath_are_read_and_made() {
    let (folder, base) = scene("plain");
    fs::create_dir_all(folder.base().join("a/b")).unwrap();
    fs::write(folder.base().join("a/b/c"), "inside").unwrap();
    assert_eq!(read(&base, "a/b/c"), Ok("inside".to_owned()));
    assert_eq!(read(&base, "a//./b/c"), Ok("inside".to_owned()));
    assert_eq!(read(&base, "a/x/c"), Err(BaseDirErrorKind::NotFound));
    assert_eq!(read(&base, "a/b"), Err(BaseDirErrorKind::NotAFile));
    assert_eq!(read(&base, "a/b/c/d"), Err(BaseDirErrorKind::NotAFile));

    let new = path("new/folder/file");
    base.create_beneath(&new).unwrap().write_all(b"made").unwrap();
    assert_eq!(read(&base, "new/folder/file"), Ok("made".to_owned()));
    let mode = |name: &str| fs::metadata(folder.base().join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("new/folder/file") & 0o077, mode("new/folder") & 0o077), (0, 0));
    assert_eq!(base.create_beneath(&new).unwrap_err().kind(), BaseDirErrorKind::Exists);
    assert_eq!(base.create_beneath(&path("a/b")).unwrap_err().kind(), BaseDirErrorKind::Exists);
}

#[test]
fn links_are_not_followed_wherever_they_lead() {
    let (folder, base) = scene("links");
    let inside = folder.base().join("inside");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("file"), "inside").unwrap();
    for (name, target) in [
        ("up", PathBuf::from("../outside")),
        ("absolute", folder.0.join("outside")),
        ("folder", inside.clone()),
        ("root", PathBuf::from("/")),
        ("loop", PathBuf::from("loop")),
        ("self", PathBuf::from(".")),
        ("parent", PathBuf::from("..")),
        ("dangling", folder.0.join("not there")),
        ("proc", PathBuf::from("/proc/self/root")),
    ] {
        symlink(target, folder.base().join(name)).unwrap();
    }
    symlink("file", inside.join("to-file")).unwrap();
    symlink(folder.0.join("outside/secret"), inside.join("to-secret")).unwrap();
    for name in [
        "up/secret", "absolute/secret", "folder/file", "root/etc/passwd", "loop", "loop/x",
        "self/inside/file", "parent/outside/secret", "dangling", "proc/etc/passwd", "inside/to-file",
        "inside/to-secret",
    ] {
        assert_eq!(read(&base, name), Err(BaseDirErrorKind::NotAFile), "{name}");
    }
    for name in ["up/new", "absolute/new", "self/new", "loop/new"] {
        assert_eq!(
            base.create_beneath(&path(name)).unwrap_err().kind(),
            BaseDirErrorKind::NotAFile,
            "{name}"
        );
    }
    assert_eq!(base.create_beneath(&path("dangling")).unwrap_err().kind(), BaseDirErrorKind::Exists);
    assert!(!folder.0.join("not there").exists() && !folder.0.join("outside/new").exists());
}

#[test]
fn the_base_itself_may_be_reached_by_a_link_and_moved() {
    let (folder, _) = scene("moved");
    fs::write(folder.base().join("file"), "inside").unwrap();
    symlink("base", folder.0.join("current")).unwrap();
    let base = BaseDir::open(folder.0.join("current")).unwrap();
    fs::rename(folder.base(), folder.0.join("elsewhere")).unwrap();
    assert_eq!(read(&base, "file"), Ok("inside".to_owned()));
    let missing = BaseDir::open(folder.base()).unwrap_err();
    assert_eq!(missing.kind(), BaseDirErrorKind::NotFound);
    let file = BaseDir::open(folder.0.join("elsewhere/file")).unwrap_err();
    assert_eq!(file.kind(), BaseDirErrorKind::NotAFile);
}

#[test]
fn pipes_devices_and_sockets_are_refused_without_waiting() {
    let (folder, base) = scene("special");
    let made = Command::new("mkfifo").arg(folder.base().join("pipe")).status().unwrap();
    assert!(made.success());
    let _listener = UnixListener::bind(folder.base().join("socket")).unwrap();
    for name in ["pipe", "socket", "pipe/x"] {
        assert_eq!(read(&base, name), Err(BaseDirErrorKind::NotAFile), "{name}");
    }
    let devices = BaseDir::open("/dev").unwrap();
    for name in ["null", "tty"] {
        let kind = devices.open_beneath(&path(name)).unwrap_err().kind();
        assert_eq!(kind, BaseDirErrorKind::NotAFile, "{name}");
    }
}

#[test]
fn no_swap_of_a_folder_for_a_link_leads_outside() {
    let (folder, base) = scene("race");
    fs::create_dir(folder.base().join("real")).unwrap();
    fs::write(folder.base().join("real/secret"), "inside").unwrap();
    let (real, name) = (folder.base().join("real"), folder.base().join("name"));
    let (link, ready) = (folder.base().join("link"), folder.base().join("ready"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                fs::rename(&real, &name).unwrap();
                fs::rename(&name, &real).unwrap();
                symlink("../outside", &link).unwrap();
                fs::rename(&link, &ready).unwrap();
                fs::rename(&ready, &name).unwrap();
                fs::remove_file(&name).unwrap();
            }
        });
        for _ in 0..20_000 {
            match read(&base, "name/secret") {
                Ok(text) => assert_eq!(text, "inside"),
                Err(kind) => {
                    assert!(
                        matches!(kind, BaseDirErrorKind::NotFound | BaseDirErrorKind::NotAFile),
                        "{kind:?}"
                    );
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

fn read(base: &BaseDir, name: &str) -> Result<String, BaseDirErrorKind> {
    let mut text = String::new();
    base.open_beneath(&path(name)).map_err(|error| error.kind())?.read_to_string(&mut text).unwrap();
    Ok(text)
}

fn path(name: &str) -> RelPath {
    RelPath::parse(name).unwrap()
}

/// A folder `base`, and beside it `outside` with a secret.
fn scene(name: &str) -> (Folder, BaseDir) {
    let folder = std::env::temp_dir().join(format!("palisade-base-dir-{name}-{}", std::process::id()));
    fs::create_dir_all(folder.join("base")).unwrap();
    fs::create_dir_all(folder.join("outside")).unwrap();
    fs::write(folder.join("outside/secret"), "outside").unwrap();
    let base = BaseDir::open(folder.join("base")).unwrap();
    (Folder(folder), base)
}

struct Folder(PathBuf);

impl Folder {
    fn base(&self) -> PathBuf {
        Path::new(&self.0).join("base")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
