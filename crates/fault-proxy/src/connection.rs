//! One connection: reads the head of its request and chooses who serves it. Each carries one
//! exchange.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::close::close;
use crate::head::{Head, LONGEST_HEAD};
use crate::plan::Ending;
use crate::state::State;
use crate::{BUFFER, control, stream};

/// Serves the one request of `client`.
pub(crate) async fn serve(faults: Arc<State>, mut client: TcpStream) {
    // Otherwise the system would join the pieces again. A failure means that the client has left,
    // which shows below.
    let _ = client.set_nodelay(true);
    let mut buffer = BytesMut::with_capacity(BUFFER);
    let head = match timeout(HEAD_TIME, Head::read(&mut client, &mut buffer)).await {
        Ok(Ok(Some(head))) => head,
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            let answer = Answer::error(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                &format!("the request: expected a head of at most {LONGEST_HEAD} bytes"),
            );
            return send(client, &answer).await;
        }
        // Browsers open connections in advance and do not use all of them.
        Ok(_) | Err(_) => return,
    };
    if head.path().starts_with(control::PREFIX) {
        let answer = control::answer(&faults, &head, &mut client, &mut buffer).await;
        send(client, &answer).await;
    } else if is_stream(&head) {
        stream::serve(&faults, client, &head).await;
    } else {
        pass_through(&faults, client, &head, &buffer).await;
    }
}

async fn send(mut client: TcpStream, answer: &Answer) {
    // A failure means that the client has left.
    let _ = client.write_all(answer.to_text().as_bytes()).await;
    close(client, Ending::Fin).await;
}

fn is_stream(head: &Head) -> bool {
    head.method() == b"GET"
        && head.path().windows(STREAM_PATH.len()).any(|part| part == STREAM_PATH)
}

/// Forwards a request that is not for a stream, which the plan does not affect.
async fn pass_through(faults: &State, mut client: TcpStream, head: &Head, rest: &[u8]) {
    let mut upstream = match faults.to.connect().await {
        Ok(upstream) => upstream,
        Err(error) => return send(client, &Answer::error(StatusCode::BAD_GATEWAY, &error)).await,
    };
    let ending = {
        let (mut requests, mut answers) = client.split();
        let (mut from_upstream, mut to_upstream) = upstream.split();
        let up = async {
            let request = async {
                to_upstream.write_all(&head.with_connection_close()).await?;
                to_upstream.write_all(rest).await?;
                tokio::io::copy(&mut requests, &mut to_upstream).await
            };
            // Whichever side failed, upstream sees the end of the request, and its response decides
            // how the exchange ends.
            let _ = request.await;
            let _ = to_upstream.shutdown().await;
        };
        let down = tokio::io::copy(&mut from_upstream, &mut answers);
        tokio::pin!(down);
        tokio::select! {
            () = up => down.await,
            done = &mut down => done,
        }
    };
    drop(upstream);
    close(client, if ending.is_ok() { Ending::Fin } else { Ending::Reset }).await;
}

const STREAM_PATH: &[u8] = b"/logs/stream";

/// Longer than browsers keep a connection that they opened in advance.
const HEAD_TIME: Duration = Duration::from_secs(30);
