use std::fmt;
use std::io::{self, Read, Write};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use zeroize::{Zeroize, Zeroizing};

use super::message::{COMMITMENT, HEAD, Header, NONCE, TAG};
use super::{Context, SealError, SealErrorKind, Sealer};
use crate::compare;
use crate::keys::{Key, KeyId, KeyState};
use crate::random;
use crate::secret::{CIPHER, on_clean_stack};

/// Seals what is written to it, in constant memory; made by [`Sealer::seal_writer`].
///
/// [`finish`](Self::finish) writes the end. Without it the stream is cut off, and will be refused where it ends.
#[must_use = "call finish(), or what was written cannot be opened to its end"]
pub struct SealWriter<W: Write> {
    inner: W,
    chunks: Chunks,
    /// Less than a chunk of plaintext that has not been sealed yet.
    pending: Zeroizing<Vec<u8>>,
    /// After an error of the inner writer nothing more is written: a chunk may have been half out.
    failed: bool,
}

/// Opens a sealed stream as it is read, in constant memory; made by [`Sealer::open_reader`].
///
/// Every byte it hands out was authenticated, but that all of them came is known at the end alone: use nothing
/// before [`finish`](Self::finish) or a read of 0 bytes, or accept that it may be cut off.
pub struct OpenReader<R: Read> {
    inner: R,
    chunks: Chunks,
    /// What was read ahead and is not opened yet: a chunk, its tag, and one byte that tells whether more follows.
    ahead: Vec<u8>,
    /// Opened, from `given` on not yet handed out.
    plain: Zeroizing<Vec<u8>>,
    given: usize,
    ended: bool,
    failed: bool,
    key: KeyId,
    needs_reseal: bool,
}

/// Proof that a stream was opened to its very end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it proves that nothing was cut off"]
pub struct EndSeen {
    len: u64,
}

/// The cipher of one stream, and the number of the next chunk.
struct Chunks {
    /// In a place of its own, so that whoever moves the stream leaves no copy.
    cipher: Box<LessSafeKey>,
    next: u64,
}

impl Sealer {
    /// Seals a stream for `context`: write to the result, then call [`SealWriter::finish`].
    ///
    /// ```
    /// use palisade::keys::KeyRing;
    /// use palisade::seal::Sealer;
    /// use std::io::{Read, Write};
    ///
    /// let sealer = Sealer::new(&KeyRing::generate()?);
    /// let mut writer = sealer.seal_writer(Vec::new(), "backup 2026-11-22")?;
    /// writer.write_all(b"a great deal")?;
    /// let sealed: Vec<u8> = writer.finish()?;
    ///
    /// let mut reader = sealer.open_reader(sealed.as_slice(), "backup 2026-11-22")?;
    /// let mut plain = Vec::new();
    /// reader.read_to_end(&mut plain)?;
    /// assert_eq!(reader.finish()?.len(), 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of `inner`; of kind [`io::ErrorKind::Other`] when the random source fails.
    pub fn seal_writer<W: Write>(&self, inner: W, context: impl Into<Context>) -> io::Result<SealWriter<W>> {
        let mut nonce = [0; NONCE];
        random::fill(&mut nonce).map_err(|error| io::Error::other(SealError::from(error)))?;
        self.seal_writer_under(nonce, inner, &context.into())
    }

    fn seal_writer_under<W: Write>(
        &self,
        nonce: [u8; NONCE],
        mut inner: W,
        context: &Context,
    ) -> io::Result<SealWriter<W>> {
        let ring = self.ring.snapshot();
        let header = Header { form: STREAM, key: ring.primary().id, nonce };
        let (chunks, commitment) = Chunks::new(&header, ring.primary(), context);
        let mut head = Vec::with_capacity(HEAD);
        header.write(&mut head);
        head.extend_from_slice(&commitment);
        inner.write_all(&head)?;
        let pending = Zeroizing::new(Vec::with_capacity(CHUNK + TAG));
        Ok(SealWriter { inner, chunks, pending, failed: false })
    }

    /// Opens a stream that was sealed for `context`; reads and checks its first 61 bytes.
    ///
    /// # Errors
    /// Those of `inner`; of kind [`io::ErrorKind::InvalidData`] around a [`SealError`] when it does not open.
    pub fn open_reader<R: Read>(
        &self,
        mut inner: R,
        context: impl Into<Context>,
    ) -> io::Result<OpenReader<R>> {
        let mut head = [0; HEAD];
        inner.read_exact(&mut head).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => rejected(),
            _ => error,
        })?;
        let (header, commitment) = Header::read(&head, STREAM).ok_or_else(rejected)?;
        let ring = self.ring.snapshot();
        let key = ring.stored(header.key).ok_or_else(rejected)?;
        let (chunks, expected) = Chunks::new(&header, key, &context.into());
        if !compare::equal(commitment, &expected) {
            return Err(rejected());
        }
        Ok(OpenReader {
            inner,
            chunks,
            ahead: Vec::with_capacity(SEALED_CHUNK + 1),
            plain: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
            given: 0,
            ended: false,
            failed: false,
            key: key.id,
            needs_reseal: key.state != KeyState::Primary,
        })
    }
}

impl<W: Write> SealWriter<W> {
    /// Writes the last chunk, flushes, and gives the inner writer back.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_chunk(true)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn check(&self) -> io::Result<()> {
        let over = "an earlier write failed, the stream cannot go on";
        if self.failed { Err(io::Error::other(over)) } else { Ok(()) }
    }

    fn write_chunk(&mut self, last: bool) -> io::Result<()> {
        self.check()?;
        self.failed = true;
        let nonce = self.chunks.nonce(last)?;
        let cipher = &self.chunks.cipher;
        let sealed = on_clean_stack::<CIPHER, _>(|| {
            cipher.seal_in_place_append_tag(nonce, Aad::empty(), &mut *self.pending)
        });
        sealed.expect("a chunk is far below AES-GCM's 64 GiB");
        self.inner.write_all(&self.pending)?;
        self.pending.clear();
        self.failed = false;
        Ok(())
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        // A full chunk waits for the next byte: it might be the last one.
        if self.pending.len() == CHUNK && !bytes.is_empty() {
            self.write_chunk(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.pending.len().min(CHUNK));
        self.pending.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    /// Flushes the inner writer. Less than a chunk stays back: what is sealed cannot be reopened to add to it.
    fn flush(&mut self) -> io::Result<()> {
        self.check()?;
        self.inner.flush()
    }
}

impl<R: Read> OpenReader<R> {
    /// Under which key the stream was sealed.
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Whether that key is no longer the primary one.
    pub const fn needs_reseal(&self) -> bool {
        self.needs_reseal
    }

    /// Opens what is left, and proves that the end was seen.
    ///
    /// # Errors
    /// Those of reading: a stream that was cut off or changed is [`io::ErrorKind::InvalidData`].
    pub fn finish(mut self) -> io::Result<EndSeen> {
        while !self.ended {
            self.next_chunk()?;
        }
        let before = self.chunks.next.saturating_sub(1).saturating_mul(CHUNK as u64);
        Ok(EndSeen { len: before.saturating_add(self.plain.len() as u64) })
    }

    /// Reads and opens one chunk.
    fn next_chunk(&mut self) -> io::Result<()> {
        if self.failed {
            return Err(rejected());
        }
        let wanted = (SEALED_CHUNK + 1).saturating_sub(self.ahead.len()) as u64;
        self.inner.by_ref().take(wanted).read_to_end(&mut self.ahead)?;
        let last = self.ahead.len() <= SEALED_CHUNK;
        let sealed = self.ahead.get(..self.ahead.len().min(SEALED_CHUNK)).unwrap_or_default();
        let opened = self.chunks.open(sealed, last, &mut self.plain);
        self.failed = opened.is_none();
        self.given = 0;
        let follower = if last { None } else { self.ahead.last().copied() };
        self.ahead.clear();
        self.ahead.extend(follower);
        self.ended = last && opened.is_some();
        opened.ok_or_else(rejected)
    }
}

impl<R: Read> Read for OpenReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() && !self.ended && !buffer.is_empty() {
            self.next_chunk()?;
        }
        let mut rest = self.plain.get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

impl EndSeen {
    /// How many bytes of plaintext the stream held.
    #[expect(clippy::len_without_is_empty, reason = "a size, not a collection")]
    pub const fn len(&self) -> u64 {
        self.len
    }
}

impl Chunks {
    fn new(header: &Header, key: &Key, context: &Context) -> (Self, [u8; COMMITMENT]) {
        on_clean_stack::<CIPHER, _>(|| {
            let (cipher, commitment) = header.derive(key, context);
            (Self { cipher: Box::new(cipher), next: 0 }, commitment)
        })
    }

    /// The nonce of the next chunk; each is used once.
    fn nonce(&mut self, last: bool) -> io::Result<Nonce> {
        let number = self.next;
        self.next = number.checked_add(1).ok_or_else(|| io::Error::other("the stream has 2^64 chunks"))?;
        let mut nonce = [0; 12];
        nonce.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
        if let Some(flag) = nonce.last_mut() {
            *flag = u8::from(last);
        }
        Ok(Nonce::assume_unique_for_key(nonce))
    }

    /// Opens a chunk into `plain`, which is left empty when it does not open.
    fn open(&mut self, sealed: &[u8], last: bool, plain: &mut Vec<u8>) -> Option<()> {
        plain.clear();
        let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        let tag = Tag::try_from(tag).ok()?;
        let nonce = self.nonce(last).ok()?;
        plain.extend_from_slice(body);
        let open = || self.cipher.open_in_place_separate_tag(nonce, Aad::empty(), tag, plain, 0..).is_ok();
        if !on_clean_stack::<CIPHER, _>(open) {
            plain.zeroize();
            return None;
        }
        Some(())
    }
}

impl Drop for Chunks {
    /// ring does not erase a cipher's round keys; those of another key lie in their place then.
    fn drop(&mut self) {
        *self.cipher =
            LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[0; 32]).expect("AES-256 takes 32 bytes"));
        zeroize::optimization_barrier(&*self.cipher);
    }
}

impl<W: Write> fmt::Debug for SealWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealWriter")
    }
}

impl<R: Read> fmt::Debug for OpenReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenReader")
    }
}

fn rejected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, SealError::from(SealErrorKind::Rejected))
}

const STREAM: u8 = 2;
/// Plaintext of a chunk.
const CHUNK: usize = 64 * 1024;
const SEALED_CHUNK: usize = CHUNK + TAG;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding;
    use crate::keys::KeyRing;
    use crate::secret::SecretBytes;
    use crate::vectors;
    use sha2::{Digest, Sha256};

    #[test]
    fn streams_are_those_of_the_description() {
        let key = SecretBytes::from((0..32).collect::<Vec<u8>>());
        let ring = KeyRing::from_key("1a2b3c4d".parse().unwrap(), key).unwrap();
        let nonce: [u8; NONCE] = (100..124).collect::<Vec<u8>>().try_into().unwrap();
        for case in vectors::cases(include_str!("../../tests/vectors/seal/stream.txt")) {
            let len: u32 = case["len"].parse().unwrap();
            let plain: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let mut writer =
                Sealer::new(&ring).seal_writer_under(nonce, Vec::new(), &Context::from("file")).unwrap();
            writer.write_all(&plain).unwrap();
            let sealed = writer.finish().unwrap();
            assert_eq!(sealed.len().to_string(), case["sealed"]);
            assert_eq!(encoding::hex(&sealed[..HEAD]), case["head"]);
            assert_eq!(encoding::hex(&sealed[sealed.len() - TAG..]), case["tail"], "{len}");
            assert_eq!(encoding::hex(&Sha256::digest(&sealed)), case["sha256"], "{len}");

            let mut opened = Vec::new();
            let mut reader = Sealer::new(&ring).open_reader(sealed.as_slice(), "file").unwrap();
            reader.read_to_end(&mut opened).unwrap();
            assert!(opened == plain && reader.finish().unwrap().len() == u64::from(len));
        }
    }
}
