//! Serves one stream by a step of the plan.

use bytes::BytesMut;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{sleep, timeout};

use crate::BUFFER;
use crate::answer::Answer;
use crate::body::{Body, PassResult};
use crate::close::close;
use crate::head::Head;
use crate::log::log;
use crate::origin::Origin;
use crate::plan::{Act, After, Ending, Kind, Step, Throttle, Trouble};
use crate::state::State;

/// Serves a stream by the next step of the plan.
pub(crate) async fn serve(faults: &State, mut client: TcpStream, head: &Head) {
    let mut endings = faults.endings.subscribe();
    let (number, step) = faults.begin();
    log(format_args!("stream {number}: {}", step.text));
    let end = {
        let (mut requests, mut answers) = client.split();
        tokio::select! {
            biased;
            // An error means that this stream missed one of many endings; it ends too.
            ending = endings.recv() => End::Cut(ending.unwrap_or(Ending::Fin)),
            () = leaving(&mut requests) => End::Over(Ending::Fin),
            end = perform(&step, &faults.to, head, &mut answers) => end,
        }
    };
    log(format_args!("stream {number}: {end:?}"));
    // Before the client can see the end, so that it finds the stats updated.
    drop(endings);
    let ending = match end {
        End::Over(ending) => ending,
        End::Cut(ending) => {
            faults.note_cut();
            ending
        }
    };
    close(client, ending).await;
}

/// How a stream ended.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The step, the client or upstream ended it.
    Over(Ending),
    /// A fault cut it.
    Cut(Ending),
}

/// Waits until the client has left.
async fn leaving(requests: &mut ReadHalf<'_>) {
    // A GET has no body; bytes that arrive anyway do not belong to this exchange.
    let mut bytes = [0; 1024];
    while requests.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}

async fn perform(step: &Step, to: &Origin, head: &Head, answers: &mut WriteHalf<'_>) -> End {
    sleep(step.delay).await;
    match &step.act {
        Act::Hang => std::future::pending().await,
        Act::Refuse => End::Over(Ending::Fin),
        Act::Answer(answer) => answer_with(answer, answers).await,
        Act::Forward { throttle, trouble } => forward(to, head, answers, *throttle, *trouble).await,
    }
}

async fn answer_with(answer: &Answer, answers: &mut WriteHalf<'_>) -> End {
    match answers.write_all(answer.to_text().as_bytes()).await {
        Ok(()) => End::Over(Ending::Fin),
        Err(_) => End::Over(Ending::Reset),
    }
}

async fn forward(
    to: &Origin,
    head: &Head,
    answers: &mut WriteHalf<'_>,
    throttle: Throttle,
    trouble: Option<Trouble>,
) -> End {
    let mut upstream = match to.connect().await {
        Ok(upstream) => upstream,
        Err(error) => {
            return answer_with(&Answer::error(StatusCode::BAD_GATEWAY, &error), answers).await;
        }
    };
    let mut buffer = BytesMut::with_capacity(BUFFER);
    if upstream.write_all(&head.with_connection_close()).await.is_err() {
        return End::Over(Ending::Reset);
    }
    // An end before or inside the head is forwarded as it is.
    let answered = match Head::read(&mut upstream, &mut buffer).await {
        Ok(Some(answered)) => answered,
        Ok(None) => return End::Over(Ending::Fin),
        Err(_) => return End::Over(Ending::Reset),
    };
    if answers.write_all(answered.bytes()).await.is_err() {
        return End::Over(Ending::Reset);
    }
    let mut body = Body::new(upstream, buffer, &answered, throttle);
    match trouble {
        None => End::Over(body.pass_all(answers).await),
        Some(trouble) => befall(&mut body, answers, trouble).await,
    }
}

async fn befall(body: &mut Body, answers: &mut WriteHalf<'_>, trouble: Trouble) -> End {
    let result = match trouble.after {
        After::Bytes(bytes) => body.pass(answers, bytes).await,
        After::Time(time) => {
            timeout(time, body.pass(answers, u64::MAX)).await.unwrap_or(PassResult::Limit)
        }
    };
    match (result, trouble.kind) {
        (PassResult::Ended(ending), _) => End::Over(ending),
        (PassResult::Limit, Kind::End(ending)) => End::Cut(ending),
        (PassResult::Limit, Kind::Stall(None)) => std::future::pending().await,
        (PassResult::Limit, Kind::Stall(Some(time))) => {
            sleep(time).await;
            End::Over(body.pass_all(answers).await)
        }
    }
}
