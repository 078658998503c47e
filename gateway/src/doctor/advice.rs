//! Which proxies are on the way, and which directive of each to change.

use axum::http::HeaderMap;

/// A problem that proxies cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The gateway is not reached.
    Reach,
    /// The credentials are missing or refused.
    Access,
    /// The certificate expires soon, or is refused.
    Certificate,
    Buffering,
    Compression,
    Parameters,
    LastEventId,
    Identity,
    Timeout,
    Clock,
}

/// A kind of proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proxy {
    Nginx,
    Express,
    Apache,
    Aws,
    Cloudflare,
}

impl Proxy {
    const ALL: [Self; 5] = [Self::Nginx, Self::Express, Self::Apache, Self::Aws, Self::Cloudflare];

    fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Express => "Express",
            Self::Apache => "Apache",
            Self::Aws => "AWS",
            Self::Cloudflare => "Cloudflare",
        }
    }

    /// Returns whether the response carries a header by which this proxy is known.
    fn is_seen(self, headers: &HeaderMap) -> bool {
        let has = |name: &str, wanted: &str| {
            let values = headers.get_all(name).iter();
            let text = |value: &axum::http::HeaderValue| {
                String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase()
            };
            values.map(text).any(|value| value.contains(wanted))
        };
        match self {
            Self::Nginx => {
                ["nginx", "openresty"].iter().any(|name| has("server", name) || has("via", name))
            }
            Self::Express => has("x-powered-by", "express"),
            Self::Apache => has("server", "apache") || has("via", "apache"),
            Self::Aws => {
                has("server", "awselb")
                    || has("via", "cloudfront")
                    || headers.contains_key("x-amz-cf-id")
                    || headers.contains_key("x-amzn-trace-id")
                    || has("set-cookie", "awsalb")
            }
            Self::Cloudflare => has("server", "cloudflare") || headers.contains_key("cf-ray"),
        }
    }

    fn directive(self, remedy: Remedy) -> Option<&'static str> {
        let directive = match (self, remedy) {
            (Self::Nginx, Remedy::Reach) => {
                "proxy_pass http://GATEWAY:8080; and look into error.log"
            }
            (Self::Nginx, Remedy::Buffering) => {
                "proxy_buffering off; and proxy_http_version 1.1; and no proxy_ignore_headers X-Accel-Buffering, in the location of the stream"
            }
            (Self::Nginx, Remedy::Compression) => {
                "gzip off; in the location of the stream, or no text/event-stream in gzip_types"
            }
            (Self::Nginx, Remedy::Parameters) => {
                "proxy_pass http://GATEWAY:8080; without a path or variables, or $is_args$args after the path"
            }
            (Self::Nginx, Remedy::LastEventId) => {
                "proxy_set_header Last-Event-ID $http_last_event_id; and no proxy_pass_request_headers off"
            }
            (Self::Nginx, Remedy::Identity) => {
                "proxy_set_header X-User-Id $USER; and the same for X-Workspace-Id, from a login such as auth_request, never from the client"
            }
            (Self::Nginx, Remedy::Timeout) => {
                "proxy_read_timeout 1h; and send_timeout 1h;, or at least three heartbeats of the gateway"
            }
            (Self::Express, Remedy::Reach) => {
                "use the proxy module of the npm package (docs/datashop.md)"
            }
            (Self::Express, Remedy::Buffering) => {
                "pipe the response and call res.flush() after each chunk if the module compression is in use"
            }
            (Self::Express, Remedy::Compression) => {
                "compression({ filter: (req, res) => !/event-stream/.test(res.getHeader('Content-Type')) && compression.filter(req, res) })"
            }
            (Self::Express, Remedy::Parameters) => {
                "forward the whole query of req.url, or use the proxy module of the npm package (docs/datashop.md)"
            }
            (Self::Express, Remedy::LastEventId) => {
                "forward req.headers['last-event-id'], or use the proxy module of the npm package (docs/datashop.md)"
            }
            (Self::Express, Remedy::Identity) => {
                "set X-User-Id and X-Workspace-Id from the session after deleting those of the request"
            }
            (Self::Express, Remedy::Timeout) => {
                "no timeout on the request to the gateway, and server.setTimeout(0)"
            }
            (Self::Apache, Remedy::Reach) => "ProxyPass /logs/ http://GATEWAY:8080/logs/",
            (Self::Apache, Remedy::Buffering) => "ProxyPass … flushpackets=on",
            (Self::Apache, Remedy::Compression) => {
                "SetEnvIf Request_URI \"/stream$\" no-gzip=1 no-brotli=1"
            }
            (Self::Apache, Remedy::Parameters) => {
                "[QSA] at the end of the RewriteRule, which otherwise replaces the query"
            }
            (Self::Apache, Remedy::LastEventId) => "no RequestHeader unset Last-Event-ID",
            (Self::Apache, Remedy::Identity) => {
                "RequestHeader set X-User-Id expr=%{REMOTE_USER}, and the same for X-Workspace-Id"
            }
            (Self::Apache, Remedy::Timeout) => "ProxyPass … timeout=3600",
            (Self::Aws, Remedy::Reach) => {
                "a target group with the health check /ready of the gateway"
            }
            (Self::Aws, Remedy::Buffering) => {
                "an Application Load Balancer instead of API Gateway or Lambda, which buffer responses"
            }
            (Self::Aws, Remedy::Compression) => {
                "CloudFront: a cache policy with compression disabled for the path of the stream"
            }
            (Self::Aws, Remedy::Parameters | Remedy::LastEventId) => {
                "CloudFront: an origin request policy AllViewer for the path of the stream"
            }
            (Self::Aws, Remedy::Timeout) => {
                "idle_timeout.timeout_seconds = 3600 on the load balancer; on CloudFront, a response timeout of 60 s"
            }
            (Self::Cloudflare, Remedy::Buffering) => {
                "Response Buffering off, and no rule that replaces Cache-Control"
            }
            (Self::Cloudflare, Remedy::Compression) => {
                "Cache-Control: no-transform as the gateway sends it, or a compression rule that disables it for the path"
            }
            (Self::Cloudflare, Remedy::Parameters | Remedy::LastEventId) => {
                "no transform rule on the path of the stream"
            }
            (Self::Cloudflare, Remedy::Timeout) => {
                "--heartbeat 15s at the gateway: the limit of 100 s without a byte cannot be raised on most plans"
            }
            _ => return None,
        };
        Some(directive)
    }
}

/// The proxies that made themselves known in a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxies(Vec<Proxy>);

impl Proxies {
    pub(super) fn seen(headers: &HeaderMap) -> Self {
        Self(Proxy::ALL.into_iter().filter(|proxy| proxy.is_seen(headers)).collect())
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|proxy| proxy.name()).collect()
    }

    /// Returns what to change in the proxies that were seen, or in each kind if none was.
    pub(super) fn directives(&self, remedy: Remedy) -> Vec<(&'static str, &'static str)> {
        match remedy {
            Remedy::Clock => return vec![("both machines", CLOCK)],
            Remedy::Access => return vec![("doctor", ACCESS)],
            Remedy::Certificate => return vec![("the server of this address", CERTIFICATE)],
            _ => {}
        }
        let proxies = if self.0.is_empty() { &Proxy::ALL[..] } else { &self.0 };
        let named = |proxy: &Proxy| Some((proxy.name(), proxy.directive(remedy)?));
        proxies.iter().filter_map(named).collect()
    }
}

const CLOCK: &str = "enable NTP, for example timedatectl set-ntp true";

const CERTIFICATE: &str =
    "renew the certificate for this name, with those of the authorities in between, then reload";

const ACCESS: &str =
    "--cookie-file or --bearer-file with the credentials of a reader of this channel";

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(headers: &[(&'static str, &str)]) -> Vec<&'static str> {
        let header = |(name, value): &(&'static str, &str)| {
            (axum::http::HeaderName::from_static(name), value.parse().expect("a value"))
        };
        Proxies::seen(&headers.iter().map(header).collect()).names()
    }

    #[test]
    fn proxies_are_known_by_their_headers() {
        assert_eq!(seen(&[("server", "nginx/1.22.1")]), ["nginx"]);
        let several = [("server", "cloudflare"), ("x-powered-by", "Express")];
        assert_eq!(seen(&several), ["Express", "Cloudflare"]);
        assert_eq!(seen(&[("via", "1.1 abc.cloudfront.net (CloudFront)")]), ["AWS"]);
        assert_eq!(seen(&[("server", "Apache/2.4")]), ["Apache"]);
        assert!(seen(&[("server", "hyper")]).is_empty());
    }

    #[test]
    fn every_problem_has_a_directive_whatever_proxy_was_seen() {
        let unseen = Proxies::default();
        for remedy in [
            Remedy::Reach,
            Remedy::Access,
            Remedy::Certificate,
            Remedy::Buffering,
            Remedy::Compression,
            Remedy::Parameters,
            Remedy::LastEventId,
            Remedy::Identity,
            Remedy::Timeout,
            Remedy::Clock,
        ] {
            assert!(!unseen.directives(remedy).is_empty(), "{remedy:?}");
        }
        let nginx = Proxies(vec![Proxy::Nginx]);
        assert_eq!(nginx.directives(Remedy::Buffering).len(), 1);
        assert!(nginx.directives(Remedy::Compression)[0].1.starts_with("gzip off;"));
    }
}
