//! One connection: its request's head, and the way it goes. Each carries one exchange.

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
    // Without it the system would join the pieces again. It fails for a client that has left, which
    // shows below.
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
        // A browser opens connections in advance, and not all are used.
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
    // It fails when the client has left, and then nobody waits for the answer.
    let _ = client.write_all(answer.to_text().as_bytes()).await;
    close(client, Ending::Fin).await;
}

fn is_stream(head: &Head) -> bool {
    head.method() == b"GET"
        && head.path().windows(STREAM_PATH.len()).any(|part| part == STREAM_PATH)
}

/// Forwards anything but a stream; the plan does not concern it.
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
            // Whoever failed: upstream hears that nothing more comes, and its answer says how the
            // exchange ends.
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

/// A browser keeps a connection that it opened in advance for less.
const HEAD_TIME: Duration = Duration::from_secs(30);
