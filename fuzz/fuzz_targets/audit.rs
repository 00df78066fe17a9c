//! No bytes are a log by accident; what was recorded is verified, and nothing else is.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::audit::{self, AuditLog, Checkpoint, Event, Kind, TraceContext};
use palisade::keys::KeyRing;
use palisade::secret::SecretBytes;

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let id = "1a2b3c4d".parse().expect("a key id");
    KeyRing::from_key(id, SecretBytes::from((0..32).collect::<Vec<u8>>())).expect("32 bytes")
});

/// Known logs, which the fuzzer cuts and joins.
const LOGS: [&[u8]; 2] = [
    include_bytes!("../../tests/vectors/audit/chain.jsonl"),
    include_bytes!("../../tests/vectors/audit/ratchet.jsonl"),
];

fuzz_target!(|input: (&[u8], &str, bool, u16, u16, u8)| {
    let (bytes, text, which, from, to, replacement) = input;
    if let Ok(verified) = audit::verify(bytes, &*RING) {
        // A file of a log that was rotated begins in its middle, and says so.
        let is_part = |log: &&[u8]| log.windows(bytes.len().max(1)).any(|part| part == bytes);
        assert!(LOGS.iter().any(is_part), "{verified:?}");
    }

    let known = LOGS[usize::from(which)];
    let (from, to) = (usize::from(from) % known.len(), usize::from(to) % (known.len() + 1));
    let mut changed = known.to_vec();
    changed[from] = replacement;
    changed.splice(to..to, bytes.iter().copied());
    if audit::verify(&changed[..], &*RING).is_ok() {
        assert!(known.starts_with(&changed) || changed == known);
    }

    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(trace) = text.parse::<TraceContext>() {
        assert_eq!(trace.to_string().parse::<TraceContext>(), Ok(trace));
    }
    let _kind = text.parse::<Kind>();

    let log = AuditLog::new(Vec::new(), &*RING);
    log.record(Event::invalid_input_rejected().subject(text).detail("text", text)).expect("memory takes all");
    let checkpoint = log.checkpoint().expect("memory takes all");
    let written = log.into_inner().expect("memory takes all");
    assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 2);
    assert!(audit::verify_against(&written[..], &*RING, &checkpoint).expect("just written").anchored);
    let mut changed = written.clone();
    let position = from % written.len();
    changed[position] = replacement;
    assert_eq!(audit::verify(&changed[..], &*RING).is_ok(), changed == written);
});
