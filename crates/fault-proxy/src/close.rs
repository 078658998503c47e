//! The end of a connection: in order, or by a reset.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::log::log;
use crate::plan::Ending;

/// Closes `client`, of which all that was written arrives with `Fin`.
pub(crate) async fn close(mut client: TcpStream, ending: Ending) {
    match ending {
        // Closing with unread bytes would be a reset, so the client's last ones are read, until it
        // closes too.
        Ending::Fin if client.shutdown().await.is_ok() => {
            let mut bytes = [0; 1024];
            let drained =
                async { while client.read(&mut bytes).await.is_ok_and(|count| count > 0) {} };
            // A client that never closes is left in the end.
            let _ = timeout(DRAIN_TIME, drained).await;
        }
        // It is gone already.
        Ending::Fin => {}
        // A socket that lingers for no time at all is closed with RST.
        Ending::Reset => {
            if let Err(error) = client.set_zero_linger() {
                log(format_args!("cannot reset a connection, closing it: {error}"));
            }
        }
    }
}

/// Long beside a loopback's way, short for one who waits.
const DRAIN_TIME: Duration = Duration::from_secs(1);
