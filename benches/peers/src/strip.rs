//! All works on one page: a line for each room, on it a dot for each peer at each work.

use crate::room::Room;
use crate::svg::{Anchor, Scale, Svg, THEMES, Theme};

/// Less time than the peer, about as much, or more; and the colour of that.
pub(crate) fn verdict(ratio: f64, theme: &Theme) -> (usize, &'static str) {
    let place = if ratio < 0.95 { 0 } else { usize::from(ratio > 1.05) + 1 };
    (place, theme.verdicts[place])
}

/// A dot for each peer at each work of a room.
pub(crate) fn strip(rooms: &[Room], caption: &str, theme: &Theme) -> String {
    let rooms: Vec<&Room> = rooms.iter().filter(|room| room.report.pairs().next().is_some()).collect();
    let scale = Scale { from: 0.001, to: 10.0, start: 130.0, end: 620.0 };
    let mut svg = Svg::new(800.0);
    svg.heading(28.0, 16.0, theme.text, TITLE);
    svg.text((16.0, 47.0), Anchor::Start, (12.0, theme.muted), EXPLANATION);
    let (top, bottom) = (76.0, 76.0 + ROW * rooms.len() as f64);
    for (place, heading) in ["faster", "level", "slower"].into_iter().enumerate() {
        svg.text((COLUMNS[place], top - 8.0), Anchor::End, (11.0, theme.verdicts[place]), heading);
    }
    for (mark, text) in [(0.001, "0.001"), (0.01, "0.01"), (0.1, "0.1"), (1.0, "1"), (10.0, "10")] {
        let (x, at_one) = (scale.place(mark), text == "1");
        let (stroke, width) = if at_one { (theme.muted, 1.5) } else { (theme.grid, 1.0) };
        svg.line((x, top), (x, bottom), stroke, width);
        svg.text((x, bottom + 16.0), Anchor::Middle, (11.0, theme.muted), text);
    }
    for (row, room) in rooms.into_iter().enumerate() {
        let y = top + ROW * (row as f64 + 0.5);
        svg.text((16.0, y + 4.0), Anchor::Start, (12.0, theme.text), &room.name);
        svg.line((scale.start, y), (scale.end, y), theme.grid, 1.0);
        let mut counts = [0; 3];
        for (ours, peer) in room.report.pairs() {
            let ratio = ours.median / peer.median;
            let (place, colour) = verdict(ratio, theme);
            counts[place] += 1;
            svg.dot((scale.place(ratio), y), 5.0, 0.65, colour);
        }
        for (place, count) in counts.into_iter().enumerate() {
            let text = if count == 0 { "–".to_owned() } else { count.to_string() };
            svg.text((COLUMNS[place], y + 4.0), Anchor::End, (12.0, theme.text), &text);
        }
    }
    svg.text((16.0, bottom + 40.0), Anchor::Start, (11.0, theme.muted), caption);
    svg.file(bottom + 54.0, TITLE, theme)
}

const COLUMNS: [f64; THEMES[0].verdicts.len()] = [690.0, 735.0, 784.0];
const ROW: f64 = 24.0;
const TITLE: &str = "palisade's time divided by the peer's, by room";
const EXPLANATION: &str = "A dot is one work and one peer. Left of 1, palisade is faster; level is within 5 %; what is below 0.001 is at the edge.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::tests::room;

    #[test]
    fn five_per_cent_are_level() {
        let places: Vec<usize> =
            [0.5, 0.96, 1.0, 1.04, 1.06].map(|ratio| verdict(ratio, &THEMES[0]).0).into();
        assert_eq!(places, [0, 1, 1, 1, 2]);
    }

    #[test]
    fn each_peer_has_its_dot() {
        let picture = strip(&[room()], "somewhere", &THEMES[1]);
        assert_eq!(picture.matches("<circle").count(), 2);
        assert!(picture.contains(">things<"));
    }
}
