//! The cookie that says over https that the handset which comes back is the one that was sent over plain http.

use sna_sessions::Proof;

use crate::Attempts;

impl Attempts {
    pub fn cookie_name(&self) -> &'static str {
        name(self.is_https())
    }

    /// `Set-Cookie`, for `seconds`.
    pub fn cookie(&self, secret: &Proof, seconds: u64) -> String {
        cookie(self.is_https(), secret.expose(), seconds)
    }

    fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
    }
}

/// `__Host-` (RFC 6265bis 4.1.3.2) keeps neighbours in the domain, and plain http, from setting it; a gateway that is
/// reached by http, on loopback, cannot have it.
fn name(https: bool) -> &'static str {
    if https { "__Host-sna" } else { "sna" }
}

/// Lax: the handset comes back by navigation from another site.
fn cookie(https: bool, secret: &str, seconds: u64) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", name(https))
}

#[cfg(test)]
mod tests {
    use super::cookie;

    #[test]
    fn over_https_the_cookie_is_the_hosts_alone() {
        assert_eq!(cookie(true, "x", 60), "__Host-sna=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(cookie(false, "x", 60), "sna=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    }
}
