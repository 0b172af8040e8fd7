//! The listener for metrics: apart from the others, so that it can be kept from the world. It asks for no token.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Server, watch};

/// Answers until the server stops. Few are answered at a time; others wait to be accepted.
pub async fn accept(server: Arc<Server>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return; // never closed
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let server = server.clone();
                tokio::spawn(async move {
                    serve(server, stream).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a reader of metrics was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Answers one request and closes.
async fn serve(server: Arc<Server>, stream: TcpStream) {
    let handler = service_fn(move |request| {
        let server = server.clone();
        async move { Ok::<_, Infallible>(watch::metrics(&server, &request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .keep_alive(false);
    let served = http.serve_connection(TokioIo::new(stream), handler);
    match tokio::time::timeout(2 * PATIENCE, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a reader of metrics was lost"),
        Err(_) => tracing::debug!("a reader of metrics took too long"),
    }
}

/// Readers at a time.
const AT_A_TIME: usize = 4;
/// How long a reader may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);
