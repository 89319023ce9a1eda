//! Which redirect URIs a customer may register. They are judged once, here, and only compared afterwards. A webhook's address
//! is judged alike.
//!
//! The raw text is judged before the parser sees it: a parser of the web repairs what it reads (`https:\\host`, a tab
//! inside a host), and a browser may repair it differently.

use url::{Host, Url};

/// Longest URI accepted, in bytes: with our parameters added it must fit the 8 KiB that a URL may have.
const LONGEST: usize = 2048;

/// Why a redirect URI is refused; reads on after the URI itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidRedirect {
    #[error("has characters that no URI has, or is longer than 2048 bytes")]
    Characters,
    #[error("is not an absolute URI")]
    NotAbsolute,
    #[error("has a fragment")]
    Fragment,
    #[error("has a user name or password")]
    UserInfo,
    #[error("is http, which is for 127.0.0.1, [::1] and localhost only")]
    PlainHttp,
    #[error("has an app's scheme without a dot (com.example.app:/path)")]
    Scheme,
}

/// Absolute https; http to the own machine (RFC 8252 7.3); or an app's scheme with a dot in it (RFC 8252 7.1). No
/// fragment (RFC 6749 3.1.2), no user, no character outside RFC 3986.
pub(crate) fn check(uri: &str) -> Result<(), InvalidRedirect> {
    if uri.len() > LONGEST || !uri.bytes().all(of_a_uri) {
        return Err(InvalidRedirect::Characters);
    }
    let (scheme, rest) = uri.split_once(':').ok_or(InvalidRedirect::NotAbsolute)?;
    let url = Url::parse(uri).map_err(|_| InvalidRedirect::NotAbsolute)?;
    if url.scheme() != scheme {
        return Err(InvalidRedirect::Scheme); // capitals
    }
    if uri.contains('#') {
        return Err(InvalidRedirect::Fragment);
    }
    let authority = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or(rest));
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(InvalidRedirect::UserInfo);
    }
    match scheme {
        "https" | "http" if authority.is_none_or(str::is_empty) => Err(InvalidRedirect::NotAbsolute),
        "https" => Ok(()),
        "http" if own_machine(&url) => Ok(()),
        "http" => Err(InvalidRedirect::PlainHttp),
        _ if scheme.contains('.') && rest.starts_with('/') => Ok(()),
        _ => Err(InvalidRedirect::Scheme),
    }
}

/// The same, but nobody can send to an app. Where a name leads is found out at each delivery.
pub(crate) fn check_webhook(url: &str) -> Result<(), InvalidRedirect> {
    check(url)?;
    if url.starts_with("https:") || url.starts_with("http:") { Ok(()) } else { Err(InvalidRedirect::Scheme) }
}

fn own_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.octets() == [127, 0, 0, 1],
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// RFC 3986 2: unreserved, reserved, and `%`.
fn of_a_uri(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_browsers_and_apps_use_is_accepted() {
        for good in [
            "https://shop.example/cb",
            "https://shop.example",
            "https://shop.example:8443/cb?tenant=1",
            "http://127.0.0.1:8080/cb",
            "http://[::1]:8080/cb",
            "http://localhost/cb",
            "com.example.app:/cb",
            "com.example.app://cb",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        use InvalidRedirect::*;
        for (wrong, reason) in [
            ("", NotAbsolute),
            ("/cb", NotAbsolute),
            ("//shop.example/cb", NotAbsolute),
            ("https:shop.example/cb", NotAbsolute),
            ("https:/shop.example/cb", NotAbsolute),
            ("https:///shop.example/cb", NotAbsolute),
            ("https://?x", NotAbsolute),
            ("https://shop.example/cb#", Fragment),
            ("https://shop.example/cb#a", Fragment),
            ("https://user@shop.example/cb", UserInfo),
            ("https://@shop.example/cb", UserInfo),
            ("https://shop.example:x@evil.example/", UserInfo),
            ("http://shop.example/cb", PlainHttp),
            ("http://127.0.0.1.evil.example/cb", PlainHttp),
            ("http://127.0.0.2/cb", PlainHttp),
            ("http://localhost.evil.example/cb", PlainHttp),
            ("http://10.0.0.1/cb", PlainHttp),
            ("HTTPS://shop.example/cb", Scheme),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("myapp:/cb", Scheme),
            ("com.example.app:cb", Scheme),
            ("https:\\\\shop.example/cb", Characters),
            ("https://shop.example/c b", Characters),
            ("https://shop.example/cb\n", Characters),
            ("https://sh\top.example/cb", Characters),
            ("https://shöp.example/cb", Characters),
            ("https://shop.example/<cb>", Characters),
            ("https://shop.example/\0", Characters),
        ] {
            assert_eq!(check(wrong), Err(reason), "{wrong:?}");
        }
    }

    #[test]
    fn a_webhook_is_a_web_address() {
        assert_eq!(check_webhook("https://shop.example/hook?tenant=1"), Ok(()));
        assert_eq!(check_webhook("com.example.app:/hook"), Err(InvalidRedirect::Scheme));
        assert_eq!(check_webhook("https.example.app:/hook"), Err(InvalidRedirect::Scheme));
        assert_eq!(check_webhook("http://shop.example/hook"), Err(InvalidRedirect::PlainHttp));
    }

    #[test]
    fn a_uri_is_at_most_2048_bytes() {
        let stem = "https://shop.example/";
        assert_eq!(check(&format!("{stem}{}", "a".repeat(LONGEST - stem.len()))), Ok(()));
        assert_eq!(check(&format!("{stem}{}", "a".repeat(LONGEST + 1 - stem.len()))), Err(InvalidRedirect::Characters));
    }

    proptest! {
        #[test]
        fn nothing_makes_the_check_panic_or_slips_a_control_character_through(uri in any::<String>()) {
            if check(&uri).is_ok() {
                prop_assert!(!uri.chars().any(|c| c.is_control() || c.is_whitespace()));
            }
        }

        #[test]
        fn an_accepted_web_address_names_its_host_plainly(
            uri in "(https|http)://[a-z0-9.@:/\\[\\]#?-]{1,30}"
        ) {
            if check(&uri).is_ok() {
                let url = Url::parse(&uri).map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert!(url.has_host() && url.username().is_empty() && url.password().is_none());
                prop_assert!(url.fragment().is_none());
                prop_assert!(url.scheme() == "https" || own_machine(&url));
            }
        }
    }
}
