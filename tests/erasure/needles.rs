//! What a secret becomes while it is used: its encodings, the keys that are derived from it, and what ciphers make of those. All
//! of it is computed from the descriptions of the formats, not by the crate.

use base32ct::{Base32UpperUnpadded, Encoding as _};
use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;

use crate::memory::Needle;

/// What is looked for after one operation.
#[derive(Default)]
pub(crate) struct Needles(pub(crate) Vec<Needle>);

impl Needles {
    fn add(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        if bytes.len() >= 8 {
            self.0.push(Needle { name: name.to_owned(), bytes });
        }
    }

    /// A secret as it is, in what texts make of it, and as the words that a hash reads.
    pub(crate) fn secret(&mut self, name: &str, secret: &[u8]) {
        self.add(name, secret);
        // Wherever it begins in what is hashed.
        for behind in 0..4.min(secret.len()) {
            self.add(&format!("{name} in words"), swapped::<4>(&secret[behind..]));
        }
        self.add(&format!("{name} in hex"), base16ct::lower::encode_string(secret));
        self.add(&format!("{name} in hex"), base16ct::upper::encode_string(secret));
        for offset in 0..3 {
            let shifted = [&[0; 2][..offset], secret].concat();
            // Characters that hold bits of the secret alone.
            let own = (offset * 8).div_ceil(6)..shifted.len() * 8 / 6;
            for text in [Base64Unpadded::encode_string(&shifted), Base64UrlUnpadded::encode_string(&shifted)]
            {
                self.add(&format!("{name} in base64"), &text[own.clone()]);
            }
        }
        let mut digits = vec![0; Base32UpperUnpadded::encoded_len(secret)];
        Base32UpperUnpadded::encode(secret, &mut digits).unwrap();
        self.add(&format!("{name} in base32"), digits);
        for kept in [&b"-._~"[..], b"-._~!'()*", b"-._~!$&'()*+,;=:@/"] {
            for upper in [true, false] {
                self.add(&format!("{name} in percents"), percent(secret, kept, upper));
            }
        }
        if let Ok(text) = str::from_utf8(secret) {
            let once = json(text);
            self.add(&format!("{name} in JSON"), json(&once));
            self.add(&format!("{name} in JSON"), once);
        }
    }

    /// A key of HMAC-SHA-256, and what it keeps of it.
    pub(crate) fn mac_key(&mut self, name: &str, key: &[u8]) {
        self.secret(name, key);
        for block in padded::<64>(key) {
            self.block::<64, 4>(name, &block, key.len());
            let mut state = SHA256;
            sha2::block_api::compress256(&mut state, &[block]);
            self.add(&format!("{name}, hashed"), in_memory(state.map(u32::to_le_bytes)));
            // The order in which the processor's own instructions keep it.
            let order = [5, 4, 1, 0, 7, 6, 3, 2].map(|word| state[word].to_le_bytes());
            self.add(&format!("{name}, hashed"), in_memory(order));
        }
    }

    /// The same, of HMAC-SHA-1.
    pub(crate) fn sha1_mac_key(&mut self, name: &str, key: &[u8]) {
        for block in padded::<64>(key) {
            self.block::<64, 4>(name, &block, key.len());
            let mut state = SHA1;
            sha1::block_api::compress(&mut state, &[block]);
            self.add(&format!("{name}, hashed by SHA-1"), in_memory(state.map(u32::to_le_bytes)));
            let order = [3, 2, 1, 0].map(|word| state[word].to_le_bytes());
            self.add(&format!("{name}, hashed by SHA-1"), in_memory(order));
        }
    }

    /// The same, of HMAC-SHA-512.
    pub(crate) fn sha512_mac_key(&mut self, name: &str, key: &[u8]) {
        for block in padded::<128>(key) {
            self.block::<128, 8>(name, &block, key.len());
            let mut state = SHA512;
            sha2::block_api::compress512(&mut state, &[block]);
            self.add(&format!("{name}, hashed by SHA-512"), in_memory(state.map(u64::to_le_bytes)));
        }
    }

    /// What of a block is a key's, as it is and as words.
    fn block<const LEN: usize, const WORD: usize>(&mut self, name: &str, block: &[u8; LEN], key: usize) {
        let own = &block[..key.min(LEN)];
        self.add(&format!("{name}, padded"), own);
        self.add(&format!("{name}, padded, in words"), swapped::<WORD>(own));
    }

    /// The first hash of a password, by its row of Argon2id.
    pub(crate) fn argon2id(&mut self, name: &str, password: &[u8], row: &str) {
        let fields: Vec<&str> = row.split('$').collect();
        let number = |name: char| {
            let found = fields[3].split(',').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            found.unwrap().parse::<u32>().unwrap()
        };
        let salt = Base64Unpadded::decode_vec(fields[4]).unwrap();
        let output = Base64Unpadded::decode_vec(fields[5]).unwrap();
        let numbers = ['m', 't', 'p'].map(number);
        let first = first_hash(numbers, output.len(), [password, &salt, &[], &[]]);
        let [memory, passes, lanes] = numbers;
        let params = argon2::Params::new(memory, passes, lanes, Some(output.len())).unwrap();
        let hasher = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut hashed = vec![0; output.len()];
        let mut memory = vec![argon2::Block::default(); hasher.params().block_count()];
        hasher.hash_password_into_with_memory(password, &salt, &mut hashed, &mut memory).unwrap();
        assert_eq!(hashed, output, "another password was hashed");
        self.add(&format!("{name}'s first hash"), first);
    }

    /// What a table of secrets is looked up by: eight bytes, which whoever knows the factor divides by.
    pub(crate) fn looked_up(&mut self, name: &str, secret: &[u8]) {
        let first = u64::from_le_bytes(secret[..8].try_into().unwrap());
        let hash = first.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert!(include_str!("../../src/redact/known.rs").contains("wrapping_mul(0x9e37_79b9_7f4a_7c15)"));
        self.add(&format!("{name}, looked up"), hash.to_le_bytes());
    }

    /// A key of AES-256 and its round keys.
    pub(crate) fn cipher_key(&mut self, name: &str, key: &[u8]) {
        self.secret(name, key);
        self.add(&format!("{name}'s round keys"), &round_keys(key)[32..]);
    }

    /// A key of a ring, and what all derivations have of it.
    pub(crate) fn ring_key(&mut self, key: &[u8]) -> Hkdf<Sha256> {
        self.secret("ring key", key);
        let (extracted, hkdf) = Hkdf::<Sha256>::extract(Some(b"palisade key ring v1"), key);
        self.mac_key("extracted key", &extracted);
        hkdf
    }

    /// A key for HMAC that is derived from a ring's.
    pub(crate) fn derived_mac_key(&mut self, ring: &Hkdf<Sha256>, info: &[&[u8]]) -> [u8; 32] {
        let mut key = [0; 32];
        ring.expand_multi_info(info, &mut key).unwrap();
        self.mac_key("derived key", &key);
        key
    }

    /// The key of something sealed, by the first 61 bytes of it, of which 32 show that it is this key.
    pub(crate) fn message_key(&mut self, ring: &Hkdf<Sha256>, sealed: &[u8], context: &[&str]) {
        let fields: Vec<u8> = context
            .iter()
            .flat_map(|field| [&(field.len() as u64).to_be_bytes(), field.as_bytes()].concat())
            .collect();
        let mut expanded = [0; 64];
        ring.expand_multi_info(&[b"seal", &sealed[..29], &fields], &mut expanded).unwrap();
        assert_eq!(expanded[32..], sealed[29..61], "another key than it was sealed under");
        self.cipher_key("message key", &expanded[..32]);
    }

    /// The keys in the text of a ring under a wrapping key, and what that text is encrypted under.
    pub(crate) fn ring_text(&mut self, text: &str, expanded: impl Fn(&[u8]) -> [u8; 64]) {
        let (head, boxed) = text.trim_end().rsplit_once('$').unwrap();
        let salt = from_base64url(head.rsplit_once('$').unwrap().1);
        let expanded = expanded(&salt);
        self.cipher_key("box key", &expanded[..32]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &expanded[..32]).unwrap());
        let mut plain = from_base64url(boxed).split_off(32);
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let plain = key.open_in_place(nonce, Aad::from(format!("{head}$").as_bytes()), &mut plain).unwrap();
        let names = u32::from_be_bytes(plain[24..28].try_into().unwrap()) as usize;
        for key in plain[28 + names * 8 + 4..].chunks(53) {
            self.ring_key(&key[21..]);
        }
    }
}

/// The 64 bytes that a wrapping key gives for a text.
pub(crate) fn wrap(key: &[u8], salt: &[u8]) -> [u8; 64] {
    let mut expanded = [0; 64];
    Hkdf::<Sha256>::new(Some(salt), key).expand(b"palisade-keys v1 wrap", &mut expanded).unwrap();
    expanded
}

/// Words of so many bytes, each turned round.
fn swapped<const WORD: usize>(bytes: &[u8]) -> Vec<u8> {
    bytes.as_chunks::<WORD>().0.iter().flat_map(|word| word.iter().rev()).copied().collect()
}

/// RFC 2104 §2: a key, with what its two uses are told apart by.
fn padded<const LEN: usize>(key: &[u8]) -> [[u8; LEN]; 2] {
    [0x36, 0x5c].map(|pad| {
        let mut block = [pad; LEN];
        block.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
        block
    })
}

/// What Argon2id makes of its parameters - memory, passes and lanes -, of a password, a salt, a key and further data, and what
/// all else is made of. RFC 9106 §3.2.
fn first_hash([memory, passes, lanes]: [u32; 3], output: usize, texts: [&[u8]; 4]) -> Vec<u8> {
    let len = |len: usize| u32::try_from(len).unwrap().to_le_bytes();
    let mut hashed = [lanes.to_le_bytes(), len(output), memory.to_le_bytes(), passes.to_le_bytes()].concat();
    hashed.extend([len(0x13), len(2)].as_flattened());
    for text in texts {
        hashed.extend(len(text.len()));
        hashed.extend_from_slice(text);
    }
    <blake2::Blake2b512 as blake2::Digest>::digest(hashed).to_vec()
}

/// Words, one after the other.
fn in_memory<const WORD: usize, const LEN: usize>(words: [[u8; WORD]; LEN]) -> Vec<u8> {
    words.as_flattened().to_vec()
}

pub(crate) fn from_base64url(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

fn percent(secret: &[u8], kept: &[u8], upper: bool) -> String {
    let text = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => char::from(byte).to_string(),
        _ if upper => format!("%{byte:02X}"),
        _ => format!("%{byte:02x}"),
    };
    secret.iter().map(|byte| text(*byte)).collect()
}

/// As Go does.
fn json(text: &str) -> String {
    let escape = |text: String, sign: char| text.replace(sign, &format!("\\u{:04x}", u32::from(sign)));
    ['<', '>', '&'].into_iter().fold(text.replace('\\', "\\\\").replace('"', "\\\""), escape)
}

/// FIPS 180-4 §5.3.3.
const SHA256: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// FIPS 180-4 §5.3.1.
const SHA1: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// FIPS 180-4 §5.3.5.
const SHA512: [u64; 8] = [
    0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
];

/// FIPS 197 §5.2, of a key of 32 bytes: the key and what follows from it.
fn round_keys(key: &[u8]) -> Vec<u8> {
    let mut words: Vec<[u8; 4]> = key.chunks(4).map(|word| word.try_into().unwrap()).collect();
    for at in 8..60 {
        let mut word = words[at - 1];
        if at % 8 == 0 {
            word.rotate_left(1);
        }
        if at % 4 == 0 {
            word = word.map(substituted);
        }
        if at % 8 == 0 {
            word[0] ^= 1 << (at / 8 - 1);
        }
        let before = words[at - 8];
        words.push([0, 1, 2, 3].map(|byte| word[byte] ^ before[byte]));
    }
    words.concat()
}

/// FIPS 197 §5.1.1: the inverse in GF(2^8), which is the 254th power, then a sum of its rotations.
fn substituted(byte: u8) -> u8 {
    let inverse = (0..254).fold(1, |power, _| product(power, byte));
    (1..5).fold(0x63 ^ inverse, |sum, bits| sum ^ inverse.rotate_left(bits))
}

/// FIPS 197 §4.2.
fn product(mut one: u8, other: u8) -> u8 {
    (0..8).fold(0, |sum, bit| {
        let term = if other >> bit & 1 == 1 { one } else { 0 };
        one = (one << 1) ^ ((one >> 7) * 0x1b);
        sum ^ term
    })
}

#[test]
fn what_is_looked_for_is_what_the_standards_say() {
    // FIPS 197 appendix A.3: the first and last words that follow from the key.
    let key = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
    let expanded = round_keys(&base16ct::lower::decode_vec(key).unwrap());
    assert_eq!((expanded.len(), &expanded[32..36]), (240, &[0x9b, 0xa3, 0x54, 0x11][..]));
    assert_eq!(expanded[236..], [0x70, 0x6c, 0x63, 0x1e]);
    assert_eq!(percent(b"a b/", b"-._~", true), "a%20b%2F");
    assert_eq!(json(r#"a"\<"#), r#"a\"\\\u003c"#);
    // RFC 9106 §5.3: the pre-hashing digest.
    let first = first_hash([32, 3, 4], 32, [&[1; 32], &[2; 16], &[3; 8], &[4; 12]]);
    assert_eq!(first[..8], [0x28, 0x89, 0xde, 0x48, 0x7e, 0xb4, 0x2a, 0xe5]);
    // RFC 4231 §4.2, test case 1: the outer hash of the inner one gives the tag.
    let mut needles = Needles::default();
    needles.mac_key("key", &[0x0b; 20]);
    let state: Vec<_> =
        needles.0.iter().filter(|needle| needle.name == "key, hashed").map(|needle| &needle.bytes).collect();
    let finish = |state: &[u8], message: &[u8]| -> Vec<u8> {
        let mut words: [u32; 8] =
            std::array::from_fn(|at| u32::from_le_bytes(state[at * 4..][..4].try_into().unwrap()));
        let mut block = [0; 64];
        block[..message.len()].copy_from_slice(message);
        block[message.len()] = 0x80;
        block[56..].copy_from_slice(&((64 + message.len() as u64) * 8).to_be_bytes());
        sha2::block_api::compress256(&mut words, &[block]);
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    };
    let tag = finish(state[2], &finish(state[0], b"Hi There"));
    assert_eq!(tag[..4], [0xb0, 0x34, 0x4c, 0x61]);
}
