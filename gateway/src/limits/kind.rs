//! The limits by name, as refusals and metrics state them.

/// A limit for which a request, or a line of a batch, can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    Connections,
    StreamsPerUser,
    StreamsPerAddress,
    StreamsPerWorkspace,
    UserReplayedLogs,
    AddressReplayedLogs,
    WorkspaceReplayedLogs,
    TokenLogs,
    TokenBytes,
    WorkspaceLogs,
    WorkspaceBytes,
    ChannelLogs,
    ChannelBytes,
    ChannelsPerWorkspace,
    LogBytes,
    BatchLogs,
    BatchBytes,
    BodyTime,
    HeadTime,
    AuthFailures,
}

impl Limit {
    pub(crate) const ALL: [Self; 20] = [
        Self::Connections,
        Self::StreamsPerUser,
        Self::StreamsPerAddress,
        Self::StreamsPerWorkspace,
        Self::UserReplayedLogs,
        Self::AddressReplayedLogs,
        Self::WorkspaceReplayedLogs,
        Self::TokenLogs,
        Self::TokenBytes,
        Self::WorkspaceLogs,
        Self::WorkspaceBytes,
        Self::ChannelLogs,
        Self::ChannelBytes,
        Self::ChannelsPerWorkspace,
        Self::LogBytes,
        Self::BatchLogs,
        Self::BatchBytes,
        Self::BodyTime,
        Self::HeadTime,
        Self::AuthFailures,
    ];

    /// Returns the name in refusals and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::StreamsPerUser => "streams_per_user",
            Self::StreamsPerAddress => "streams_per_address",
            Self::StreamsPerWorkspace => "streams_per_workspace",
            Self::UserReplayedLogs => "user_replayed_logs_per_second",
            Self::AddressReplayedLogs => "address_replayed_logs_per_second",
            Self::WorkspaceReplayedLogs => "workspace_replayed_logs_per_second",
            Self::TokenLogs => "token_logs_per_second",
            Self::TokenBytes => "token_bytes_per_second",
            Self::WorkspaceLogs => "workspace_logs_per_second",
            Self::WorkspaceBytes => "workspace_bytes_per_second",
            Self::ChannelLogs => "channel_logs_per_second",
            Self::ChannelBytes => "channel_bytes_per_second",
            Self::ChannelsPerWorkspace => "channels_per_workspace",
            Self::LogBytes => "log_bytes",
            Self::BatchLogs => "batch_logs",
            Self::BatchBytes => "batch_bytes",
            Self::BodyTime => "body_time",
            Self::HeadTime => "head_time",
            Self::AuthFailures => "auth_failures",
        }
    }

    /// Returns what is limited, for an error that ends with the setting.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::StreamsPerUser => "open streams of this user (max-streams-per-user)",
            Self::StreamsPerAddress => "open streams of this address (max-streams-per-address)",
            Self::StreamsPerWorkspace => {
                "open streams of this workspace (max-streams-per-workspace)"
            }
            Self::UserReplayedLogs => {
                "replayed logs a second to this user (max-user-replayed-logs-per-second)"
            }
            Self::AddressReplayedLogs => {
                "replayed logs a second to this address (max-address-replayed-logs-per-second)"
            }
            Self::WorkspaceReplayedLogs => {
                "replayed logs a second of this workspace (max-workspace-replayed-logs-per-second)"
            }
            Self::TokenLogs => "logs a second with this token (max-token-logs-per-second)",
            Self::TokenBytes => "bytes a second with this token (max-token-bytes-per-second)",
            Self::WorkspaceLogs => {
                "logs a second in this workspace (max-workspace-logs-per-second)"
            }
            Self::WorkspaceBytes => {
                "bytes a second in this workspace (max-workspace-bytes-per-second)"
            }
            Self::ChannelLogs => "logs a second on this channel (max-channel-logs-per-second)",
            Self::ChannelBytes => "bytes a second on this channel (max-channel-bytes-per-second)",
            Self::ChannelsPerWorkspace => "channels of this workspace (max-channels-per-workspace)",
            Self::LogBytes => "bytes in a log (max-log-bytes)",
            Self::BatchLogs => "logs in a batch",
            Self::BatchBytes => "bytes in a batch",
            Self::BodyTime => "seconds for a body (body-timeout)",
            Self::HeadTime => "seconds for a request head (head-timeout)",
            Self::AuthFailures => {
                "requests a minute with a wrong token from this address (max-auth-failures)"
            }
            Self::Connections => "connections (max-connections)",
        }
    }
}
