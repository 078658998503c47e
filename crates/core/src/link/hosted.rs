//! The link of a host that owns the address of the page, as one with a router does. Decides when the
//! host and the view have something new for each other.

use super::Link;

/// What the host and the view know of each other's link.
#[derive(Clone, Debug, Default)]
pub struct HostedLink {
    /// The link that both have.
    last: Link,
}

impl HostedLink {
    /// Reads a fragment of the host, and returns where to go, with the names of the parts that are
    /// not valid. `None` if the view is there already: a host passes on what the view has reported.
    pub fn followed(&mut self, fragment: &str) -> Option<(Link, Vec<&'static str>)> {
        let (link, invalid) = Link::parse(fragment);
        self.is_new(&link).then_some((link, invalid))
    }

    /// Returns the fragment to report to the host, unless it has that already.
    pub fn reported(&mut self, link: &Link) -> Option<String> {
        // As it reads back: what is too long for a link is left out.
        let fragment = link.written_into("");
        self.is_new(&Link::parse(&fragment).0).then_some(fragment)
    }

    fn is_new(&mut self, link: &Link) -> bool {
        let is_new = self.last != *link;
        if is_new {
            self.last = link.clone();
        }
        is_new
    }
}
