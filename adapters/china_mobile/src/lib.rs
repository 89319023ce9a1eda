//! China Mobile: a page fetches a token from `getMobile`, and `tokenValidate` compares the number. Both are published;
//! how registered customers sign the page's call is not.

use sna_protocols::AjaxToken;

static CHINA_MOBILE: AjaxToken = AjaxToken { calling_code: "86", clock: 8 };

sna_adapter::export_adapter!(CHINA_MOBILE);
