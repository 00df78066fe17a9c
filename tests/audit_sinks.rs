//! Where security events go besides the log, as their receivers see them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]
#![cfg(any(feature = "tracing", feature = "metrics"))]

use palisade::audit::{AuditLog, Builder, Event, Kind};
use palisade::keys::KeyRing;

fn builder() -> Builder {
    AuditLog::builder(KeyRing::generate().unwrap())
}

fn failure() -> Event {
    Event::authentication_failure().subject("al\x1b[31mice\n").detail("attempt", 3_u64)
}

#[cfg(feature = "tracing")]
mod tracing_sink {
    use super::*;
    use palisade::audit::sink;
    use std::fmt::{self, Write as _};
    use std::sync::{Arc, Mutex};
    use tracing::field::{Field, Visit};
    use tracing::{Level, Metadata, Subscriber, span};

    /// Keeps the events it sees as text.
    #[derive(Clone)]
    struct Seen(Arc<Mutex<Vec<String>>>, Level);

    struct Fields(String);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }

        fn record_str(&mut self, field: &Field, value: &str) {
            write!(self.0, " {field}={value}").unwrap();
        }
    }

    impl Subscriber for Seen {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() <= self.1
        }

        fn event(&self, event: &tracing::Event<'_>) {
            let metadata = event.metadata();
            let mut fields = Fields(format!("{} {}", metadata.level(), metadata.target()));
            event.record(&mut fields);
            self.0.lock().unwrap().push(fields.0);
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    fn seen(level: Level) -> Vec<String> {
        let seen = Seen(Arc::default(), level);
        tracing::subscriber::with_default(seen.clone(), || {
            let log = builder().also(sink::Tracing).writer(Vec::new());
            log.record(failure()).unwrap();
            log.record(Event::new(Kind::TokenReuse).source_ip("::1".parse().unwrap())).unwrap();
            log.record(Event::application("page_viewed")).unwrap();
        });
        Arc::into_inner(seen.0).unwrap().into_inner().unwrap()
    }

    #[test]
    fn events_arrive_escaped_with_level_and_number() {
        assert_eq!(
            seen(Level::TRACE),
            [
                "INFO palisade::audit event=audit_chain_started seq=0 outcome=success",
                r#"WARN palisade::audit event=authentication_failure seq=1 outcome=failure subject=al\u001b[31mice\n details={"attempt":3}"#,
                "ERROR palisade::audit event=authn_token_reuse seq=2 outcome=failure source_ip=::1",
                "INFO palisade::audit event=app.page_viewed seq=3 outcome=unknown",
            ]
        );
        assert_eq!(seen(Level::ERROR).len(), 1);
    }
}

#[cfg(feature = "metrics")]
mod metrics_sink {
    use super::*;
    use metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };
    use palisade::audit::sink;
    use std::collections::BTreeMap;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Counted(Arc<Mutex<BTreeMap<String, f64>>>);

    struct One(Counted, String);

    impl CounterFn for One {
        fn increment(&self, value: u64) {
            let value = f64::from(u32::try_from(value).unwrap());
            let mut counted = self.0.0.lock().unwrap();
            let sum = counted.get(&self.1).copied().unwrap_or_default();
            counted.insert(self.1.clone(), [sum, value].into_iter().sum());
        }

        fn absolute(&self, _: u64) {}
    }

    impl GaugeFn for One {
        fn increment(&self, _: f64) {}
        fn decrement(&self, _: f64) {}
        fn set(&self, value: f64) {
            self.0.0.lock().unwrap().insert(self.1.clone(), value);
        }
    }

    impl Counted {
        fn one(&self, key: &Key) -> Arc<One> {
            let labels: Vec<String> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            Arc::new(One(self.clone(), format!("{} {}", key.name(), labels.join(" "))))
        }
    }

    impl Recorder for Counted {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.one(key))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.one(key))
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    /// Never has room.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn events_are_counted_whether_recorded_or_not() {
        let counted = Counted::default();
        metrics::with_local_recorder(&counted, || {
            let log = builder().also(sink::Metrics).writer(Vec::new());
            (0..3).for_each(|_| log.record(failure()).unwrap());
            sink::Metrics::publish_rates(&log);
            let full = builder().also(sink::Metrics).writer(Full);
            assert!(full.record(failure()).is_err());
        });
        let counted: Vec<(String, String)> =
            counted.0.lock().unwrap().iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        let pairs: Vec<(&str, &str)> = counted.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            pairs,
            [
                ("palisade_audit_events_last_minute event=authentication_failure", "3"),
                ("palisade_audit_events_total event=audit_chain_started level=INFO outcome=success", "1"),
                ("palisade_audit_events_total event=authentication_failure level=WARN outcome=failure", "4"),
                ("palisade_audit_unrecorded_total event=authentication_failure", "1"),
            ]
        );
    }
}
