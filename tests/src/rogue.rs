//! A gateway whose only operator is the rogue adapter on its good days, for what no public operator does alike: payloads and
//! enriched headers. What it is like stands in its manifest, which the test chooses.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::StatusCode,
};
use sandbox::listen::{Bound, Servers};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{Event, Gateway, engine::Engine};

/// The network that it serves: that of `NUMBER`.
pub const NETWORK: &str = "ROGUE";
/// A device of the sandbox's whose number is in the range of [`NETWORK`].
pub const NUMBER: &str = "+447700900620";
/// Where the operator's proxy is, and its header.
pub const PROXY: [u8; 4] = [127, 0, 7, 7];
pub const HEADER: &str = "x-rogue-msisdn";

/// The gateway, and the operator that judges tokens.
pub struct Rogue {
    pub gateway: Gateway,
    asked: Arc<AtomicUsize>,
    _files: TempDir,
    _servers: Servers,
}

impl Rogue {
    /// The customer hands over what the handset got from us.
    pub async fn by_payload() -> Self {
        Self::start(json!({ "supports_callback": false, "ajax": true }), json!({})).await
    }

    /// The same, but the handset gets it at the operator's own address.
    pub async fn direct() -> Self {
        let manifest = json!({ "supports_callback": false, "ajax": true, "request_type": "POST" });
        Self::start(manifest, json!({ "device_url": "DEVICE" })).await
    }

    /// The operator's proxy adds a header.
    pub async fn by_header() -> Self {
        Self::start(json!({ "family": "header_enrichment" }), json!({})).await
    }

    /// As [`Self::by_payload`], on another engine, which is reached at `url`.
    pub async fn by_payload_over(engine: &Engine, url: &str) -> Self {
        let manifest = json!({ "supports_callback": false, "ajax": true });
        Self::build(&manifest, &json!({}), Some((engine, url))).await
    }

    /// `manifest` and `config` stand over what is usual; `DEVICE` in the config is an address of the operator's.
    pub async fn start(manifest: Value, config: Value) -> Self {
        Self::build(&manifest, &config, None).await
    }

    async fn build(manifest: &Value, config: &Value, over: Option<(&Engine, &str)>) -> Self {
        let (files, mut servers) = (tempfile::tempdir().expect("a folder"), Servers::new());
        let (bound, asked) = (Bound::at(0).await.expect("a free port"), Arc::new(AtomicUsize::new(0)));
        let url = bound.url();
        servers.serve(bound, Router::new().fallback(judge).with_state(Arc::clone(&asked)));
        stage(files.path(), manifest);
        let usual = json!({ "fault": "honest", "url": format!("{url}/judge") });
        let config = with(usual, config).to_string().replace("DEVICE", &format!("{url}/device"));
        let config: Value = serde_json::from_str(&config).expect("JSON");
        let proxy = std::net::IpAddr::from(PROXY);
        let mut entry = json!({
            "adapter": "rogue", "ranges": ["4477009006"], "mobile_addresses": ["127.0.2.0/24", "148.252.128.0/24"], "origins": [url],
            "allow_loopback": true, "config": config,
        });
        if manifest["family"] == "header_enrichment" {
            entry["enrichment"] = json!({
                "uri": "http://127.0.0.1:9002", "header": HEADER, "proxies": [format!("{proxy}/32")],
            });
        }
        // Whose handsets are none of ours.
        let other = json!({ "countries": ["GB"], "mobile_addresses": ["127.0.4.0/24"] });
        let table = json!({ NETWORK: entry, "OTHER": other }).to_string();
        let gateway = match over {
            None => Gateway::build(Event::HttpApi, files.path(), &[], &table).await,
            Some((engine, url)) => Gateway::build_over(engine, url, files.path(), &table).await,
        };
        Self { gateway, asked, _files: files, _servers: servers }
    }

    /// How often the operator was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn judge(State(asked): State<Arc<AtomicUsize>>, RawQuery(query): RawQuery) -> StatusCode {
    asked.fetch_add(1, Ordering::SeqCst);
    if query.as_deref() == Some("token=good") { StatusCode::OK } else { StatusCode::NOT_FOUND }
}

/// A directory of adapters with the rogue alone in it, as cargo built it beside this test.
pub fn stage(directory: &Path, manifest: &Value) {
    let own = std::env::current_exe().expect("a path");
    let built = own.ancestors().map(|folder| folder.join("librogue.so")).find(|path| path.is_file());
    let bytes = fs::read(built.expect("the rogue: run `cargo build --workspace` first")).expect("bytes");
    let usual = json!({
        "abi": 1, "id": "rogue", "name": "Rogue", "family": "other", "countries": ["GB"], "mcc_mnc": [],
        "request_type": "GET", "ajax": false, "supports_callback": true, "needs_mobile_ip": "prefer",
        "number_form": "compared", "built": {
            "file": "rogue.so", "sha256": hex::encode(Sha256::digest(&bytes)), "version": env!("CARGO_PKG_VERSION"),
        },
    });
    let manifest = json!({ "rogue": with(usual, manifest) });
    fs::write(directory.join("manifest.json"), manifest.to_string()).expect("written");
    fs::write(directory.join("rogue.so"), bytes).expect("written");
}

fn with(mut usual: Value, change: &Value) -> Value {
    if let (Some(usual), Some(change)) = (usual.as_object_mut(), change.as_object()) {
        usual.extend(change.clone());
    }
    usual
}
