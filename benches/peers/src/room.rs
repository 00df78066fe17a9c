use std::fmt::Write as _;

use crate::origin::Origin;

/// What all races of a room came to.
#[derive(Debug, Default, PartialEq)]
pub struct Report {
    pub rows: Vec<Row>,
}

/// One contender at one work.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub work: String,
    /// What grows, in a curve; else empty.
    pub axis: String,
    /// How far it has grown.
    pub at: u64,
    pub who: String,
    pub role: Role,
    /// In nanoseconds, as the next two.
    pub median: f64,
    pub fastest: f64,
    pub slowest: f64,
    pub goal: String,
}

/// What a contender is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Ours,
    /// What a user would take instead.
    Peer,
    /// A part of the work, or ours at another work.
    Yardstick,
}

/// A room's results: where they come from, and its rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) report: Report,
}

impl Row {
    /// The figures of some rounds, in nanoseconds.
    ///
    /// # Panics
    /// There were no rounds.
    pub fn new(who: impl Into<String>, role: Role, mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self {
            work: String::new(),
            axis: String::new(),
            at: 0,
            who: who.into(),
            role,
            median: times[times.len() / 2],
            fastest: times[0],
            slowest: times[times.len() - 1],
            goal: String::new(),
        }
    }

    /// The name that pictures have.
    pub(crate) fn name(&self) -> &str {
        self.who.split_once(": ").map_or(&self.who, |(name, _)| name)
    }
}

impl Report {
    /// Rows of one work each, ours first. A work's curve has a group for each point.
    pub(crate) fn works(&self) -> impl Iterator<Item = (&Row, &[Row])> {
        self.rows
            .chunk_by(|before, row| (&before.work, &before.axis, before.at) == (&row.work, &row.axis, row.at))
            .map(|rows| (&rows[0], rows))
    }

    /// Of the works that are no curves: ours, and each peer.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&Row, &Row)> {
        self.works().filter(|(ours, _)| ours.axis.is_empty()).flat_map(|(ours, rows)| {
            rows.iter().filter(|row| row.role == Role::Peer).map(move |row| (ours, row))
        })
    }

    /// The rows of each curve.
    pub(crate) fn curves(&self) -> impl Iterator<Item = &[Row]> {
        self.rows
            .chunk_by(|before, row| (&before.work, &before.axis) == (&row.work, &row.axis))
            .filter(|rows| !rows[0].axis.is_empty())
    }
}

impl Room {
    /// Lines of values with tabs between them, under the room's name and origin.
    pub(crate) fn to_tsv(&self) -> String {
        let Origin { date, revision, rustc, machine } = &self.origin;
        let mut text = format!(
            "# room\t{}\n# date\t{date}\n# revision\t{revision}\n# rustc\t{rustc}\n# machine\t{machine}\n{COLUMNS}\n",
            self.name
        );
        for Row { work, axis, at, who, role, median, fastest, slowest, goal } in &self.report.rows {
            let at = if axis.is_empty() { String::new() } else { at.to_string() };
            let role = role.name();
            let _ = writeln!(
                text,
                "{work}\t{axis}\t{at}\t{who}\t{role}\t{median:.3}\t{fastest:.3}\t{slowest:.3}\t{goal}"
            );
        }
        text
    }

    /// What [`to_tsv`](Self::to_tsv) wrote.
    pub(crate) fn from_tsv(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut heading = |name| lines.next()?.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix('\t');
        let name = heading("room")?.to_owned();
        let [date, revision, rustc, machine] =
            [heading("date"), heading("revision"), heading("rustc"), heading("machine")]
                .map(|text| text.map(str::to_owned));
        let origin = Origin { date: date?, revision: revision?, rustc: rustc?, machine: machine? };
        if lines.next()? != COLUMNS {
            return None;
        }
        let rows = lines.map(row).collect::<Option<Vec<Row>>>()?;
        Some(Self { name, origin, report: Report { rows } })
    }
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split('\t').collect();
    let &[work, axis, at, who, role, median, fastest, slowest, goal] = cells.as_slice() else { return None };
    Some(Row {
        work: work.to_owned(),
        axis: axis.to_owned(),
        at: if axis.is_empty() { 0 } else { at.parse().ok()? },
        who: who.to_owned(),
        role: ROLES.into_iter().find(|known| known.name() == role)?,
        median: median.parse().ok()?,
        fastest: fastest.parse().ok()?,
        slowest: slowest.parse().ok()?,
        goal: goal.to_owned(),
    })
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Peer => "peer",
            Self::Yardstick => "yardstick",
        }
    }
}

const COLUMNS: &str = "work\taxis\tat\twho\trole\tmedian_ns\tfastest_ns\tslowest_ns\tgoal";
const ROLES: [Role; 3] = [Role::Ours, Role::Peer, Role::Yardstick];

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A room with a work, a work with a peer that is faster, and a curve of two points.
    pub(crate) fn room() -> Room {
        let row = |work: &str, axis: &str, at, who: &str, role, median| Row {
            work: work.to_owned(),
            axis: axis.to_owned(),
            at,
            goal: String::new(),
            ..Row::new(who, role, vec![median, median / 2.0, median * 2.0])
        };
        let origin = Origin {
            date: "2026-11-23".to_owned(),
            revision: "0123456789".to_owned(),
            rustc: "rustc 1.95.0".to_owned(),
            machine: "a processor, 2 cores".to_owned(),
        };
        let rows = vec![
            row("make <it>", "", 0, "palisade", Role::Ours, 20.0),
            row("make <it>", "", 0, "peer 1.0: less", Role::Peer, 4_000.0),
            row("make <it>", "", 0, "a|part", Role::Yardstick, 10.0),
            row("check", "", 0, "palisade", Role::Ours, 20.0),
            row("check", "", 0, "peer 1.0", Role::Peer, 10.0),
            row("find", "keys", 1_000, "palisade", Role::Ours, 20.0),
            row("find", "keys", 1_000, "peer 1.0", Role::Peer, 30.0),
            row("find", "keys", 1_000_000, "palisade", Role::Ours, 40.0),
            row("find", "keys", 1_000_000, "peer 1.0", Role::Peer, 3_000.0),
        ];
        Room { name: "things".to_owned(), origin, report: Report { rows } }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Room::from_tsv(&room().to_tsv()), Some(room()));
    }

    #[test]
    fn damaged_results_are_refused() {
        let text = room().to_tsv();
        for (part, other) in
            [("# date\t", "# "), ("ours", "theirs"), ("20.000", "fast"), ("keys\t1000\t", "keys\t\t")]
        {
            assert!(text.contains(part));
            assert_eq!(Room::from_tsv(&text.replacen(part, other, 1)), None, "{part}");
        }
        assert_eq!(Room::from_tsv(""), None);
    }

    #[test]
    fn works_peers_and_curves_are_told_apart() {
        let room = room().report;
        let sizes: Vec<usize> = room.works().map(|(_, rows)| rows.len()).collect();
        assert_eq!(sizes, [3, 2, 2, 2]);
        let pairs: Vec<(f64, &str)> =
            room.pairs().map(|(ours, peer)| (ours.median / peer.median, peer.name())).collect();
        assert_eq!(pairs, [(0.005, "peer 1.0"), (2.0, "peer 1.0")]);
        assert_eq!(room.curves().map(<[Row]>::len).collect::<Vec<_>>(), [4]);
    }
}
