use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use palisade::audit::{Event, Kind};
use palisade::config::Watcher;
use palisade::password::Hasher;
use palisade::rate_limit::LoginGuard;
use palisade::redact::Redactor;
use palisade::seal::Sealer;
use palisade::secret::SecretString;
use palisade::session::AsyncSessions;
use palisade::session::otp::{AsyncCodeStore, OtpVerifier};
use palisade::session::store::AsyncStore;
use palisade::token::Signer;
use palisade::web::{CsrfTokens, SessionCookie};

use crate::audit_log::AuditLog;
use crate::data_folder::DataFolder;
use crate::database::{Connector, Database};
use crate::limits::Limits;
use crate::options::Options;
use crate::secrets::Secrets;
use crate::stores::Stores;
use crate::{keys, logging, permissions, users};

/// What the service keeps for as long as it runs; clones are handles.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

pub(crate) struct Parts {
    /// As browsers reach it. Links are made of it, and never of what a request says of its host.
    pub(crate) origin: String,
    pub(crate) trusted_proxies: usize,
    pub(crate) requests_per_second: u64,
    pub(crate) database: Database,
    pub(crate) sessions: AsyncSessions<Arc<dyn AsyncStore>>,
    pub(crate) codes: OtpVerifier<Arc<dyn AsyncCodeStore>>,
    pub(crate) hasher: Hasher,
    pub(crate) limits: Limits,
    pub(crate) signer: Signer,
    pub(crate) sealer: Sealer,
    pub(crate) csrf: CsrfTokens,
    pub(crate) session_cookie: SessionCookie,
    pub(crate) visitor_cookie: SessionCookie,
    pub(crate) audit: AuditLog,
    /// While it lives, keys that another process adds arrive here.
    _keys: Watcher,
}

impl App {
    pub(crate) async fn open(options: &Options, origin: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let redactor = Redactor::default();
        logging::start(&redactor);
        let secrets = Secrets::from_env()?;
        let folder = DataFolder::open(&options.data)?;
        let ring = keys::open(&folder, secrets.keys_passphrase)?;
        let postgres = options.postgres.as_ref().or(secrets.postgres_url.as_ref());
        let redis = options.redis.as_ref().or(secrets.redis_url.as_ref());
        for secret in [postgres, redis].into_iter().flatten() {
            redactor.register(secret)?; // whatever a client says of its URL
        }

        let (database, stores) = open_data(&folder, postgres, redis).await?;
        let sealer = Sealer::new(&ring);
        let parts = Parts {
            origin: origin.to_owned(),
            trusted_proxies: options.trusted_proxies,
            requests_per_second: options.requests,
            database,
            sessions: AsyncSessions::new(stores.sessions),
            codes: OtpVerifier::new(sealer.clone(), stores.codes, LoginGuard::new()?),
            hasher: Hasher::default(),
            limits: Limits::new(redis)?,
            signer: Signer::new(&ring),
            sealer,
            csrf: CsrfTokens::new(&ring),
            // Lax: who follows a link from elsewhere finds itself logged in. What changes anything is not a link.
            session_cookie: SessionCookie::new("session")?.lax(),
            visitor_cookie: SessionCookie::new("visitor")?,
            audit: AuditLog::open(&folder, &ring, redactor)?,
            _keys: ring.watch(|error| tracing::error!(%error, "the key ring was not reloaded"))?,
        };
        let app = Self(Arc::new(parts));
        app.audit.record_first(Event::new(Kind::SystemStartup))?;
        app.appoint(options).await?;
        app.sweep_hourly();
        Ok(app)
    }

    /// Before the program ends.
    pub(crate) async fn close(&self) {
        if let Err(error) = self.sessions.write_uses().await {
            tracing::warn!(%error, "the last uses of sessions were not written");
        }
        self.audit.record(Event::new(Kind::SystemShutdown));
        self.audit.flush();
    }

    /// Makes the account of `--admin` an administrator. Whoever may start the program may do so.
    async fn appoint(&self, options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(name) = &options.admin else { return Ok(()) };
        let user = users::find(&self.database, name.as_str()).await?;
        let user =
            user.ok_or_else(|| format!("there is no account {name}: register it, then start with --admin"))?;
        let event = Event::new(Kind::AuthorizationChange).resource(name.as_str()).reason("--admin");
        self.audit.record_first(event.action(permissions::ADMIN.name()))?;
        users::set_role_at_start(&self.database, &user, permissions::ADMIN).await
    }

    fn sweep_hourly(&self) {
        let parts = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let mut hourly = tokio::time::interval(Duration::from_secs(3600));
            loop {
                hourly.tick().await;
                let Some(parts) = parts.upgrade() else { return };
                if let Err(error) = parts.sessions.sweep().await {
                    tracing::warn!(%error, "expired sessions were not removed");
                }
            }
        });
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Users and notes in PostgreSQL or a file of SQLite; sessions in Redis, or where the users are.
async fn open_data(
    folder: &DataFolder,
    postgres: Option<&SecretString>,
    redis: Option<&SecretString>,
) -> Result<(Database, Stores), Box<dyn Error + Send + Sync>> {
    let connector = postgres.map(Connector::new).transpose()?;
    let database = match &connector {
        Some(connector) => Database::postgres(connector.clone()).await?,
        None => Database::sqlite(&folder.private_file("users.sqlite")?)?,
    };
    let stores = match (redis, connector) {
        (Some(url), _) => Stores::redis(url)?,
        (None, Some(connector)) => Stores::postgres(connector).await?,
        (None, None) => Stores::sqlite(&folder.private_file("sessions.sqlite")?)?,
    };
    Ok((database, stores))
}
