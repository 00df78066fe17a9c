//! The primitives underneath, as we configure them, against RFC and Wycheproof vectors.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;
use wycheproof::{aead, hkdf as hkdf_tests, mac};

#[test]
fn hmac_sha256_of_wycheproof() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        for test in group.tests {
            let mut computed = Hmac::<Sha256>::new_from_slice(&test.key).unwrap();
            computed.update(&test.msg);
            let right = computed.finalize().into_bytes()[..group.tag_size / 8] == test.tag[..];
            assert_eq!(right, !test.result.must_fail(), "case {}", test.tc_id);
            count += 1;
        }
    }
    assert!(count >= 170, "{count}");
}

#[test]
fn hkdf_sha256_of_wycheproof() {
    let set = hkdf_tests::TestSet::load(hkdf_tests::TestName::HkdfSha256).unwrap();
    let mut count = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let mut okm = vec![0; test.size];
        let expanded = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
        let right = expanded.is_ok() && okm == test.okm[..];
        assert_eq!(right, !test.result.must_fail(), "case {}", test.tc_id);
        count += 1;
    }
    assert!(count >= 80, "{count}");
}

#[test]
fn aes_256_gcm_of_wycheproof() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue; // forms that are not used here
        }
        for test in group.tests {
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &test.key).unwrap());
            let nonce = || Nonce::try_assume_unique_for_key(&test.nonce).unwrap();
            let mut opened = [&test.ct[..], &test.tag].concat();
            let answer = key.open_in_place(nonce(), Aad::from(&test.aad[..]), &mut opened);
            assert_eq!(
                answer.is_ok_and(|plain| *plain == test.pt[..]),
                !test.result.must_fail(),
                "case {}",
                test.tc_id
            );
            if !test.result.must_fail() {
                let mut sealed = test.pt.to_vec();
                key.seal_in_place_append_tag(nonce(), Aad::from(&test.aad[..]), &mut sealed).unwrap();
                assert_eq!(sealed, [&test.ct[..], &test.tag].concat(), "case {}", test.tc_id);
            }
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
}

/// Source: RFC 5869, appendix A.1.
#[test]
fn hkdf_of_rfc_5869() {
    let (ikm, salt, info) = ([0x0b; 22], (0..13).collect::<Vec<u8>>(), (0xf0..0xfa).collect::<Vec<u8>>());
    let mut okm = [0; 42];
    Hkdf::<Sha256>::new(Some(&salt), &ikm).expand(&info, &mut okm).unwrap();
    let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    assert_eq!(base16ct::lower::encode_string(&okm), expected);
}
