//! The API reference at `/docs/`: files that `cargo xtask docs` has built, with the addresses of this run in them. A machine
//! on which it could not be built shows how.

use std::{io, path::PathBuf};

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use tokio::fs;

use super::Page;

/// The renderer makes its styles as it goes.
pub(super) const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const MISSING: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>API reference</title>\
     <h1>The API reference is not built</h1><p>It takes Node with npm. Then run <code>cargo xtask docs</code>, and load this \
     page again. The same is in <code>infra/openapi.yaml</code>.";

/// Where it is, and what is put in the place of the document's addresses.
pub struct Reference {
    /// The local run's: the reference is in `docs`, and beside it the functions' log, `gateway.log`.
    pub directory: PathBuf,
    /// The gateway's plain-http listener.
    pub enrich_url: String,
}

pub(super) async fn moved() -> Redirect {
    Redirect::permanent("/docs/")
}

pub(super) async fn index(page: State<Page>) -> Response {
    file(page, Path("index.html".to_owned())).await
}

pub(super) async fn file(State(Page(page)): State<Page>, Path(name): Path<String>) -> Response {
    let kind = match name.as_str() {
        "index.html" => "text/html; charset=utf-8",
        "openapi.json" => "application/json",
        "redoc.standalone.js" => "text/javascript; charset=utf-8",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match fs::read_to_string(page.reference.directory.join("docs").join(&name)).await {
        Ok(text) if name == "openapi.json" => {
            // In this order, or a gateway at the second address would be taken for enrich's.
            let text = text.replace("http://127.0.0.1:9002", &page.reference.enrich_url);
            let text = text.replace("http://127.0.0.1:9000", &page.gateway.url);
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Ok(text) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], MISSING).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the API reference cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
