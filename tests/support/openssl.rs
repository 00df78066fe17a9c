//! Authorities, certificates, servers and clients of the `openssl` program, in a folder of their own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use palisade::transport::tls::{Identity, TlsError};

/// A folder with a root, `root.pem`, and a key of RSA for certificates, `key.pem`. Removed when dropped.
pub(crate) struct Pki {
    folder: PathBuf,
}

/// A server that answers requests of HTTP. Stopped when dropped.
pub(crate) struct Server {
    child: Child,
    at: SocketAddr,
}

impl Pki {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("palisade-openssl-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let pki = Self { folder };
        // Nothing of the machine's own settings counts: distributions forbid some of what is tested.
        pki.write("openssl.cnf", "[req]\ndistinguished_name = name\n[name]\n");
        pki.write("no-ems.cnf", NO_EXTENDED_MASTER_SECRET);
        pki.run("genrsa -out key.pem 2048");
        pki.authority("root");
        pki
    }

    /// An authority whose certificate is its own.
    pub(crate) fn authority(&self, name: &str) {
        self.settings(name);
        self.run(&format!("genrsa -out {name}.key 2048"));
        self.run(&format!(
            "req -new -x509 -key {name}.key -subj /CN={name} -days 99 -addext {AUTHORITY} -out {name}.pem"
        ));
    }

    /// An authority that the root has issued.
    pub(crate) fn authority_below_root(&self, name: &str, extensions: &str) {
        self.run(&format!("genrsa -out {name}.key 2048"));
        self.authority_below_root_with(&format!("{name}.key"), name, extensions);
    }

    pub(crate) fn authority_below_root_with(&self, key: &str, name: &str, extensions: &str) {
        self.settings(name);
        self.sign("root", key, name, name, &format!("{AUTHORITY}\n{extensions}"), "");
    }

    /// A certificate by the root for `key.pem`.
    pub(crate) fn issue(&self, name: &str, subject: &str, extensions: &str, options: &str) {
        self.sign("root", "key.pem", name, subject, extensions, options);
    }

    /// A certificate by the root for another key.
    pub(crate) fn issue_for(&self, key: &str, name: &str, subject: &str, extensions: &str, options: &str) {
        self.sign("root", key, name, subject, extensions, options);
    }

    /// A certificate by another authority, whose own certificate comes after it.
    pub(crate) fn issue_by(&self, authority: &str, name: &str, extensions: &str) {
        self.sign(authority, "key.pem", name, "x", extensions, "");
        let chain = [self.read(&format!("{name}.pem")), self.read(&format!("{authority}.pem"))].concat();
        fs::write(self.folder.join(format!("{name}.pem")), chain).unwrap();
    }

    fn sign(&self, authority: &str, key: &str, name: &str, subject: &str, extensions: &str, options: &str) {
        self.write("extensions", extensions);
        self.run(&format!("req -new -key {key} -subj /CN={subject} -out request"));
        self.run(&format!("ca -config {authority}.cnf -batch -notext -in request -extfile extensions -out {name}.pem {options}"));
    }

    fn settings(&self, name: &str) {
        self.write(&format!("{name}.index"), "");
        self.write(&format!("{name}.crlnumber"), "01\n");
        self.write(&format!("{name}.index.attr"), "unique_subject = no\n");
        self.write(
            &format!("{name}.cnf"),
            &format!(
                "[ca]\ndefault_ca = it\n[it]\ndatabase = {name}.index\nrand_serial = yes\ncrlnumber = {name}.crlnumber\nnew_certs_dir = .\n\
                 certificate = {name}.pem\nprivate_key = {name}.key\ndefault_md = sha256\ndefault_days = 30\n\
                 default_crl_days = 30\npolicy = policy\n[policy]\ncommonName = supplied\n"
            ),
        );
    }

    /// Runs `openssl` in the folder; what it wrote.
    pub(crate) fn run(&self, arguments: &str) -> String {
        let output = self.command("openssl.cnf").arg(format!("openssl {arguments}")).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A shell in the folder. The arguments are constants of the tests.
    fn command(&self, settings: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .current_dir(&self.folder)
            .env("OPENSSL_CONF", self.folder.join(settings))
            .stdin(Stdio::null());
        command.arg("-c");
        command
    }

    /// A server that shows the certificate, with the key that fits.
    pub(crate) fn serve(&self, certificate: &str, options: &str) -> Server {
        self.serve_with("openssl.cnf", certificate, options)
    }

    pub(crate) fn serve_without_extended_master_secret(&self, certificate: &str, options: &str) -> Server {
        self.serve_with("no-ems.cnf", certificate, options)
    }

    fn serve_with(&self, settings: &str, certificate: &str, options: &str) -> Server {
        let own = format!("{certificate}.key");
        let key = if self.folder.join(&own).exists() { &own } else { "key.pem" };
        let call = format!(
            "exec openssl s_server -accept 127.0.0.1:0 -www -cert {certificate}.pem -cert_chain {certificate}.pem -key {key} {options}"
        );
        let mut child =
            self.command(settings).arg(call).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let accepting =
            lines.map(Result::unwrap).find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        let at = accepting.expect("the server has started").parse().unwrap();
        Server { child, at }
    }

    /// OpenSSL's client, which asks for nothing unless told.
    pub(crate) fn client(&self, at: SocketAddr, options: &str) -> Output {
        let call = format!("openssl s_client -connect {at} {options}");
        self.command("openssl.cnf").arg(call).output().unwrap()
    }

    /// Whether OpenSSL's client connects to a server.
    pub(crate) fn connects(&self, server: &Server, options: &str) -> bool {
        self.client(server.at, options).status.success()
    }

    pub(crate) fn identity(&self, certificate: &str, key: &str) -> Result<Identity, TlsError> {
        Identity::from_files(self.folder.join(format!("{certificate}.pem")), self.folder.join(key))
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }
}

impl Server {
    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Pki {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE";

const NO_EXTENDED_MASTER_SECRET: &str = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n\
                                         [tls]\nOptions = -ExtendedMasterSecret\n";
