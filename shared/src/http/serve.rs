use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::{Service, ServiceExt};

use super::Severed;
use super::head_timer::HeadTimer;
use super::socket::{ConnectionCutter, SeveringBody, SeversAtEnd, Socket};

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long a client may take to send the head of a request, and an HTTP/2 client to show that it is
    /// still there.
    pub head: Duration,
    /// How long a client may accept nothing of an answer that is being sent to it.
    pub stall: Duration,
    /// How long requests in flight may take to finish after the server was told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { connections: 20_000, head: minute, stall: minute, grace: Duration::from_secs(10) }
    }
}

/// Serves `routes` until `stop` resolves; then accepts nothing more and lets requests in flight finish.
/// Those that take too long are dropped.
pub async fn serve<S>(listener: TcpListener, routes: S, limits: Limits, stop: impl Future<Output = ()> + Send)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let open = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = {
            let next = std::pin::pin!(accept(&listener, &open));
            match futures_util::future::select(stop.as_mut(), next).await {
                futures_util::future::Either::Left(_) => break,
                futures_util::future::Either::Right((accepted, _)) => accepted,
            }
        };
        let (stream, permit) = accepted;
        let (socket, cutter) = Socket::new(stream, Instant::now() + limits.head, limits.stall);
        let (routes, watcher) = (routes.clone(), graceful.watcher());
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let service =
                hyper::service::service_fn(move |request| answer(routes.clone(), cutter.clone(), request));
            let timer = HeadTimer::new();
            let protocol = protocol(limits, timer.clone());
            let connection = protocol.serve_connection(TokioIo::new(socket), service).into_owned();
            // A connection that ends early is the client's doing, or chaos.
            let _ = timer.run(watcher.watch(connection), limits.head).await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(grace = ?limits.grace, "requests in flight did not finish in time and were dropped");
    }
    connections.shutdown().await;
}

/// HTTP/1 or HTTP/2, whichever the client speaks, for one connection.
fn protocol(limits: Limits, timer: HeadTimer) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    // Answers are small: to copy a body behind its head costs less than to send two pieces.
    protocol.http1().timer(timer).header_read_timeout(limits.head).writev(false);
    protocol
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.head)
        .keep_alive_timeout(limits.head);
    protocol
}

async fn accept(
    listener: &TcpListener,
    open: &Arc<Semaphore>,
) -> (TcpStream, tokio::sync::OwnedSemaphorePermit) {
    let permit = Arc::clone(open).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                return (stream, permit);
            }
            Err(error) if is_clients_affair(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: some will be closed soon.
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn is_clients_affair(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Ends a request without an answer, and no other request with it.
#[derive(Debug, thiserror::Error)]
#[error("cut by chaos")]
struct Cut;

/// Calls the service, and cuts the connection if the response says so; over HTTP/2, which carries
/// other requests too, only the request's own stream.
async fn answer<S>(routes: S, cutter: ConnectionCutter, request: Request<Incoming>) -> Result<Response, Cut>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    let is_alone = request.version() != Version::HTTP_2;
    let Ok(response) = routes.oneshot(request.map(Body::new)).await;
    if let Some(how) = response.extensions().get::<Severed>() {
        if !is_alone {
            return Err(Cut);
        }
        cutter.cut(*how);
        return Ok(response);
    }
    Ok(match response.extensions().get::<SeversAtEnd>().copied() {
        // Over HTTP/2 an error of the body is enough to reset the stream.
        Some(SeversAtEnd(how)) => {
            response.map(|body| Body::new(SeveringBody::new(body, is_alone.then_some(cutter), how)))
        }
        None => response,
    })
}
