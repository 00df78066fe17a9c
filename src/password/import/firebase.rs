//! Firebase's: scrypt's output is the AES-256-CTR key under which the project's signer key is stored.
//!
//! Source: the `firebase/scrypt` repository's description.

use std::sync::Arc;

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use zeroize::Zeroizing;

use crate::encoding;
use crate::password::Defect;
use crate::password::scheme::Scheme;
use crate::password::stored::{Finish, Reading, Record};
use crate::secret::{ExposeSecret, SecretBytes};

/// The hash parameters of a Firebase project, from its console.
///
/// Rows are `firebase$salt$hash`, salt and hash in base64 as the export has them.
///
/// ```
/// use palisade::password::{FirebaseProject, Format, Hasher};
/// use palisade::secret::SecretBytes;
///
/// # let (signer_key, separator) = (vec![7; 64], [7]);
/// let project = FirebaseProject::new(SecretBytes::from(signer_key), &separator, 8, 14);
/// let hasher = Hasher::builder().import(Format::Firebase(project)).build()?;
/// # Ok::<(), palisade::password::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FirebaseProject {
    signer_key: Arc<SecretBytes>,
    separator: Vec<u8>,
    rounds: u32,
    mem_cost: u8,
}

impl FirebaseProject {
    /// `base64_signer_key` and `base64_salt_separator`, both decoded, `rounds` and `mem_cost`.
    pub fn new(signer_key: SecretBytes, salt_separator: &[u8], rounds: u32, mem_cost: u8) -> Self {
        let separator = salt_separator.to_vec();
        Self { signer_key: Arc::new(signer_key), separator, rounds, mem_cost }
    }

    /// What is stored of a password whose scrypt output is `key`.
    pub(in crate::password) fn encrypted_signer_key(&self, key: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut text = Zeroizing::new(self.signer_key.expose_secret().to_vec());
        let mut cipher =
            Ctr128BE::<Aes256>::new_from_slices(key, &[0; 16]).expect("scrypt's output has 32 bytes");
        cipher.apply_keystream(&mut text);
        text
    }
}

pub(super) fn read(project: &FirebaseProject, text: &str) -> Option<Result<Record, Defect>> {
    text.strip_prefix("firebase$").map(|rest| parse(project, rest))
}

fn parse(project: &FirebaseProject, rest: &str) -> Result<Record, Defect> {
    let (salt, hash) = rest.split_once('$').ok_or(Defect::OutputMissing)?;
    // The console's export has the standard alphabet, its libraries that of URLs, with or without padding.
    let bytes = |text: &str| {
        let standard = text.replace('-', "+").replace('_', "/");
        encoding::from_base64_unpadded(standard.trim_end_matches('=')).ok_or(Defect::Base64)
    };
    let mut salt = bytes(salt)?;
    salt.extend_from_slice(&project.separator);
    let output = bytes(hash)?;
    let scheme = Scheme::scrypt(project.mem_cost, project.rounds, 1);
    let finish = Finish::Firebase(Arc::new(project.clone()));
    Record::foreign(Reading { finish, ..Reading::new(scheme, salt) }, output)
}
