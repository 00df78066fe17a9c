//! What ssh is started with, and what it does to hosts that are known, changed and unknown.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use palisade::process::{Exit, Output};
use palisade::transport::ssh::{SshCommand, SshError, SshErrorKind};
use palisade::validate::Port;

#[test]
fn hostile_hosts_users_and_operands_are_refused_and_not_repeated() {
    for host in [
        "-oProxyCommand=touch secret",
        "secret host",
        "secret\0",
        "user@secret",
        "ssh://secret",
        "secret:22",
        "",
        "[::1]",
        "%h.secret",
        "::1%secret",
        "secret\n",
    ] {
        let error = SshCommand::new(host).unwrap_err();
        assert!(matches!(error.kind(), SshErrorKind::Host(_)), "{host}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    let command = || SshCommand::new("example.com").unwrap();
    for user in ["-oProxyCommand=x", "a b", "a\0", "a@b", "", ".a", "a/b", "ä", "$(id)", &"a".repeat(33)] {
        assert!(matches!(command().user(user).unwrap_err().kind(), SshErrorKind::User(_)), "{user}");
    }
    for operand in ["-rf", "a\0b", "a\nb", "a\tb", "~root"] {
        assert!(
            matches!(command().arg("cat").operand(operand).unwrap_err().kind(), SshErrorKind::Operand(_)),
            "{operand}"
        );
    }
    let no_program = command().operand("/tmp/from-anywhere").unwrap_err();
    assert!(matches!(no_program.kind(), SshErrorKind::Incomplete));
    for path in [
        "", "id", "~/id", "/a b", "/a\tb", "/a\"", "/a'", "/a\\b", "/%h", "/${HOME}", "/a\nProxyCommand=x",
        "none",
    ] {
        assert_eq!(command().identity(path).unwrap_err().kind(), SshErrorKind::Path, "{path}");
        assert_eq!(command().known_hosts(path).unwrap_err().kind(), SshErrorKind::Path, "{path}");
    }
}

#[test]
fn nothing_is_run_without_known_hosts_identity_and_command() {
    let folder = Folder::new("incomplete");
    let known = folder.file("known_hosts", "example.com ssh-ed25519 AAAA\n");
    let command = || SshCommand::new("example.com").unwrap().program("/bin/true");
    let kind = |command: SshCommand| command.run().unwrap_err().kind();
    assert_eq!(kind(command().known_hosts(&known).unwrap().arg("id")), SshErrorKind::Incomplete);
    assert_eq!(kind(command().identity("/id").unwrap().arg("id")), SshErrorKind::Incomplete);
    let no_words = command().known_hosts(&known).unwrap().identity("/id").unwrap();
    assert_eq!(kind(no_words), SshErrorKind::Incomplete);

    let refused = |path: &Path| command().known_hosts(path).unwrap_err().kind() == SshErrorKind::KnownHosts;
    assert!(refused(&folder.0.join("missing")) && refused(&folder.file("empty", "")) && refused(&folder.0));
    for mode in [0o664, 0o646, 0o620, 0o602] {
        fs::set_permissions(&known, fs::Permissions::from_mode(mode)).unwrap();
        assert!(refused(&known), "{mode:o}");
    }
    fs::set_permissions(&known, fs::Permissions::from_mode(0o444)).unwrap();
    assert!(command().known_hosts(&known).is_ok() && command().known_hosts("/etc/passwd").is_ok()); // this user's, root's
}

#[test]
#[ignore = "needs root, which may give files away"]
fn known_hosts_that_another_user_may_write_are_refused() {
    let folder = Folder::new("owner");
    let known = folder.file("known_hosts", "example.com ssh-ed25519 AAAA\n");
    std::os::unix::fs::chown(&known, Some(1000), None).unwrap();
    let error = SshCommand::new("example.com").unwrap().known_hosts(&known).unwrap_err();
    assert_eq!(error.kind(), SshErrorKind::KnownHosts);
}

#[test]
fn ssh_gets_strict_options_then_the_host_and_one_quoted_line() {
    let folder = Folder::new("arguments");
    let known = folder.file("known_hosts", "example.com ssh-ed25519 AAAA\n");
    let fake = folder.file("ssh", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let hostile = "a'b\\c!d $(reboot) `x` ; \" \\' é";
    let output = SshCommand::new("2001:DB8::1")
        .and_then(|command| command.user("backup")?.known_hosts(&known)?.identity("/etc/id"))
        .and_then(|command| {
            command.program(&fake).port(Port::parse("2222").unwrap()).arg("printf").arg("%s").operand(hostile)
        })
        .and_then(SshCommand::run)
        .unwrap();
    let printed = String::from_utf8(output.success().unwrap().into_stdout()).unwrap();
    let arguments: Vec<_> = printed.lines().collect();
    assert_eq!(arguments[..3], ["-F", "none", "-T"]);
    for option in [
        "StrictHostKeyChecking=yes",
        "BatchMode=yes",
        "ProxyCommand=none",
        "PermitLocalCommand=no",
        "ForwardAgent=no",
        &format!("UserKnownHostsFile={}", known.display()),
    ] {
        let at = arguments.iter().position(|&argument| argument == option).unwrap();
        assert_eq!(arguments[at - 1], "-o", "{option}");
    }
    let line = arguments[arguments.len() - 1];
    assert_eq!(
        arguments[arguments.len() - 7..arguments.len() - 1],
        ["-p", "2222", "-l", "backup", "--", "2001:db8::1"]
    );

    let shell = Command::new("/bin/sh").args(["-c", line]).output().unwrap();
    assert_eq!(String::from_utf8(shell.stdout).unwrap(), hostile);
}

#[test]
#[ignore = "needs ssh"]
fn ssh_understands_its_options_as_they_are_meant() {
    let folder = Folder::new("settings");
    let known = folder.file("known_hosts", "example.com ssh-ed25519 AAAA\n");
    // What ssh would do, without a connection.
    let ssh = folder.file("ssh", "#!/bin/sh\nexec /usr/bin/ssh -G \"$@\"\n");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let output = SshCommand::new("2001:DB8::1")
        .and_then(|command| command.user("backup")?.known_hosts(&known)?.identity("/etc/id"))
        .and_then(|command| command.program(&ssh).arg("id").run())
        .unwrap();
    assert_eq!(output.stderr(), b"");
    let printed = String::from_utf8(output.success().unwrap().into_stdout()).unwrap();
    for setting in [
        "hostname 2001:db8::1",
        "user backup",
        "port 22",
        "stricthostkeychecking true",
        "batchmode yes",
        "globalknownhostsfile /dev/null",
        &format!("userknownhostsfile {}", known.display()),
        "identityfile /etc/id",
        "identitiesonly yes",
        "identityagent none",
        "updatehostkeys false",
        "verifyhostkeydns false",
        "canonicalizehostname false",
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "forwardagent no",
        "forwardx11 no",
        "clearallforwardings yes",
        "tunnel false",
        "permitlocalcommand no",
        "controlmaster false",
        "requesttty false",
    ] {
        assert!(printed.lines().any(|line| line == setting), "{setting}: {printed}");
    }
    for unset in ["proxycommand", "proxyjump", "localcommand", "controlpath", "knownhostscommand", "sendenv"]
    {
        assert!(!printed.lines().any(|line| line.starts_with(&format!("{unset} "))), "{unset}: {printed}");
    }
    let weak = ["sha1", "ssh-rsa", "ssh-dss", "cbc", "arcfour", "md5", "umac-64"];
    for kind in ["hostkeyalgorithms", "pubkeyacceptedalgorithms", "kexalgorithms", "ciphers", "macs"] {
        let line = printed.lines().find(|line| line.starts_with(&format!("{kind} "))).unwrap();
        assert!(!weak.iter().any(|name| line.contains(name)), "{line}");
    }
}

/// The program is found by the variable `SSHD`, or where Debian's package openssh-server puts it.
#[test]
#[ignore = "needs sshd and ssh-keygen, and root where sshd separates privileges"]
fn known_hosts_are_reached_and_changed_and_unknown_ones_refused() {
    let server = Server::start();
    let known = format!("[127.0.0.1]:{} {}", server.port, server.public("host"));
    let run = |content: &str| server.run(content, "a'b\\c!d $(id) ;");

    let reached = run(&known).unwrap();
    assert_eq!(
        (reached.exit(), reached.stdout()),
        (Exit::Code(0), &b"a'b\\c!d $(id) ;"[..]),
        "{}",
        told(&reached)
    );

    let changed = run(&format!("[127.0.0.1]:{} {}", server.port, server.public("user"))).unwrap();
    assert_eq!(changed.exit(), Exit::Code(255));
    assert!(told(&changed).contains("has changed"), "{}", told(&changed));

    let unknown = run(&format!("other.example {}", server.public("host"))).unwrap();
    assert_eq!(unknown.exit(), Exit::Code(255));
    assert!(told(&unknown).contains("host key is known"), "{}", told(&unknown));

    let revoked = run(&format!("{known}@revoked * {}", server.public("host"))).unwrap();
    assert_eq!(revoked.exit(), Exit::Code(255), "{}", told(&revoked));
}

/// The program is found by the variable `SSHD`, or where Debian's package openssh-server puts it.
#[test]
#[ignore = "needs sshd and ssh-keygen, and root where sshd separates privileges"]
fn nothing_that_is_given_makes_a_file_on_either_side() {
    let server = Server::start();
    let known = format!("[127.0.0.1]:{} {}", server.port, server.public("host"));
    let made = server.folder.0.join("made");
    let touch = format!("touch {}", made.display());

    for option in
        ["ProxyCommand", "LocalCommand", "KnownHostsCommand"].map(|name| format!("-o{name}={touch}"))
    {
        assert!(SshCommand::new(&option).is_err());
        assert!(SshCommand::new(&format!("x@{option}")).is_err());
        assert!(SshCommand::new("127.0.0.1").unwrap().user(&option).is_err());
        assert!(SshCommand::new("127.0.0.1").unwrap().known_hosts(&option).is_err());
        assert!(SshCommand::new("127.0.0.1").unwrap().identity(&option).is_err());
        assert!(server.run(&known, &option).is_err());
    }
    for operand in [
        format!("; {touch}"),
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("'; {touch}; '"),
        format!("\\'; {touch}; #"),
        format!("| {touch}"),
        format!("& {touch} &"),
        format!("> {}", made.display()),
        format!("x' > {} '", made.display()),
    ] {
        let output = server.run(&known, &operand).unwrap();
        assert_eq!(output.stdout(), operand.as_bytes(), "{}", told(&output));
    }
    assert!(!made.exists());
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(output.stderr()).into_owned()
}

/// sshd on this machine alone, with keys of its own.
struct Server {
    folder: Folder,
    port: u16,
    child: Child,
}

impl Server {
    fn start() -> Self {
        let folder = Folder::new(thread::current().name().unwrap());
        for name in ["host", "user"] {
            let keygen = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(folder.0.join(name))
                .status()
                .unwrap();
            assert!(keygen.success());
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| folder.0.join(name).display().to_string();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
            at("host"),
            at("user.pub")
        );
        let config = folder.file("sshd_config", &config);
        let program = std::env::var_os("SSHD").unwrap_or_else(|| "/usr/sbin/sshd".into());
        let child = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(config)
            .stdin(Stdio::null())
            .stderr(fs::File::create(folder.0.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self { folder, port, child };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let has_ended = server.child.try_wait().unwrap().is_some();
            assert!(!has_ended, "sshd has ended: {}", server.log());
            assert!(begun.elapsed() < Duration::from_secs(30), "sshd does not listen: {}", server.log());
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn run(&self, known_hosts: &str, operand: &str) -> Result<Output, SshError> {
        SshCommand::new("127.0.0.1")?
            .port(Port::try_from(self.port).unwrap())
            .known_hosts(self.folder.file("known_hosts", known_hosts))?
            .identity(self.folder.0.join("user"))?
            .arg("printf")
            .arg("%s")
            .operand(operand)?
            .run()
    }

    fn public(&self, name: &str) -> String {
        fs::read_to_string(self.folder.0.join(name).with_extension("pub")).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.0.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("palisade-ssh-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
