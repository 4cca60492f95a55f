//! What only a real connection shows.

use std::io::ErrorKind;

use shared::http::{Limits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;

/// Serves on a free port, until the test ends, and orders a label by events.
async fn connect(service: &Service) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, service.router.clone(), Limits::default(), std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = ORDER.len();
    let head = format!(
        "POST /shipping/create-label HTTP/1.1\r\nhost: shipping\r\naccept: text/event-stream\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{ORDER}").as_bytes()).await.unwrap();
    stream
}

/// Reads until `text` has come.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let byte = stream.read_u8().await.expect("the text comes before the end");
        read.push(byte);
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn closing_the_connection_abandons_the_label() {
    let service = service([]);
    let mut stream = connect(&service).await;
    let first = read_until(&mut stream, "\"progress\":0}").await;
    drop(stream);
    // It is seen as soon as the runtime gets to it. If it were not, the label would be generated.
    let status = loop {
        let status = service.status(&id_in(&first)).await;
        if !status.contains("generating") {
            break status;
        }
        tokio::task::yield_now().await;
    };
    assert!(status.contains(r#""status":"abandoned""#), "{status}");
}

#[tokio::test]
async fn a_lost_response_resets_the_connection_in_place_of_the_label() {
    let script = "shipping.create_label#1=lost_response";
    let service = service([("CHAOS_SCRIPT", script), ("TIME_SCALE", "0.001")]);
    let mut stream = connect(&service).await;
    let first = read_until(&mut stream, "\"progress\":0}").await;
    let mut rest = Vec::new();
    let error = stream.read_to_end(&mut rest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("\"progress\":75}") && !rest.contains("event: label"), "{rest}");
    assert!(service.status(&id_in(&first)).await.contains(r#""status":"generated""#));
}
