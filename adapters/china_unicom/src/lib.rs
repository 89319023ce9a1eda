//! China Unicom: its portal names a gateway, from which a page fetches a token over mobile data. That much is published;
//! how a token is compared is by contract.

use sna_protocols::FetchedToken;

static CHINA_UNICOM: FetchedToken = FetchedToken { calling_code: "86", token: "code" };

sna_adapter::export_adapter!(CHINA_UNICOM);
