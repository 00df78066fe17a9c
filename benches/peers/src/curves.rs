//! What a call costs as something grows.

use crate::figures::{count, round};
use crate::room::Row;
use crate::svg::{Anchor, Scale, Svg, Theme, fit};

/// The curves of all contenders at one work, on logarithmic axes.
pub(crate) fn curves(rows: &[Row], room: &str, caption: &str, theme: &Theme) -> String {
    let title = format!("{room}: {}, by {}", rows[0].work, rows[0].axis);
    let mut svg = Svg::new(800.0);
    svg.heading(28.0, 16.0, theme.text, &title);
    svg.text(
        (16.0, 47.0),
        Anchor::Start,
        (12.0, theme.muted),
        "median time of one; less is better; both axes are logarithmic",
    );
    let (x, y) = axes(&mut svg, rows, theme);
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.name()) {
            names.push(row.name());
        }
    }
    let mut ends: Vec<(f64, usize)> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let colour = theme.curves[place % theme.curves.len()];
        let points: Vec<(f64, f64)> = rows
            .iter()
            .filter(|row| row.name() == *name)
            .map(|row| (x.place(row.at as f64), y.place(row.median)))
            .collect();
        points.windows(2).for_each(|pair| svg.line(pair[0], pair[1], colour, 2.0));
        points.iter().for_each(|&point| svg.mark(point, place, colour));
        ends.extend(points.last().map(|&(_, y)| (y, place)));
    }
    // Names stand at the ends of their curves, and no two on each other.
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let last = BOTTOM - LABEL * (ends.len() as f64 - 1.0);
    let mut free = TOP;
    for (rank, (end, place)) in ends.into_iter().enumerate() {
        let at = end.max(free).min(last + LABEL * rank as f64);
        let colour = theme.curves[place % theme.curves.len()];
        svg.line((x.end + 8.0, end), (x.end + 22.0, at), theme.grid, 1.0);
        svg.mark((x.end + 30.0, at), place, colour);
        svg.text((x.end + 42.0, at + 4.0), Anchor::Start, (12.0, theme.text), &fit(names[place], 30));
        free = at + LABEL;
    }
    svg.text((16.0, BOTTOM + 62.0), Anchor::Start, (11.0, theme.muted), caption);
    svg.file(BOTTOM + 76.0, &title, theme)
}

/// Draws the axes, and answers where things are on them.
fn axes(svg: &mut Svg, rows: &[Row], theme: &Theme) -> (Scale, Scale) {
    let mut points: Vec<u64> = rows.iter().map(|row| row.at).collect();
    points.dedup();
    let least = rows.iter().map(|row| row.median).fold(f64::INFINITY, f64::min);
    let most = rows.iter().map(|row| row.median).fold(0.0, f64::max);
    let ticks = ticks(least, most);
    let x = Scale { from: points[0] as f64, to: points[points.len() - 1] as f64, start: 80.0, end: 530.0 };
    let y = Scale { from: ticks[0], to: ticks[ticks.len() - 1], start: BOTTOM, end: TOP };
    for tick in ticks {
        svg.line((x.start - 10.0, y.place(tick)), (x.end + 8.0, y.place(tick)), theme.grid, 1.0);
        svg.text((x.start - 16.0, y.place(tick) + 4.0), Anchor::End, (11.0, theme.muted), &round(tick));
    }
    for point in points {
        let at = x.place(point as f64);
        svg.line((at, BOTTOM + 4.0), (at, BOTTOM + 9.0), theme.muted, 1.0);
        svg.text((at, BOTTOM + 23.0), Anchor::Middle, (11.0, theme.muted), &count(point));
    }
    svg.text(((x.start + x.end) / 2.0, BOTTOM + 41.0), Anchor::Middle, (12.0, theme.text), &rows[0].axis);
    (x, y)
}

/// Round numbers from one that is not above the least to one that is not below the most: of many decades only the powers
/// of ten.
fn ticks(least: f64, most: f64) -> Vec<f64> {
    let steps: &[f64] = match most / least {
        ratio if ratio < 5.0 => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
        ratio if ratio < 100.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let all: Vec<f64> =
        (-3..13).flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade))).collect();
    let first = all.iter().rposition(|&tick| tick <= least).unwrap_or(0);
    let last = all.iter().position(|&tick| tick >= most).unwrap_or(all.len() - 1);
    all[first..=last.max(first + 1)].to_vec()
}

const TOP: f64 = 72.0;
const BOTTOM: f64 = 330.0;
const LABEL: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::tests::room;
    use crate::svg::THEMES;

    #[test]
    fn ticks_are_round_and_around_all_points() {
        assert_eq!(ticks(22.0, 41.0), [20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(10.0, 90.0), [10.0, 20.0, 50.0, 100.0]);
        assert_eq!(ticks(20.0, 3_000.0), [10.0, 100.0, 1_000.0, 10_000.0]);
        assert_eq!(ticks(20.0, 20.0), [20.0, 30.0]);
    }

    #[test]
    fn each_contender_has_its_curve_marks_and_name() {
        let room = room().report;
        let picture = curves(room.curves().next().expect("it has one"), "things", "somewhere", &THEMES[0]);
        for text in [
            ">things: find, by keys<",
            ">1,000<",
            ">1,000,000<",
            ">palisade<",
            ">peer 1.0<",
            ">100 ns<",
            ">somewhere<",
        ] {
            assert!(picture.contains(text), "{text}");
        }
        let ours = format!("stroke=\"{}\" stroke-width=\"2\"", THEMES[0].curves[0]);
        assert_eq!(picture.matches(&ours).count(), 1, "two points, one line");
        assert_eq!(picture.matches("<circle").count(), 3, "two points, and one in the legend");
    }
}
