//! The parts of a page: sections, charts, tables with their CSV.

use std::fmt::Write as _;

use crate::chart::escaped;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5a6470;--line:#d5dae0;--fill:#7aa5d8;--mark:#0b3d78;--ground:#fff;--tint:#f4f6f8;--warn:#9a3412}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--line:#3a424b;--fill:#3f6ea8;--mark:#cfe2fa;--ground:#14171a;--tint:#1d2226;--warn:#fdba74}}
body{margin:0 auto;max-width:62rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.35rem;margin:2.6rem 0 .4rem;border-top:2px solid var(--line);padding-top:1rem}
p{max-width:46rem}nav{font-size:.9rem;margin:1rem 0}nav a{margin-right:.9rem;white-space:nowrap}a{color:var(--mark)}
.warn{border-left:.3rem solid var(--warn);padding:.3rem .8rem;background:var(--tint)}
.told li{margin:.25rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem;margin:.5rem 0 .2rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft)}th,td{text-align:left;padding:.22rem .8rem .22rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}td.n,th.n{text-align:right}
.csv{font-size:.8rem;color:var(--soft)}summary{cursor:pointer;color:var(--mark);font-size:.9rem;margin:.4rem 0}
pre{background:var(--tint);padding:.7rem 1rem;overflow-x:auto;white-space:pre-wrap}
figure{margin:.8rem 0 0}figcaption{color:var(--soft);font-size:.875rem}svg{width:100%;height:auto;display:block}
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .tick{text-anchor:middle;fill:var(--soft)}svg .unit{fill:var(--soft)}svg .name{text-anchor:end}svg .note{fill:var(--soft)}
svg .grid{stroke:var(--line)}svg .range{fill:var(--fill)}svg .endless{fill-opacity:.55;stroke:var(--fill);stroke-dasharray:4 3}svg .mark{stroke:var(--mark);stroke-width:3}
svg .band{stroke:var(--mark);stroke-width:6;stroke-opacity:.45}svg .shade{fill:var(--warn);fill-opacity:.14}
svg .line{fill:none;stroke-width:2}svg .label{font-size:12px}
svg .line.c0{stroke:#1f6fb4}svg .line.c1{stroke:#b8500f;stroke-dasharray:7 3}svg .line.c2{stroke:#2f7d32;stroke-dasharray:2 3}svg .line.c3{stroke:#7b3fa0;stroke-dasharray:9 3 2 3}
svg .line.c4{stroke:#8a6d00;stroke-dasharray:12 4}svg .line.c5{stroke:#a01f4b;stroke-dasharray:4 2}svg .line.c6{stroke:#44616b;stroke-dasharray:1 3}svg .line.c7{stroke:#666;stroke-dasharray:6 6}
svg .arc{fill:none;stroke:var(--fill);stroke-opacity:.5}svg .node{fill:var(--mark)}
@media print{body{max-width:none;padding:0;font-size:10.5pt}nav,.csv{display:none}h2{break-after:avoid}figure,tr{break-inside:avoid}details>*{display:block}:root{--ground:#fff;--ink:#000;--tint:#f4f6f8;--line:#bbb;--soft:#444;--mark:#0b3d78;--fill:#9dbce0}}
";

/// Rows of a table that stand open; more fold away.
const OPEN_ROWS: usize = 12;

/// A page that is being written.
pub(super) struct Page {
    title: String,
    contents: Vec<(String, String)>,
    body: String,
}

/// A table, and its CSV.
pub(super) struct Table {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(name: &'static str, columns: &[&str]) -> Self {
        Self { name, columns: columns.iter().map(|one| (*one).to_owned()).collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn csv(&self) -> String {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let line = |cells: &Vec<String>| cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
        std::iter::once(&self.columns).chain(&self.rows).map(line).collect()
    }

    /// Whether each cell of a column is a number, or nothing.
    fn is_numeric(&self, column: usize) -> bool {
        let numeric = |cell: &String| {
            let first = cell.split([' ', '–']).next().unwrap_or_default().trim_end_matches('%');
            cell == "–" || first.replace('\u{202f}', "").parse::<f64>().is_ok()
        };
        self.rows.iter().filter_map(|row| row.get(column)).all(numeric)
    }
}

impl Page {
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), contents: Vec::new(), body: String::new() }
    }

    pub(super) fn section(&mut self, title: &str, id: &str) {
        self.contents.push((id.to_owned(), title.to_owned()));
        self.add(format_args!("<h2 id=\"{id}\">{}</h2>", escaped(title)));
    }

    pub(super) fn say(&mut self, text: &str) {
        self.add(format_args!("<p>{}</p>", escaped(text)));
    }

    pub(super) fn warn(&mut self, text: &str) {
        self.add(format_args!("<p class=\"warn\">{}</p>", escaped(text)));
    }

    pub(super) fn list(&mut self, lines: &[String]) {
        let items: String = lines.iter().map(|line| format!("<li>{}</li>", escaped(line))).collect();
        self.add(format_args!("<ul class=\"told\">{items}</ul>"));
    }

    pub(super) fn code(&mut self, text: &str) {
        self.add(format_args!("<pre>{}</pre>", escaped(text)));
    }

    /// A chart, which must be SVG of `crate::chart`, with what one sees in it.
    pub(super) fn figure(&mut self, svg: &str, caption: &str) {
        self.add(format_args!("<figure>{svg}<figcaption>{}</figcaption></figure>", escaped(caption)));
    }

    /// A table; what is long folds away behind its first rows' number.
    pub(super) fn table(&mut self, table: &Table) {
        if table.rows.len() > OPEN_ROWS {
            self.folded(&format!("Table of {} rows", table.rows.len()), table);
        } else {
            self.open(table);
        }
    }

    pub(super) fn folded(&mut self, summary: &str, table: &Table) {
        self.add(format_args!("<details><summary>{}</summary>", escaped(summary)));
        self.open(table);
        self.add(format_args!("</details>"));
    }

    fn open(&mut self, table: &Table) {
        let class: Vec<&str> =
            (0..table.columns.len()).map(|at| if table.is_numeric(at) { " class=\"n\"" } else { "" }).collect();
        let cells = |tag: &str, row: &[String]| -> String {
            let cell = |(at, text): (usize, &String)| {
                format!("<{tag}{}>{}</{tag}>", class.get(at).unwrap_or(&""), escaped(text))
            };
            row.iter().enumerate().map(cell).collect()
        };
        let head = cells("th", &table.columns);
        self.add(format_args!("<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>"));
        for row in &table.rows {
            let row = cells("td", row);
            self.add(format_args!("<tr>{row}</tr>"));
        }
        self.add(format_args!("</tbody></table></div>"));
        let (name, data) = (table.name, percent(&table.csv()));
        self.add(format_args!(
            "<a class=\"csv\" download=\"{name}.csv\" href=\"data:text/csv;charset=utf-8,{data}\">{name}.csv</a>"
        ));
    }

    pub(super) fn done(self) -> String {
        let title = escaped(&self.title);
        let link = |(id, title): &(String, String)| format!("<a href=\"#{id}\">{}</a>", escaped(title));
        let contents = self.contents.iter().map(link).collect::<Vec<_>>().join(" ");
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
             'unsafe-inline'\"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1><nav \
             aria-label=\"Contents\">{contents}</nav>{}</body></html>\n",
            self.body
        )
    }

    fn add(&mut self, part: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(part);
        self.body.push('\n');
    }
}

/// Text in a `data:` address.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A number with its thousands apart.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// Days, or that nobody knows.
pub(super) fn days(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), crate::compare::number)
}
