//! Calls back once per animation frame, however often that is requested.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Window;

use crate::browser::home::Home;
use crate::browser::timer::{Timer, function};

/// A callback for the next animation frame. It is not called after the drop.
///
/// In a hidden tab the browser runs no frames: nothing is drawn there, unless the callback is to
/// run [in the background](Self::in_background).
#[must_use = "the callback is not called after the drop"]
pub(crate) struct AnimationFrame {
    state: Rc<State>,
    home: Rc<Home>,
    callback: Closure<dyn FnMut()>,
    is_background: bool,
}

struct State {
    on_frame: RefCell<Box<dyn FnMut()>>,
    pending: RefCell<Option<FrameRequest>>,
    /// Fires if no frame runs.
    timer: Cell<Option<Timer>>,
}

impl AnimationFrame {
    /// Creates a callback for frames of the window of `home`. Each [`request`](Self::request) calls
    /// it once.
    pub(crate) fn new(home: Rc<Home>, on_frame: impl FnMut() + 'static) -> Self {
        let state = Rc::new(State {
            on_frame: RefCell::new(Box::new(on_frame)),
            pending: RefCell::new(None),
            timer: Cell::new(None),
        });
        let fired = Rc::clone(&state);
        let callback = Closure::new(move || {
            fired.pending.take();
            fired.run();
        });
        Self { state, home, callback, is_background: false }
    }

    /// Like [`new`](Self::new), with calls by a slow timer while no frames run.
    pub(crate) fn in_background(home: Rc<Home>, on_frame: impl FnMut() + 'static) -> Self {
        let mut frame = Self::new(home, on_frame);
        frame.is_background = true;
        frame
    }

    /// Requests a frame, unless one is pending.
    pub(crate) fn request(&self) {
        if self.state.pending.borrow().is_some() {
            return;
        }
        let request = self
            .home
            .window()
            .and_then(|window| FrameRequest::new(window, self.callback.as_ref().unchecked_ref()));
        self.state.pending.replace(request);
        if self.is_background {
            let state = Rc::clone(&self.state);
            let timer = Timer::new(self.home.window(), BACKGROUND_MILLIS, move || {
                state.cancel();
                state.run();
            });
            self.state.timer.set(Some(timer));
        }
    }

    /// Cancels the frame requested from the previous window, which may never run it.
    pub(crate) fn moved(&self) {
        self.state.cancel();
        drop(self.state.timer.take());
    }

    /// Calls at once, in addition to a pending frame.
    pub(crate) fn run_now(&self) {
        self.state.call();
    }
}

impl Drop for AnimationFrame {
    fn drop(&mut self) {
        self.state.cancel();
        // The timer holds the state, and the state holds the timer.
        self.state.timer.take();
    }
}

impl State {
    fn run(&self) {
        drop(self.timer.take());
        self.call();
    }

    fn call(&self) {
        // If the callback itself causes a call, that is made on the next frame.
        if let Ok(mut on_frame) = self.on_frame.try_borrow_mut() {
            on_frame();
        }
    }

    fn cancel(&self) {
        if let Some(request) = self.pending.take() {
            request.cancel();
        }
    }
}

/// A frame requested from a window, and the window's handle for it.
///
/// The handle is a number in browsers. Test clocks return numbers beyond 32 bits, or objects, so it
/// is kept as it is.
pub(crate) struct FrameRequest {
    window: Window,
    handle: JsValue,
}

impl FrameRequest {
    /// Requests a frame from `window`, or returns `None` if the window refuses.
    pub(crate) fn new(window: Window, callback: &Function) -> Option<Self> {
        let handle = function(&window, "requestAnimationFrame")?.call1(&window, callback).ok()?;
        Some(Self { window, handle })
    }

    /// Cancels the frame, if it has not run yet.
    pub(crate) fn cancel(self) {
        // This fails only if the window is closed, and then it renders no frames.
        let _ = function(&self.window, "cancelAnimationFrame")
            .map(|cancel| cancel.call1(&self.window, &self.handle));
    }
}

/// Browsers round timers in a hidden tab up to a second anyway.
const BACKGROUND_MILLIS: u32 = 250;
