//! {{network}}: a page fetches a one-time token over mobile data, as with China Mobile.

// Where a portal names the gateway first, as with China Unicom: `FetchedToken`.
use sna_protocols::AjaxToken;

pub static ADAPTER: AjaxToken = AjaxToken {
    // The operator takes numbers without it.
    calling_code: "{{calling}}",
    // Hours that the clock in its timestamps is ahead of UTC; the sandbox's is China's.
    clock: 8,
};

sna_adapter::export_adapter!(ADAPTER);
