//! Standard output and standard error. A thread writes to each, so that a reader that stalls or
//! leaves cannot block the gateway.
//!
//! Lines that exceed the queue, or that the system does not accept, are dropped and counted.
//! Nothing else in the process may write to either: `print!` blocks on a stalled reader and panics
//! without one.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

static STDOUT: LazyLock<Output> = LazyLock::new(|| Output::new("stdout", io::stdout()));

static STDERR: LazyLock<Output> = LazyLock::new(|| Output::new("stderr", io::stderr()));

/// Writes a line to standard output. Returns at once.
pub fn say(line: impl Display) {
    STDOUT.enqueue(format!("{line}\n").into_bytes());
}

/// Writes a line to standard error. Returns at once.
pub fn report(line: impl Display) {
    STDERR.enqueue(format!("{line}\n").into_bytes());
}

/// Returns how many lines standard error did not accept since the start.
#[must_use]
pub fn log_lines_dropped() -> u64 {
    STDERR.counts.dropped.load(Ordering::Relaxed)
}

/// Returns the size of the lines that standard error has not accepted yet.
#[must_use]
pub fn log_bytes_waiting() -> usize {
    STDERR.counts.waiting_bytes.load(Ordering::Relaxed)
}

/// Waits until everything is written, but not for long: the reader may have stalled.
pub fn flush() {
    let deadline = Instant::now() + FLUSH_TIME;
    STDOUT.flush(deadline);
    STDERR.flush(deadline);
}

/// Reports panics through [`report`] instead of the standard hook, which blocks with a stalled
/// standard error.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let name = thread::current().name().unwrap_or("unnamed").to_owned();
        match backtrace.status() {
            BacktraceStatus::Captured => {
                report(format_args!("thread '{name}' {panic}\n{backtrace}"));
            }
            _ => report(format_args!("thread '{name}' {panic}")),
        }
    }));
}

/// Writes to standard error, one line for each call of [`Write::write`]. Never blocks, never fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        STDERR.enqueue(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A queue of lines and the thread that writes them.
#[derive(Debug)]
struct Output {
    queue: Sender<Vec<u8>>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Lines not yet written, including the current one.
    waiting: AtomicUsize,
    /// Their weight. Only this limits the queue.
    waiting_bytes: AtomicUsize,
    dropped: AtomicU64,
}

impl Output {
    fn new(name: &str, to: impl Write + Send + 'static) -> Self {
        let (queue, lines) = channel();
        let counts = Arc::new(Counts::default());
        let for_thread = Arc::clone(&counts);
        // Without a thread the queue has no receiver, and each line counts as dropped.
        drop(
            thread::Builder::new()
                .name(name.into())
                .spawn(move || write_lines(&lines, to, &for_thread)),
        );
        Self { queue, counts }
    }

    fn enqueue(&self, line: Vec<u8>) {
        let Counts { waiting, waiting_bytes, dropped } = &*self.counts;
        let bytes = line.len() + LINE_BYTES;
        waiting.fetch_add(1, Ordering::AcqRel);
        let is_full = waiting_bytes.fetch_add(bytes, Ordering::AcqRel) + bytes > MAX_BYTES;
        if is_full || self.queue.send(line).is_err() {
            waiting.fetch_sub(1, Ordering::AcqRel);
            waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self, deadline: Instant) {
        while self.counts.waiting.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn write_lines(lines: &Receiver<Vec<u8>>, mut to: impl Write, counts: &Counts) {
    let mut reported = 0;
    for line in lines {
        if to.write_all(&line).and_then(|()| to.flush()).is_err() {
            counts.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            reported = report_dropped(&mut to, counts, reported);
        }
        counts.waiting_bytes.fetch_sub(line.len() + LINE_BYTES, Ordering::AcqRel);
        counts.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Reports how many lines were dropped since the last report, once lines are accepted again.
/// Returns the total that was reported.
fn report_dropped(to: &mut impl Write, counts: &Counts, reported: u64) -> u64 {
    let dropped = counts.dropped.load(Ordering::Relaxed);
    let note =
        format!("logs-gateway: {} lines dropped: they were not read in time\n", dropped - reported);
    if dropped == reported || to.write_all(note.as_bytes()).is_err() { reported } else { dropped }
}

/// The limit of the queue: about 8,000 lines, as many as a herd of readers that reconnects at once
/// causes.
const MAX_BYTES: usize = 2 << 20;

/// The weight of a line besides its text.
const LINE_BYTES: usize = 64;

/// How long the process waits for a reader at its end.
const FLUSH_TIME: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;

    use super::*;

    /// More than fit into the queue.
    const LINES: u64 = 50_000;

    /// Accepts a line for each permit it receives.
    struct Gate {
        permits: mpsc::Receiver<bool>,
        written: Arc<Mutex<String>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.permits.recv().is_ok_and(|is_open| is_open) {
                self.written.lock().expect("no panic").push_str(&String::from_utf8_lossy(bytes));
                Ok(bytes.len())
            } else {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (Output, mpsc::Sender<bool>, Arc<Mutex<String>>) {
        let (permit, permits) = mpsc::channel();
        let written = Arc::default();
        (Output::new("test", Gate { permits, written: Arc::clone(&written) }), permit, written)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn drops_lines_and_never_blocks_on_a_stalled_reader() {
        let (output, permit, written) = gated();
        for number in 0..LINES {
            output.enqueue(format!("{number}\n").into_bytes());
        }
        let dropped = output.counts.dropped.load(Ordering::Relaxed);
        assert!((1..LINES).contains(&dropped), "{dropped}");
        (0..=LINES - dropped).for_each(|_| permit.send(true).expect("it writes"));
        output.flush(soon());
        let written = written.lock().expect("no panic").clone();
        assert!(
            written.starts_with(&format!("0\nlogs-gateway: {dropped} lines dropped")),
            "{written:.200}"
        );
        assert_eq!(written.lines().count() as u64, LINES - dropped + 1);
    }

    #[test]
    fn limits_the_queue_in_bytes() {
        let (output, _permit, _) = gated();
        (0..20).for_each(|_| output.enqueue(vec![b'x'; MAX_BYTES / 8]));
        assert_eq!(output.counts.dropped.load(Ordering::Relaxed), 13);
    }

    #[test]
    fn only_lines_are_lost_with_a_reader_that_left() {
        let (output, permit, written) = gated();
        for is_open in [false, false, true, true] {
            permit.send(is_open).expect("it writes");
        }
        (0..3).for_each(|_| output.enqueue(b"line\n".to_vec()));
        output.flush(soon());
        assert_eq!(
            *written.lock().expect("no panic"),
            "line\nlogs-gateway: 2 lines dropped: they were not read in time\n"
        );
    }
}
