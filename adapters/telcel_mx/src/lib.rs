//! Telcel, through tyntec: the number plain in the authorize request, HTTP Basic and an API key at the back, and no way to
//! ask beforehand.

use sna_protocols::{ClientAuth, IpSession, LoginHint};

static TELCEL: IpSession = IpSession {
    scope: "openid tt:phone_verify",
    client_auth: ClientAuth::Basic,
    login_hint: LoginHint::Plain,
    coverage: false,
};

sna_adapter::export_adapter!(TELCEL);
