use std::error::Error;
use std::fs::File;

use palisade::keys::{KeyFile, KeyRing, Wrapping};
use palisade::secret::{SecretBytes, SecretString};
use palisade::token::Token;

use crate::data_folder::DataFolder;

/// The ring that all else derives its keys from: made by the first start, under `passphrase`.
///
/// Without one, a random passphrase is kept beside the ring. That is for trying out: whoever copies the folder has both.
pub(crate) fn open(
    folder: &DataFolder,
    passphrase: Option<SecretString>,
) -> Result<KeyRing, Box<dyn Error + Send + Sync>> {
    let passphrase = match passphrase {
        Some(passphrase) => passphrase,
        None => generated_passphrase(folder)?,
    };
    let path = folder.file("keys");
    let file = KeyFile::new(&path, Wrapping::passphrase(passphrase));
    let ring = if path.exists() { file.open() } else { file.create() };
    Ok(ring.map_err(|error| format!("{}: {error}", path.display()))?)
}

fn generated_passphrase(folder: &DataFolder) -> Result<SecretString, Box<dyn Error + Send + Sync>> {
    let path = folder.file("keys-passphrase");
    if !path.exists() {
        folder.write_new("keys-passphrase", Token::generate()?.expose())?;
    }
    tracing::warn!("KEYS_PASSPHRASE is not set: the passphrase of the keys lies beside them");
    Ok(SecretString::from_utf8(SecretBytes::read_from(File::open(path)?, 1024)?)?)
}
