//! The files that every page loads: styles and scripts. They are part of the program; their names hold the digest of what they are, so that a browser
//! keeps them for good, and a new program has new names.

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Router,
    extract::Path,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use include_dir::{Dir, include_dir};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/public");

/// So much of the digest stands in the name: 64 bits.
const DIGEST_BYTES: usize = 8;

struct Asset {
    href: String,
    bytes: &'static [u8],
    kind: &'static str,
}

/// By the name of the file, as `console.css`.
static ASSETS: LazyLock<BTreeMap<&'static str, Asset>> = LazyLock::new(|| FILES.files().filter_map(asset).collect());

fn asset(file: &'static include_dir::File<'static>) -> Option<(&'static str, Asset)> {
    let name = file.path().to_str()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let kind = match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    let hash = digest(&SHA256, file.contents());
    let mut hex = String::with_capacity(2 * DIGEST_BYTES);
    for byte in &hash.as_ref()[..DIGEST_BYTES] {
        // Writing into a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Some((name, Asset { href: format!("/assets/{stem}-{hex}.{extension}"), bytes: file.contents(), kind }))
}

/// Where the file of this name is served; nowhere if there is none of that name, which a test excludes for those that the layout names.
pub fn href(name: &str) -> &'static str {
    ASSETS.get(name).map_or("", |asset| &asset.href)
}

/// All files, with the addresses under which they are served.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    ASSETS.values().map(|asset| (asset.href.as_str(), asset.bytes))
}

/// `GET /assets/<name>-<digest>.<extension>`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>) -> Response {
    let wanted = format!("/assets/{name}");
    let Some(asset) = ASSETS.values().find(|asset| asset.href == wanted) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.bytes).into_response()
}

#[cfg(test)]
mod tests;
