//! Jio: IPification, which finds the SIM by address and port behind a plain-http hop of Jio's own.

use sna_protocols::{ClientAuth, IpSession, LoginHint};

static JIO: IpSession = IpSession {
    scope: "openid ip:phone_verify",
    client_auth: ClientAuth::Post,
    login_hint: LoginHint::Signed,
    coverage: true,
};

sna_adapter::export_adapter!(JIO);
