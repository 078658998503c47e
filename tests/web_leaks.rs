//! A hundred mounts and unmounts leave nothing open: no listener, timer, animation frame, message
//! port or EventSource.

#![cfg(target_arch = "wasm32")]

mod support;

use support::page::{Page, dead_endpoint, endpoint, pause, script, until};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Wraps the browser functions that open something, to count what is open from now on.
const COUNT: &str = r"(() => {
    if (window.open_things) return;
    const things = (window.open_things = { sources: new Set(), timers: new Set(), frames: new Set(), ports: new Set(), listeners: new Map() });
    const Native = window.EventSource;
    window.EventSource = class extends Native {
        constructor(...args) { super(...args); things.sources.add(this); }
        close() { things.sources.delete(this); super.close(); }
    };
    const NativeChannel = window.MessageChannel;
    window.MessageChannel = class extends NativeChannel {
        constructor() {
            super();
            const port = this.port1;
            things.ports.add(port);
            port.close = () => { things.ports.delete(port); MessagePort.prototype.close.call(port); };
        }
    };
    for (const [set, clear, kept] of [['setTimeout', 'clearTimeout', 'timers'], ['requestAnimationFrame', 'cancelAnimationFrame', 'frames']]) {
        const [setNative, clearNative] = [window[set].bind(window), window[clear].bind(window)];
        window[set] = (act, ...rest) => {
            const id = setNative((...args) => { things[kept].delete(id); act(...args); }, ...rest);
            things[kept].add(id);
            return id;
        };
        window[clear] = (id) => { things[kept].delete(id); clearNative(id); };
    }
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const key = (type, act) => type + '#' + (act.counted ??= Math.random());
    const of = (target) => things.listeners.get(target ?? window) ?? things.listeners.set(target ?? window, new Set()).get(target ?? window);
    EventTarget.prototype.addEventListener = function (type, act, ...rest) {
        if (act && (this === undefined || this === window || this === document || this instanceof Native)) of(this).add(key(type, act));
        return addEventListener.call(this ?? window, type, act, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (type, act, ...rest) {
        if (act && (this === undefined || this === window || this === document || this instanceof Native)) of(this).delete(key(type, act));
        return removeEventListener.call(this ?? window, type, act, ...rest);
    };
})()";

/// Describes what is open: sources, timers, frames, message ports, and listeners of the window and
/// of sources.
fn open_things() -> String {
    let count = "(() => { const t = window.open_things; const l = [...t.listeners.values()].reduce((sum, set) => sum + set.size, 0);
        return `${t.sources.size} sources, ${t.timers.size} timers, ${t.frames.size} frames, ${t.ports.size} ports, ${l} listeners`; })()";
    script(count).as_string().unwrap_or_default()
}

#[wasm_bindgen_test]
async fn a_hundred_mounts_leave_nothing_open() {
    script(COUNT);
    // The first mount sets up what lives as long as the page: delegated events and the executor.
    one_of_each().await;
    let before = settled().await;
    for _ in 0..25 {
        one_of_each().await;
    }
    assert_eq!(settled().await, before);
    assert!(before.starts_with("0 sources"), "{before}");
}

#[wasm_bindgen_test]
async fn the_leak_counter_sees_an_open_stream() {
    script(COUNT);
    let before = settled().await;
    let page = Page::mount(&endpoint());
    page.click("Connect Live Logs");
    page.until_connected().await;
    let during = open_things();
    assert!(during.starts_with("1 sources"), "the stream was not counted: {before}, then {during}");
    drop(page);
    assert_eq!(settled().await, before);
}

/// Replaces animation frames by those of a test clock, whose handles do not fit into 32 bits. No
/// frame runs; `large_frames` keeps the pending ones and the handles of those that were cancelled.
const LARGE_HANDLES: &str = r"(() => {
    const frames = (window.large_frames = { pending: new Set(), cancelled: [] });
    const { requestAnimationFrame, cancelAnimationFrame } = window;
    let handle = 2 ** 32;
    window.requestAnimationFrame = () => {
        frames.pending.add(++handle);
        return handle;
    };
    window.cancelAnimationFrame = (handle) => {
        frames.pending.delete(handle);
        frames.cancelled.push(handle);
    };
    frames.restore = () => Object.assign(window, { requestAnimationFrame, cancelAnimationFrame });
})()";

#[wasm_bindgen_test]
async fn cancels_a_frame_by_a_handle_beyond_32_bits() {
    script(LARGE_HANDLES);
    let page = Page::mount(&endpoint());
    page.click("Connect Live Logs");
    let pending = || script("window.large_frames.pending.size").as_f64();
    until("a frame is requested", async || pending() > Some(0.0)).await;
    drop(page);
    let cancelled = script("window.large_frames.cancelled.join()").as_string();
    script("window.large_frames.restore()");
    assert_eq!(pending(), Some(0.0), "cancelled: {cancelled:?}");
}

/// Mounts four components and unmounts each in another state: idle, connecting, open with rows,
/// waiting for a retry.
async fn one_of_each() {
    drop(Page::mount(&endpoint()));
    let connecting = Page::mount(&endpoint());
    connecting.click("Connect Live Logs");
    drop(connecting);
    let open = Page::mount(&endpoint());
    open.click("Connect Live Logs");
    open.until("rows", |page| !page.rows().is_empty()).await;
    drop(open);
    let waiting = Page::mount(&dead_endpoint());
    waiting.click("Connect Live Logs");
    waiting.until("an error", |page| page.word() == "ERROR").await;
    drop(waiting);
}

/// Returns what is open after all pending work is done.
async fn settled() -> String {
    pause(100).await;
    open_things()
}
