//! Plots as inline SVG without a style or a script: bars and steps, told apart by pattern and word, never by colour alone. What is plotted stands
//! as a table beside it.

use askama::Template;

const WIDTH: u32 = 720;
const LABEL_WIDTH: u32 = 230;
/// What is left of a bar's row for its number.
const NUMBER_WIDTH: u32 = 70;
const BAR_HEIGHT: u32 = 18;
const GAP: u32 = 14;
const STEPS_HEIGHT: u32 = 240;
/// So many characters of a label stand beside a bar; the table has it whole.
const LABEL_CHARS_MAX: usize = 26;

/// A plot.
#[derive(Template)]
#[template(path = "plot.html")]
pub(crate) struct Plot {
    /// Of its parts' names on the page.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What it shows, for those who do not see it.
    pub(crate) told: String,
    pub(crate) legend: Vec<String>,
    width: u32,
    height: u32,
    bars: Vec<BarShown>,
    lines: Vec<LineShown>,
    axis: Vec<MarkShown>,
}

impl askama::filters::HtmlSafe for Plot {}

struct BarShown {
    label: String,
    label_y: u32,
    x: u32,
    y: u32,
    width: u32,
    /// Which of the patterns: 0 is plain.
    series: usize,
    number: String,
    number_x: u32,
}

struct LineShown {
    path: String,
    series: usize,
    end: String,
    end_y: u32,
}

struct MarkShown {
    x: u32,
    y: u32,
    text: String,
}

/// One value of each series, under a name.
pub(crate) struct Row {
    pub(crate) label: String,
    /// The value and how it is written.
    pub(crate) values: Vec<(f64, String)>,
}

impl Plot {
    /// Bars from left to right: one of each series under each name.
    pub(crate) fn bars(id: &str, title: String, told: String, legend: Vec<String>, rows: &[Row]) -> Self {
        let most = rows.iter().flat_map(|row| &row.values).map(|(value, _)| *value).fold(0.0, f64::max);
        let room = WIDTH - LABEL_WIDTH - NUMBER_WIDTH;
        let (mut bars, mut y) = (Vec::new(), 40);
        for row in rows {
            for (series, (value, number)) in row.values.iter().enumerate() {
                let width = scaled(*value, most, room);
                bars.push(BarShown {
                    label: if series == 0 { cut(&row.label) } else { String::new() },
                    label_y: y + BAR_HEIGHT - 4,
                    x: LABEL_WIDTH,
                    y,
                    width,
                    series,
                    number: number.clone(),
                    number_x: LABEL_WIDTH + width + 6,
                });
                y += BAR_HEIGHT + 2;
            }
            y += GAP;
        }
        Self {
            id: id.to_owned(),
            title,
            told,
            legend,
            width: WIDTH,
            height: y,
            bars,
            lines: Vec::new(),
            axis: Vec::new(),
        }
    }

    /// A line of steps for each series, over the names in their order.
    pub(crate) fn steps(id: &str, title: String, told: String, legend: Vec<String>, rows: &[Row]) -> Self {
        let most = rows.iter().flat_map(|row| &row.values).map(|(value, _)| *value).fold(0.0, f64::max);
        let (left, top, bottom) = (40, 40, STEPS_HEIGHT);
        let room = WIDTH - left - NUMBER_WIDTH;
        let count = u32::try_from(rows.len().max(1)).unwrap_or(1);
        let at = |place: usize| left + room * u32::try_from(place).unwrap_or(0) / count;
        let height = |value: f64| bottom - scaled(value, most, bottom - top);
        let series = rows.first().map_or(0, |row| row.values.len());
        let line = |series: usize| {
            let mut path = format!("M{left} {bottom}");
            for (place, row) in rows.iter().enumerate() {
                let value = row.values.get(series).map_or(0.0, |(value, _)| *value);
                path.push_str(&format!(" V{} H{}", height(value), at(place + 1)));
            }
            let last = rows.last().and_then(|row| row.values.get(series));
            LineShown {
                path,
                series,
                end: last.map(|(_, number)| number.clone()).unwrap_or_default(),
                end_y: last.map_or(bottom, |(value, _)| height(*value)) + 5,
            }
        };
        let mark = |(place, row): (usize, &Row)| MarkShown {
            x: (at(place) + at(place + 1)) / 2,
            y: bottom + 20,
            text: row.label.clone(),
        };
        let axis = rows.iter().enumerate().map(mark).collect();
        let lines = (0..series).map(line).collect();
        let (id, height) = (id.to_owned(), bottom + 34);
        Self { id, title, told, legend, width: WIDTH, height, bars: Vec::new(), lines, axis }
    }

    fn legend_x(&self, at: &usize) -> usize {
        10 + at * 260
    }

    fn end_x(&self) -> u32 {
        WIDTH - NUMBER_WIDTH + 6
    }
}

/// The share of `room`; nothing where there is nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the room, which is small")]
fn scaled(value: f64, most: f64, room: u32) -> u32 {
    if most <= 0.0 { 0 } else { (value / most * f64::from(room)).round().clamp(0.0, f64::from(room)) as u32 }
}

fn cut(label: &str) -> String {
    match label.char_indices().nth(LABEL_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &label[..at]),
        None => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn row(label: &str, values: &[f64]) -> Row {
        Row { label: label.to_owned(), values: values.iter().map(|value| (*value, value.to_string())).collect() }
    }

    #[test]
    fn the_longest_bar_fills_its_room_and_names_stay_text() {
        let rows = [row("<b>a</b>", &[4.0, 2.0]), row("b", &[0.0, 1.0])];
        let plot = Plot::bars("p", "T".to_owned(), "what".to_owned(), vec!["x".to_owned(), "y".to_owned()], &rows);
        let svg = plot.render().unwrap();
        let widths: Vec<u32> = plot.bars.iter().map(|bar| bar.width).collect();
        assert_eq!(widths, [420, 210, 0, 105]);
        assert!(svg.contains("&#60;b&#62;a") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains("<title id=\"p-title\">T</title>") && svg.contains("<desc"), "{svg}");
        assert!(!svg.contains("style="), "{svg}");
    }

    #[test]
    fn steps_rise_to_what_they_say_and_nothing_divides_by_nothing() {
        let rows = [row("1", &[1.0]), row("2", &[2.0])];
        let plot = Plot::steps("p", String::new(), String::new(), Vec::new(), &rows);
        assert_eq!(plot.lines[0].path, "M40 240 V140 H345 V40 H650");
        assert_eq!(Plot::steps("p", String::new(), String::new(), Vec::new(), &[]).lines.len(), 0);
        let none = Plot::bars("p", String::new(), String::new(), Vec::new(), &[row("a", &[0.0])]);
        assert_eq!(none.bars[0].width, 0);
    }
}
