//! The files of `infra/xtask/templates`: one folder for each protocol family, and what all share. `{{word}}` is filled in.

use clap::ValueEnum;

/// `Cargo.toml` of an adapter in this repository.
pub(crate) const INSIDE: &str = include_str!("../templates/inside.toml");
/// The same outside.
pub(crate) const OUTSIDE: &str = include_str!("../templates/outside.toml");
/// What the tests of every family share.
pub(crate) const BENCH: &str = include_str!("../templates/bench.rs");

/// The protocol families, as `sna_adapter::Family` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Family {
    Camara,
    MobileConnect,
    IpSession,
    CheckUrl,
    AjaxToken,
    Ts43,
    HeaderEnrichment,
}

/// The files of one family.
pub(crate) struct Template {
    pub(crate) lib: &'static str,
    pub(crate) manifest: &'static str,
    pub(crate) operator: &'static str,
    pub(crate) requests: &'static str,
    pub(crate) sandbox: &'static str,
}

macro_rules! template {
    ($family:literal) => {
        Template {
            lib: include_str!(concat!("../templates/", $family, "/lib.rs")),
            manifest: include_str!(concat!("../templates/", $family, "/manifest.json")),
            operator: include_str!(concat!("../templates/", $family, "/operator.json")),
            requests: include_str!(concat!("../templates/", $family, "/requests.rs")),
            sandbox: include_str!(concat!("../templates/", $family, "/sandbox.json")),
        }
    };
}

impl Family {
    pub(crate) fn template(self) -> Template {
        match self {
            Self::Camara => template!("camara"),
            Self::MobileConnect => template!("mobile_connect"),
            Self::IpSession => template!("ip_session"),
            Self::CheckUrl => template!("check_url"),
            Self::AjaxToken => template!("ajax_token"),
            Self::Ts43 => template!("ts43"),
            Self::HeaderEnrichment => template!("header_enrichment"),
        }
    }

    /// As it is typed.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
