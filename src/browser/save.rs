//! Writes a log to a file that the browser downloads, a slice at a time, so that the page stays
//! responsive however many lines there are.

use std::cell::RefCell;

use js_sys::{Array, Date};
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, Document, HtmlElement, Url};

use crate::browser::next_task::NextTask;
use crate::browser::timer::Timer;
use logs_sse_core::save::Save;
use logs_sse_core::session::Session;

/// A file in progress, then its download.
#[derive(Default)]
pub(crate) struct Saving {
    file: RefCell<Option<File>>,
    /// The last file, until the browser has certainly begun to read it.
    last: RefCell<Option<Timer>>,
}

struct File {
    save: Save,
    parts: Array,
    on_end: Box<dyn FnOnce()>,
    task: NextTask,
}

impl Saving {
    /// Starts to write a file, unless one is being written. `on_slice` calls
    /// [`advance`](Self::advance); `on_end` is called at the end.
    pub(crate) fn start(
        &self,
        save: Save,
        on_slice: impl FnMut() + 'static,
        on_end: impl FnOnce() + 'static,
    ) {
        let mut file = self.file.borrow_mut();
        if file.is_none() {
            let task = NextTask::new(on_slice);
            task.request();
            *file = Some(File { save, parts: Array::new(), on_end: Box::new(on_end), task });
        }
    }

    /// Writes until `is_over`, and downloads the file when it is complete.
    pub(crate) fn advance(
        &self,
        session: &Session,
        document: Option<Document>,
        is_over: impl Fn() -> bool,
    ) {
        let mut file = self.file.borrow_mut();
        let Some(File { save, parts, task, .. }) = &mut *file else { return };
        while let Some(piece) = save.advance(session, PIECE_BYTES) {
            // A blob leaves the memory of the page, and encodes its text now rather than at the
            // end.
            if let Ok(blob) = Blob::new_with_str_sequence(&Array::of1(&piece.into())) {
                parts.push(&blob);
            }
            if is_over() {
                task.request();
                return;
            }
        }
        let Some(File { save, parts, on_end, .. }) = file.take() else { return };
        let name = save.file_name(session.target(), Date::now() as i64);
        let url = document.and_then(|document| download(&document, &parts, &save, &name));
        // The address is released when the timer fires, or is dropped with the view.
        self.last.replace(Some(Timer::new(web_sys::window(), RELEASE_MS, move || drop(url))));
        drop(file);
        on_end();
    }
}

fn download(document: &Document, parts: &Array, save: &Save, name: &str) -> Option<ObjectUrl> {
    let options = BlobPropertyBag::new();
    options.set_type(save.media_type());
    let file = Blob::new_with_blob_sequence_and_options(parts, &options).ok()?;
    let url = ObjectUrl(Url::create_object_url_with_blob(&file).ok()?);
    let link = document.create_element("a").ok()?;
    link.set_attribute("href", &url.0).ok()?;
    link.set_attribute("download", name).ok()?;
    // It is in no document, so that no handler of the page takes it for navigation. Not
    // `dyn_ref`: an element of another window is an instance of that window's classes.
    link.unchecked_ref::<HtmlElement>().click();
    Some(url)
}

/// An address of a blob, which keeps it in memory.
#[derive(Debug)]
struct ObjectUrl(String);

impl Drop for ObjectUrl {
    fn drop(&mut self) {
        // This fails only for an invalid address.
        let _ = Url::revoke_object_url(&self.0);
    }
}

/// Browsers read a file that is downloaded as soon as the reader has chosen a place for it.
const RELEASE_MS: u32 = 120_000;

/// Text that is formatted in about a millisecond.
const PIECE_BYTES: usize = 256 << 10;
