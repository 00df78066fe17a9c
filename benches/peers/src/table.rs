//! Results as Markdown.

use std::fmt::Write as _;

use crate::figures::{count, three_digits, time};
use crate::room::{Report, Role, Room, Row};

impl Room {
    /// The room's tables, under its name and origin.
    pub(crate) fn to_markdown(&self) -> String {
        format!("## {}\n\n{}\n{}", self.name, self.origin, self.report.to_markdown())
    }
}

impl Report {
    /// A table of the races, and one for each curve.
    pub fn to_markdown(&self) -> String {
        let mut races = Table::new(["work", "who", "median", "fastest to slowest", "ours/theirs", "goal"]);
        for (ours, rows) in self.works().filter(|(ours, _)| ours.axis.is_empty()) {
            for (place, row) in rows.iter().enumerate() {
                let work = if place == 0 { row.work.as_str() } else { "" };
                let ratio = if row.role == Role::Ours {
                    String::new()
                } else {
                    three_digits(ours.median / row.median)
                };
                let spread = format!("{} to {}", time(row.fastest), time(row.slowest));
                races.row([work, &row.who, &time(row.median), &spread, &ratio, &row.goal]);
            }
        }
        let mut text = races.text();
        for curve in self.curves() {
            let _ = writeln!(text, "\n{}, by {}:", escape(&curve[0].work), escape(&curve[0].axis));
            text += &points(curve);
        }
        text
    }
}

/// A line for each point, a column for each contender.
fn points(curve: &[Row]) -> String {
    let points: Vec<&[Row]> = curve.chunk_by(|before, row| before.at == row.at).collect();
    let names = points[0].iter().map(|row| row.who.as_str());
    let mut table = Table::new(std::iter::once(curve[0].axis.as_str()).chain(names));
    for rows in points {
        let times = rows.iter().map(|row| time(row.median));
        table.row(std::iter::once(count(rows[0].at)).chain(times));
    }
    table.text()
}

/// Columns of one width, so that the text can be read as it is.
struct Table(Vec<Vec<String>>);

impl Table {
    fn new<T: AsRef<str>>(heading: impl IntoIterator<Item = T>) -> Self {
        let mut table = Self(Vec::new());
        table.row(heading);
        table
    }

    fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.0.push(cells.into_iter().map(|cell| escape(cell.as_ref())).collect());
    }

    /// Nothing, if there is nothing below the heading.
    fn text(&self) -> String {
        if self.0.len() == 1 {
            return String::new();
        }
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.0[0].len()).map(width).collect();
        let mut text = String::from("\n");
        for (place, row) in self.0.iter().enumerate() {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            if place == 0 {
                let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                let _ = writeln!(text, "| {} |", rule.join(" | "));
            }
        }
        text
    }
}

/// What Markdown would take for its own.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if "\\|<*`[".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::room::tests::room;

    #[test]
    fn a_room_is_two_tables() {
        let expected = r"## things

2026-11-23, revision 0123456789, rustc 1.95.0, a processor, 2 cores

| work       | who            | median  | fastest to slowest | ours/theirs | goal |
| ---------- | -------------- | ------- | ------------------ | ----------- | ---- |
| make \<it> | palisade       | 20.0 ns | 10.0 ns to 40.0 ns |             |      |
|            | peer 1.0: less | 4.00 µs | 2.00 µs to 8.00 µs | 0.0050      |      |
|            | a\|part        | 10.0 ns | 5.00 ns to 20.0 ns | 2.00        |      |
| check      | palisade       | 20.0 ns | 10.0 ns to 40.0 ns |             |      |
|            | peer 1.0       | 10.0 ns | 5.00 ns to 20.0 ns | 2.00        |      |

find, by keys:

| keys      | palisade | peer 1.0 |
| --------- | -------- | -------- |
| 1,000     | 20.0 ns  | 30.0 ns  |
| 1,000,000 | 40.0 ns  | 3.00 µs  |
";
        assert_eq!(room().to_markdown(), expected);
    }
}
