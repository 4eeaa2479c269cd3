//! Small charts as SVG in text: ranges, bars, lines, and a ring of states. They carry their own words and colours by class, so that a page
//! styles them, and each says in `<title>` what a reader who does not see it is told. They know nothing of simulations.

use std::fmt::Write as _;

/// The width of every chart, in units of its own.
const WIDTH: f64 = 960.0;
/// Room for the names of rows.
const NAMES: f64 = 260.0;
/// Room for numbers behind a row.
const NUMBERS: f64 = 150.0;
const ROW: f64 = 26.0;
const AXIS: f64 = 34.0;

/// A row of a chart of ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// Its name.
    pub name: String,
    /// The thick part, from where to where; without an end where nobody knows it.
    pub from: f64,
    /// Its end.
    pub to: Option<f64>,
    /// The mark in it.
    pub middle: Option<f64>,
    /// Between which the mark lies, over several runs.
    pub band: Option<[f64; 2]>,
    /// What is written behind it.
    pub note: String,
}

/// A row of a bar chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Its length.
    pub value: f64,
    /// What is written behind it.
    pub note: String,
}

/// A line over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A time that is shaded behind lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Shade {
    /// From.
    pub from: f64,
    /// To.
    pub to: f64,
    /// What it is.
    pub name: String,
}

/// Text for between tags and in attributes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// Steps of an axis from 0 to at least `most`: 1, 2 or 5 times a power of ten, four to eight of them.
fn steps(most: f64) -> Vec<f64> {
    let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
    let mut step = 1e-6;
    let mut factors = [2.0, 2.5, 2.0].into_iter().cycle();
    while most / step > 6.0 {
        step *= factors.next().unwrap_or(2.0);
    }
    let count = (most / step).ceil() as u32;
    (0..=count).map(|n| f64::from(n) * step).collect()
}

fn tick(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

struct Svg(String);

impl Svg {
    fn new(height: f64, title: &str) -> Self {
        Self(format!(
            "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\"><title>{}</title>",
            escaped(title)
        ))
    }

    fn add(&mut self, part: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.0.write_fmt(part);
    }

    fn text(&mut self, (x, y): (f64, f64), class: &str, text: &str) {
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>", escaped(text)));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.add(format_args!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" class=\"{class}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    fn done(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }
}

/// The frame of a chart with rows: grid, axis, names. Answers where a value stands.
fn rows(svg: &mut Svg, names: &[&str], most: f64, unit: &str) -> impl Fn(f64) -> f64 + use<> {
    let ticks = steps(most);
    let end = ticks.last().copied().unwrap_or(1.0);
    let width = WIDTH - NAMES - NUMBERS;
    let at = move |value: f64| NAMES + value / end * width;
    let bottom = names.len() as f64 * ROW + 6.0;
    for value in ticks {
        svg.line((at(value), 4.0), (at(value), bottom), "grid");
        svg.text((at(value), bottom + 16.0), "tick", &tick(value));
    }
    svg.text((at(end) + 14.0, bottom + 16.0), "unit", unit);
    for (row, name) in names.iter().enumerate() {
        svg.text((NAMES - 10.0, row as f64 * ROW + 22.0), "name", name);
    }
    at
}

/// Thick bars from one value to another, with a mark.
pub fn ranges(title: &str, unit: &str, all: &[Range]) -> String {
    let ends = all.iter().flat_map(|row| [row.to, row.middle, Some(row.from)]).flatten();
    let most = ends.fold(0.0, f64::max);
    let mut svg = Svg::new(all.len() as f64 * ROW + AXIS, title);
    let names: Vec<&str> = all.iter().map(|row| row.name.as_str()).collect();
    let at = rows(&mut svg, &names, most, unit);
    for (index, row) in all.iter().enumerate() {
        let y = index as f64 * ROW + 17.0;
        let end = row.to.map_or(WIDTH - NUMBERS, &at);
        svg.add(format_args!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\" rx=\"2\" class=\"range{}\"/>",
            at(row.from),
            y - 6.0,
            (end - at(row.from)).max(1.0),
            if row.to.is_none() { " endless" } else { "" }
        ));
        if let Some([low, high]) = row.band {
            svg.line((at(low), y), (at(high), y), "band");
        }
        if let Some(middle) = row.middle {
            svg.line((at(middle), y - 9.0), (at(middle), y + 9.0), "mark");
        }
        svg.text((WIDTH - NUMBERS + 34.0, y + 5.0), "note", &row.note);
    }
    svg.done()
}

/// Bars from zero.
pub fn bars(title: &str, unit: &str, all: &[Bar]) -> String {
    let most = all.iter().map(|row| row.value).fold(0.0, f64::max);
    let mut svg = Svg::new(all.len() as f64 * ROW + AXIS, title);
    let names: Vec<&str> = all.iter().map(|row| row.name.as_str()).collect();
    let at = rows(&mut svg, &names, most, unit);
    for (index, row) in all.iter().enumerate() {
        let y = index as f64 * ROW + 17.0;
        svg.add(format_args!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\" rx=\"2\" class=\"range\"/>",
            at(0.0),
            y - 6.0,
            (at(row.value) - at(0.0)).max(0.5)
        ));
        svg.text((WIDTH - NUMBERS + 34.0, y + 5.0), "note", &row.note);
    }
    svg.done()
}

/// Lines over a common axis, each named at its end; the names are kept apart.
pub fn lines(title: &str, (x_unit, y_unit): (&str, &str), all: &[Series], shades: &[Shade]) -> String {
    const HEIGHT: f64 = 300.0;
    const LEFT: f64 = 60.0;
    let points = || all.iter().flat_map(|one| one.points.iter());
    let (x_ticks, y_ticks) =
        (steps(points().map(|(x, _)| *x).fold(0.0, f64::max)), steps(points().map(|(_, y)| *y).fold(0.0, f64::max)));
    let last = |ticks: &[f64]| ticks.last().copied().unwrap_or(1.0);
    let (x_end, y_end) = (last(&x_ticks), last(&y_ticks));
    let x = |value: f64| LEFT + value / x_end * (WIDTH - LEFT - 190.0);
    let y = |value: f64| HEIGHT - 30.0 - value / y_end * (HEIGHT - 50.0);
    let mut svg = Svg::new(HEIGHT, title);
    for shade in shades {
        svg.add(format_args!(
            "<rect x=\"{:.1}\" y=\"20\" width=\"{:.1}\" height=\"{:.1}\" class=\"shade\"><title>{}</title></rect>",
            x(shade.from),
            (x(shade.to.min(x_end)) - x(shade.from)).max(1.0),
            HEIGHT - 50.0,
            escaped(&shade.name)
        ));
    }
    for value in x_ticks {
        svg.text((x(value), HEIGHT - 12.0), "tick", &tick(value));
    }
    svg.text((x(x_end) + 16.0, HEIGHT - 12.0), "unit", x_unit);
    for value in y_ticks {
        svg.line((LEFT, y(value)), (x(x_end), y(value)), "grid");
        svg.text((LEFT - 8.0, y(value) + 4.0), "name", &tick(value));
    }
    svg.text((LEFT, 12.0), "unit", y_unit);
    let mut ends: Vec<(usize, f64)> =
        all.iter().enumerate().filter_map(|(place, one)| Some((place, y(one.points.last()?.1)))).collect();
    ends.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut lowest = 0.0;
    for (place, at) in ends {
        let Some(one) = all.get(place) else { continue };
        let path: Vec<String> = one.points.iter().map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b))).collect();
        svg.add(format_args!("<polyline points=\"{}\" class=\"line c{}\"/>", path.join(" "), place % 8));
        lowest = f64::max(at, lowest + 15.0);
        let right = one.points.last().map_or(0.0, |(end, _)| x(*end));
        svg.add(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" class=\"label c{}\">{}</text>",
            right + 8.0,
            lowest + 4.0,
            place % 8,
            escaped(&one.name)
        ));
    }
    svg.done()
}

/// States on a ring and what goes between them; a schematic, no map. `arcs` are places in `names` with a weight, as is `sizes`.
pub fn ring(title: &str, names: &[(String, f64)], arcs: &[(usize, usize, f64)]) -> String {
    const HEIGHT: f64 = 620.0;
    const RADIUS: f64 = 250.0;
    let centre = (WIDTH / 2.0, HEIGHT / 2.0);
    let point = |place: usize, radius: f64| {
        let angle = std::f64::consts::TAU * place as f64 / names.len().max(1) as f64;
        (centre.0 + radius * libm::sin(angle), centre.1 - radius * libm::cos(angle))
    };
    let most = |all: f64, one: f64| f64::max(all, one);
    let (arc_most, size_most) =
        (arcs.iter().map(|arc| arc.2).fold(1.0, most), names.iter().map(|(_, size)| *size).fold(1.0, most));
    let mut svg = Svg::new(HEIGHT, title);
    for (from, to, weight) in arcs {
        let (a, b) = (point(*from, RADIUS), point(*to, RADIUS));
        svg.add(format_args!(
            "<path d=\"M{:.1} {:.1} Q{:.1} {:.1} {:.1} {:.1}\" class=\"arc\" stroke-width=\"{:.1}\"/>",
            a.0,
            a.1,
            centre.0,
            centre.1,
            b.0,
            b.1,
            0.5 + 7.5 * weight / arc_most
        ));
    }
    for (place, (name, size)) in names.iter().enumerate() {
        let (x, y) = point(place, RADIUS);
        svg.add(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" class=\"node\"/>",
            3.0 + 9.0 * libm::sqrt(size / size_most)
        ));
        svg.text((point(place, RADIUS + 26.0).0, point(place, RADIUS + 26.0).1 + 4.0), "tick", name);
    }
    svg.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps_and_reaches_the_longest_row() {
        assert_eq!(steps(290.0), [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0]);
        assert!(steps(0.0).len() > 1 && steps(f64::NAN).len() > 1);
    }

    #[test]
    fn words_of_a_file_are_no_tags() {
        let bar = Bar { name: "<script>".to_owned(), value: 1.0, note: "a & b".to_owned() };
        let svg = bars("t\"", "days", &[bar]);
        assert!(svg.contains("&lt;script&gt;") && svg.contains("a &amp; b") && !svg.contains("<script>"));
    }
}
