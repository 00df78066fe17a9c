//! Writes what `tests/interop/formats.py` opens: the formats, read by a program written from their description.
//!
//! Run by itself this only writes the file; `.ci/run` gives it to the other implementation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade::keys::KeyRing;
use palisade::random;
use palisade::seal::Sealer;
use palisade::secret::SecretBytes;
use palisade::token::Signer;

fn random_bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    random::fill(&mut bytes).unwrap();
    bytes
}

fn field(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { Base64UrlUnpadded::encode_string(bytes) }
}

#[test]
fn written_for_the_other_implementation() {
    let mut text = String::new();
    for len in [0, 1, 15, 16, 17, 100, 1000, 65_535, 65_536, 65_537, 200_000] {
        let (key, context, plain) = (random_bytes(32), random_bytes(len % 70), random_bytes(len));
        let mut id = [0; 4];
        random::fill(&mut id).unwrap();
        let ring =
            KeyRing::from_key(palisade::keys::KeyId::from_bytes(id), SecretBytes::from(key.clone())).unwrap();
        let mut line = |kind: &str, context: &[u8], plain: &[u8], written: &[u8]| {
            let fields = [&key, context, plain, written].map(field).join(" ");
            writeln!(text, "{kind} {fields}").unwrap();
        };

        let sealer = Sealer::new(&ring);
        line("message", &context, &plain, &sealer.seal(&plain, context.as_slice()).unwrap());
        let mut writer = sealer.seal_writer(Vec::new(), context.as_slice()).unwrap();
        writer.write_all(&plain).unwrap();
        line("stream", &context, &plain, &writer.finish().unwrap());

        let (signer, payload, hour) =
            (Signer::new(&ring), &plain[..plain.len().min(4096)], Duration::from_secs(3600));
        let purpose = format!("purpose {len}");
        let token = signer.sign(&purpose, payload, hour).unwrap();
        line("token", purpose.as_bytes(), payload, token.as_bytes());
        let bound = signer.sign_bound(&purpose, payload, hour, b"state").unwrap();
        line("bound", purpose.as_bytes(), payload, bound.as_bytes());
    }
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop.txt"), text).unwrap();
}
