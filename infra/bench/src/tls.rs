//! The first HTTPS call of a fresh process, to a TLS server on this machine: by the client of AWS (the first of a
//! function's bootstrap, less the same over plain http) and by the operators' client.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, process::Command, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sna_outbound::Outbound;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::{
    Error, Figure, Place,
    figure::{cpu_ms, median},
    function::Function,
    world,
};

const RUNS: usize = 15;

/// As many roots as are parsed for AWS; for operators none are, where `SSL_CERT_FILE` is not set.
const ROOTS: &str = "shared/config/data/amazon-roots.pem";

/// # Errors
/// When a server or a function does not start, or a call fails.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let world = world::start(place)?;
    let server = Server::start(place)?;
    let with = |url: &str| -> Result<f64, Error> {
        let mut env: BTreeMap<String, String> = world.env().clone();
        env.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), url.into());
        env.insert("SSL_CERT_FILE".into(), server.roots.display().to_string());
        let starts = (0..RUNS).map(|_| Ok(Function::start(&place.built("token"), &env)?.1.cpu_ms));
        Ok(median(starts.collect::<Result<_, Error>>()?))
    };
    let (https, http) =
        (with(&format!("https://localhost:{}", server.https.port()))?, with(&format!("http://{}", server.http))?);
    let own = std::env::current_exe().map_err(Error::failed)?;
    let mut operator = Vec::new();
    for _ in 0..RUNS {
        let mut run = Command::new(&own);
        // What roots this machine has, and where, is not what is measured.
        run.env_clear().env("SSL_CERT_FILE", &server.roots);
        run.arg("--call").arg(format!("https://localhost:{}/", server.https.port()));
        let said = run.output().map_err(Error::file(&own))?;
        let text = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        let why = || Error::failed(format!("the operators' call failed: {}", String::from_utf8_lossy(&said.stderr)));
        operator.push(text.parse::<f64>().map_err(|_| why())?);
    }
    Ok(vec![
        Figure::new("AWS: first call over TLS, CPU", https - http, "ms").at_most(5.0),
        Figure::new("operators: first call over TLS, CPU", median(operator), "ms").at_most(5.0),
    ])
}

/// CPU in milliseconds of one call with the operators' client in this process, which has made none.
///
/// # Errors
/// When it fails.
pub fn call(url: &str) -> Result<f64, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::failed)?;
    let url = url::Url::parse(url).map_err(Error::failed)?;
    let before = cpu_ms();
    let request = reqwest::Request::new(reqwest::Method::GET, url);
    let received = runtime.block_on(Outbound::default().send(request, true, 1024));
    received.map_err(|error| Error::failed(format!("{error:?}")))?;
    Ok(cpu_ms() - before)
}

/// Two listeners that answer each request with an empty JSON object.
struct Server {
    https: SocketAddr,
    http: SocketAddr,
    /// Those of AWS and our own.
    roots: PathBuf,
    _runtime: Runtime,
}

impl Server {
    fn start(place: &Place) -> Result<Self, Error> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).map_err(Error::failed)?;
        let roots = place.target.join("bench/roots.pem");
        let known = place.root.join(ROOTS);
        let known = fs::read_to_string(&known).map_err(Error::file(&known))?;
        fs::write(&roots, known + &cert.pem()).map_err(Error::file(&roots))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(Error::failed)?.with_no_client_auth();
        let config = config.with_single_cert(vec![cert.der().clone()], key).map_err(Error::failed)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(Error::failed)?;
        let bind = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(Error::failed);
        let (secure, plain) = (bind()?, bind()?);
        let (https, http) = (secure.local_addr().map_err(Error::failed)?, plain.local_addr().map_err(Error::failed)?);
        runtime.spawn(async move {
            while let Ok((connection, _)) = secure.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { answer(acceptor.accept(connection).await?).await });
            }
        });
        runtime.spawn(async move {
            while let Ok((connection, _)) = plain.accept().await {
                tokio::spawn(answer(connection));
            }
        });
        Ok(Self { https, http, roots, _runtime: runtime })
    }
}

/// The requests are small and come one at a time: what is read at once is one.
async fn answer(mut connection: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    let mut request = [0; 16 * 1024];
    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";
    while connection.read(&mut request).await? > 0 {
        connection.write_all(answer).await?;
        connection.flush().await?;
    }
    Ok(())
}
