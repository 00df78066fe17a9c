use metrics::{counter, gauge};

use crate::audit::{AuditLog, Kind, Output, Record, Sink};

/// Counts events for the `metrics` facade, and so for whatever exporter the application installed.
///
/// | metric | labels | |
/// |---|---|---|
/// | `palisade_audit_events_total` | `event`, `level`, `outcome` | counter |
/// | `palisade_audit_unrecorded_total` | `event` | counter: events that the log could not take |
/// | `palisade_audit_events_last_minute` | `event` | gauge, set by [`publish_rates`](Self::publish_rates) |
///
/// Labels come from fixed vocabularies, so that no attacker can make new series.
///
/// ```
/// use palisade::audit::{AuditLog, sink};
/// use palisade::keys::KeyRing;
///
/// let log = AuditLog::builder(KeyRing::generate()?).also(sink::Metrics).writer(std::io::sink());
/// sink::Metrics::publish_rates(&log); // every few seconds, or when a scraper comes
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Metrics;

impl Metrics {
    /// Sets the gauges of how often each kind happened within the last minute.
    pub fn publish_rates<W: Output>(log: &AuditLog<W>) {
        for kind in Kind::ALL {
            let counts = log.counts(*kind);
            if counts.total > 0 {
                let rate = u32::try_from(counts.last_minute).unwrap_or(u32::MAX);
                gauge!("palisade_audit_events_last_minute", "event" => kind.as_str()).set(f64::from(rate));
            }
        }
    }
}

impl Sink for Metrics {
    fn accept(&self, record: &Record<'_>) {
        let event = record.name().into_owned();
        if record.seq().is_none() {
            counter!("palisade_audit_unrecorded_total", "event" => event.clone()).increment(1);
        }
        let (level, outcome) = (record.level().as_str(), record.outcome().as_str());
        counter!("palisade_audit_events_total", "event" => event, "level" => level, "outcome" => outcome)
            .increment(1);
    }
}
