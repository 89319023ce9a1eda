//! AWS Secrets Manager as far as the functions need it: `GetSecretValue` in AWS JSON 1.1, by name. Who may read what is
//! IAM's business, and not played here.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use sandbox::listen::{Bound, Servers};
use serde_json::{Value, json};

use crate::faults::{Faults, Proxy};

type Secrets = Arc<Mutex<BTreeMap<String, String>>>;

/// A running one, which goes wrong to order; dropping it ends it.
pub struct Vault {
    pub faults: Faults,
    secrets: Secrets,
    proxy: Proxy,
    _servers: Servers,
}

impl Vault {
    pub async fn start() -> Self {
        let (mut servers, bound, secrets) = (Servers::new(), Bound::at(0).await.expect("a port"), Secrets::default());
        let (url, faults) = (bound.url(), Faults::default());
        servers.serve(bound, Router::new().route("/", post(get)).with_state(Arc::clone(&secrets)));
        let proxy = Proxy::start(&url, &faults).await;
        Self { faults, secrets, proxy, _servers: servers }
    }

    /// What `AWS_ENDPOINT_URL_SECRETS_MANAGER` must be.
    pub fn url(&self) -> &str {
        &self.proxy.url
    }

    /// From now on the secret has this text.
    pub fn put(&self, name: &str, text: impl Into<String>) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), text.into());
    }

    /// The same, of one variable.
    pub fn set(&self, name: &str, variable: &str, value: &str) {
        self.put(name, json!({ variable: value }).to_string());
    }

    /// How often a secret was asked for.
    pub fn asked(&self) -> usize {
        self.faults.asked("GetSecretValue")
    }
}

async fn get(State(secrets): State<Secrets>, headers: HeaderMap, body: String) -> Response {
    let refused = |code: &str| (StatusCode::BAD_REQUEST, Json(json!({ "__type": code, "Message": "no" })));
    if headers.get("x-amz-target").is_none_or(|target| target != "secretsmanager.GetSecretValue") {
        return refused("InvalidRequestException").into_response();
    }
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    let name = request["SecretId"].as_str().unwrap_or_default();
    match secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
        Some(text) => {
            Json(json!({ "Name": name, "SecretString": text, "VersionStages": ["AWSCURRENT"] })).into_response()
        }
        None => refused("ResourceNotFoundException").into_response(),
    }
}
