//! Sealed values: known answers, tampering, contexts, rotation, streams in every chunking.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::io::{self, Read, Write};

use palisade::keys::KeyRing;
use palisade::seal::{Context, OpenReader, SealErrorKind, Sealer};
use palisade::secret::{ExposeSecret, SecretBytes};
use proptest::prelude::*;

#[path = "support/vectors.rs"]
mod vectors;

fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

#[test]
fn values_of_the_description_open() {
    let key = SecretBytes::from((0..32).collect::<Vec<u8>>());
    let ring = KeyRing::from_key("1a2b3c4d".parse().unwrap(), key).unwrap();
    let sealer = Sealer::new(&ring);
    for case in vectors::cases(include_str!("vectors/seal/message.txt")) {
        let fields = case["context"].split(' ').filter(|field| !field.is_empty());
        let context =
            fields.fold(Context::new(), |context, field| context.field(hex(field.trim_matches('-'))));
        let opened = sealer.open_with_key(&hex(&case["sealed"]), &context).unwrap();
        assert_eq!(opened.plain().expose_secret(), hex(&case["plain"]), "{}", case["id"]);
        assert_eq!(opened.key().to_string(), "1a2b3c4d");
    }
}

#[test]
fn every_flipped_bit_every_cut_and_every_appended_byte_is_refused() {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    for plain in [&b""[..], b"x", b"sixteen byte val"] {
        let sealed = sealer.seal(plain, "row 17").unwrap();
        assert_eq!(sealed.len(), plain.len() + 77);
        assert_eq!(sealer.open(&sealed, "row 17").unwrap().expose_secret(), plain);
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                sealer.open(&changed, "row 17").unwrap_err().kind(),
                SealErrorKind::Rejected,
                "bit {bit}"
            );
        }
        for len in 0..sealed.len() {
            assert!(sealer.open(&sealed[..len], "row 17").is_err(), "cut to {len}");
        }
        assert!(sealer.open(&[&sealed[..], &[0]].concat(), "row 17").is_err());
    }
}

#[test]
fn a_value_opens_in_its_own_context_only() {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let sealed = sealer.seal(b"plain", ["ab", "c"]).unwrap();
    assert!(sealer.open(&sealed, ["ab", "c"]).is_ok());
    for other in [
        Context::from(["a", "bc"]),
        Context::from(["abc"]),
        Context::from(["ab", "c", ""]),
        Context::from(["c", "ab"]),
        Context::new(),
        Context::new().field(""),
    ] {
        assert!(sealer.open(&sealed, &other).is_err(), "{other:?}");
    }
}

#[test]
fn contexts_are_made_of_whatever_names_a_row() {
    let one = Context::new().field("17");
    let (text, bytes) = (String::from("17"), b"17".to_vec());
    for same in [
        Context::from("17"),
        (&text).into(),
        (&bytes).into(),
        b"17".into(),
        bytes.as_slice().into(),
        ["17"].into(),
        [bytes.as_slice()].into(),
        (&one).into(),
    ] {
        assert_eq!(same, one);
    }
}

#[test]
fn another_ring_and_a_destroyed_key_open_nothing() {
    let ring = KeyRing::generate().unwrap();
    let sealer = Sealer::new(&ring);
    let sealed = sealer.seal(b"plain", "x").unwrap();
    assert!(Sealer::new(KeyRing::generate().unwrap()).open(&sealed, "x").is_err());
    // The same id, another key: the commitment refuses it.
    let impostor = KeyRing::from_key(ring.primary(), SecretBytes::from(vec![7; 32])).unwrap();
    assert!(Sealer::new(&impostor).open(&sealed, "x").is_err());

    let old = ring.primary();
    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    ring.retire(old).unwrap();
    let opened = sealer.open_with_key(&sealed, "x").unwrap();
    assert!(opened.needs_reseal() && opened.key() == old);
    ring.destroy(old).unwrap();
    assert!(sealer.open(&sealed, "x").is_err());
}

#[test]
fn resealing_ends_when_all_is_under_the_primary_key() {
    let ring = KeyRing::generate().unwrap();
    let sealer = Sealer::new(&ring);
    let mut rows: Vec<Vec<u8>> =
        (0_u8..20).map(|row| sealer.seal(&[row; 3], [[row].as_slice()]).unwrap()).collect();
    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    let mut walk = || {
        let mut renewed = 0;
        for (row, sealed) in rows.iter_mut().enumerate() {
            let id = [u8::try_from(row).unwrap()];
            if let Some(new) = sealer.reseal(sealed, [id.as_slice()]).unwrap() {
                *sealed = new;
                renewed += 1;
            }
        }
        renewed
    };
    assert_eq!((walk(), walk()), (20, 0));
    for (row, sealed) in rows.iter().enumerate() {
        let id = [u8::try_from(row).unwrap()];
        assert!(!sealer.open_with_key(sealed, [id.as_slice()]).unwrap().needs_reseal());
    }
}

#[test]
fn text_form_has_one_spelling_and_stays_text() {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let sealed = sealer.seal_text("grüße\0", "x").unwrap();
    assert_eq!(sealer.open_text(&sealed, "x").unwrap().expose_secret(), "grüße\0");
    for wrong in [
        format!("{sealed}="),
        format!(" {sealed}"),
        format!("{sealed}\n"),
        sealed.to_uppercase(),
        String::new(),
    ] {
        assert!(sealer.open_text(&wrong, "x").is_err(), "{wrong}");
    }
    let bytes = sealer.seal(&[0xff], "x").unwrap();
    assert!(sealer.open(&bytes, "x").is_ok());
}

#[test]
fn text_is_resealed_as_bytes_are() {
    let ring = KeyRing::generate().unwrap();
    let sealer = Sealer::new(&ring);
    let sealed = sealer.seal_text("value", "row 17").unwrap();
    assert_eq!(sealer.reseal_text(&sealed, "row 17").unwrap(), None, "under the primary key already");
    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    let resealed = sealer.reseal_text(&sealed, "row 17").unwrap().unwrap();
    assert_eq!(sealer.open_text(&resealed, "row 17").unwrap().expose_secret(), "value");
    assert_eq!(sealer.reseal_text(&resealed, "row 17").unwrap(), None);
    assert!(sealer.reseal_text(&sealed, "row 18").is_err() && sealer.reseal_text("?", "row 17").is_err());
}

#[test]
fn two_seals_of_one_value_share_nothing() {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let (one, two) = (sealer.seal(b"same", "x").unwrap(), sealer.seal(b"same", "x").unwrap());
    assert_ne!(one[5..29], two[5..29]);
    assert_ne!(one[29..], two[29..]);
}

/// Hands out at most `step` bytes a call.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.1.min(buffer.len());
        self.0.read(&mut buffer[..len])
    }
}

const CHUNK: usize = 65_536;

fn sealed_stream(sealer: &Sealer, plain: &[u8], step: usize) -> Vec<u8> {
    let mut writer = sealer.seal_writer(Vec::new(), "file").unwrap();
    plain.chunks(step).for_each(|piece| writer.write_all(piece).unwrap());
    writer.finish().unwrap()
}

#[test]
fn streams_come_back_whatever_the_chunking() {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5] {
        let plain: Vec<u8> = (0..=255).cycle().take(len).collect();
        for step in [977, CHUNK - 1, CHUNK, CHUNK + 1, 1 << 20] {
            let sealed = sealed_stream(&sealer, &plain, step);
            assert_eq!(sealed.len(), 61 + len + 16 * len.div_ceil(CHUNK).max(1));
            let mut reader = sealer.open_reader(Dribble(&sealed, step), "file").unwrap();
            let mut opened = Vec::new();
            reader.read_to_end(&mut opened).unwrap();
            assert!(opened == plain, "{len} bytes in steps of {step}");
            assert_eq!(reader.finish().unwrap().len(), len as u64);
            assert_eq!(
                sealer.open_reader(Dribble(&sealed, step), "file").unwrap().finish().unwrap().len(),
                len as u64
            );
        }
    }
}

/// Whether a stream opens to its end.
fn opens(sealer: &Sealer, sealed: &[u8]) -> bool {
    sealer.open_reader(sealed, "file").and_then(OpenReader::finish).is_ok()
}

#[test]
fn cut_reordered_and_changed_streams_never_reach_their_end() {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let sealed = sealed_stream(&sealer, &vec![7; 3 * CHUNK], 1 << 20);
    assert!(opens(&sealer, &sealed));
    let chunk = CHUNK + 16;
    let ends =
        [0, 1, 60, 61, 62, 77, 61 + chunk - 1, 61 + chunk, 61 + chunk + 1, 61 + 2 * chunk, sealed.len() - 1];
    for end in ends {
        assert!(!opens(&sealer, &sealed[..end]), "cut to {end}");
    }
    for end in [0, 60] {
        let error = sealer.open_reader(&sealed[..end], "file").map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "cut to {end}");
    }
    assert!(!opens(&sealer, &[&sealed[..], &[0]].concat()));
    let part = |number: usize| &sealed[61 + number * chunk..(61 + (number + 1) * chunk).min(sealed.len())];
    let head = &sealed[..61];
    for order in [vec![1, 0, 2], vec![0, 2], vec![0, 1], vec![0, 1, 1, 2], vec![2], vec![0, 1, 2, 2]] {
        let pieces: Vec<u8> = order.iter().flat_map(|&number| part(number).to_vec()).collect();
        assert!(!opens(&sealer, &[head, &pieces].concat()), "{order:?}");
    }
    for position in (0..sealed.len()).step_by(1009).chain(0..80) {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        assert!(!opens(&sealer, &changed), "byte {position}");
    }
    let message = sealer.seal(b"x", "file").unwrap();
    assert!(!opens(&sealer, &message)); // a message is no stream
    assert!(sealer.open(&sealed, "file").is_err());
    assert!(sealer.open_reader(sealed.as_slice(), "another").is_err());
}

#[test]
fn a_reader_tells_its_key_and_whether_to_seal_again() {
    let ring = KeyRing::generate().unwrap();
    let (first, sealer) = (ring.primary(), Sealer::new(&ring));
    let mut writer = sealer.seal_writer(Vec::new(), "file").unwrap();
    writer.write_all(b"some").unwrap();
    writer.flush().unwrap();
    assert_eq!(format!("{writer:?}"), "SealWriter");
    let sealed = writer.finish().unwrap();
    let reader = sealer.open_reader(&sealed[..], "file").unwrap();
    assert_eq!((reader.key(), reader.needs_reseal()), (first, false));
    assert_eq!(format!("{reader:?}"), "OpenReader");
    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    let reader = sealer.open_reader(&sealed[..], "file").unwrap();
    assert_eq!((reader.key(), reader.needs_reseal()), (first, true));
}

#[test]
fn a_refused_chunk_is_never_handed_out() {
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let mut sealed = sealed_stream(&sealer, &vec![7; 2 * CHUNK], 1 << 20);
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    let mut reader = sealer.open_reader(sealed.as_slice(), "file").unwrap();
    let mut opened = Vec::new();
    let error = reader.read_to_end(&mut opened).unwrap_err();
    assert_eq!((error.kind(), opened.len()), (io::ErrorKind::InvalidData, CHUNK));
    assert!(reader.read(&mut [0; 8]).is_err());
    assert!(reader.finish().is_err());
}

#[test]
fn a_writer_that_failed_does_not_go_on() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    assert!(sealer.seal_writer(Full(60), "file").is_err());
    let mut writer = sealer.seal_writer(Full(61 + 100), "file").unwrap();
    let error = writer.write_all(&vec![0; 2 * CHUNK]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(writer.write_all(&vec![0; 2 * CHUNK]).is_err());
    assert!(writer.finish().is_err());
}

#[test]
fn a_writer_that_failed_does_not_go_on_where_there_is_room_again() {
    struct FullOnce(bool, Vec<u8>);
    impl Write for FullOnce {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.1.len() > 61 && !std::mem::replace(&mut self.0, true) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let mut writer = sealer.seal_writer(FullOnce(false, Vec::new()), "file").unwrap();
    let written = (0..6).map(|_| writer.write_all(&vec![0; CHUNK]).is_ok());
    let written: Vec<bool> = written.collect();
    let refused = written.iter().position(|was_written| !was_written).expect("one is refused");
    assert!(written[refused..].iter().all(|was_written| !was_written), "{written:?}");
    assert!(writer.flush().is_err() && writer.finish().is_err());
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(plain: Vec<u8>, context: Vec<u8>, other: Vec<u8>) {
        let sealer = Sealer::new(KeyRing::generate().unwrap());
        let sealed = sealer.seal(&plain, context.as_slice()).unwrap();
        let opened = sealer.open(&sealed, context.as_slice()).unwrap();
        prop_assert_eq!(opened.expose_secret(), &plain);
        prop_assert_eq!(sealer.open(&sealed, other.as_slice()).is_ok(), other == context);
    }

    #[test]
    fn arbitrary_bytes_do_not_open(bytes: Vec<u8>, text: String) {
        let sealer = Sealer::new(KeyRing::generate().unwrap());
        prop_assert!(sealer.open(&bytes, "x").is_err());
        prop_assert!(sealer.open_text(&text, "x").is_err());
        prop_assert!(sealer.open_reader(bytes.as_slice(), "x").is_err());
    }
}
