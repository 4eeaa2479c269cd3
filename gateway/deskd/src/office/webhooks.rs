//! Tells programs elsewhere of events, each by a POST, in order, until it is answered with 2xx. How far each was told is in the
//! database, so that nothing is lost when this program ends; what was answered just before that is told again, under the same id.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::Subject;
use link::{WebRoots, WebTarget};
use model::{Denial, Fault, Timestamp};
use proto::desk as wire;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::desk::{DeskBatch, EventRow, WebhookRow};
use telemetry::say;
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Office, Told, internal, once, unknown};
use crate::{clock, random, safe::Place};

/// Webhooks of one desk.
const WEBHOOKS_MAX: usize = 16;
/// Certificate authorities of one webhook, in bytes of PEM.
const AUTHORITIES_BYTES_MAX: usize = 64 * 1024;
/// Events that are read at once.
const PAGE: u64 = 64;
/// Events that are counted as waiting.
const WAITING_MAX: u64 = 1000;
/// From the look-up of the name to the end of the answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// The pause after the first failure; it doubles.
const FIRST_PAUSE_MS: i64 = 5_000;
const LONGEST_PAUSE_MS: i64 = 3_600_000;
/// After so long without a delivery a webhook is given up.
const GIVEN_UP_AFTER_MS: i64 = 3 * 24 * 3_600_000;
/// How often it is tried to enable a webhook that takes events meanwhile.
const ENABLE_ATTEMPTS: usize = 8;
/// The longest sleep: the system's clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
const STORAGE_PAUSE: Duration = Duration::from_secs(3);

/// A place to tell. Stored as one value, encrypted: a URL may hold a token.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Hook {
    url: String,
    /// The key of the signatures.
    secret: Vec<u8>,
    /// PEM; empty for the authorities of this machine.
    authorities: String,
}

/// What is posted.
struct Message {
    id: String,
    body: String,
}

/// How a delivery ended.
struct Said {
    status: Option<StatusCode>,
    words: String,
}

impl Said {
    fn is_delivered(&self) -> bool {
        self.status.is_some_and(|status| status.is_success())
    }
}

impl Office {
    /// Adds a webhook. Says its secret, which is told once.
    pub(crate) async fn add_webhook(
        &self,
        url: &str,
        authorities: &str,
        after: Option<u64>,
    ) -> Result<(wire::Webhook, String), Denial> {
        let malformed = |error: String| Denial::failed(Fault::Malformed, error);
        if authorities.len() > AUTHORITIES_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the certificate authorities have more than 64 KiB"));
        }
        line_to(url, authorities).map_err(malformed)?;
        let after = match after {
            Some(after) => {
                self.check_cursor(after).await?;
                i64::try_from(after).map_err(internal)?
            }
            None => self.store.newest_event().await?,
        };
        let _members = self.members.lock().await;
        if let Some(id) = once::earlier(|id| String::from_utf8(id.to_vec()).ok())
            && let Some(row) = self.store.webhook(&id).await?
        {
            let secret = told_once(&self.hook(&row)?);
            return Ok((self.shown_webhook(&row).await?, secret));
        }
        if self.store.webhooks().await?.len() >= WEBHOOKS_MAX {
            return Err(Denial::failed(Fault::TooLarge, format!("a desk has at most {WEBHOOKS_MAX} webhooks")));
        }
        let hook =
            Hook { url: url.to_owned(), secret: random::secret()?.to_vec(), authorities: authorities.to_owned() };
        let id = format!("wh_{:016x}", random::webhook_id()?);
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&hook).map_err(internal)?);
        let row = WebhookRow {
            body: self.safe.seal(Place::Webhook, id.as_bytes(), &plain)?,
            id,
            created: clock::now().0,
            cursor: after,
            attempts: 0,
            next_attempt: 0,
            failing_since: None,
            disabled_at: None,
            delivered_at: None,
            said: String::new(),
        };
        self.commit(&DeskBatch { webhooks: vec![row.clone()], ..DeskBatch::default() }).await?;
        Ok((self.shown_webhook(&row).await?, told_once(&hook)))
    }

    /// All webhooks.
    pub(crate) async fn webhooks(&self) -> Result<Vec<wire::Webhook>, Denial> {
        let mut shown = Vec::new();
        for row in self.store.webhooks().await? {
            shown.push(self.shown_webhook(&row).await?);
        }
        Ok(shown)
    }

    /// Removes a webhook.
    pub(crate) async fn remove_webhook(&self, id: &str) -> Result<(), Denial> {
        if once::earlier(|done| (done == id.as_bytes()).then_some(())).is_none() {
            self.webhook_row(id).await?;
        }
        self.commit(&DeskBatch { webhooks_done: vec![id.to_owned()], ..DeskBatch::default() }).await
    }

    /// Lets deliveries go on that were given up or wait.
    pub(crate) async fn enable_webhook(&self, id: &str) -> Result<wire::Webhook, Denial> {
        // It may take an event between the two looks.
        for _ in 0..ENABLE_ATTEMPTS {
            let row = self.webhook_row(id).await?;
            self.check_cursor(u64::try_from(row.cursor).unwrap_or(0)).await?;
            let enabled = WebhookRow { attempts: 0, next_attempt: 0, failing_since: None, disabled_at: None, ..row };
            if self.store.note_webhook(&enabled, enabled.cursor).await? {
                self.changed.send_modify(|count| *count = count.wrapping_add(1));
                return self.shown_webhook(&enabled).await;
            }
        }
        Err(Denial::failed(Fault::StaleCase, "the webhook takes events just now"))
    }

    /// Posts an event of the kind "test" once. Says whether it was taken, and what was answered.
    pub(crate) async fn test_webhook(&self, id: &str) -> Result<(bool, String), Denial> {
        let hook = self.hook(&self.webhook_row(id).await?)?;
        let said = post(&hook, line_to(&hook.url, &hook.authorities).as_ref(), &self.test_message(clock::now())).await;
        Ok((said.is_delivered(), said.words))
    }

    /// The webhooks that take nothing, and why.
    pub(super) async fn webhook_troubles(&self) -> Result<Vec<String>, Denial> {
        let told = |row: WebhookRow| match (row.disabled_at, row.failing_since) {
            (Some(at), _) => Some(format!("{} was given up at {}: {}", row.id, Timestamp(at), row.said)),
            (None, Some(since)) => Some(format!("{} takes nothing since {}: {}", row.id, Timestamp(since), row.said)),
            (None, None) => None,
        };
        Ok(self.store.webhooks().await?.into_iter().filter_map(told).collect())
    }

    /// Tells events until `stop`.
    pub(crate) async fn run_webhooks(self: Arc<Self>, stop: CancellationToken) {
        let mut changes = self.changed.subscribe();
        let (mut running, mut busy) = (JoinSet::new(), BTreeSet::new());
        loop {
            changes.mark_unchanged();
            let pause = match self.webhooks_due(&busy, clock::now()).await {
                Ok((due, pause)) => {
                    for id in due {
                        busy.insert(id.clone());
                        running.spawn(self.clone().deliver(id));
                    }
                    pause
                }
                Err(_) => STORAGE_PAUSE,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                Some(ended) = running.join_next(), if !running.is_empty() => match ended {
                    Ok(id) => drop(busy.remove(&id)),
                    // The cursor keeps a second delivery from being noted.
                    Err(_) => busy.clear(),
                },
                () = sleep(pause) => {}
                _ = changes.changed() => {}
            }
        }
    }

    /// The webhooks to which something may be delivered now, and how long there is nothing else to do.
    async fn webhooks_due(&self, busy: &BTreeSet<String>, now: Timestamp) -> Result<(Vec<String>, Duration), Denial> {
        let (newest, mut due, mut pause) = (self.store.newest_event().await?, Vec::new(), LONGEST_SLEEP);
        let waits = |row: &WebhookRow| row.disabled_at.is_none() && row.cursor < newest && !busy.contains(&row.id);
        for row in self.store.webhooks().await?.into_iter().filter(waits) {
            let rest = row.next_attempt.saturating_sub(now.0).min(LONGEST_PAUSE_MS);
            match u64::try_from(rest) {
                Ok(rest) if rest > 0 => pause = pause.min(Duration::from_millis(rest)),
                _ => due.push(row.id),
            }
        }
        Ok((due, pause))
    }

    /// Delivers what waits for a webhook, until one is not taken.
    async fn deliver(self: Arc<Self>, id: String) -> String {
        if self.deliver_all(&id).await.is_err() {
            say!(Warn, "how a webhook was told could not be noted");
            sleep(STORAGE_PAUSE).await;
        }
        id
    }

    async fn deliver_all(&self, id: &str) -> Result<(), Denial> {
        while let Some(mut row) = self.store.webhook(id).await? {
            let events = self.store.events_after(row.cursor, PAGE).await?;
            if events.is_empty() || row.disabled_at.is_some() {
                return Ok(());
            }
            let hook = self.hook(&row)?;
            let line = line_to(&hook.url, &hook.authorities);
            for event in events {
                let said = post(&hook, line.as_ref(), &self.message(&event)).await;
                let next = noted(&row, event.cursor, &said, clock::now(), random::seed());
                if next.disabled_at.is_some() {
                    say!(Error, "a webhook is given up");
                }
                if !self.store.note_webhook(&next, row.cursor).await? || !said.is_delivered() {
                    return Ok(());
                }
                row = next;
            }
        }
        Ok(())
    }

    fn message(&self, event: &EventRow) -> Message {
        let kind = Told::name(event.kind);
        let (at, case) = (Timestamp(event.at), event.case_id.0.to_string());
        let data = json!({
            "case_id": case,
            "entry_id": event.entry_id.map(|id| id.0.to_string()),
            "kind": kind,
            "cursor": event.cursor,
        });
        self.cloud_event(&format!("{}_{}", event.cursor, event.at), kind, at, Some(&case), data)
    }

    fn test_message(&self, now: Timestamp) -> Message {
        self.cloud_event(&format!("test_{}", now.0), "test", now, None, json!({ "kind": "test" }))
    }

    /// A CloudEvent [CloudEvents 1.0 §2, JSON format §3].
    fn cloud_event(&self, number: &str, kind: &str, at: Timestamp, subject: Option<&str>, data: Value) -> Message {
        let desk = Subject::Desk(self.own.clone()).dns_name();
        let id = format!("evt_{}-{}_{number}", self.own.party().to_dns_label(), self.own.name());
        let mut event = json!({
            "specversion": "1.0",
            "id": id,
            "source": format!("//{desk}/desk"),
            "type": format!("internal.rogatory.desk.v1.{kind}"),
            "time": at.to_string(),
            "datacontenttype": "application/json",
            "data": data,
        });
        if let Some(subject) = subject {
            event["subject"] = subject.into();
        }
        Message { id, body: event.to_string() }
    }

    async fn webhook_row(&self, id: &str) -> Result<WebhookRow, Denial> {
        self.store.webhook(id).await?.ok_or_else(|| unknown("there is no such webhook"))
    }

    fn hook(&self, row: &WebhookRow) -> Result<Hook, Denial> {
        let plain = self.safe.open(Place::Webhook, row.id.as_bytes(), &row.body)?;
        serde_json::from_slice(&plain).map_err(|_| Denial::failed(Fault::Storage, "a webhook cannot be read"))
    }

    async fn shown_webhook(&self, row: &WebhookRow) -> Result<wire::Webhook, Denial> {
        let waiting = self.store.events_after(row.cursor, WAITING_MAX).await?.len();
        let state = match (row.disabled_at, row.failing_since) {
            (Some(_), _) => "disabled",
            (None, Some(_)) => "failing",
            (None, None) => "active",
        };
        Ok(wire::Webhook {
            id: row.id.clone(),
            url: self.hook(row)?.url.clone(),
            state: state.to_owned(),
            cursor: u64::try_from(row.cursor).unwrap_or(0),
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            created_ms: row.created,
            delivered_ms: row.delivered_at.unwrap_or(0),
            failing_since_ms: row.failing_since.unwrap_or(0),
            next_attempt_ms: if state == "failing" { row.next_attempt } else { 0 },
            disabled_ms: row.disabled_at.unwrap_or(0),
            answer: row.said.clone(),
        })
    }
}

/// Where a webhook leads, and who may vouch for it there.
struct Line {
    target: WebTarget,
    roots: Option<WebRoots>,
}

fn line_to(url: &str, authorities: &str) -> Result<Line, String> {
    let target: WebTarget = url.parse().map_err(|error: link::BadTarget| error.to_string())?;
    let roots = match authorities {
        "" if !target.needs_roots() => None,
        "" => Some(WebRoots::of_system()),
        pem => Some(WebRoots::of_pem(pem)),
    };
    let roots = roots.transpose().map_err(|error| error.to_string())?;
    Ok(Line { target, roots })
}

async fn post(hook: &Hook, line: Result<&Line, &String>, message: &Message) -> Said {
    let failed = |words: String| Said { status: None, words };
    let line = match line {
        Ok(line) => line,
        Err(why) => return failed(why.clone()),
    };
    let Some(headers) = headers(&hook.secret, message, clock::now()) else {
        return failed("the request cannot be made".to_owned());
    };
    let body = Bytes::from(message.body.clone());
    match line.target.post(line.roots.as_ref(), headers, body, ANSWER_WITHIN).await {
        Ok(status) => Said { status: Some(status), words: format!("HTTP {}", status.as_u16()) },
        Err(error) => failed(error.to_string()),
    }
}

/// The secret as its owner is told it [Standard Webhooks, "Signature scheme"].
fn told_once(hook: &Hook) -> String {
    format!("whsec_{}", STANDARD.encode(&hook.secret))
}

/// The headers of a delivery, signed as of `now` [Standard Webhooks, "Webhook headers (sending metadata to consumers)"].
fn headers(secret: &[u8], message: &Message, now: Timestamp) -> Option<HeaderMap> {
    let seconds = now.0.div_euclid(1000);
    let signed = format!("{}.{seconds}.{}", message.id, message.body);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    let signature = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/cloudevents+json; charset=utf-8"));
    headers.insert("webhook-id", message.id.parse().ok()?);
    headers.insert("webhook-timestamp", seconds.into());
    headers.insert("webhook-signature", format!("v1,{}", STANDARD.encode(signature)).parse().ok()?);
    Some(headers)
}

/// The webhook after an attempt to deliver the event at `cursor`. `random` spreads the pauses of those that failed together.
fn noted(row: &WebhookRow, cursor: i64, said: &Said, now: Timestamp, random: u64) -> WebhookRow {
    let mut next = WebhookRow { said: said.words.clone(), ..row.clone() };
    if said.is_delivered() {
        (next.cursor, next.delivered_at) = (cursor, Some(now.0));
        (next.attempts, next.next_attempt, next.failing_since) = (0, 0, None);
        return next;
    }
    next.attempts = row.attempts.saturating_add(1);
    next.next_attempt = now.plus_ms(pause_ms(row.attempts, random)).0;
    let since = row.failing_since.unwrap_or(now.0);
    next.failing_since = Some(since);
    // Who answers that it is gone is not asked again [Standard Webhooks, "Deliverability and reliability"].
    let gone = said.status == Some(StatusCode::GONE);
    if gone || now.0.saturating_sub(since) >= GIVEN_UP_AFTER_MS {
        next.disabled_at = Some(now.0);
    }
    next
}

/// Twice as long each time, up to an hour, and shortened at random by up to half.
fn pause_ms(attempts: i64, random: u64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(0);
    let whole = FIRST_PAUSE_MS.saturating_mul(1_i64 << doublings).min(LONGEST_PAUSE_MS);
    let half = whole / 2;
    half + i64::try_from(random % half.unsigned_abs().max(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn row() -> WebhookRow {
        WebhookRow {
            id: "wh_1".to_owned(),
            body: Vec::new().into(),
            created: 0,
            cursor: 5,
            attempts: 0,
            next_attempt: 0,
            failing_since: None,
            disabled_at: None,
            delivered_at: None,
            said: String::new(),
        }
    }

    fn said(status: Option<u16>) -> Said {
        Said { status: status.map(|code| StatusCode::from_u16(code).unwrap()), words: "said".to_owned() }
    }

    #[test]
    fn a_delivery_is_signed_as_the_standard_s_own_example() {
        // The example of the libraries of standardwebhooks.com.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#.to_owned();
        let message = Message { id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(), body };
        let headers = headers(&secret, &message, Timestamp(1_614_265_330_999)).unwrap();
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
    }

    #[test]
    fn what_is_answered_with_2xx_is_delivered_and_nothing_else_is() {
        let taken = noted(&row(), 6, &said(Some(204)), Timestamp(1_000), 0);
        assert_eq!((taken.cursor, taken.delivered_at, taken.failing_since), (6, Some(1_000), None));
        for answer in [None, Some(302), Some(400), Some(500)] {
            let failed = noted(&row(), 6, &said(answer), Timestamp(1_000), 0);
            assert_eq!((failed.cursor, failed.attempts, failed.failing_since), (5, 1, Some(1_000)), "{answer:?}");
            assert_eq!(failed.disabled_at, None);
            assert!(failed.next_attempt > 1_000);
        }
    }

    #[test]
    fn pauses_grow_to_an_hour_and_are_not_alike() {
        for attempts in 0..100 {
            for random in [0, 7, u64::MAX] {
                let pause = pause_ms(attempts, random);
                assert!((FIRST_PAUSE_MS / 2..=LONGEST_PAUSE_MS).contains(&pause), "{attempts}: {pause}");
            }
        }
        assert!(pause_ms(20, 0) >= LONGEST_PAUSE_MS / 2 && pause_ms(3, 1) != pause_ms(3, 999));
    }

    #[test]
    fn a_webhook_is_given_up_after_three_days_or_when_it_says_that_it_is_gone() {
        let (mut row, mut now) = (row(), Timestamp(0));
        while row.disabled_at.is_none() {
            row = noted(&row, 6, &said(None), now, 1);
            now = Timestamp(row.next_attempt);
        }
        let end = row.disabled_at.unwrap();
        assert!((72 * HOUR_MS..73 * HOUR_MS).contains(&end), "{end}");
        let row = WebhookRow { failing_since: None, disabled_at: None, ..row };
        assert_eq!(noted(&row, 6, &said(Some(410)), Timestamp(9), 1).disabled_at, Some(9));
    }
}
