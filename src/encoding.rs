//! Text forms of bytes: one spelling per value, and no table that a secret indexes.
//!
//! A table look-up tells through the cache which entry was read. Base64, base32 and hexadecimal come from the `base64ct`,
//! `base32ct` and `base16ct` crates, which compute each character; base62, Crockford's base32 and CRC-32 below do the same.
//!
//! Decoders are strict: padding, line breaks, other alphabets and non-zero trailing bits are refused, so that
//! no two texts mean the same value.

use std::hint::black_box;

use base32ct::{Base32UpperUnpadded, Encoding as _};
use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use subtle::Choice;
use zeroize::{Zeroize, Zeroizing};

use crate::random::{self, RandomError};
use crate::secret::{SecretBytes, erase};

/// Base64url without padding, in an allocation of the exact size. RFC 4648 §5.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    exact_text::<Base64UrlUnpadded>(bytes)
}

/// Base64 without padding, as PHC strings write it. RFC 4648 §4.
pub(crate) fn base64_unpadded(bytes: &[u8]) -> String {
    exact_text::<Base64Unpadded>(bytes)
}

/// Encodes into memory that never grows, so that no half-written copy stays behind.
fn exact_text<E: Encoding>(bytes: &[u8]) -> String {
    let mut buffer = vec![0; E::encoded_len(bytes)];
    let len = E::encode(bytes, &mut buffer).map_or(0, str::len);
    debug_assert_eq!(len, buffer.len());
    String::from_utf8(buffer).expect("base64 is ASCII")
}

/// Reads [`base64url`]'s form into exactly as many bytes as `into` has.
///
/// Our own, because every signed token passes here: for its 103 characters base64ct takes 3.9 times as long (355 ns
/// against 91 in one run), more than the HMAC behind it (2026-11-22, rustc 1.95). Held to base64ct by a differential test.
pub(crate) fn from_base64url(text: &str, into: &mut [u8]) -> Option<()> {
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    let mut wrong = u8::from(text.len() % 4 == 1 || base64url_len(text) != into.len());
    let (whole, tail) = into.split_at_mut(into.len().min(blocks.len() * 12));
    for (block, bytes) in blocks.iter().zip(whole.as_chunks_mut::<12>().0) {
        wrong |= from_base64url_block(block, bytes);
    }
    let (mut block, mut bytes) = ([b'A'; 16], [0; 12]);
    block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    wrong |= from_base64url_block(&block, &mut bytes);
    tail.iter_mut().zip(&bytes).for_each(|(to, from)| *to = *from);
    // RFC 4648 §3.5: reject non-zero trailing bits. They would lie in the first byte past the end.
    wrong |= bytes.get(tail.len()).copied().unwrap_or_default();
    erase(&mut block);
    erase(&mut bytes);
    if wrong != 0 {
        erase(into);
    }
    (wrong == 0).then_some(())
}

/// Decodes sixteen characters; the answer is zero when all are of the alphabet.
///
/// Every comparison is made for every character, so that none is told apart by time. Arrays of a fixed size let the
/// compiler do all sixteen at once: over slices the same lines took seven times as long.
#[expect(clippy::cast_possible_truncation, reason = "each byte is cut out of its 24 bits")]
fn from_base64url_block(block: &[u8; 16], bytes: &mut [u8; 12]) -> u8 {
    let (mut sextets, mut wrong) = ([0; 16], [0; 16]);
    for ((sextet, wrong), &character) in sextets.iter_mut().zip(&mut wrong).zip(block) {
        let within =
            |first: u8, last: u8| u8::from(character.wrapping_sub(first) <= last - first).wrapping_neg();
        let (upper, lower, digit) = (within(b'A', b'Z'), within(b'a', b'z'), within(b'0', b'9'));
        let (minus, low_line) = (within(b'-', b'-'), within(b'_', b'_'));
        *sextet = (upper & character.wrapping_sub(b'A'))
            | (lower & character.wrapping_sub(b'a' - 26))
            | (digit & character.wrapping_add(52 - b'0'))
            | (minus & 0x3e)
            | (low_line & 0x3f);
        *wrong = !(upper | lower | digit | minus | low_line);
    }
    for (&[a, b, c, d], three) in sextets.as_chunks::<4>().0.iter().zip(bytes.as_chunks_mut::<3>().0) {
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        *three = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
    }
    erase(&mut sextets);
    wrong.iter().fold(0, |all, wrong| all | wrong)
}

/// How many bytes a text in [`base64url`]'s form stands for, if it is one.
pub(crate) fn base64url_len(text: impl AsRef<[u8]>) -> usize {
    let text = text.as_ref();
    text.len() / 4 * 3 + (text.len() % 4).saturating_sub(1)
}

/// Reads [`base64_unpadded`]'s form.
pub(crate) fn from_base64_unpadded(text: &str) -> Option<Vec<u8>> {
    Base64Unpadded::decode_vec(text).ok()
}

/// Reads base64 with its padding.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

/// Reads either base64 alphabet, with or without padding, into exactly as many bytes as `into` has.
pub(crate) fn from_any_base64(text: &str, into: &mut [u8]) -> Option<()> {
    let url = text.bytes().any(|byte| byte == b'-' || byte == b'_');
    let decoded = match (url, text.ends_with('=')) {
        (false, false) => Base64Unpadded::decode(text, into),
        (false, true) => Base64::decode(text, into),
        (true, false) => Base64UrlUnpadded::decode(text, into),
        (true, true) => Base64Url::decode(text, into),
    };
    exact_bytes(decoded.map(<[u8]>::len), into)
}

/// Upper-case base32 without padding. RFC 4648 §6.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut buffer = vec![0; Base32UpperUnpadded::encoded_len(bytes)];
    let len = Base32UpperUnpadded::encode(bytes, &mut buffer).map_or(0, str::len);
    debug_assert_eq!(len, buffer.len());
    String::from_utf8(buffer).expect("base32 is ASCII")
}

/// Reads [`base32`]'s form.
pub(crate) fn from_base32(text: &[u8]) -> Option<SecretBytes> {
    let decode = |into: &mut [u8]| {
        exact_bytes(Base32UpperUnpadded::decode(text, into).map(<[u8]>::len), into)?;
        // RFC 4648 §3.5: reject non-zero trailing bits, which base32ct leaves out without a word.
        let again = Zeroizing::new(base32(into));
        constant_time_eq::constant_time_eq(again.as_bytes(), text).then_some(())
    };
    SecretBytes::try_filled(text.len() / 8 * 5 + text.len() % 8 * 5 / 8, |into| decode(into).ok_or(())).ok()
}

/// Lower-case hexadecimal. RFC 4648 §8.
pub(crate) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Reads lower-case hexadecimal.
pub(crate) fn from_hex(text: &str, into: &mut [u8]) -> Option<()> {
    exact_bytes(base16ct::lower::decode(text, into).map(<[u8]>::len), into)
}

/// Reads hexadecimal in either case.
pub(crate) fn from_any_hex(text: &str, into: &mut [u8]) -> Option<()> {
    exact_bytes(base16ct::mixed::decode(text, into).map(<[u8]>::len), into)
}

/// Reads hexadecimal in either case, however long.
pub(crate) fn from_any_hex_vec(text: &str) -> Option<Vec<u8>> {
    base16ct::mixed::decode_vec(text).ok()
}

/// Nothing of a refused or short value stays in `into`.
fn exact_bytes<E>(decoded: Result<usize, E>, into: &mut [u8]) -> Option<()> {
    let whole = decoded.is_ok_and(|len| len == into.len());
    if !whole {
        into.zeroize();
    }
    whole.then_some(())
}

/// Fills `digits` with base62 digits, each of the 62 equally likely.
pub(crate) fn random_base62(digits: &mut [u8]) -> Result<(), RandomError> {
    let mut drawn = Zeroizing::new([0; 64]);
    let mut rest = digits.iter_mut().peekable();
    while rest.peek().is_some() {
        // Two of 64 values are discarded; with an eighth to spare, one draw nearly always suffices.
        let count = rest.len() + rest.len() / 8 + 4;
        let (drawn, _) = drawn.split_at_mut(count.min(64));
        random::fill(drawn)?;
        for value in drawn.iter().map(|byte| byte & 0x3f) {
            // Only discarded values are told apart from the others; a kept one is independent of them.
            if value < 62
                && let Some(digit) = rest.next()
            {
                *digit = base62_digit(value);
            }
        }
    }
    Ok(())
}

/// Fills `digits` with digits of Crockford's base32, each of the 32 equally likely.
pub(crate) fn random_crockford(digits: &mut [u8]) -> Result<(), RandomError> {
    random::fill(digits)?;
    for digit in digits {
        *digit = crockford_digit(*digit & 0x1f);
    }
    Ok(())
}

/// The six base62 digits of `value`, most significant first; 62^6 > 2^32.
pub(crate) fn base62_u32(mut value: u32) -> [u8; 6] {
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = base62_digit((value % 62) as u8);
        value /= 62;
    }
    digits
}

/// `0-9`, `A-Z`, `a-z` for 0 to 61, by arithmetic: 7 characters lie between `9` and `A`, 6 between `Z` and `a`.
fn base62_digit(value: u8) -> u8 {
    (b'0' + value) + (above(9, value) & 7) + (above(35, value) & 6)
}

/// `0-9` and the small letters without `i`, `l`, `o` and `u` for 0 to 31, by arithmetic: 0x27 characters lie between `9` and
/// `a`, and one at each letter that is left out.
fn crockford_digit(value: u8) -> u8 {
    let skipped = [17, 19, 21, 26].map(|limit| above(limit, value) & 1);
    (b'0' + value) + (above(9, value) & 0x27) + skipped.iter().sum::<u8>()
}

/// [`crockford_digit`]'s form of a byte that somebody typed, capital or small, with `o` for `0` and `i` or `l` for `1`, and
/// whether it is any. By masks, so that nothing is told of which it is.
pub(crate) fn typed_crockford(byte: u8) -> (u8, Choice) {
    let within = |byte: u8, first: u8, last: u8| mask(byte.wrapping_sub(first) <= last - first);
    let small = byte | (within(byte, b'A', b'Z') & 0x20);
    let is = |letter: u8| within(small, letter, letter);
    let (zero, one) = (is(b'o'), is(b'i') | is(b'l'));
    let digit = (small & !(zero | one)) | (b'0' & zero) | (b'1' & one);
    let known = within(small, b'0', b'9') | (within(small, b'a', b'z') & !is(b'u'));
    (digit, Choice::from(known & 1))
}

/// Whether a byte stands between digits that somebody typed: white space or a hyphen. Of a digit no more is told than that it is none.
pub(crate) fn is_separator(byte: u8) -> bool {
    b" \t\n\r\x0c-".iter().fold(0, |any, separator| any | mask(byte == *separator)) != 0
}

/// All ones for `true`; the compiler is not told which it is, as of [`above`].
fn mask(condition: bool) -> u8 {
    black_box(u8::from(condition).wrapping_neg())
}

/// All ones if `value` is above `limit`, else zero; both below 128.
///
/// The compiler is not told what comes of it: of the plain expression rustc 1.95 made jumps, which showed whether each digit of a
/// new token was a number, a capital or a small letter (seen under valgrind on 2026-11-23). `black_box` promises nothing; that there
/// are none is looked at by `constant_time/`, for x86-64.
fn above(limit: u8, value: u8) -> u8 {
    black_box((limit.wrapping_sub(value).cast_signed() >> 7).cast_unsigned())
}

/// Whether all of `text` is base62 digits, in a time independent of which characters they are.
pub(crate) fn is_base62(text: &[u8]) -> bool {
    let outside = text.iter().fold(0, |outside, &byte| {
        let within = |first: u8, last: u8| u8::from(byte.wrapping_sub(first) <= last - first);
        outside | (within(b'0', b'9') | within(b'A', b'Z') | within(b'a', b'z')) ^ 1
    });
    outside == 0
}

/// CRC-32 as in zip and PNG: reflected polynomial `0xEDB88320`, initial value and final XOR all ones.
///
/// Bit by bit: faster forms read a table that the token would index. 166 ns for the 40 bytes of a token; folding
/// the table of eight lone bits instead took 146 ns and was not worth its lines (2026-11-22, rustc 1.95).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::while_failing;
    use crate::secret::ExposeSecret;
    use proptest::prelude::*;

    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    #[test]
    fn base62_digits_are_in_ascii_order() {
        let computed: Vec<u8> = (0..62).map(base62_digit).collect();
        assert_eq!(computed, BASE62);
    }

    #[test]
    fn base62_class_is_exact_for_every_byte() {
        for byte in 0..=255 {
            assert_eq!(is_base62(&[b'a', byte, b'Z']), BASE62.contains(&byte), "{byte}");
        }
        assert!(is_base62(b""));
    }

    #[test]
    fn base62_of_integers() {
        assert_eq!(&base62_u32(0), b"000000");
        assert_eq!(&base62_u32(61), b"00000z");
        assert_eq!(&base62_u32(62), b"000010");
        assert_eq!(&base62_u32(u32::MAX), b"4gfFC3"); // 4294967295 in base 62
    }

    #[test]
    fn random_digits_are_base62_and_use_the_whole_alphabet() {
        let mut digits = [0; 62 * 64]; // a digit is missing with a chance of 62 × (61/62)^3968 < 1e-26
        random_base62(&mut digits).unwrap();
        assert!(is_base62(&digits));
        assert!(BASE62.iter().all(|digit| digits.contains(digit)));
        assert!(while_failing(|| random_base62(&mut digits)).is_err());
        assert!(random_base62(&mut []).is_ok());
    }

    #[test]
    fn crockford_digits_leave_out_look_alikes() {
        // Source: Douglas Crockford, "Base 32", the symbols of values 0 to 31, in lower case.
        let computed: Vec<u8> = (0..32).map(crockford_digit).collect();
        assert_eq!(computed, b"0123456789abcdefghjkmnpqrstvwxyz");

        let mut digits = [0; 32 * 64]; // a digit is missing with a chance of 32 × (31/32)^2048 < 1e-26
        random_crockford(&mut digits).unwrap();
        assert!(computed.iter().all(|digit| digits.contains(digit)));
        assert!(digits.iter().all(|digit| computed.contains(digit)));
        assert!(while_failing(|| random_crockford(&mut digits)).is_err());
        assert!(digits.iter().all(|&digit| digit == 0));
    }

    #[test]
    fn crockford_digits_are_read_as_people_type_them() {
        // Source: Douglas Crockford, "Base 32", the decode symbols of values 0 to 31.
        for byte in 0..=255_u8 {
            let expected = match byte.to_ascii_lowercase() {
                b'o' => Some(b'0'),
                b'i' | b'l' => Some(b'1'),
                b'u' => None,
                digit => digit.is_ascii_alphanumeric().then_some(digit),
            };
            let (digit, known) = typed_crockford(byte);
            assert_eq!(bool::from(known).then_some(digit), expected, "{byte}");
            assert_eq!(is_separator(byte), byte.is_ascii_whitespace() || byte == b'-', "{byte}");
        }
    }

    #[test]
    fn base32_of_rfc_4648() {
        // Source: RFC 4648 §10.
        let cases = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (plain, text) in cases {
            assert_eq!(base32(plain.as_bytes()), text);
            assert_eq!(from_base32(text.as_bytes()).unwrap().expose_secret(), plain.as_bytes());
        }
        for text in [
            "M", "MY======", "my", "MZ", "MZX", "MZXW6YT", "MZXW6YR", "MZXW6YTBO", "M0", "M1", "M8", "MY\n",
            "é",
        ] {
            assert!(from_base32(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn crc32_check_values() {
        // Source: the check value of CRC-32/ISO-HDLC; PNG specification, annex D.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"IEND"), 0xAE42_6082); // the last four bytes of every PNG file
    }

    #[test]
    fn base64_and_hex_of_rfc_4648() {
        // Source: RFC 4648 §10.
        let cases =
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")];
        for (plain, base64) in cases {
            assert_eq!(base64_unpadded(plain.as_bytes()), base64);
            assert_eq!(from_base64_unpadded(base64).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(hex(b"foobar"), "666f6f626172");
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    #[test]
    fn second_spellings_are_refused() {
        let mut two = [0; 2];
        for text in ["Zm9=", "Zm9", "Zm8=", "Zm8\n", " Zm8", "Zm", "Zm8A", "Zm+", "Zm/"] {
            assert_eq!(from_base64url(text, &mut two), None, "{text:?}");
            assert_eq!(two, [0; 2]);
        }
        assert_eq!(from_base64url("Zm8", &mut two), Some(()));
        for text in ["666F", "66", "666f66", "666", "66 6f", "0x66"] {
            assert_eq!(from_hex(text, &mut two), None, "{text:?}");
        }
        assert_eq!(from_hex("666f", &mut two), Some(()));
        for text in ["Zm9=", "Zm8==", "Zm8 ", "Zg=="] {
            assert_eq!(from_any_base64(text, &mut two), None, "{text:?}");
        }
    }

    #[test]
    fn every_byte_of_the_base64url_alphabet_is_read_rightly() {
        for byte in 0..=127_u8 {
            let text = String::from_utf8(vec![b'A', byte, b'A', b'A']).unwrap();
            let expected = Base64UrlUnpadded::decode_vec(&text).ok();
            let mut ours = [0; 3];
            assert_eq!(from_base64url(&text, &mut ours).map(|()| ours.to_vec()), expected, "{byte}");
        }
    }

    #[test]
    fn any_base64_reads_all_four_forms_of_one_value() {
        let mut bytes = [0; 4];
        for text in ["+/v/8A==", "+/v/8A", "-_v_8A==", "-_v_8A"] {
            assert_eq!(from_any_base64(text, &mut bytes), Some(()), "{text}");
            assert_eq!(bytes, [0xfb, 0xfb, 0xff, 0xf0]);
        }
        assert_eq!(from_any_base64("-/v/8A", &mut bytes), None); // mixed alphabets
    }

    proptest! {
        #[test]
        fn base64url_is_decoded_as_base64ct_does(
            bytes: Vec<u8>,
            text in "[A-Za-z0-9_-]{0,200}",
            mixed in "[ -~]{0,12}",
        ) {
            let encoded = base64url(&bytes);
            for text in [encoded, text, mixed] {
                let mut ours = vec![0xaa; base64url_len(&text)];
                let expected = Base64UrlUnpadded::decode_vec(&text).ok();
                prop_assert_eq!(from_base64url(&text, &mut ours).is_some(), expected.is_some(), "{}", text);
                if let Some(expected) = expected {
                    prop_assert_eq!(ours, expected);
                } else {
                    prop_assert!(ours.iter().all(|&byte| byte == 0));
                }
            }
        }

        #[test]
        fn decoders_have_one_spelling_per_value(text in "[A-Za-z0-9+/_=-]{0,48}") {
            let mut bytes = [0; 24];
            if from_base64url(&text, &mut bytes).is_some() {
                prop_assert_eq!(base64url(&bytes), text.as_str());
            }
            if let Some(bytes) = from_base64_unpadded(&text) {
                prop_assert_eq!(base64_unpadded(&bytes), text.as_str());
            }
            if let Some(bytes) = from_base32(text.as_bytes()) {
                prop_assert_eq!(base32(bytes.expose_secret()), text.as_str());
            }
            if from_hex(&text, &mut bytes).is_some() {
                prop_assert_eq!(hex(&bytes), text.as_str());
            }
        }
    }
}
