//! The page: which files are served, and the headers that keep browsers from misreading them.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use logs_gateway::http::app::Extras;
use reqwest::redirect::Policy;
use reqwest::{Method, Response};
use support::{CHANNEL, PROXY, Reader, Server, Setup, client};

/// A folder with a page, hidden files and links that lead out of it.
fn folder(name: &str) -> PathBuf {
    let outside = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("site_{name}_outside"));
    let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("site_{name}"));
    for folder in [&outside, &site] {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).expect("a folder");
    }
    for folder in [".git", "evil.example", "assets/.hidden", "\\evil"] {
        fs::create_dir_all(site.join(folder)).expect("a folder");
    }
    fs::write(outside.join("secret.txt"), "SECRET").expect("a file");
    fs::write(outside.join("index.html"), "SECRET").expect("a file");
    for file in [".env", ".git/config", "assets/.hidden/a"] {
        fs::write(site.join(file), "SECRET").expect("a file");
    }
    for file in ["index.html", "assets/app.js", "evil.example/index.html"] {
        fs::write(site.join(file), "page").expect("a file");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(outside.join("secret.txt"), site.join("link.txt")).expect("a link");
        symlink(&outside, site.join("folder")).expect("a link");
        fs::create_dir_all(site.join("indexed")).expect("a folder");
        symlink(outside.join("index.html"), site.join("indexed/index.html")).expect("a link");
        symlink("app.js", site.join("assets/alias.js")).expect("a link");
    }
    site
}

async fn serving(name: &str) -> Server {
    let extras = Extras { site: Some(folder(name)), ..Extras::default() };
    Server::made(Setup { extras, ..Setup::default() }).await
}

/// The response to a path exactly as written, which URL libraries would normalise.
async fn raw(server: &Server, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(server.url.trim_start_matches("http://"))
        .await
        .expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("text");
    answer
}

#[tokio::test]
async fn hidden_files_and_links_that_lead_outside_are_not_found() {
    let server = serving("hidden").await;
    let hidden = [
        "/.env",
        "/.git/config",
        "/.git/",
        "/.git",
        "/assets/.hidden/a",
        "/%2eenv",
        "/%2Egit/config",
        "/assets/%2e%2e/.env",
    ];
    let linked = [
        "/link.txt",
        "/folder/secret.txt",
        "/folder/",
        "/folder",
        "/indexed/",
        "/assets/../link.txt",
    ];
    for path in hidden.iter().chain(&linked) {
        let answer = raw(&server, path).await;
        assert!(
            answer.starts_with("HTTP/1.1 404") && !answer.contains("SECRET"),
            "{path}: {answer}"
        );
    }
    for path in ["/index.html", "/assets/app.js", "/assets/alias.js", "/evil.example/"] {
        let answer = raw(&server, path).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("page"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn no_path_redirects_to_another_host() {
    let server = serving("redirect").await;
    for path in [
        "//evil.example",
        "///evil.example",
        "//evil.example/",
        "/\\evil",
        "/%5cevil",
        "//evil.example/..",
        "/assets//app.js",
        "/%2fevil.example",
    ] {
        let answer = raw(&server, path).await;
        assert!(
            answer.starts_with("HTTP/1.1 4") && !answer.contains("location:"),
            "{path}: {answer}"
        );
    }
    let answer = raw(&server, "/assets").await;
    assert!(
        answer.contains("location: /assets/\r\n"),
        "a folder of the page still has its slash: {answer}"
    );
}

async fn root(server: &Server, method: Method, accept: Option<&str>) -> Response {
    let request = client().request(method, &server.url);
    accept
        .map_or(request.try_clone().expect("no body"), |accept| request.header("Accept", accept))
        .send()
        .await
        .expect("an answer")
}

#[tokio::test]
async fn the_root_varies_by_accept() {
    let server = serving("vary").await;
    for method in [Method::GET, Method::HEAD] {
        for (accept, kind) in [
            (Some("text/html,*/*"), "text/html"),
            (Some("*/*"), "application/json"),
            (None, "application/json"),
        ] {
            let answer = root(&server, method.clone(), accept).await;
            assert!(
                answer.headers()["content-type"]
                    .to_str()
                    .is_ok_and(|found| found.starts_with(kind)),
                "{method} {accept:?}: {answer:?}"
            );
            let vary: Vec<_> = answer
                .headers()
                .get_all("vary")
                .iter()
                .map(|vary| vary.to_str().expect("text").to_ascii_lowercase())
                .collect();
            assert!(
                vary.join(",").split(',').any(|name| name.trim() == "accept"),
                "{method} {accept:?}: {vary:?}"
            );
        }
    }
}

#[tokio::test]
async fn no_answer_is_sniffed_and_no_json_is_stored() {
    let server = serving("headers").await;
    let plain = Server::gateway().await;
    for server in [&server, &plain] {
        let refused = "/logs/stream?channels=";
        for path in [
            "/",
            "/health",
            "/ready",
            "/admin/logs/stats",
            "/logs/stream",
            refused,
            "/nowhere",
            "/test/logs",
            "/api/logs/publish",
        ] {
            for method in [Method::GET, Method::POST] {
                let answer = client()
                    .request(method.clone(), format!("{}{path}", server.url))
                    .send()
                    .await
                    .expect("an answer");
                let header =
                    |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
                let headers = (
                    header("content-type"),
                    header("x-content-type-options"),
                    header("cache-control"),
                );
                assert_eq!(
                    headers,
                    (Some("application/json"), Some("nosniff"), Some("no-store")),
                    "{method} {path}"
                );
            }
        }
        for path in [&format!("/logs/stream?channels={CHANNEL}"), PROXY] {
            let reader = Reader::open(client().get(format!("{}{path}", server.url))).await;
            assert_eq!(reader.headers["x-content-type-options"], "nosniff");
            assert_eq!(reader.headers["cache-control"], "no-cache, no-transform");
        }
    }
}

#[tokio::test]
async fn only_its_own_site_may_frame_the_page() {
    let server = serving("frame").await;
    for path in ["/", "/index.html"] {
        let request = client().get(format!("{}{path}", server.url)).header("Accept", "text/html");
        let policy = request.send().await.expect("an answer").headers()["content-security-policy"]
            .to_str()
            .expect("text")
            .to_owned();
        assert!(policy.contains("frame-ancestors 'self'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn a_test_log_needs_what_a_foreign_page_cannot_send_unasked() {
    let gateway = Server::gateway().await;
    let client =
        reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
    let send = async |headers: &[(&str, &str)], body: &'static str| {
        let request = client.post(format!("{}/test/logs", gateway.url)).body(body);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.expect("an answer").status().as_u16()
    };
    let channel = "{\"channel\":\"logs:etl:victim:wf\"}";
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain; a=application/json",
        "application/jsonp",
    ] {
        assert_eq!(send(&[("Content-Type", kind)], channel).await, 415, "{kind}");
    }
    for origin in ["https://evil.example", "null"] {
        assert_eq!(
            (send(&[("Origin", origin)], channel).await, send(&[("Origin", origin)], "").await),
            (415, 415),
            "{origin}"
        );
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(
            send(&[("Content-Type", kind), ("Origin", "http://127.0.0.1")], channel).await,
            200,
            "{kind}"
        );
    }
    assert_eq!(send(&[], "").await, 200, "as curl sends it");
}
