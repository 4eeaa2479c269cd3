//! Idempotency keys, in front of the desk's services: a call that changes something and bears one is done once. No handler knows of it.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use model::{Denial, Digest, Fault};
use tonic::{body::Body, server::NamedService};
use tower::Service;

use crate::office::{Call, Known, Office, Running};

/// The metadata with the key.
const KEY: &str = "idempotency-key";
/// The metadata that says that an answer is one that was given before.
const REPLAYED: &str = "idempotency-replayed";
const KEY_BYTES_MAX: usize = 255;
const STATUS: &str = "grpc-status";

/// How a repetition of a method is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It changes nothing, or each time is to be on record: keys are not looked at.
    Reads,
    /// By the first answer, and done anew where that was lost: the method finds what the first call did.
    Resumed,
    /// By the method, from what the first call did: its answer holds a document, of which no copy is kept.
    Rebuilt,
    /// By the first answer, and not at all where that was lost.
    Guarded,
}

fn kind(method: &str) -> Kind {
    match method {
        "SaveDraft" | "Validate" | "SignStep" => Kind::Resumed,
        "AddWebhook" | "RemoveWebhook" | "EnableWebhook" | "TestWebhook" => Kind::Resumed,
        "PrepareStep" | "PrepareValidation" => Kind::Rebuilt,
        "Preflight" | "NewSkeleton" => Kind::Reads,
        _ if ["Get", "List", "Watch"].iter().any(|verb| method.starts_with(verb)) => Kind::Reads,
        _ => Kind::Guarded,
    }
}

/// A service whose calls bear keys.
#[derive(Clone)]
pub(crate) struct Once<S> {
    inner: S,
    desk: Arc<Desk>,
}

struct Desk {
    office: Arc<Office>,
    running: Running,
    message_bytes_max: usize,
}

impl<S> Once<S> {
    /// In front of `inner`, whose messages have at most `message_bytes_max` bytes.
    pub(crate) fn new(inner: S, office: Arc<Office>, message_bytes_max: usize) -> Self {
        Self { inner, desk: Arc::new(Desk { office, running: Running::default(), message_bytes_max }) }
    }
}

impl<S: NamedService> NamedService for Once<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Once<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let kind = kind(request.uri().path().rsplit('/').next().unwrap_or_default());
        let Some(key) = request.headers().get(KEY).filter(|_| kind != Kind::Reads).cloned() else {
            return Box::pin(self.inner.call(request));
        };
        // The clone has not been asked whether it is ready; what was asked is used up here.
        let clone = self.inner.clone();
        let (inner, desk) = (std::mem::replace(&mut self.inner, clone), self.desk.clone());
        Box::pin(async move {
            let answer = desk.once(inner, request, &key, kind).await;
            Ok(answer.unwrap_or_else(|denial| proto::status::from_denial(&denial).into_http()))
        })
    }
}

impl Desk {
    async fn once<S>(
        &self,
        mut inner: S,
        request: Request<Body>,
        key: &HeaderValue,
        kind: Kind,
    ) -> Result<Response<Body>, Denial>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send,
    {
        let client = link::local_uid_in(request.extensions()).map_err(|status| proto::status::to_denial(&status))?;
        let key = key_of(key)?;
        let _under_way = self.running.enter(client, key)?;
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, self.message_bytes_max).collect().await;
        let body = body.map_err(|_| Denial::failed(Fault::TooLarge, "the message is too large, or was cut off"))?;
        let body = body.to_bytes();
        let asked = Digest::of(&[parts.uri.path().as_bytes(), b"\0", &body]);
        let call = match self.office.known(client, key, asked).await? {
            Known::Answered(answer) => return Ok(answered(answer.into(), true)),
            Known::Unanswered(_) if kind == Kind::Guarded => return Err(lost()),
            Known::Unanswered(call) | Known::New(call) => call,
        };
        let request = Request::from_parts(parts, Body::new(Full::new(body)));
        let Ok(response) = call.clone().run(inner.call(request)).await;
        self.keep(&call, response, kind).await
    }

    /// Makes a good answer durable before it is given. A bad one is not kept: the call may be repeated.
    async fn keep(&self, call: &Call, response: Response<Body>, kind: Kind) -> Result<Response<Body>, Denial> {
        if response.headers().get(STATUS).is_some_and(|status| status != "0") {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let cut = |_| Denial::failed(Fault::Internal, "an answer of the desk broke off");
        let body = body.collect().await.map_err(cut)?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let body = body.to_bytes();
        if trailers.get(STATUS).is_none_or(|status| status != "0") {
            return Ok(Response::from_parts(parts, whole(body, trailers)));
        }
        let kept = (kind != Kind::Rebuilt).then_some(&*body);
        self.office.answered_once(call, kept).await?;
        Ok(answered(body, false))
    }
}

fn lost() -> Denial {
    let detail = "the call was done, but its answer was lost when the desk ended; look at the case, then use a new key";
    Denial::failed(Fault::StaleCase, detail)
}

/// The digest of a key: what programs put into keys is not kept.
fn key_of(key: &HeaderValue) -> Result<Digest, Denial> {
    let bytes = key.as_bytes();
    if bytes.is_empty() || bytes.len() > KEY_BYTES_MAX || !bytes.iter().all(u8::is_ascii_graphic) {
        let detail = "an idempotency key has 1 to 255 visible ASCII characters, and no space";
        return Err(Denial::failed(Fault::Malformed, detail));
    }
    Ok(Digest::of(&[bytes]))
}

fn answered(body: Bytes, replayed: bool) -> Response<Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS, HeaderValue::from_static("0"));
    let mut response = Response::new(whole(body, trailers));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn whole(body: Bytes, trailers: HeaderMap) -> Body {
    Body::new(Full::new(body).with_trailers(async move { Some(Ok(trailers)) }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_reads_has_no_key_and_what_is_not_known_is_never_done_twice() {
        for method in ["GetCase", "GetDocument", "ListCases", "WatchEvents", "Preflight", "NewSkeleton"] {
            assert_eq!(kind(method), Kind::Reads, "{method}");
        }
        assert_eq!(kind("SaveDraft"), Kind::Resumed);
        assert_eq!(kind("PrepareStep"), Kind::Rebuilt);
        assert_eq!(kind("DestroyEverything"), Kind::Guarded);
    }

    #[test]
    fn a_key_is_short_and_visible() {
        let key = |text: &[u8]| key_of(&HeaderValue::from_bytes(text).unwrap());
        assert!(key(b"b6b0c2f6-0001").is_ok());
        for bad in [b"".as_slice(), b"two words", "é".as_bytes(), &[b'x'; 256]] {
            assert_eq!(key(bad).unwrap_err().reason(), "MALFORMED");
        }
    }

    #[tokio::test]
    async fn an_answer_is_given_again_byte_for_byte_and_says_so() {
        let response = answered(Bytes::from_static(b"\0\0\0\0\x01x"), true);
        assert_eq!(response.headers()[REPLAYED], "true");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/grpc");
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()[STATUS], "0");
        assert_eq!(body.to_bytes(), b"\0\0\0\0\x01x".as_slice());
    }
}
