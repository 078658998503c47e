//! A minimal gateway that implements `docs/protocol.md`: one channel, a bounded history, an epoch.
//! Written from the document, not from the gateway, so that the client checks one against the
//! other.

use std::collections::VecDeque;

use logs_sse_wire::cursor::Cursor;

/// The channel of all simulations.
pub const CHANNEL: &str = "logs:etl:workspace123:workflow456";

/// The interval between heartbeats.
pub const HEARTBEAT_MS: u64 = 15_000;

/// The model of a gateway with one channel.
#[derive(Debug)]
pub struct Model {
    epoch: u32,
    newest: u64,
    history: VecDeque<(u64, usize)>,
    history_lines: usize,
    is_up: bool,
    /// Whether it greets like a gateway that reports which parameters it received.
    pub reports_received: bool,
}

/// The optional parameters of a request.
#[derive(Clone, Debug, Default)]
pub struct Params {
    pub last_event_id: Option<String>,
    pub tail: Option<u64>,
    pub batch: bool,
}

impl Params {
    /// Reads the query of a stream's URL, and the parameters in its resource id.
    pub fn read(url: &str) -> Self {
        let url = url.replace("%3A", ":").replace("%3D", "=");
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let value = |name: &str| {
            query
                .split(['&', ':'])
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .map(str::to_owned)
        };
        Self {
            last_event_id: value("last_event_id"),
            tail: value("tail").and_then(|tail| tail.parse().ok()),
            batch: value("batch").is_some(),
        }
    }
}

/// One event on the wire.
#[derive(Clone, Debug)]
pub struct Event {
    pub name: &'static str,
    pub data: String,
    /// The published log that it carries, for the oracle.
    pub log: Option<usize>,
}

/// One stream, as the gateway sees it.
#[derive(Clone, Debug)]
pub struct Stream {
    epoch: u32,
    position: u64,
    greeting: VecDeque<Event>,
}

impl Model {
    pub fn new(history_lines: usize) -> Self {
        Self {
            epoch: 1,
            newest: 0,
            history: VecDeque::new(),
            history_lines,
            is_up: true,
            reports_received: false,
        }
    }

    /// Publishes the log with this index. Returns whether the gateway accepted it.
    pub fn publish(&mut self, log: usize) -> bool {
        if self.is_up {
            self.newest += 1;
            self.history.push_back((self.newest, log));
            while self.history.len() > self.history_lines {
                self.history.pop_front();
            }
        }
        self.is_up
    }

    pub fn is_up(&self) -> bool {
        self.is_up
    }

    /// Kills the gateway: streams end, and history and numbering are lost.
    pub fn kill(&mut self) {
        self.is_up = false;
        self.epoch += 1;
        self.newest = 0;
        self.history.clear();
    }

    pub fn start(&mut self) {
        self.is_up = true;
    }

    /// Opens a stream with these parameters.
    pub fn open(&self, params: &Params) -> Stream {
        let mut stream =
            Stream { epoch: self.epoch, position: self.newest, greeting: VecDeque::new() };
        let mut events = Vec::new();
        match params.last_event_id.as_deref().map(str::parse::<Cursor>) {
            None => stream.position = self.start_of_tail(params),
            Some(Ok(cursor)) if cursor.epoch().to_string() != self.epoch_text() => {
                events.push(gap(None, None, "restarted"));
                stream.position = self.oldest() - 1;
            }
            Some(Ok(cursor)) => match cursor.positions() {
                [Some(seq)] if *seq <= self.newest => stream.position = *seq,
                [None] => stream.position = self.start_of_tail(params),
                _ => events.push(gap(None, None, "unknown")),
            },
            Some(Err(_)) => events.push(gap(None, None, "unknown")),
        }
        events.insert(0, self.hello(params, stream.position));
        stream.greeting.extend(events);
        stream
    }

    /// Returns the index of the first log after the position of a stream, or `None` if it is not
    /// published yet.
    pub fn first_log(&self, stream: &Stream) -> Option<usize> {
        self.history.iter().find(|(seq, _)| *seq > stream.position).map(|(_, log)| *log)
    }

    fn start_of_tail(&self, params: &Params) -> u64 {
        let tail = params.tail.filter(|_| self.reports_received).unwrap_or_default();
        self.newest.saturating_sub(tail).max(self.oldest() - 1)
    }

    /// Returns the next event of a stream, or `None` if the stream has caught up.
    pub fn next(&self, stream: &mut Stream) -> Option<Event> {
        if let Some(event) = stream.greeting.pop_front() {
            return Some(event);
        }
        if stream.epoch != self.epoch || stream.position == self.newest {
            return None;
        }
        if stream.position + 1 < self.oldest() {
            let from = stream.position + 1;
            stream.position = self.oldest() - 1;
            return Some(gap(Some(from), Some(stream.position), "evicted"));
        }
        let (seq, log) = self.history
            [usize::try_from(stream.position + 1 - self.oldest()).expect("within the history")];
        stream.position = seq;
        let data = format!(
            r#"{{"channel":"{CHANNEL}","data":"log {log}","timestamp":1,"id":"log-{log}","seq":{seq}}}"#
        );
        Some(Event { name: "message", data, log: Some(log) })
    }

    /// Skips the logs that a slow reader has not received, except the newest `keep`.
    pub fn skip(&self, stream: &mut Stream, keep: u64) -> Option<Event> {
        let to = self.newest.saturating_sub(keep);
        if !stream.greeting.is_empty() || stream.epoch != self.epoch || to <= stream.position {
            return None;
        }
        let from = stream.position + 1;
        stream.position = to;
        Some(gap(Some(from), Some(to), "slow"))
    }

    pub fn heartbeat(&self, stream: &Stream) -> Event {
        let data = format!(r#"{{"seqs":{{"{CHANNEL}":{}}},"serverTime":1}}"#, stream.position);
        Event { name: "heartbeat", data, log: None }
    }

    pub fn bye(reason: &str, retry_ms: u64) -> Event {
        Event {
            name: "bye",
            data: format!(r#"{{"reason":"{reason}","retryMs":{retry_ms}}}"#),
            log: None,
        }
    }

    fn hello(&self, params: &Params, start: u64) -> Event {
        let (oldest, newest, epoch) = (self.oldest(), self.newest, self.epoch_text());
        let [start, received] = if self.reports_received {
            let received: Vec<_> = [
                ("last_event_id", params.last_event_id.is_some()),
                ("batch", params.batch),
                ("tail", params.tail.is_some()),
            ]
            .into_iter()
            .filter(|(_, is_there)| *is_there)
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
            [format!(r#","start":{start}"#), format!(r#","received":[{}]"#, received.join(","))]
        } else {
            [String::new(), String::new()]
        };
        let seqs = format!(r#"{{"{CHANNEL}":{{"oldest":{oldest},"newest":{newest}{start}}}}}"#);
        let data = format!(
            r#"{{"type":"connection","status":"connected","channels":["{CHANNEL}"],"epoch":"{epoch}","seqs":{seqs},"heartbeatMs":{HEARTBEAT_MS},"refused":[],"serverTime":1{received}}}"#
        );
        Event { name: "message", data, log: None }
    }

    fn oldest(&self) -> u64 {
        self.history.front().map_or(self.newest + 1, |(seq, _)| *seq)
    }

    fn epoch_text(&self) -> String {
        format!("{:06}", self.epoch)
    }
}

fn gap(from: Option<u64>, to: Option<u64>, reason: &str) -> Event {
    let number = |seq: Option<u64>| seq.map_or("null".to_owned(), |seq| seq.to_string());
    let data = format!(
        r#"{{"channel":"{CHANNEL}","from":{},"to":{},"reason":"{reason}"}}"#,
        number(from),
        number(to)
    );
    Event { name: "gap", data, log: None }
}
