//! Tables for a terminal.

/// Columns as wide as their widest line, with a head. A cell may have several lines.
pub(crate) fn plain(head: &[&str], rows: &[Vec<Vec<String>>]) -> String {
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).flatten().map(|line| line.chars().count());
        cells.chain(head.get(column).map(|cell| cell.chars().count())).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(wide).collect();
    let rules: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
    let mut text = line(&widths, &mut head.iter().copied());
    text += &line(&widths, &mut rules.iter().map(String::as_str));
    for row in rows {
        let height = row.iter().map(Vec::len).max().unwrap_or_default();
        for index in 0..height {
            text += &line(&widths, &mut row.iter().map(|cell| cell.get(index).map_or("", String::as_str)));
        }
    }
    text
}

fn line(widths: &[usize], cells: &mut dyn Iterator<Item = &str>) -> String {
    let padded = cells.zip(widths).map(|(cell, width)| {
        let gap = width.saturating_sub(cell.chars().count());
        format!("{cell}{}", " ".repeat(gap))
    });
    format!("  {}", padded.collect::<Vec<_>>().join("  ")).trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_line() {
        let cell = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let rows = [vec![cell(&["a", "bcd"]), cell(&["é"])], vec![cell(&["x"]), cell(&["y"])]];
        assert_eq!(plain(&["h", "k"], &rows), "  h    k\n  ───  ─\n  a    é\n  bcd\n  x    y\n");
    }
}
