//! A way to a server on which AWS stops knowing who asks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const DENIED: &str = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not any more</Message>\
                      </Error></ErrorResponse>";

/// Passes everything on, but for the question who the caller is: that is answered so many times.
///
/// It ends with the test.
pub(crate) fn way(server: &str, answers: usize) -> String {
    let server = server.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    let left = Arc::new(AtomicUsize::new(answers));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (server, left) = (server.clone(), Arc::clone(&left));
            // A connection that ends early is the client's matter.
            std::thread::spawn(move || drop(pass(client, &server, &left)));
        }
    });
    url
}

fn pass(mut client: TcpStream, server: &str, left: &AtomicUsize) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(server)?;
    let (mut answers, mut back) = (upstream.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
    let mut requests = BufReader::new(client.try_clone()?);
    loop {
        let mut request = Vec::new();
        let mut length = 0;
        loop {
            let begin = request.len();
            if requests.read_until(b'\n', &mut request)? == 0 {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&request[begin..]).to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        requests.read_exact(&mut body)?;
        let asks = String::from_utf8_lossy(&body).contains("GetCallerIdentity");
        let less = |left: usize| left.checked_sub(1);
        if asks
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
                .is_err()
        {
            let length = DENIED.len();
            write!(
                client,
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/xml\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{DENIED}"
            )?;
            return client.shutdown(std::net::Shutdown::Both);
        }
        request.extend(body);
        upstream.write_all(&request)?;
    }
}
