//! Run a command on another machine by OpenSSH, whose host key is known beforehand.
//!
//! ```no_run
//! use palisade::transport::ssh::SshCommand;
//!
//! let file = "notes; rm -rf ~"; // untrusted
//! let output = SshCommand::new("backup.example.com")?
//!     .user("backup")?
//!     .known_hosts("/etc/app/known_hosts")? // ssh-keyscan, compared with the keys on the machine itself
//!     .identity("/etc/app/id_ed25519")?
//!     .arg("cat")
//!     .arg("--")
//!     .operand(file)?
//!     .run()?;
//! # Ok::<(), palisade::transport::ssh::SshError>(())
//! ```
//!
//! No configuration of the user or the system is read. A host whose key is not in the file, or is another one, is refused; nothing
//! is asked, nothing is learnt. There are no passwords, agents, forwarded ports, terminals or shared connections.
//!
//! It does not tell ssh's own failure from a remote command that ends with 255, copies no files, and needs OpenSSH 8.5 or later,
//! which does not start for a user without an entry in `/etc/passwd`.
//!
//! # Security
//! The remote side is a shell: sshd hands it one line. Each word of the command is quoted for it, so that it stays one word in `sh`,
//! `csh` and `fish`; shells of Windows read other quotes and are not for this. What the program that is run makes of its arguments is
//! its own: put `--` before operands where it reads options. A `command=` in `authorized_keys` limits a key to what it is for.
//!
//! Whoever may write the folders above the two files decides what is trusted: they belong to administrators alone.
//!
//! # Source
//! `ssh(1)` and `ssh_config(5)` of OpenSSH; POSIX.1-2024, Shell Command Language §2.2, Quoting.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::process::{Output, ProcessError, Programs, StrictCommand};
use crate::validate::{CommandArg, Hostname, Invalid, InvalidKind, Port};

/// One command on one host; see [the module](self).
pub struct SshCommand {
    program: PathBuf,
    host: String,
    port: Option<Port>,
    user: Option<String>,
    known_hosts: Option<String>,
    identity: Option<String>,
    words: Vec<String>,
    input: Vec<u8>,
    timeout: Duration,
}

/// Why a command was not run on another machine, or not to its end. It repeats nothing that was given.
#[derive(Clone, Debug)]
pub struct SshError {
    kind: SshErrorKind,
    source: Option<Arc<ProcessError>>,
}

/// What went wrong, as a program can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SshErrorKind {
    /// The host is no name and no address.
    Host(Invalid),
    /// The user's name is none.
    User(Invalid),
    /// An operand was refused.
    Operand(Invalid),
    /// A path is not absolute, or has characters that ssh would read as more than a path.
    Path,
    /// The file of known hosts is missing or empty, or others than root and the user of this process may write it.
    KnownHosts,
    /// Misuse: known hosts, an identity or a command were not given.
    Incomplete,
    /// ssh could not be run, or not to its end; see the source.
    Process,
}

impl SshCommand {
    /// A command for a host, by [`Hostname`] or by address.
    ///
    /// # Errors
    /// It is neither. A hyphen in front, which ssh would read as an option, is in neither.
    pub fn new(host: &str) -> Result<Self, SshError> {
        let host = match host.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => Hostname::parse(host).map_err(SshErrorKind::Host)?.as_str().to_owned(),
        };
        Ok(Self {
            program: "/usr/bin/ssh".into(),
            host,
            port: None,
            user: None,
            known_hosts: None,
            identity: None,
            words: Vec::new(),
            input: Vec::new(),
            timeout: Duration::from_secs(30),
        })
    }

    /// Where ssh is, `/usr/bin/ssh` otherwise.
    #[must_use]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = path.into();
        self
    }

    /// The port, 22 otherwise.
    #[must_use]
    pub fn port(mut self, port: Port) -> Self {
        self.port = Some(port);
        self
    }

    /// The user there, the one this process runs as otherwise.
    ///
    /// # Errors
    /// It is not 1 to 32 ASCII letters, digits, dots, hyphens and underscores, of which dots and hyphens do not come first.
    pub fn user(mut self, user: &str) -> Result<Self, SshError> {
        self.user = Some(user_name(user).map_err(SshErrorKind::User)?.to_owned());
        Ok(self)
    }

    /// The file with the keys of hosts, in the form of `known_hosts`. It is all that is trusted.
    ///
    /// # Errors
    /// The path is not absolute or not plain; the file is missing or empty; or, on Unix, its group or all may write it, or its
    /// owner is neither root nor the user of this process.
    pub fn known_hosts(mut self, path: impl AsRef<Path>) -> Result<Self, SshError> {
        let path = path.as_ref();
        self.known_hosts = Some(plain(path)?);
        let safe =
            fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0 && !others_may_write(&file));
        if safe { Ok(self) } else { Err(SshErrorKind::KnownHosts.into()) }
    }

    /// The file with the private key. ssh itself refuses one of this user that others may read.
    ///
    /// # Errors
    /// The path is not absolute or not plain.
    pub fn identity(mut self, path: impl AsRef<Path>) -> Result<Self, SshError> {
        self.identity = Some(plain(path.as_ref())?);
        Ok(self)
    }

    /// A word of the command that is written in the source: the program, a subcommand, an option.
    #[must_use]
    pub fn arg(mut self, word: &'static str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    /// A word of the command from anywhere, which the program cannot take for an option; see [`CommandArg`].
    ///
    /// # Errors
    /// It would be the first, which names the program and is an [`arg`](Self::arg). It might be taken for an option, or has control characters, line feed and tab too.
    pub fn operand(mut self, operand: impl AsRef<str>) -> Result<Self, SshError> {
        if self.words.is_empty() {
            return Err(SshErrorKind::Incomplete.into());
        }
        let operand = CommandArg::parse(operand.as_ref()).map_err(SshErrorKind::Operand)?;
        if let Some(at) = operand.as_str().find(char::is_control) {
            // A C shell ends a quoted text at the end of its line.
            let invalid = Invalid::new("operand", InvalidKind::Character, "no control characters");
            return Err(SshErrorKind::Operand(invalid.at_byte(at)).into());
        }
        self.words.push(operand.into());
        Ok(self)
    }

    /// What the command reads from standard input, nothing otherwise.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// How long it may take from connecting to the end of its output, 30 seconds otherwise. What runs on the other machine may
    /// go on after that.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs the command and waits for it.
    ///
    /// # Errors
    /// Something was not given, or ssh could not be started or took too long. A host that was refused is no error here, but
    /// [`Exit::Code(255)`](crate::process::Exit), with ssh's reason in [`Output::stderr`]: see [`Output::success`].
    pub fn run(self) -> Result<Output, SshError> {
        let incomplete = || SshError::from(SshErrorKind::Incomplete);
        if self.words.is_empty() {
            return Err(incomplete()); // ssh would run what standard input says
        }
        let known_hosts = self.known_hosts.ok_or_else(incomplete)?;
        let identity = self.identity.ok_or_else(incomplete)?;

        let programs = Programs::builder().program("ssh", self.program).build()?;
        let mut ssh = StrictCommand::from(&programs, "ssh")?.arg("-F").arg("none").arg("-T");
        for option in OPTIONS {
            ssh = ssh.arg("-o").arg(option);
        }
        ssh = ssh.arg("-o").operand(format!("UserKnownHostsFile={known_hosts}"))?;
        ssh = ssh.arg("-o").operand(format!("IdentityFile={identity}"))?;
        if let Some(port) = self.port {
            ssh = ssh.arg("-p").operand(port.to_string())?;
        }
        if let Some(user) = self.user {
            ssh = ssh.arg("-l").operand(user)?;
        }
        ssh = ssh.end_of_options().operand(self.host)?.operand(quoted(&self.words))?;
        Ok(ssh.stdin(self.input).timeout(self.timeout).run()?)
    }
}

/// How many words there are, and not what they say.
impl fmt::Debug for SshCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshCommand").field("words", &self.words.len()).finish_non_exhaustive()
    }
}

impl SshError {
    /// What went wrong.
    pub const fn kind(&self) -> SshErrorKind {
        self.kind
    }
}

impl From<SshErrorKind> for SshError {
    fn from(kind: SshErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<ProcessError> for SshError {
    fn from(error: ProcessError) -> Self {
        Self { kind: SshErrorKind::Process, source: Some(Arc::new(error)) }
    }
}

impl fmt::Display for SshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SshErrorKind::Host(invalid) => write!(f, "the host is refused: {invalid}"),
            SshErrorKind::User(invalid) | SshErrorKind::Operand(invalid) => invalid.fmt(f),
            SshErrorKind::Path => f.write_str("path: absolute, of ASCII letters, digits and / . _ - + ,"),
            SshErrorKind::KnownHosts => {
                f.write_str("known hosts: a file that is not empty and that only root or this user may write")
            }
            SshErrorKind::Incomplete => f.write_str("known hosts, an identity and a command must be given"),
            SshErrorKind::Process => f.write_str("ssh could not be run to its end"),
        }
    }
}

impl std::error::Error for SshError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| &**error as _)
    }
}

fn user_name(user: &str) -> Result<&str, Invalid> {
    let invalid = |kind, expected| Invalid::new("ssh user", kind, expected);
    if user.is_empty() {
        return Err(invalid(InvalidKind::Empty, "1 to 32 characters"));
    }
    if user.len() > 32 {
        return Err(invalid(InvalidKind::TooLong, "1 to 32 characters"));
    }
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if let Some(at) = user.bytes().position(|byte| !may_stand(byte)) {
        return Err(invalid(InvalidKind::Character, "ASCII letters, digits and . - _").at_byte(at));
    }
    if user.starts_with(['.', '-']) {
        return Err(invalid(InvalidKind::Form, "a letter, digit or underscore in front").at_byte(0));
    }
    Ok(user)
}

/// ssh splits paths in options at spaces, and puts other text in for `%h`, `~` and `${NAME}`.
fn plain(path: &Path) -> Result<String, SshError> {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,".contains(&byte);
    let text = path.to_str().filter(|text| path.is_absolute() && text.bytes().all(may_stand));
    text.map(str::to_owned).ok_or(SshErrorKind::Path.into())
}

#[cfg(unix)]
fn others_may_write(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    let is_ours = file.uid() == 0 || file.uid() == rustix::process::geteuid().as_raw();
    !is_ours || file.mode() & 0o022 != 0
}

#[cfg(not(unix))]
fn others_may_write(_file: &fs::Metadata) -> bool {
    false
}

/// One line for the remote shell. Within single quotes a backslash is itself in `sh` and not in `fish`, and an exclamation mark is
/// itself but not in `csh`; outside of them, with a backslash in front, each is itself in all.
fn quoted(words: &[String]) -> String {
    let mut line = String::new();
    for word in words {
        line.push_str(if line.is_empty() { "'" } else { " '" });
        for character in word.chars() {
            if matches!(character, '\'' | '\\' | '!') {
                line.extend(['\'', '\\', character, '\'']);
            } else {
                line.push(character);
            }
        }
        line.push('\'');
    }
    line
}

/// Algorithms are taken away rather than listed, since ssh does not start with the name of one that it does not know.
const OPTIONS: &[&str] = &[
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "KnownHostsCommand=none",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "CheckHostIP=no", // a key belongs to the name that was asked for
    "CanonicalizeHostname=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "AddKeysToAgent=no",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "ProxyCommand=none",
    "ControlMaster=no",
    "ControlPath=none",
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "HostKeyAlgorithms=-ssh-rsa*,ssh-dss*",
    "PubkeyAcceptedAlgorithms=-ssh-rsa*,ssh-dss*",
    "KexAlgorithms=-*-sha1",
    "Ciphers=-*-cbc*,arcfour*",
    "MACs=-*sha1*,*md5*,umac-64*",
];
