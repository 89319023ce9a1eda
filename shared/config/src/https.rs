//! The HTTP client that AWS is called with: hyper's over rustls, and HTTP/1.1 alone, which is all that DynamoDB, SNS and
//! Secrets Manager speak. The SDK's own client brings HTTP/2 along, a twelfth of a function.

use std::{error::Error as StdError, time::Duration};

use aws_smithy_runtime_api::client::{
    connection::{CaptureSmithyConnection, ConnectionMetadata},
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client, Error,
        connect::{CaptureConnection, HttpConnector as Tcp, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// Under the 20 s after which a thawed function finds its pooled connections closed.
const POOL_IDLE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_millis(500);

/// Whom an endpoint of AWS must be signed by. Parsing the whole list of the machine, some 140, would be half of a function's start.
const AMAZON: &[u8] = include_bytes!("../data/amazon-roots.pem");

#[derive(Debug, Clone)]
struct Https(Client<HttpsConnector<Tcp>, SdkBody>);

/// One pool of connections, for as many SDK clients as there are. `is_elsewhere`: AWS is somebody else here, and whom the
/// machine trusts counts.
pub fn client(is_elsewhere: bool) -> SharedHttpClient {
    let tls = ClientConfig::builder().with_root_certificates(roots(is_elsewhere)).with_no_client_auth();
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    let mut builder = Client::builder(TokioExecutor::new());
    let https = Https(builder.pool_timer(TokioTimer::new()).pool_idle_timeout(POOL_IDLE).build(connector));
    let connector = SharedHttpConnector::new(https);
    http_client_fn(move |_, _| connector.clone())
}

fn roots(is_elsewhere: bool) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    if is_elsewhere {
        let found = rustls_native_certs::load_native_certs();
        found.errors.iter().for_each(|error| tracing::error!(%error, "a root is not trusted"));
        roots.add_parsable_certificates(found.certs);
    } else {
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(AMAZON).flatten());
    }
    roots
}

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(client) = self.clone();
        HttpConnectorFuture::new(async move {
            let mut request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let captured = capture_connection(&mut request);
            if let Some(asked) = request.extensions().get::<CaptureSmithyConnection>() {
                asked.set_connection_retriever(move || connection(&captured));
            }
            let response = client.request(request).await.map_err(failed)?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The connection that a request took, so that the SDK can have it closed: after an error of the server's own the next try goes
/// to another machine.
fn connection(captured: &CaptureConnection) -> Option<ConnectionMetadata> {
    captured.connection_metadata().as_ref()?;
    let captured = captured.clone();
    let poison = move || {
        if let Some(connection) = captured.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

/// What went wrong, as the SDK tells apart what it may try again.
fn failed(error: Error) -> ConnectorError {
    let is_connect = error.is_connect();
    match find::<hyper::Error>(&error) {
        Some(inner) if inner.is_timeout() => ConnectorError::timeout(error.into()),
        Some(inner) if inner.is_user() => ConnectorError::user(error.into()),
        // The server closed the connection before it had answered.
        Some(inner) if inner.is_incomplete_message() => {
            ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
        }
        Some(inner) if inner.is_closed() || inner.is_canceled() => ConnectorError::io(error.into()),
        _ if is_connect || find::<std::io::Error>(&error).is_some() => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}
