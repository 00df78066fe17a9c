mod connection;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::io::tcp::TcpSettings;
use redis::{Client, FromRedisValue, IntoConnectionInfo, Value};

use super::row::{self, Row};
use super::{Answer, AsyncStore, StoreError};
use crate::session::otp::{AsyncCodeStore, CodeAnswer};
use crate::session::{Record, SessionId, SessionKey};
use crate::token::TokenDigest;
use connection::Server;

/// Sessions and what was used of one-time codes, on one server of Redis 6.2 or later or of Valkey, for several machines. Clones share a
/// connection.
///
/// ```no_run
/// use palisade::session::{AsyncSessions, AuthLevel, Login, store::Redis};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = AsyncSessions::new(Redis::connect("redis://127.0.0.1/")?);
/// let issued = sessions.log_in("ann", Login::by(AuthLevel::Password)).await?;
/// assert_eq!(sessions.check(issued.expose()).await?.user(), "ann");
/// # Ok(())
/// # }
/// ```
///
/// A check is one round trip. A session is a hash, `<prefix>:s:<key>`, that the server forgets by itself when it expires; a user's
/// sessions are a sorted set, `<prefix>:u:<user>`, and used codes are under `<prefix>:o:<user>` and `<prefix>:c:<user>`. It is no store for
/// a cluster, whose servers change no two keys in one step.
///
/// # Security
/// What the server loses it does not remember as ended:
/// - `appendonly yes` with `appendfsync always`, or what was ended or used just before a crash is good again. A failover to a replica
///   does the same.
/// - Without persistence everybody logs in again after a restart, recovery codes are gone, and codes of that minute can be used once
///   more.
/// - `maxmemory-policy noeviction`: a server that evicts logs users out, and forgets which codes were used. A full one that does not
///   is an error.
///
/// # Panics
/// Its calls are awaited on tokio's runtime, with its drivers of time and I/O enabled.
#[derive(Clone)]
pub struct Redis {
    server: Arc<Server>,
    prefix: String,
    timeout: Duration,
}

impl Redis {
    /// Sessions on a server: `redis://[user:password@]host[:port][/database]`, or `rediss://` where the `redis` crate has a TLS feature.
    ///
    /// # Errors
    /// The URL cannot be read. A server that is away is none: it is connected to when it is first asked, and again whenever a
    /// connection was lost.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        // The client's error may show the URL, and with it a password.
        let unread =
            |_| StoreError::new("the server is not given as redis://[user:password@]host[:port][/database]");
        // Or the second of two calls waits for the acknowledgement of the first: 40 ms, where the other side delays those.
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = url.into_connection_info().map_err(unread)?.set_tcp_settings(tcp);
        let server = Arc::new(Server::new(Client::open(info).map_err(unread)?));
        Ok(Self { server, prefix: "palisade".to_owned(), timeout: TIMEOUT })
    }

    /// What all keys begin with: `palisade` unless set. Stores of different prefixes share nothing.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// How long a call may take, with the connection that it may need first: one second unless set.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The script's answer to `what`.
    async fn call<T: FromRedisValue>(&self, what: &str, args: &[&[u8]]) -> Result<T, StoreError> {
        let args = [&[what.as_bytes(), self.prefix.as_bytes()], args].concat();
        read(self.server.call(&args, self.timeout).await?)
    }

    async fn ask<T: FromRedisValue>(
        &self,
        command: &str,
        key: &str,
        args: &[&[u8]],
    ) -> Result<T, StoreError> {
        read(self.server.ask(redis::cmd(command).arg(key).arg(args), self.timeout).await?)
    }

    /// Keeps a record, in the place of the old one where there is to be one.
    async fn put(&self, what: &str, old: Option<&SessionKey>, record: &Record) -> Result<bool, StoreError> {
        let row = Row::of(record)?;
        let [created, last_used, expires] =
            [row.created, row.last_used, row.expires].map(|time| time.to_string());
        let [authenticated, second_factor] =
            [row.authenticated, row.second_factor].map(|number| number.map(|number| number.to_string()));
        let fields: [(&[u8], Option<&[u8]>); 10] = [
            (b"id", Some(row.id.as_bytes())),
            (b"digest", Some(row.digest)),
            (b"user", row.user.map(str::as_bytes)),
            (b"authenticated", authenticated.as_deref().map(str::as_bytes)),
            (b"second_factor", second_factor.as_deref().map(str::as_bytes)),
            (b"device", Some(row.device.as_bytes())),
            (b"binding", row.binding),
            (b"created", Some(created.as_bytes())),
            (b"last_used", Some(last_used.as_bytes())),
            (b"expires", Some(expires.as_bytes())),
        ];
        let mut args: Vec<&[u8]> = old.map(|old| old.as_str().as_bytes()).into_iter().collect();
        args.extend([row.key.as_bytes(), expires.as_bytes()]);
        args.extend(fields.iter().filter_map(|(name, value)| Some([*name, (*value)?])).flatten());
        self.call(what, &args).await
    }

    fn key(&self, kind: char, name: &str) -> String {
        format!("{}:{kind}:{name}", self.prefix)
    }
}

impl AsyncStore for Redis {
    fn insert<'a>(&'a self, record: &'a Record) -> Answer<'a, ()> {
        Box::pin(async { self.put("insert", None, record).await.map(drop) })
    }

    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Record>> {
        Box::pin(async {
            let fields: Fields = self.ask("HGETALL", &self.key('s', key.as_str()), &[]).await?;
            if fields.is_empty() { Ok(None) } else { record(key.as_str().to_owned(), fields).map(Some) }
        })
    }

    fn replace<'a>(&'a self, old: &'a SessionKey, record: &'a Record) -> Answer<'a, bool> {
        Box::pin(self.put("replace", Some(old), record))
    }

    fn touch<'a>(&'a self, uses: &'a [(SessionKey, SystemTime)]) -> Answer<'a, ()> {
        Box::pin(async {
            for uses in uses.chunks(AT_ONCE) {
                let times = uses.iter().map(|(_, at)| Ok(row::millis(*at)?.to_string()));
                let times = times.collect::<Result<Vec<_>, StoreError>>()?;
                let told = uses
                    .iter()
                    .zip(&times)
                    .flat_map(|((key, _), at)| [key.as_str().as_bytes(), at.as_bytes()]);
                self.call::<()>("touch", &told.collect::<Vec<_>>()).await?;
            }
            Ok(())
        })
    }

    fn end<'a>(&'a self, user: &'a str, id: &'a SessionId) -> Answer<'a, bool> {
        Box::pin(async move { self.call("end", &[user.as_bytes(), id.as_str().as_bytes()]).await })
    }

    fn end_all<'a>(&'a self, user: &'a str, but: Option<&'a SessionId>) -> Answer<'a, u64> {
        Box::pin(async move {
            let but = but.map_or("", SessionId::as_str);
            self.call("end all", &[user.as_bytes(), but.as_bytes()]).await
        })
    }

    fn list<'a>(&'a self, user: &'a str) -> Answer<'a, Vec<Record>> {
        Box::pin(async {
            let found: Vec<(String, Fields)> = self.call("list", &[user.as_bytes()]).await?;
            found.into_iter().map(|(key, fields)| record(key, fields)).collect()
        })
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Answer<'_, u64> {
        Box::pin(async move {
            let (now, unused_since) = (row::millis(now)?.to_string(), row::millis(unused_since)?.to_string());
            let all = self.key('s', "");
            let pattern = format!("{}*", literal(&all));
            let count = AT_ONCE.to_string();
            let (mut cursor, mut swept) = ("0".to_owned(), 0);
            loop {
                let step = [b"MATCH", pattern.as_bytes(), b"COUNT", count.as_bytes()];
                let (next, keys): (String, Vec<String>) = self.ask("SCAN", &cursor, &step).await?;
                let mut args = vec![now.as_bytes(), unused_since.as_bytes()];
                args.extend(keys.iter().filter_map(|key| key.strip_prefix(&all)).map(str::as_bytes));
                swept += self.call::<u64>("sweep", &args).await?;
                if next == "0" {
                    return Ok(swept);
                }
                cursor = next;
            }
        })
    }
}

impl AsyncCodeStore for Redis {
    fn step<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, Option<u64>> {
        Box::pin(async { Ok(self.ask("GET", &self.key('o', user), &[]).await?) })
    }

    fn advance<'a>(&'a self, user: &'a str, step: u64) -> CodeAnswer<'a, bool> {
        Box::pin(async move {
            Ok(self.call("advance", &[user.as_bytes(), format!("{step:020}").as_bytes()]).await?)
        })
    }

    fn replace_codes<'a>(&'a self, user: &'a str, digests: &'a [TokenDigest]) -> CodeAnswer<'a, ()> {
        Box::pin(async {
            let mut args = vec![user.as_bytes()];
            args.extend(digests.iter().map(|digest| &digest.as_bytes()[..]));
            Ok(self.call("replace codes", &args).await?)
        })
    }

    fn spend_code<'a>(&'a self, user: &'a str, digest: &'a TokenDigest) -> CodeAnswer<'a, bool> {
        Box::pin(async { Ok(self.ask("SREM", &self.key('c', user), &[digest.as_bytes()]).await?) })
    }

    fn codes_left<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, usize> {
        Box::pin(async { Ok(self.ask("SCARD", &self.key('c', user), &[]).await?) })
    }

    fn remove<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, ()> {
        // One command: both or neither.
        Box::pin(async {
            Ok(self.ask("DEL", &self.key('o', user), &[self.key('c', user).as_bytes()]).await?)
        })
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, timeout, .. } = self;
        f.debug_struct("Redis").field("prefix", prefix).field("timeout", timeout).finish_non_exhaustive()
    }
}

type Fields = HashMap<String, Vec<u8>>;

fn record(key: String, mut fields: Fields) -> Result<Record, StoreError> {
    let row = Row {
        key,
        id: text(&mut fields, "id")?.ok_or_else(row::damaged)?,
        digest: fields.remove("digest").ok_or_else(row::damaged)?,
        user: text(&mut fields, "user")?,
        authenticated: number(&mut fields, "authenticated")?,
        second_factor: number(&mut fields, "second_factor")?,
        device: text(&mut fields, "device")?.ok_or_else(row::damaged)?,
        binding: fields.remove("binding"),
        created: number(&mut fields, "created")?.ok_or_else(row::damaged)?,
        last_used: number(&mut fields, "last_used")?.ok_or_else(row::damaged)?,
        expires: number(&mut fields, "expires")?.ok_or_else(row::damaged)?,
    };
    row.record()
}

fn text(fields: &mut Fields, name: &str) -> Result<Option<String>, StoreError> {
    fields.remove(name).map(String::from_utf8).transpose().map_err(|_| row::damaged())
}

fn number(fields: &mut Fields, name: &str) -> Result<Option<i64>, StoreError> {
    text(fields, name)?.map(|text| text.parse()).transpose().map_err(|_| row::damaged())
}

fn read<T: FromRedisValue>(answer: Value) -> Result<T, StoreError> {
    T::from_redis_value(answer).map_err(|_| StoreError::new("the server's answer is not one of the script's"))
}

/// A pattern that only this text matches.
fn literal(text: &str) -> String {
    text.chars().flat_map(|c| [Some('\\').filter(|_| !c.is_alphanumeric()), Some(c)]).flatten().collect()
}

const TIMEOUT: Duration = Duration::from_secs(1);

/// Keys in one step, while others wait: a millisecond or so.
const AT_ONCE: usize = 500;
