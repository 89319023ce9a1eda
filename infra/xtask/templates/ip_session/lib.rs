//! {{network}}: OpenID Connect over the handset's IP session, as IPification and tyntec have it.

use sna_protocols::{ClientAuth, IpSession, LoginHint};

pub static ADAPTER: IpSession = IpSession {
    // What the operator approved for us.
    scope: "openid ip:phone_verify",
    // How we sign in at its token endpoint: `Post`, `Basic` or `PrivateKeyJwt`.
    client_auth: ClientAuth::Post,
    // The number at authorize: as it is, or `Signed` in a request object. The handset can read it either way.
    login_hint: LoginHint::Plain,
    // Is it asked at get_config whether it can do this number from this address?
    coverage: true,
};

sna_adapter::export_adapter!(ADAPTER);
