//! `token new`: draws a secret for a publisher, and prints it and the entry for the file of tokens.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use logs_gateway::http::token_file::{NewToken, Scope};
use logs_gateway::http::workspace_pattern::WorkspacePattern;
use logs_gateway::output;
use logs_sse_core::channel::Id;

use crate::cli::parse::parse_time;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Draw a secret. It goes to standard error and is stored nowhere; its entry for the file of
    /// --tokens goes to standard output.
    New(NewArguments),
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// A service that the token may publish as; repeatable.
    #[arg(long = "service", value_name = "SERVICE", required_unless_present = "operator", value_parser = parse_service)]
    services: Vec<Id>,
    /// A workspace that the token may publish to, in which * matches anything, such as 'prod_*';
    /// repeatable.
    #[arg(long = "workspace", value_name = "PATTERN", required_unless_present = "operator")]
    workspaces: Vec<WorkspacePattern>,
    /// Make a token for an operator instead, who may stop streams and publishes nothing.
    #[arg(long, conflicts_with_all = ["services", "workspaces"])]
    operator: bool,
    /// The name in the log and in the file. By default, the first service and today's date.
    #[arg(long)]
    name: Option<String>,
    /// How long the token is valid from now, such as 90d; without an end by default.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    valid_for: Option<Duration>,
}

pub(crate) fn run(command: TokenCommand) -> Result<(), String> {
    let TokenCommand::New(arguments) = command;
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let not_after = arguments
        .valid_for
        .map(|time| now.checked_add(time).map_err(|error| format!("--valid-for: {error}")))
        .transpose()?;
    let name = arguments.name.unwrap_or_else(|| {
        let today = now.to_string();
        let whose = arguments.services.first().map_or("operator", Id::as_str);
        format!("{whose}-{}", today.split('T').next().unwrap_or_default())
    });
    let scope = if arguments.operator {
        Scope::Operator
    } else {
        Scope::Publisher { services: arguments.services, workspaces: arguments.workspaces }
    };
    let new = NewToken::draw(&name, &scope, not_after)?;
    output::report(format_args!(
        "The secret, which is shown only now and stored nowhere:\n\n    {}\n\nAdd the entry below to the file of --tokens, then reload the gateway (SIGHUP).\n",
        new.secret
    ));
    output::say(new.entry.trim_end());
    Ok(())
}

fn parse_service(text: &str) -> Result<Id, String> {
    Id::parse("service", text).map_err(|error| error.to_string())
}
