use super::short::Short;

/// Reads Punycode without its prefix, in lower case.
///
/// What it reads, [`encode`] writes back unchanged, so that no second look is needed at whether an A-label is the one
/// spelling of its U-label: capitals and an empty part before the hyphen are refused; thresholds give a number one
/// sequence of digits; and insertions can only be told in ascending order of character, then of place.
pub(super) fn decode(digits: &str) -> Option<Short<char>> {
    let (ascii, deltas) = match digits.rsplit_once('-') {
        Some(("", _)) => return None,
        Some(parts) => parts,
        None => ("", digits),
    };
    if deltas.is_empty() {
        return None; // all of it is ASCII, which is no U-label
    }
    let mut label = Short::new('\0');
    for byte in ascii.bytes() {
        label.push(char::from(byte))?;
    }
    let mut bias = Bias::new();
    let (mut code, mut place) = (FIRST, 0_u32);
    let mut digits = deltas.bytes();
    while digits.len() > 0 {
        let (mut delta, mut weight) = (0_u32, 1_u32);
        for position in 1.. {
            let digit = value(digits.next()?)?;
            delta = delta.checked_add(digit.checked_mul(weight)?)?;
            let threshold = bias.threshold(position);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
        }
        let places = u32::try_from(label.len()).ok()? + 1;
        bias.adapt(delta, places);
        place = place.checked_add(delta)?;
        code = code.checked_add(place / places)?;
        place %= places;
        label.insert(usize::try_from(place).ok()?, char::from_u32(code)?)?;
        place += 1;
    }
    Some(label)
}

/// Appends the Punycode of a label that is not all ASCII, without its prefix.
pub(super) fn encode(label: &str, out: &mut String) {
    let ascii = out.len();
    out.extend(label.chars().filter(char::is_ascii));
    let mut done = u32::try_from(out.len() - ascii).unwrap_or(u32::MAX);
    if done > 0 {
        out.push('-');
    }
    let mut bias = Bias::new();
    let (mut code, mut delta) = (FIRST, 0_u32);
    // Sums saturate for labels of millions of characters, which are none and longer than any name by then.
    while let Some(next) = label.chars().map(u32::from).filter(|char| *char >= code).min() {
        delta = delta.saturating_add((next - code).saturating_mul(done.saturating_add(1)));
        for char in label.chars().map(u32::from) {
            if char < next {
                delta = delta.saturating_add(1);
            } else if char == next {
                bias.write(delta, out);
                done += 1;
                bias.adapt(delta, done);
                delta = 0;
            }
        }
        delta = delta.saturating_add(1);
        code = next + 1;
    }
}

/// How numbers are cut into digits, which follows the numbers before.
struct Bias {
    bias: u32,
    is_first: bool,
}

impl Bias {
    const fn new() -> Self {
        Self { bias: 72, is_first: true }
    }

    /// The digits below which end a number at this position, counted from 1.
    fn threshold(&self, position: u32) -> u32 {
        (BASE * position).saturating_sub(self.bias).clamp(1, 26)
    }

    fn write(&self, mut number: u32, out: &mut String) {
        for position in 1.. {
            let threshold = self.threshold(position);
            if number < threshold {
                break;
            }
            let rest = number - threshold;
            out.push(digit(threshold + rest % (BASE - threshold)));
            number = rest / (BASE - threshold);
        }
        out.push(digit(number));
    }

    /// RFC 3492 §6.1.
    fn adapt(&mut self, delta: u32, places: u32) {
        let mut delta = if self.is_first { delta / 700 } else { delta / 2 };
        self.is_first = false;
        delta = delta.saturating_add(delta / places);
        let mut shift = 0;
        while delta > (BASE - 1) * 26 / 2 {
            delta /= BASE - 1;
            shift += BASE;
        }
        self.bias = shift + BASE * delta / (delta + 38);
    }
}

fn value(digit: u8) -> Option<u32> {
    match digit {
        b'a'..=b'z' => Some(u32::from(digit - b'a')),
        b'0'..=b'9' => Some(u32::from(digit - b'0') + 26),
        _ => None,
    }
}

fn digit(value: u32) -> char {
    char::from_digit((value + 10) % BASE, BASE).expect("less than the base").to_ascii_lowercase()
}

const BASE: u32 = 36;

/// The first character that is not ASCII.
const FIRST: u32 = 0x80;
