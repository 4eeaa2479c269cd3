//! What a browser does with the console, over plain HTTP: cookies, forms with their hidden fields, and what it says of itself.

use std::{collections::BTreeMap, fs};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    stage::{Side, Stage},
    until,
};

/// A browser at one console.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    /// As in `http://localhost:4711`.
    pub(crate) origin: String,
    pub(crate) cookie: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Browser {
    /// At the console of the central authority's desk.
    pub(crate) async fn at(stage: &Stage, side: Side) -> Self {
        let status = stage.desk(side, &["status"]).await.done();
        Self { origin: status["console"].as_str().unwrap().to_owned(), cookie: None }
    }

    /// Signs in with the passphrase that `gateway init` made.
    pub(crate) async fn signed_in(stage: &Stage, side: Side, officer: &str) -> Self {
        let mut browser = Self::at(stage, side).await;
        let form = browser.get("/sign-in").await;
        let fields = [("officer", officer), ("passphrase", &passphrase(stage, side, officer))];
        let entered = browser.send(&form, "/sign-in", &fields).await;
        assert_eq!((entered.status, entered.header("location")), (303, "/"), "{}", entered.body);
        browser
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.ask(&[], &format!("GET {path} HTTP/1.1"), "").await
    }

    /// Posts a form of `page`: its hidden fields, and what was filled in.
    pub(crate) async fn send(&mut self, page: &Page, path: &str, filled: &[(&str, &str)]) -> Page {
        let hidden = page.hidden();
        let given = |name: &str| filled.iter().any(|(one, _)| *one == name);
        let all = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| !given(name));
        let all: Vec<_> = all.chain(filled.iter().copied()).collect();
        self.post(path, &all).await
    }

    /// Posts these fields and no others, as a page of the console does.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let origin = self.origin.clone();
        self.post_from(&[("Origin", &origin)], path, fields).await
    }

    /// The same with other headers.
    pub(crate) async fn post_from(&mut self, headers: &[(&str, &str)], path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let headers = [&[kind], headers].concat();
        self.ask(&headers, &format!("POST {path} HTTP/1.1"), &body.join("&")).await
    }

    /// Any request; a `Host` among the headers takes the place of the right one.
    pub(crate) async fn ask(&mut self, headers: &[(&str, &str)], line: &str, body: &str) -> Page {
        let authority = self.origin.strip_prefix("http://").unwrap().to_owned();
        let mut head = format!("{line}\r\nConnection: close\r\n");
        for (name, value) in [("Host", authority.clone()), ("Content-Length", body.len().to_string())] {
            if !headers.iter().any(|(given, _)| *given == name) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(cookie) = &self.cookie {
            head.push_str(&format!("Cookie: {cookie}\r\n"));
        }
        let mut stream = TcpStream::connect(authority.replace("localhost", "127.0.0.1")).await.unwrap();
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let page = Page::of(&String::from_utf8_lossy(&answer));
        if let Some(set) = page.headers.get("set-cookie") {
            self.cookie = set.split(';').next().map(ToOwned::to_owned);
        }
        page
    }

    /// Takes a step as an officer does: fills the form in, looks at what is signed, signs. Returns the page that tells what came of it.
    pub(crate) async fn take(&mut self, case: &str, step: &str, filled: &[(&str, &str)], passphrase: &str) -> Page {
        let path = format!("/cases/{case}/steps/{step}");
        let check = self.check(&path, filled).await;
        let signed = self.send(&check, &path, &[("act", "sign"), ("passphrase", passphrase)]).await;
        assert_eq!(signed.status, 303, "{step}: {}", signed.text());
        let done = self.get(signed.header("location")).await;
        assert_eq!(done.status, 200, "{step}: {}", done.text());
        done
    }

    /// The page that shows what is going to be signed, once the desk offers the step.
    pub(crate) async fn check(&mut self, path: &str, filled: &[(&str, &str)]) -> Page {
        let form = until(&format!("{path} is offered"), 30, async || {
            let form = self.get(path).await;
            (form.status == 200).then_some(form)
        })
        .await;
        let check = self.send(&form, path, &[filled, &[("act", "check")]].concat()).await;
        self.led(check).await
    }

    /// Where an answer to a form leads: a page by itself, which can be reloaded.
    pub(crate) async fn led(&mut self, answer: Page) -> Page {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let page = self.get(answer.header("location")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page
    }
}

impl Page {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.unwrap_or(0),
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The hidden fields of the page's own form (not those of the way out, which stands first).
    pub(crate) fn hidden(&self) -> Vec<(String, String)> {
        let main = self.body.split_once("<main").map_or(self.body.as_str(), |(_, main)| main);
        let inputs = main.split("<input type=\"hidden\" name=\"").skip(1);
        let field = |input: &str| {
            let (name, rest) = input.split_once("\" value=\"")?;
            Some((plain(name), plain(rest.split_once('"')?.0)))
        };
        inputs.filter_map(field).collect()
    }

    /// What a person reads on it.
    pub(crate) fn text(&self) -> String {
        let main = self.body.split_once("<main").map_or(self.body.as_str(), |(_, main)| main);
        let words: String = main.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
        let lines: Vec<_> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        plain(&lines.join("\n"))
    }
}

/// The passphrase of an officer of the central authority.
pub(crate) fn passphrase(stage: &Stage, side: Side, officer: &str) -> String {
    let officer = if officer.contains('/') { officer.to_owned() } else { format!("central/{officer}") };
    let file = stage.state(side).dir.join("officers").join(officer).join("passphrase");
    fs::read_to_string(file).unwrap().trim().to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn plain(html: &str) -> String {
    let marks = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    marks.into_iter().fold(html.to_owned(), |text, (mark, plain)| text.replace(mark, plain))
}
