//! How often each kind of event happens, in bounded memory, and what is too often.

use std::time::Duration;

use super::Kind;
use super::event::{Event, Name};

/// How often a kind of event happened in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Since the log was opened.
    pub total: u64,
    /// In the last 60 seconds.
    pub last_minute: u64,
    /// In the last 60 minutes.
    pub last_hour: u64,
}

#[derive(Debug)]
pub(super) struct Monitor {
    /// One for each of [`Kind::ALL`], in its order.
    counters: Vec<Counter>,
    alerts: Vec<Alert>,
}

#[derive(Clone, Debug)]
struct Counter {
    total: u64,
    minute: Window,
    hour: Window,
}

/// A rule: so many of a kind within so long.
#[derive(Clone, Debug)]
struct Alert {
    kind: Kind,
    limit: u64,
    within: Duration,
    window: Window,
    /// Until then it stays silent, having spoken.
    silent_until: Duration,
}

/// Counts of the last sixty steps of time.
#[derive(Clone, Debug)]
struct Window {
    step: Duration,
    counts: [u32; STEPS],
    /// The number, since time began, of the step counted last.
    newest: u64,
}

impl Monitor {
    pub(super) fn new() -> Self {
        let (minute, hour) = (Window::new(Duration::from_secs(60)), Window::new(Duration::from_secs(3600)));
        Self { counters: vec![Counter { total: 0, minute, hour }; Kind::ALL.len()], alerts: Vec::new() }
    }

    pub(super) fn alert(&mut self, kind: Kind, count: u32, within: Duration) {
        let within = within.max(Duration::from_secs(1)); // alerts are events too, and must stay few
        let (limit, window) = (u64::from(count.max(1)), Window::new(within));
        self.alerts.push(Alert { kind, limit, within, window, silent_until: Duration::ZERO });
    }

    /// Counts an event; what became too frequent by it, as events.
    pub(super) fn count(&mut self, event: &Event, now: Duration) -> Vec<Event> {
        let Name::Kind(kind) = event.name else { return Vec::new() };
        if let Some(counter) = self.counters.get_mut(kind as usize) {
            counter.total = counter.total.saturating_add(1);
            counter.minute.add(now);
            counter.hour.add(now);
        }
        let mut raised = Vec::new();
        for alert in self.alerts.iter_mut().filter(|alert| alert.kind == kind) {
            alert.window.add(now);
            let count = alert.window.sum(now);
            if count >= alert.limit && now >= alert.silent_until {
                alert.silent_until = now.saturating_add(alert.within);
                let milliseconds = u64::try_from(alert.within.as_millis()).unwrap_or(u64::MAX);
                raised.push(
                    Event::suspicious_pattern_detected()
                        .reason("too many events of one kind")
                        .detail("of", kind.as_str())
                        .detail("count", count)
                        .detail("within_ms", milliseconds),
                );
            }
        }
        // What this room raised itself is counted, and raises nothing more.
        for event in &raised {
            if let Some(counter) = event.kind().and_then(|kind| self.counters.get_mut(kind as usize)) {
                counter.total = counter.total.saturating_add(1);
                counter.minute.add(now);
                counter.hour.add(now);
            }
        }
        raised
    }

    pub(super) fn counts(&self, kind: Kind, now: Duration) -> Counts {
        self.counters.get(kind as usize).map_or_else(Counts::default, |counter| Counts {
            total: counter.total,
            last_minute: counter.minute.sum(now),
            last_hour: counter.hour.sum(now),
        })
    }
}

impl Window {
    fn new(length: Duration) -> Self {
        let step = (length / u32::try_from(STEPS).unwrap_or(u32::MAX)).max(Duration::from_nanos(1));
        Self { step, counts: [0; STEPS], newest: 0 }
    }

    fn number(&self, now: Duration) -> u64 {
        u64::try_from(now.as_nanos() / self.step.as_nanos()).unwrap_or(u64::MAX)
    }

    fn add(&mut self, now: Duration) {
        let number = self.number(now).max(self.newest);
        // What lies between is forgotten, at most all.
        for age in 0..(number - self.newest).min(STEPS as u64) {
            self.slot(number - age, |count| *count = 0);
        }
        self.newest = number;
        self.slot(number, |count| *count = count.saturating_add(1));
    }

    fn slot(&mut self, number: u64, change: impl FnOnce(&mut u32)) {
        if let Some(count) = self.counts.get_mut(slot(number)) {
            change(count);
        }
    }

    fn sum(&self, now: Duration) -> u64 {
        let passed = self.number(now).saturating_sub(self.newest);
        let kept = (STEPS as u64).saturating_sub(passed).min(self.newest.saturating_add(1));
        (0..kept).map(|age| self.counts.get(slot(self.newest - age)).copied().map_or(0, u64::from)).sum()
    }
}

fn slot(number: u64) -> usize {
    usize::try_from(number % STEPS as u64).unwrap_or_default()
}

const STEPS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_forget_in_time_and_survive_jumps() {
        let mut window = Window::new(Duration::from_secs(60));
        for second in 0..200 {
            window.add(Duration::from_secs(second));
            assert_eq!(window.sum(Duration::from_secs(second)), (second + 1).min(60));
        }
        assert_eq!(window.sum(Duration::from_secs(199 + 30)), 30);
        assert_eq!(window.sum(Duration::from_secs(199 + 60)), 0);
        window.add(Duration::from_secs(100)); // a clock that steps back counts as now
        assert_eq!(window.sum(Duration::from_secs(199)), 61);
        window.add(Duration::MAX);
        assert_eq!(window.sum(Duration::MAX), 1);
        assert_eq!(Window::new(Duration::ZERO).sum(Duration::MAX), 0);
    }

    #[test]
    fn a_burst_is_told_once_in_its_window() {
        let mut monitor = Monitor::new();
        monitor.alert(Kind::AuthenticationFailure, 5, Duration::from_secs(60));
        let failure = Event::authentication_failure();
        let raised =
            |monitor: &mut Monitor, second| monitor.count(&failure, Duration::from_secs(second)).len();
        let by_second: Vec<usize> = (0..70).map(|second| raised(&mut monitor, second)).collect();
        let spoken: Vec<usize> = (0..70).filter(|second| by_second[*second] == 1).collect();
        assert_eq!(spoken, [4, 64]);
        assert_eq!(monitor.count(&Event::rate_limit_exceeded(), Duration::from_secs(70)).len(), 0);
        let counts = monitor.counts(Kind::AuthenticationFailure, Duration::from_secs(70));
        assert_eq!((counts.total, counts.last_hour), (70, 70));
        assert_eq!(monitor.counts(Kind::SuspiciousPatternDetected, Duration::from_secs(70)).total, 2);
    }
}
