use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use palisade::secret::SecretString;
use palisade::validate::Username;

pub(crate) const USAGE: &str = "\
Usage: login-service [OPTIONS]
       login-service --check-health 127.0.0.1:8080

  --listen ADDRESS       where to listen                          [127.0.0.1:8080]
  --data DIR             keys, audit log, SQLite files            [login-service-data]
  --origin URL           how browsers reach it, as https://app.example
  --tls-cert PEM         its certificate and those above it
  --tls-key PEM          the certificate's key
  --trusted-proxies N    proxies in front that each add to X-Forwarded-For  [0]
  --requests N           how many an address may make each second            [50]
  --postgres URL         users, notes and sessions there; rather POSTGRES_URL, which `ps` does not show
  --redis URL            sessions and limits there; rather REDIS_URL
  --admin NAME           makes this account, which is there already, an administrator
  --help                 this text

Secrets come from the environment, or from files: POSTGRES_URL, REDIS_URL, KEYS_PASSPHRASE, each also as NAME_FILE.
";

/// What the program is to do.
pub(crate) enum Command {
    Help,
    CheckHealth(SocketAddr),
    Serve(Box<Options>),
}

pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) origin: Option<String>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) trusted_proxies: usize,
    pub(crate) requests: u64,
    pub(crate) postgres: Option<SecretString>,
    pub(crate) redis: Option<SecretString>,
    pub(crate) admin: Option<Username>,
}

#[derive(Clone)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Command {
    pub(crate) fn of_process() -> Result<Self, Box<dyn Error + Send + Sync>> {
        Self::read(std::env::args().skip(1))
    }

    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut options = Options::default();
        let (mut certificate, mut key) = (None, None);
        while let Some(name) = arguments.next() {
            if name == "--help" {
                return Ok(Self::Help);
            }
            let value = arguments.next().ok_or("an option needs a value, behind a space; see --help")?;
            match name.as_str() {
                "--check-health" => return Ok(Self::CheckHealth(value.parse()?)),
                "--listen" => options.listen = value.parse()?,
                "--data" => options.data = value.into(),
                "--origin" => options.origin = Some(value),
                "--tls-cert" => certificate = Some(value),
                "--tls-key" => key = Some(value),
                "--trusted-proxies" => options.trusted_proxies = value.parse()?,
                "--requests" => options.requests = value.parse()?,
                "--postgres" => options.postgres = Some(SecretString::from(value)),
                "--redis" => options.redis = Some(SecretString::from(value)),
                "--admin" => options.admin = Some(Username::parse(&value)?),
                _ => return Err("there is no such option; see --help".into()), // it may hold a password
            }
        }
        options.tls = match (certificate, key) {
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate: certificate.into(), key: key.into() })
            }
            (None, None) => None,
            _ => return Err("--tls-cert and --tls-key go together".into()),
        };
        Ok(Self::Serve(Box::new(options)))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: "login-service-data".into(),
            origin: None,
            tls: None,
            trusted_proxies: 0,
            requests: 50,
            postgres: None,
            redis: None,
            admin: None,
        }
    }
}
