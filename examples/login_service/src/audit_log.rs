use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade::audit::{self, AuditError, CheckpointFile, Event, Kind, Queue, VerifyError, WhenFull};
use palisade::keys::KeyRing;
use palisade::rbac::Granted;
use palisade::redact::Redactor;
use serde::Deserialize;
use tokio::task;

use crate::data_folder::DataFolder;
use crate::permissions::may;

/// What happened, chained so that no record is changed or taken away unseen.
pub(crate) struct AuditLog {
    queue: Queue,
    ring: KeyRing,
    path: PathBuf,
}

/// A record, as the page of the latest ones shows it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) datetime: String,
    pub(crate) event: String,
    pub(crate) level: String,
    pub(crate) subject: String,
    pub(crate) source_ip: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) reason: String,
}

/// What a look at the whole log came to.
pub(crate) struct Review {
    pub(crate) is_whole: bool,
    pub(crate) verdict: String,
    /// The latest first.
    pub(crate) latest: Vec<Entry>,
}

impl AuditLog {
    pub(crate) fn open(
        folder: &DataFolder,
        ring: &KeyRing,
        redactor: Redactor,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let path = folder.file("audit.jsonl");
        let log = audit::AuditLog::builder(ring)
            .app("login-service")
            .redact(move |field, text| redactor.redact_field(field, text))
            // In earnest on another machine: beside the log it shows that the end was cut off, unless both are.
            .rotate_at(64 << 20)
            .checkpoints(CheckpointFile::new(folder.file("audit-checkpoint")), 100)
            .alert(Kind::AuthenticationFailure, 50, Duration::from_secs(60))
            .open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let queue = Queue::new(log, 10_000, WhenFull::Refuse)?;
        Ok(Self { queue, ring: ring.clone(), path })
    }

    /// Records what has happened, without waiting for the disk.
    pub(crate) fn record(&self, event: Event) {
        if let Err(error) = self.queue.record(event) {
            tracing::error!(%error, "an event was not recorded");
        }
    }

    /// Records what is about to happen: it does only if this says so.
    pub(crate) fn record_first(&self, event: Event) -> Result<(), AuditError> {
        task::block_in_place(|| self.queue.log().record(event))
    }

    /// Reads the whole log and checks it.
    pub(crate) fn review(
        &self,
        _: Granted<'_, may::ReadAudit>,
    ) -> Result<Review, Box<dyn Error + Send + Sync>> {
        task::block_in_place(|| {
            let verified = self.verify();
            let latest = latest(&self.path)?;
            Ok(match verified {
                Ok(records) => Review {
                    is_whole: true,
                    verdict: format!("The log is whole: {records} records, each as it was written."),
                    latest,
                },
                Err(error) => Review { is_whole: false, verdict: sentence(&error.to_string()), latest },
            })
        })
    }

    /// How many records there are, if all are as they were written and up to the last.
    fn verify(&self) -> Result<u64, Box<dyn Error + Send + Sync>> {
        self.queue.flush()?;
        let so_far = self.queue.log().checkpoint()?;
        let verified = audit::verify_against(audit::read_all(&self.path)?, &self.ring, &so_far);
        let verified = verified.inspect_err(|error| {
            if let VerifyError::Tampered(tampering) = error {
                tracing::error!(%tampering, "the audit log was tampered with");
            }
        });
        Ok(verified?.records)
    }

    /// Writes what waits.
    pub(crate) fn flush(&self) {
        if let Err(error) = task::block_in_place(|| self.queue.flush()) {
            tracing::error!(%error, "the audit log is not complete");
        }
    }
}

/// The last records of the newest file. A line that is none was tampered with, which the verdict says.
fn latest(path: &Path) -> Result<Vec<Entry>, Box<dyn Error + Send + Sync>> {
    let mut last = std::collections::VecDeque::with_capacity(SHOWN);
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        if last.len() == SHOWN {
            last.pop_front();
        }
        last.push_back(line?);
    }
    Ok(last.iter().rev().filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}

const SHOWN: usize = 100;
