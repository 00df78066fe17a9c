use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chain::{self, Ratcheted};
use super::{AuditError, AuditErrorKind};
use crate::encoding;
use crate::file;
use crate::keys::{KeyId, KeyRing};
use crate::random;
use crate::secret::{ExposeSecret, SecretBytes};

/// A secret that is replaced by its own digest after every epoch, so that who takes over the machine cannot rewrite
/// what was recorded before.
///
/// It is made where the ring is, and moved to the machine that writes the log, which never has the ring. Whoever has
/// the ring verifies.
///
/// ```
/// use palisade::audit::{self, AuditLog, Event, Ratchet};
/// use palisade::keys::KeyRing;
///
/// # let folder = std::env::temp_dir().join(format!("palisade-ratchet-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let ring = KeyRing::generate()?; // stays with the auditor
/// Ratchet::create(folder.join("ratchet"), &ring)?; // to the server, once
///
/// let log = AuditLog::open(folder.join("audit.jsonl"), Ratchet::open(folder.join("ratchet"))?)?;
/// log.record(Event::authentication_failure())?;
///
/// assert!(audit::verify(std::fs::File::open(folder.join("audit.jsonl"))?, &ring).is_ok());
/// # drop(log);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Records of the epoch under way can be forged by who has the secret of now, and no later ones proven. Copies of the
/// file, such as backups and what a disk keeps of overwritten blocks, give away all epochs since.
///
/// # Source
/// The idea: Bellare and Yee, *Forward Integrity for Secure Audit Logs*, 1997.
pub struct Ratchet {
    path: PathBuf,
    key_id: KeyId,
    state: Ratcheted,
    secret: SecretBytes,
    epoch_length: Duration,
    /// The file does not hold the state of now yet.
    is_unsaved: bool,
    /// Unlocked when it is closed.
    _lock: File,
}

impl Ratchet {
    /// Makes a ratchet under the ring's primary key, and its file.
    ///
    /// # Errors
    /// [`AuditError`]: `FileExists`, `Locked`, `Random`, `Unavailable`.
    pub fn create(path: impl Into<PathBuf>, ring: impl Into<KeyRing>) -> Result<(), AuditError> {
        let path = path.into();
        let lock = file::lock(&path, file::MOMENT)?.ok_or(AuditErrorKind::Locked)?;
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(AuditErrorKind::FileExists.into()),
        }
        let mut id = [0; 16];
        random::fill(&mut id)?;
        let snapshot = ring.into().snapshot();
        let key = snapshot.primary();
        let (secret, state) = (chain::first_epoch(key, &id), Ratcheted { id, epoch: 0 });
        save(&path, key.id, state, &secret)?;
        drop(lock);
        Ok(())
    }

    /// Reads a ratchet, and keeps others from using it.
    ///
    /// # Errors
    /// [`AuditError`]: `Locked`, `Malformed`, `Unavailable`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AuditError> {
        let path = fs::canonicalize(path)?;
        let lock = file::lock(&path, file::MOMENT)?.ok_or(AuditErrorKind::Locked)?;
        let bytes = SecretBytes::read_from(File::open(&path)?.take(MAX_TEXT as u64 + 1), MAX_TEXT)?;
        let (key_id, state, secret) = parse(bytes.expose_secret()).ok_or(AuditErrorKind::Malformed)?;
        let epoch_length = Duration::from_secs(15 * 60);
        Ok(Self { path, key_id, state, secret, epoch_length, is_unsaved: false, _lock: lock })
    }

    /// How long an epoch lasts: 15 minutes by default, at least a second. Opening the log begins one as well.
    #[must_use]
    pub fn epoch_length(mut self, length: Duration) -> Self {
        self.epoch_length = length.max(Duration::from_secs(1));
        self
    }

    pub(super) const fn key_id(&self) -> KeyId {
        self.key_id
    }

    pub(super) const fn epoch(&self) -> u64 {
        self.state.epoch
    }

    pub(super) const fn state(&self) -> Ratcheted {
        self.state
    }

    pub(super) const fn secret(&self) -> &SecretBytes {
        &self.secret
    }

    pub(super) const fn length(&self) -> Duration {
        self.epoch_length
    }

    /// Forgets the epoch that ends; [`settle`](Self::settle) makes it last.
    pub(super) fn turn(&mut self) {
        self.secret = chain::next_epoch(&self.secret);
        self.state.epoch = self.state.epoch.saturating_add(1);
        self.is_unsaved = true;
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.is_unsaved
    }

    /// Saves the state of now, if the file does not hold it.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        if self.is_unsaved {
            save(&self.path, self.key_id, self.state, &self.secret)?;
            self.is_unsaved = false;
        }
        Ok(())
    }
}

impl fmt::Debug for Ratchet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ratchet")
            .field("path", &self.path)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Key id, ratchet id, epoch and secret, with spaces between.
fn save(path: &Path, key_id: KeyId, state: Ratcheted, secret: &SecretBytes) -> io::Result<()> {
    let mut text = format!("{PREFIX}{key_id} {} {} ", encoding::hex(&state.id), state.epoch).into_bytes();
    text.reserve_exact(64 + 1); // so that no half-written copy of the secret stays behind
    let digits = SecretBytes::from(encoding::hex(secret.expose_secret()).into_bytes());
    text.extend_from_slice(digits.expose_secret());
    text.push(b'\n');
    file::replace(path, SecretBytes::from(text).expose_secret())
}

fn parse(text: &[u8]) -> Option<(KeyId, Ratcheted, SecretBytes)> {
    let text = str::from_utf8(text).ok()?.strip_prefix(PREFIX)?.strip_suffix('\n')?;
    let mut parts = text.split(' ');
    let (key_id, id_digits, epoch, digits) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let mut id = [0; 16];
    encoding::from_hex(id_digits, &mut id)?;
    let secret = SecretBytes::try_filled(32, |secret| encoding::from_hex(digits, secret).ok_or(())).ok()?;
    let state = Ratcheted { id, epoch: epoch.parse().ok()? };
    parts.next().is_none().then_some((key_id.parse().ok()?, state, secret))
}

const PREFIX: &str = "palisade-audit-ratchet-v1 ";
/// More than any ratchet's file has.
const MAX_TEXT: usize = 256;
