use std::fmt;
use std::io::{self, Write};

use memchr::memchr;

use super::detect::armour;
use super::held::{Held, Taken};
use super::key::Under;
use super::kind::Kind;
use super::redactor::Redactor;

/// Hides secrets in what is written, and passes it on line by line.
///
/// However the text is cut into writes, the same comes out. A private key in PEM armour is hidden over all its lines.
///
/// ```
/// use palisade::redact::Redactor;
/// use std::io::Write;
///
/// let mut writer = Redactor::default().writer(Vec::new());
/// write!(writer, "password=hun")?;
/// write!(writer, "ter2 user=ann\nno line break at the end")?;
/// assert_eq!(writer.finish()?, b"password=[REDACTED] user=ann\nno line break at the end");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A line is held back until it is complete: [`flush`](Write::flush) passes on complete lines only, [`finish`](Self::finish)
/// and dropping the writer the rest as well. Of a line longer than
/// [`Builder::longest_line`](super::Builder::longest_line), only its length is passed on, so memory is bounded.
///
/// An error of the writer below is reported by the next call, once what led to it has been taken over; what could not be
/// passed on is kept and tried again.
pub struct Writer<W: Write> {
    redactor: Redactor,
    /// Empty only after `finish`.
    inner: Option<W>,
    /// The beginning of a line.
    line: Held,
    key: Option<Key>,
    /// What is to be passed on, from `passed`.
    out: Vec<u8>,
    passed: usize,
}

/// A private key whose lines are being hidden.
#[derive(Clone, Copy)]
struct Key {
    lines: usize,
    /// Its mask is written already.
    masked: bool,
}

/// A key of 16,384 bits has some 200 lines.
const MOST_LINES: usize = 1000;

/// So much is taken over before it is passed on.
const PIECE: usize = 1 << 16;

impl<W: Write> Writer<W> {
    pub(super) fn new(redactor: Redactor, inner: W) -> Self {
        Self { redactor, inner: Some(inner), line: Held::default(), key: None, out: Vec::new(), passed: 0 }
    }

    /// Passes on the rest, flushes, and returns the writer below.
    ///
    /// # Errors
    /// The writer below failed.
    pub fn finish(mut self) -> io::Result<W> {
        self.close()?;
        self.inner.take().ok_or_else(|| io::ErrorKind::WriteZero.into()) // only finish takes it, once
    }

    fn close(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.line_held(b"");
        }
        if self.key.take().is_some() {
            self.out.push(b'\n');
        }
        self.flush()
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let Some(inner) = &mut self.inner else { return Ok(()) };
        while let Some(rest) = self.out.get(self.passed..).filter(|rest| !rest.is_empty()) {
            match inner.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.passed += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.passed = 0;
        Ok(())
    }

    /// Takes over a piece of the text.
    fn take(&mut self, mut piece: &[u8]) {
        let longest = self.redactor.longest_line();
        while let Some(end) = memchr(b'\n', piece) {
            let (line, rest) = piece.split_at(end);
            piece = rest.get(1..).unwrap_or_default();
            if self.line.is_empty() && line.len() <= longest {
                self.line(line, b"\n");
            } else {
                self.line.push(line, longest);
                self.line_held(b"\n");
            }
        }
        self.line.push(piece, longest);
    }

    /// Writes the line that is held back to `out`.
    fn line_held(&mut self, end: &[u8]) {
        match self.line.take() {
            Taken::Whole(mut line) => {
                self.line(&line, end);
                line.clear();
                self.line.put_back(line); // its memory is used again
            }
            Taken::Dropped(notice) => {
                self.redactor.count(Kind::Unscanned, 1);
                self.out.extend_from_slice(notice.as_bytes());
                if self.key.is_none() {
                    self.out.extend_from_slice(end); // inside of a key, the line that began it still waits for its end
                }
            }
        }
    }

    /// Writes a complete line to `out`.
    fn line(&mut self, line: &[u8], end: &[u8]) {
        let mut rest = line;
        if let Some(key) = self.key.take() {
            let body = armour(line, 0);
            if body.open && key.lines < MOST_LINES {
                if !key.masked {
                    self.mask_key(line);
                }
                self.key = Some(Key { lines: key.lines + 1, masked: true });
                return;
            }
            if body.end > 0 && !key.masked {
                self.mask_key(line);
            }
            rest = line.get(body.end..).unwrap_or_default();
            if body.end == 0 {
                self.out.push(b'\n'); // the key was cut off, and this line is another
            }
        }
        let redacted = self.redactor.redact_event(rest, Under::NOTHING);
        self.out.extend_from_slice(redacted.bytes.as_deref().unwrap_or(rest));
        if redacted.open_armour && !end.is_empty() {
            self.key = Some(Key { lines: 0, masked: redacted.bytes.is_some() });
            return;
        }
        self.out.extend_from_slice(end);
    }

    fn mask_key(&mut self, line: &[u8]) {
        self.redactor.count(Kind::PrivateKey, 1);
        let mask = self.redactor.mask(Kind::PrivateKey).clone();
        mask.write(Kind::PrivateKey, line, &mut self.out);
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        for piece in bytes.chunks(PIECE) {
            match self.pass_on() {
                Err(error) if taken == 0 => return Err(error),
                Err(_) => return Ok(taken),
                Ok(()) => {}
            }
            self.take(piece);
            taken += piece.len();
        }
        // What was taken over is ours: an error is told by the next call.
        let _ = self.pass_on();
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.inner.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl<W: Write> Drop for Writer<W> {
    fn drop(&mut self) {
        // Nobody is left to be told of an error.
        let _ = self.close();
    }
}

impl<W: Write> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("held_back", &self.line.len()).finish_non_exhaustive()
    }
}
