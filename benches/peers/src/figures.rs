//! Figures as people read them.

/// A time, to three digits.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (value, unit) = in_unit(nanoseconds);
    format!("{} {unit}", three_digits(value))
}

/// A time that is a round number.
pub(crate) fn round(nanoseconds: f64) -> String {
    let (value, unit) = in_unit(nanoseconds);
    format!("{} {unit}", (value * 1e3).round() / 1e3)
}

fn in_unit(nanoseconds: f64) -> (f64, &'static str) {
    match nanoseconds {
        ns if ns < 999.5 => (ns, "ns"),
        ns if ns < 999.5e3 => (ns / 1e3, "µs"),
        ns if ns < 999.5e6 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    }
}

/// Three digits, or two of what is very small.
pub(crate) fn three_digits(value: f64) -> String {
    match value {
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => format!("{v:.1}"),
        v if v >= 0.9995 => format!("{v:.2}"),
        v if v >= 0.01 => format!("{v:.3}"),
        v if v > 0.0 => format!("{v:.*}", (1.0 - v.log10().floor()) as usize),
        v => format!("{v:.0}"),
    }
}

/// A count, with commas.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (ns, text) in [
            (0.3, "0.300 ns"),
            (43.84, "43.8 ns"),
            (999.6, "1.00 µs"),
            (99_960.0, "100 µs"),
            (163_600_000.0, "164 ms"),
            (1.04e9, "1.04 s"),
        ] {
            assert_eq!(time(ns), text);
        }
    }

    #[test]
    fn round_times_have_no_digits_to_spare() {
        for (ns, text) in [(50.0, "50 ns"), (1_500.0, "1.5 µs"), (1e7, "10 ms"), (0.001, "0.001 ns")] {
            assert_eq!(round(ns), text);
        }
    }

    #[test]
    fn ratios_keep_what_can_be_known() {
        for (ratio, text) in [
            (0.000_006_2, "0.0000062"),
            (0.005, "0.0050"),
            (0.0571, "0.057"),
            (0.998, "0.998"),
            (0.9996, "1.00"),
            (12.34, "12.3"),
        ] {
            assert_eq!(three_digits(ratio), text);
        }
    }

    #[test]
    fn counts_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }
}
