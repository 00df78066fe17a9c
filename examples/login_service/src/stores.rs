//! Where sessions and used codes are kept: one store for all of the service, chosen when it starts.

use std::path::Path;
use std::sync::Arc;

use palisade::secret::{ExposeSecret, SecretString};
use palisade::session::otp::AsyncCodeStore;
use palisade::session::store::{AsyncStore, Blocking, Postgres, Redis, Sqlite, StoreError};

use crate::database::Connector;

pub(crate) struct Stores {
    pub(crate) sessions: Arc<dyn AsyncStore>,
    pub(crate) codes: Arc<dyn AsyncCodeStore>,
}

impl Stores {
    pub(crate) fn sqlite(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::of(Blocking::new(Sqlite::open(path)?)))
    }

    pub(crate) async fn postgres(connector: Connector) -> Result<Self, StoreError> {
        let store = Postgres::new(connector);
        store.create_tables().await?;
        Ok(Self::of(store))
    }

    pub(crate) fn redis(url: &SecretString) -> Result<Self, StoreError> {
        Ok(Self::of(Redis::connect(url.expose_secret())?))
    }

    fn of(store: impl AsyncStore + AsyncCodeStore + Clone + 'static) -> Self {
        Self { sessions: Arc::new(store.clone()), codes: Arc::new(store) }
    }
}
