//! The controls of a demo, for the page's strip "Try it": the rate of the sample job, scenes that
//! publish, and faults of the streams. They exist beside the sample job only.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use logs_sse_core::channel::ChannelName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, json};
use tokio::sync::watch;

use crate::demo::faults::{self, Fault, Faults};
use crate::demo::job::SERVICE;
use crate::demo::sample::WORKFLOWS;
use crate::demo::scene::Scene;
use crate::http::body::{self, Allowance};
use crate::http::content_type::{JSON, is_of_type};
use crate::http::rejection::{Rejection, json_response};
use crate::http::state::Gateway;

/// What the controls change.
#[derive(Clone, Debug)]
pub struct Control {
    rate: watch::Sender<f64>,
    faults: Faults,
    is_supervised: bool,
}

impl Control {
    /// Returns the controls of a job with `rate` logs per second. `is_supervised` means that
    /// a supervisor starts this process again when it ends, so that the page may end it.
    #[must_use]
    pub fn new(rate: f64, is_supervised: bool) -> Self {
        Self { rate: watch::Sender::new(rate), faults: Faults::default(), is_supervised }
    }

    /// Returns the rate that the job follows.
    #[must_use]
    pub fn rate(&self) -> watch::Receiver<f64> {
        self.rate.subscribe()
    }

    /// Adds the routes, and applies the faults to those of readers.
    pub(crate) fn add_to(&self, routes: Router<Gateway>, gateway: &Gateway) -> Router<Gateway> {
        let own = Router::new()
            .route("/demo/state", get(state))
            .route("/demo/rate", post(set_rate))
            .route("/demo/fault", post(begin_fault))
            .route("/demo/scene", post(play_scene))
            .route("/demo/kill", post(kill))
            .with_state(Panel { control: self.clone(), gateway: gateway.clone() });
        routes.layer(from_fn_with_state(self.faults.clone(), faults::apply)).merge(own)
    }
}

/// What the routes need.
#[derive(Clone)]
struct Panel {
    control: Control,
    gateway: Gateway,
}

/// `GET /demo/state`: returns the rate, the fault that lasts, and how many logs were published.
async fn state(State(panel): State<Panel>) -> Response {
    let infos = panel.gateway.hub.channel_infos();
    let published: Map<_, _> = WORKFLOWS
        .iter()
        .map(|(workspace, workflow)| {
            let channel = format!("logs:{SERVICE}:{workspace}:{workflow}");
            let newest = infos.iter().find(|info| info.channel == channel).map(|info| info.newest);
            (format!("{workspace}/{workflow}"), newest.unwrap_or_default().into())
        })
        .collect();
    let fault = panel
        .control
        .faults
        .active()
        .map(|(fault, seconds)| json!({ "name": fault, "seconds": seconds }));
    let state = json!({
        "rate": *panel.control.rate.borrow(),
        "fault": fault,
        "epoch": panel.gateway.hub.epoch().to_string(),
        "published": published,
        "isSupervised": panel.control.is_supervised,
    });
    json_response(StatusCode::OK, &state)
}

/// `POST /demo/rate`: `{"rate": 0 to 5000}`, the logs per second of each workflow.
async fn set_rate(State(panel): State<Panel>, request: Request) -> Result<Response, Rejection> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        rate: f64,
    }
    let Body { rate } = receive(&panel, request).await?;
    if !(0.0..=MAX_RATE).contains(&rate) {
        let error = format!("rate is {rate}: expected a number from 0 to {MAX_RATE}");
        return Err(Rejection::bad_request(error));
    }
    panel.control.rate.send_replace(rate);
    Ok(json_response(StatusCode::OK, &json!({ "rate": rate })))
}

/// `POST /demo/fault`: `{"name": a fault}`.
async fn begin_fault(State(panel): State<Panel>, request: Request) -> Result<Response, Rejection> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: Fault,
    }
    let Body { name } = receive(&panel, request).await?;
    panel.control.faults.begin(name);
    Ok(json_response(StatusCode::OK, &json!({ "fault": name })))
}

/// `POST /demo/scene`: `{"name": a scene, "workspace_id": …, "workflow_id": …}`. Returns how many
/// logs it published.
async fn play_scene(State(panel): State<Panel>, request: Request) -> Result<Response, Rejection> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: Scene,
        workspace_id: String,
        workflow_id: String,
    }
    let Body { name, workspace_id, workflow_id } = receive(&panel, request).await?;
    let channel: ChannelName = format!("logs:{SERVICE}:{workspace_id}:{workflow_id}")
        .parse()
        .map_err(|error| Rejection::bad_request(format!("{error}")))?;
    let logs = name.logs();
    for log in &logs {
        panel.gateway.hub.submit(&channel, log, None).stored().await?;
    }
    Ok(json_response(StatusCode::OK, &json!({ "published": logs.len() })))
}

/// `POST /demo/kill`: ends this process at once, as `kill -9` does, if a supervisor starts it again.
async fn kill(State(panel): State<Panel>, request: Request) -> Result<Response, Rejection> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {}
    let Body {} = receive(&panel, request).await?;
    if !panel.control.is_supervised {
        let error = "nothing starts this gateway again: run the demo with `npm run demo`";
        return Err(Rejection::new(StatusCode::FORBIDDEN, error));
    }
    tracing::warn!("killed by the demo page");
    std::process::exit(KILLED)
}

/// Receives a body of JSON. A page of another origin cannot send one without a preflight, which is
/// refused.
async fn receive<T: DeserializeOwned>(panel: &Panel, request: Request) -> Result<T, Rejection> {
    let (parts, body) = request.into_parts();
    expect_json(&parts.headers)?;
    let allowance = Allowance::small(&panel.gateway);
    let body = body::received(body, allowance).await?;
    let text = body::text(&parts.headers, &body, allowance)?;
    serde_json::from_str(&text).map_err(|error| Rejection::bad_request(format!("body: {error}")))
}

fn expect_json(headers: &HeaderMap) -> Result<(), Rejection> {
    if is_of_type(headers, JSON) {
        return Ok(());
    }
    let error = "Content-Type: expected application/json";
    Err(Rejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error))
}

/// The most logs per second of each workflow.
const MAX_RATE: f64 = 5_000.0;

/// The exit code of a killed process, as shells report it.
const KILLED: i32 = 137;
