//! Each step of a plan does what it says, and changes nothing else.

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use logs_test_support::{A_WHILE, Afterwards, Canned, HEAD, chunked, frames, plain, until};
use support::{Proxy, STREAM};

/// Where the body of a plain answer begins.
const BODY: usize = HEAD.len() + 2;

/// A proxy before an upstream that sends `plain(frames(100))` and then stays open.
async fn quiet(plan: &str) -> (Proxy, Canned) {
    let upstream = Canned::serving(plain(&frames(100)), Afterwards::StayOpen).await;
    (Proxy::before(&upstream.url, plan).await, upstream)
}

#[tokio::test]
async fn pass_and_split_change_no_byte() {
    let body = frames(60);
    for answer in
        [plain(&body), chunked(&body, 1000), chunked(&body, 7), plain(b""), chunked(b"", 1)]
    {
        let upstream = Canned::serving(answer.clone(), Afterwards::Close).await;
        for plan in [
            "pass",
            "split size=1",
            "split size=2",
            "split size=3",
            "split size=7",
            "trickle rate=1000000 split=1000",
            "delay for=1ms",
        ] {
            let (got, end) =
                Proxy::before(&upstream.url, plan).await.open(STREAM).await.rest().await;
            end.expect("a proper end");
            assert!(got == answer, "{plan}: {} bytes came, {} were sent", got.len(), answer.len());
        }
    }
}

#[tokio::test]
async fn a_split_cuts_through_letters_and_line_ends() {
    let upstream = Canned::serving(plain(&frames(2)), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "split size=1 rate=200").await;
    let mut wire = proxy.open(STREAM).await;
    wire.some(BODY).await;
    let mut pieces = Vec::new();
    loop {
        match wire.piece().await.expect("no reset") {
            piece if piece.is_empty() => break,
            piece => pieces.push(piece),
        }
    }
    assert_eq!(pieces.concat(), frames(2));
    // On a busy machine two may meet; a letter of four bytes is broken all the same.
    assert!(pieces.len() > frames(2).len() / 2, "{pieces:?}");
    assert!(pieces.iter().any(|piece| std::str::from_utf8(piece).is_err()), "{pieces:?}");
}

#[tokio::test]
async fn cut_after_bytes_is_an_early_end_inside_a_frame() {
    for count in [0, 1, 10, 1000] {
        let (proxy, _upstream) = quiet(&format!("cut after={count} split=3")).await;
        let (got, end) = proxy.open(STREAM).await.rest().await;
        assert!(end.is_ok(), "FIN, not RST: {end:?}");
        assert_eq!(got[BODY..], frames(100)[..count]);
        assert_eq!(proxy.stats().await, (1, 0, 1));
    }
}

#[tokio::test]
async fn cut_counts_the_bytes_of_a_chunked_body_without_its_coding() {
    let upstream = Canned::serving(chunked(&frames(100), 16), Afterwards::StayOpen).await;
    let proxy = Proxy::before(&upstream.url, "cut after=1000").await;
    let (got, end) = proxy.open(STREAM).await.rest().await;
    end.expect("FIN");
    let whole = chunked(&frames(100), 16);
    let head = HEAD.len() + "Transfer-Encoding: chunked\r\n\r\n".len();
    // 62 chunks of 16 bytes with their sizes and line ends, then 8 bytes of the next.
    let cut = head + 62 * ("10\r\n".len() + 16 + 2) + "10\r\n".len() + 8;
    assert_eq!(got, whole[..cut]);
}

#[tokio::test]
async fn reset_is_seen_as_a_connection_reset() {
    let (proxy, _upstream) = quiet("reset after=10; reset after=200ms").await;
    let (got, end) = proxy.open(STREAM).await.rest().await;
    assert_eq!(end.expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    assert_eq!(got[BODY..], frames(100)[..10]);
    let start = Instant::now();
    let (got, end) = proxy.open(STREAM).await.rest().await;
    assert_eq!(end.expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(got[BODY..], frames(100));
}

#[tokio::test]
async fn cut_after_a_time_ends_a_quiet_stream() {
    let (proxy, _upstream) = quiet("cut after=300ms").await;
    let start = Instant::now();
    let (got, end) = proxy.open(STREAM).await.rest().await;
    end.expect("FIN");
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(got[BODY..], frames(100));
}

#[tokio::test]
async fn an_end_before_the_fault_ends_the_stream() {
    let upstream = Canned::serving(plain(b"data: 1\n\n"), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "reset after=1000").await;
    proxy.open(STREAM).await.rest().await.1.expect("FIN");
    assert_eq!(proxy.stats().await, (1, 0, 0));
}

#[tokio::test]
async fn stall_keeps_the_connection_open_and_sends_nothing_more() {
    let (proxy, _upstream) = quiet("stall after=10; stall after=0").await;
    for count in [10, 0] {
        let mut wire = proxy.open(STREAM).await;
        assert_eq!(wire.some(BODY + count).await[BODY..], frames(100)[..count]);
        assert!(wire.is_silent().await);
    }
}

#[tokio::test]
async fn a_stall_for_a_time_resumes_where_it_stopped() {
    let answer = chunked(&frames(2000), 100);
    let upstream = Canned::serving(answer.clone(), Afterwards::Close).await;
    for plan in ["stall after=1000 for=400ms", "stall after=100ms for=400ms rate=200000"] {
        let proxy = Proxy::before(&upstream.url, plan).await;
        let start = Instant::now();
        let (got, end) = proxy.open(STREAM).await.rest().await;
        end.expect("FIN");
        assert!(got == answer, "{plan}: {} bytes came, {} were sent", got.len(), answer.len());
        assert!(start.elapsed() >= Duration::from_millis(400), "{plan}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn stall_after_a_time_is_silent() {
    let upstream = Canned::serving(plain(&frames(2000)), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "stall after=300ms rate=1000").await;
    let mut wire = proxy.open(STREAM).await;
    wire.some(BODY + 50).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let arrived = wire.piece().await.expect("what came until the stall");
    assert!(wire.is_silent().await, "after {} bytes", arrived.len());
}

#[tokio::test]
async fn trickle_limits_the_rate() {
    let body = frames(10);
    let upstream = Canned::serving(plain(&body), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "trickle rate=1000").await;
    let start = Instant::now();
    let (got, _) = proxy.open(STREAM).await.rest().await;
    assert_eq!(got[BODY..], body);
    // The first piece of a twentieth of a second goes at once.
    assert!(
        start.elapsed().as_millis() + 60 >= body.len() as u128,
        "{:?} for {} bytes",
        start.elapsed(),
        body.len()
    );
}

#[tokio::test]
async fn status_answers_instead_of_upstream() {
    let (proxy, upstream) =
        quiet("status code=503 retry-after=2; status code=401; status code=429; status code=500")
            .await;
    let answer = proxy.get(STREAM).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    for status in [401, 429, 500] {
        let answer = proxy.get(STREAM).await;
        assert_eq!(answer.status, status);
        assert!(answer.error().contains(&status.to_string()), "{answer:?}");
    }
    assert!(upstream.requests.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn every_status_of_the_language_is_answered() {
    let (proxy, _upstream) = quiet("pass").await;
    for status in [204, 401, 403, 404, 410, 429, 500, 502, 503] {
        proxy.post("/faults/plan", format!("status code={status}")).await;
        let (got, end) = proxy.open(STREAM).await.rest().await;
        end.expect("FIN");
        let text = String::from_utf8(got).expect("text");
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert_eq!(text.ends_with("\r\n\r\n"), status == 204, "only 204 has no body: {text}");
    }
}

#[tokio::test]
async fn html_is_a_login_page_and_redirect_leads_to_it() {
    let (proxy, _upstream) = quiet("html; redirect to=/login").await;
    let page = proxy.get(STREAM).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let redirect = proxy.get(STREAM).await;
    assert_eq!((redirect.status, redirect.header("location")), (302, Some("/login")));
}

#[tokio::test]
async fn refuse_closes_and_hang_stays_open_without_a_response() {
    let (proxy, upstream) = quiet("refuse; hang").await;
    let (got, end) = proxy.open(STREAM).await.rest().await;
    assert!(got.is_empty() && end.is_ok(), "{got:?} {end:?}");
    assert!(proxy.open(STREAM).await.is_silent().await);
    assert!(upstream.requests.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn delay_waits_before_it_asks_upstream() {
    let (proxy, upstream) = quiet("delay for=600ms").await;
    let mut wire = proxy.open(STREAM).await;
    assert!(wire.is_silent().await);
    assert!(
        upstream.requests.lock().expect("unpoisoned").is_empty(),
        "not yet, {A_WHILE:?} after the request"
    );
    assert_eq!(wire.some(BODY).await[..HEAD.len()], *HEAD);
}

#[tokio::test]
async fn upstream_sees_a_reader_leave_during_any_step() {
    for plan in ["pass", "stall after=10", "trickle rate=10", "cut after=1h"] {
        let (proxy, upstream) = quiet(plan).await;
        let mut wire = proxy.open(STREAM).await;
        wire.some(BODY + 1).await;
        drop(wire);
        until(plan, async || *upstream.ended.lock().expect("unpoisoned") == 1).await;
        until(plan, async || proxy.stats().await == (1, 0, 0)).await;
    }
}
