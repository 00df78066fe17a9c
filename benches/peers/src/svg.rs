//! Just enough of SVG, in colours for a light page or a dark one.

use std::fmt::Write as _;

/// What a picture is drawn in.
pub(crate) struct Theme {
    pub(crate) name: &'static str,
    background: &'static str,
    pub(crate) text: &'static str,
    pub(crate) muted: &'static str,
    pub(crate) grid: &'static str,
    /// Where ours takes less time, about as much, and more.
    pub(crate) verdicts: [&'static str; 3],
    /// Ours first.
    pub(crate) curves: [&'static str; 5],
}

pub(crate) const THEMES: [Theme; 2] = [
    Theme {
        name: "light",
        background: "#ffffff",
        text: "#1f2328",
        muted: "#59636e",
        grid: "#d8dee4",
        verdicts: ["#0969da", "#818b98", "#bc4c00"],
        curves: ["#0969da", "#bc4c00", "#8250df", "#1a7f37", "#bf3989"],
    },
    Theme {
        name: "dark",
        background: "#0d1117",
        text: "#f0f6fc",
        muted: "#9198a1",
        grid: "#2f353d",
        verdicts: ["#4493f8", "#9198a1", "#f0883e"],
        curves: ["#4493f8", "#f0883e", "#bc8cff", "#3fb950", "#f778ba"],
    },
];

/// A picture that is being drawn.
pub(crate) struct Svg {
    width: f64,
    body: String,
}

/// Where a text stands on its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(crate) fn new(width: f64) -> Self {
        Self { width, body: String::new() }
    }

    /// The file: the picture is as high as it has become.
    pub(crate) fn file(self, height: f64, title: &str, theme: &Theme) -> String {
        let (Self { width, body }, Theme { background, .. }, title) = (self, theme, escape(title));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"system-ui, Helvetica, Arial, sans-serif\" role=\"img\">\n<title>{title}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{background}\"/>\n{body}</svg>\n"
        )
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, style: (f64, &str), text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let ((size, fill), text) = (style, escape(text));
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{fill}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    pub(crate) fn heading(&mut self, y: f64, size: f64, fill: &str, text: &str) {
        let text = escape(text);
        let _ = writeln!(
            self.body,
            "<text x=\"16\" y=\"{y:.1}\" font-size=\"{size}\" font-weight=\"600\" fill=\"{fill}\">{text}</text>"
        );
    }

    pub(crate) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: &str, width: f64) {
        let _ = writeln!(
            self.body,
            "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" stroke=\"{stroke}\" stroke-width=\"{width}\" fill=\"none\"/>"
        );
    }

    pub(crate) fn bar(&mut self, (left, top): (f64, f64), (width, height): (f64, f64), fill: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\"/>"
        );
    }

    /// A shape around a point, of a curve's own: colours alone do not tell everybody which is which.
    pub(crate) fn mark(&mut self, (x, y): (f64, f64), shape: usize, fill: &str) {
        let path = match shape {
            0 => return self.dot((x, y), 4.5, 1.0, fill),
            1 => "m-4 -4h8v8h-8z",
            2 => "m0 -5.5l5 9h-10z",
            3 => "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
            _ => "m0 5.5l5 -9h-10z",
        };
        let _ = writeln!(self.body, "<path d=\"M{x:.1} {y:.1}{path}\" fill=\"{fill}\"/>");
    }

    pub(crate) fn dot(&mut self, (x, y): (f64, f64), radius: f64, opacity: f64, fill: &str) {
        let _ = writeln!(
            self.body,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{fill}\" fill-opacity=\"{opacity}\"/>"
        );
    }
}

/// Places on a line for a range of positive numbers, by their logarithm.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) start: f64,
    pub(crate) end: f64,
}

impl Scale {
    /// A number's place; one outside of the range is at its end.
    pub(crate) fn place(&self, number: f64) -> f64 {
        let part = |number: f64| (number / self.from).log10() / (self.to / self.from).log10();
        self.start + (self.end - self.start) * part(number.clamp(self.from, self.to))
    }
}

/// A text of at most so many letters, the last of them an ellipsis where some are left out.
pub(crate) fn fit(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters - 1).collect();
    format!("{}…", kept.trim_end_matches([' ', ',', ':']))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_goes_by_decades_and_ends_at_its_ends() {
        let scale = Scale { from: 0.01, to: 10.0, start: 0.0, end: 300.0 };
        for (number, place) in
            [(0.01, 0.0), (0.1, 100.0), (1.0, 200.0), (10.0, 300.0), (1e-6, 0.0), (99.0, 300.0)]
        {
            assert!((scale.place(number) - place).abs() < 1e-9, "{number}");
        }
    }

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        assert_eq!(fit("four", 4), "four");
        assert_eq!(fit("fünf, sechs", 7), "fünf…");
        assert_eq!(fit("fünfundsechzig", 5), "fünf…");
    }

    #[test]
    fn texts_are_no_markup() {
        let mut svg = Svg::new(10.0);
        svg.text((0.0, 0.0), Anchor::Start, (12.0, "#000"), "a < b & \"c\"");
        let file = svg.file(10.0, "</title>", &THEMES[0]);
        assert!(file.contains(">a &lt; b &amp; &quot;c&quot;</text>"));
        assert!(file.contains("<title>&lt;/title&gt;</title>"));
    }
}
