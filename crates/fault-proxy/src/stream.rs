//! One stream and what befalls it: the step of the plan, done.

use bytes::BytesMut;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{sleep, timeout};

use crate::BUFFER;
use crate::answer::Answer;
use crate::body::{Body, Stop};
use crate::close::close;
use crate::head::Head;
use crate::log::log;
use crate::origin::Origin;
use crate::plan::{Act, After, Ending, Kind, Pace, Step, Trouble};
use crate::state::State;

/// Serves a stream by the step whose turn it is.
pub(crate) async fn serve(faults: &State, mut client: TcpStream, head: &Head) {
    let mut endings = faults.endings.subscribe();
    let (number, step) = faults.begin();
    log(format_args!("stream {number}: {}", step.text));
    let end = {
        let (mut requests, mut answers) = client.split();
        tokio::select! {
            biased;
            // Err is for one that missed an ending among many; it ends too.
            told = endings.recv() => End::Cut(told.unwrap_or(Ending::Fin)),
            () = leaving(&mut requests) => End::Over(Ending::Fin),
            end = perform(&step, &faults.to, head, &mut answers) => end,
        }
    };
    log(format_args!("stream {number}: {end:?}"));
    // Before the client can see its end, so that it finds the stats as it expects them.
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

/// How a stream came to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// By itself, by the client or by upstream.
    Over(Ending),
    /// By a fault.
    Cut(Ending),
}

/// Ends when the client has left.
async fn leaving(requests: &mut ReadHalf<'_>) {
    // A GET has no body; what comes nevertheless is not for this exchange.
    let mut bytes = [0; 1024];
    while requests.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}

async fn perform(step: &Step, to: &Origin, head: &Head, answers: &mut WriteHalf<'_>) -> End {
    sleep(step.delay).await;
    match &step.act {
        Act::Hang => std::future::pending().await,
        Act::Refuse => End::Over(Ending::Fin),
        Act::Answer(answer) => answer_with(answer, answers).await,
        Act::Forward { pace, trouble } => forward(to, head, answers, *pace, *trouble).await,
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
    pace: Pace,
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
    // An end before or inside the head is passed on as it is.
    let answered = match Head::read(&mut upstream, &mut buffer).await {
        Ok(Some(answered)) => answered,
        Ok(None) => return End::Over(Ending::Fin),
        Err(_) => return End::Over(Ending::Reset),
    };
    if answers.write_all(answered.bytes()).await.is_err() {
        return End::Over(Ending::Reset);
    }
    let mut body = Body::new(upstream, buffer, &answered, pace);
    match trouble {
        None => End::Over(body.pass_all(answers).await),
        Some(trouble) => befall(&mut body, answers, trouble).await,
    }
}

async fn befall(body: &mut Body, answers: &mut WriteHalf<'_>, trouble: Trouble) -> End {
    let stop = match trouble.after {
        After::Bytes(bytes) => body.pass(answers, bytes).await,
        After::Time(time) => {
            timeout(time, body.pass(answers, u64::MAX)).await.unwrap_or(Stop::Limit)
        }
    };
    match (stop, trouble.kind) {
        (Stop::Ended(ending), _) => End::Over(ending),
        (Stop::Limit, Kind::End(ending)) => End::Cut(ending),
        (Stop::Limit, Kind::Stall(None)) => std::future::pending().await,
        (Stop::Limit, Kind::Stall(Some(time))) => {
            sleep(time).await;
            End::Over(body.pass_all(answers).await)
        }
    }
}
