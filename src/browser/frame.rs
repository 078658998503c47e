//! Once per animation frame, however often it is asked for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Window;

use crate::browser::home::Home;
use crate::browser::timer::Timer;

/// A callback for the next frame; none comes after the drop.
///
/// In a hidden tab the browser gives no frames: nothing is drawn there, unless it is to go on [in
/// the background](Self::in_background).
#[must_use = "no frame comes after the drop"]
pub(crate) struct Frame {
    state: Rc<State>,
    home: Rc<Home>,
    callback: Closure<dyn FnMut()>,
    is_background: bool,
}

struct State {
    on_frame: RefCell<Box<dyn FnMut()>>,
    /// The window that was asked, and its name for the frame.
    pending: RefCell<Option<(Window, i32)>>,
    /// Rings where no frame comes.
    timer: Cell<Option<Timer>>,
}

impl Frame {
    /// Will call `on_frame` on the frame of the window of `home` after a
    /// [`request`](Self::request).
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

    /// The same, with calls by a slow timer where no frames come.
    pub(crate) fn in_background(home: Rc<Home>, on_frame: impl FnMut() + 'static) -> Self {
        let mut frame = Self::new(home, on_frame);
        frame.is_background = true;
        frame
    }

    /// Asks for a frame, unless one is coming already.
    pub(crate) fn request(&self) {
        if self.state.pending.borrow().is_some() {
            return;
        }
        let asked = self.home.window().and_then(|window| {
            let handle = window.request_animation_frame(self.callback.as_ref().unchecked_ref());
            Some((window, handle.ok()?))
        });
        self.state.pending.replace(asked);
        if self.is_background {
            let state = Rc::clone(&self.state);
            let timer = Timer::new(self.home.window(), BACKGROUND_MILLIS, move || {
                state.cancel();
                state.run();
            });
            self.state.timer.set(Some(timer));
        }
    }

    /// Drops the frame that was asked of another window, which may never come.
    pub(crate) fn moved(&self) {
        self.state.cancel();
        drop(self.state.timer.take());
    }

    /// Calls at once, besides a frame that is coming.
    pub(crate) fn run_now(&self) {
        self.state.call();
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.state.cancel();
        // The timer holds the state, and the state the timer.
        self.state.timer.take();
    }
}

impl State {
    fn run(&self) {
        drop(self.timer.take());
        self.call();
    }

    fn call(&self) {
        // A callback that causes another call has it coming with the next frame.
        if let Ok(mut on_frame) = self.on_frame.try_borrow_mut() {
            on_frame();
        }
    }

    fn cancel(&self) {
        if let Some((window, handle)) = self.pending.take() {
            // It fails only for a window that is gone, and then there is no frame to cancel.
            let _ = window.cancel_animation_frame(handle);
        }
    }
}

/// In a hidden tab browsers round timers up to a second anyway.
const BACKGROUND_MILLIS: u32 = 250;
