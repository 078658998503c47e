//! The end of a connection: in order, or by a reset.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::log::log;
use crate::plan::Ending;

/// Closes `client`. With `Fin`, everything written arrives.
pub(crate) async fn close(mut client: TcpStream, ending: Ending) {
    match ending {
        // Closing a socket with unread bytes would reset it, so the client's last bytes are read
        // until it closes too.
        Ending::Fin if client.shutdown().await.is_ok() => {
            let mut bytes = [0; 1024];
            let drained =
                async { while client.read(&mut bytes).await.is_ok_and(|count| count > 0) {} };
            // A client that never closes is abandoned.
            let _ = timeout(DRAIN_TIME, drained).await;
        }
        // The client has already left.
        Ending::Fin => {}
        // A socket without a linger time is closed with RST.
        Ending::Reset => {
            if let Err(error) = client.set_zero_linger() {
                log(format_args!("cannot reset a connection, closing it: {error}"));
            }
        }
    }
}

/// Long compared with a round trip on loopback, short for a person who waits.
const DRAIN_TIME: Duration = Duration::from_secs(1);
