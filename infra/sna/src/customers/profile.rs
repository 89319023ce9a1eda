//! What an administrator says of a customer, and the checks that no endpoint can make up for later.

use clap::{Args, ValueEnum};
use sna_customers::{AddressPolicy, Customer, Scope, TestNumber, WireTypes};
use sna_numbers::{Country, Msisdn};
use sna_otp::{Code, Text};

use crate::{Error, place::Place};

/// A list that is given replaces the record's; what is not given stays.
#[derive(Args)]
pub(crate) struct Profile {
    /// What a person reads in the SMS
    #[arg(long)]
    name: Option<String>,
    /// authenticate, otp
    #[arg(long = "scope", value_delimiter = ',')]
    scopes: Vec<ScopeName>,
    /// Where a flow may end, compared byte by byte
    #[arg(long = "redirect-uri")]
    redirect_uris: Vec<String>,
    /// ISO 3166 alpha-2; none: the deployment's home countries
    #[arg(long = "country", value_delimiter = ',')]
    countries: Vec<String>,
    /// How numbers and booleans look in answers
    #[arg(long)]
    wire_types: Option<WireName>,
    /// The SMS, with {code} and, if wanted, {name} and {minutes}
    #[arg(long)]
    otp_template: Option<String>,
    /// The host whose page may read the code from the SMS
    #[arg(long)]
    otp_domain: Option<String>,
    /// Where the customer is told that an attempt has ended; https
    #[arg(long)]
    webhook_url: Option<String>,
    /// Whether an attempt is made where the reported address is no mobile network's
    #[arg(long)]
    address_policy: Option<PolicyName>,
    /// NUMBER=CODE, which is sent to nobody
    #[arg(long = "test-number", value_name = "NUMBER=CODE")]
    test_numbers: Vec<String>,
    /// For how long the test numbers are
    #[arg(long, default_value_t = 30, requires = "test_numbers", value_parser = clap::value_parser!(u64).range(1..=365))]
    test_days: u64,
    /// SMS to one number
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    sends_an_hour: Option<u64>,
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    sends_a_day: Option<u64>,
    /// SMS for one client_ip
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    sends_an_hour_for_an_address: Option<u64>,
    /// Wrong codes for one number
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    wrong_codes_a_day: Option<u64>,
    /// What is taken away before anything else is set
    #[arg(long, value_delimiter = ',')]
    clear: Vec<Field>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeName {
    Authenticate,
    Otp,
}

#[derive(Clone, Copy, ValueEnum)]
enum WireName {
    Quoted,
    Native,
}

#[derive(Clone, Copy, ValueEnum)]
enum PolicyName {
    Try,
    Skip,
}

#[derive(Clone, Copy, ValueEnum)]
enum Field {
    RedirectUris,
    Countries,
    OtpTemplate,
    OtpDomain,
    WebhookUrl,
    TestNumbers,
    Limits,
}

impl Profile {
    /// Puts into the record what was given, and checks the whole of it.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub(crate) fn apply(&self, customer: &mut Customer, place: &Place) -> Result<(), Error> {
        for field in &self.clear {
            match field {
                Field::RedirectUris => customer.redirect_uris.clear(),
                Field::Countries => customer.countries.clear(),
                Field::OtpTemplate => customer.otp_template = None,
                Field::OtpDomain => customer.otp_domain = None,
                Field::WebhookUrl => customer.webhook_url = None,
                Field::TestNumbers => customer.test_numbers.clear(),
                Field::Limits => customer.limits = sna_customers::Limits::default(),
            }
        }
        put(&mut customer.name, self.name.clone());
        put_list(&mut customer.redirect_uris, &self.redirect_uris);
        put_list(&mut customer.countries, &self.countries);
        if !self.scopes.is_empty() {
            customer.scopes = self.scopes.iter().map(|scope| scope.value()).collect();
        }
        put(&mut customer.wire_types, self.wire_types.map(WireName::value));
        put(&mut customer.address_policy, self.address_policy.map(PolicyName::value));
        customer.otp_template = self.otp_template.clone().or(customer.otp_template.take());
        customer.otp_domain = self.otp_domain.clone().or(customer.otp_domain.take());
        customer.webhook_url = self.webhook_url.clone().or(customer.webhook_url.take());
        let limits = &mut customer.limits;
        limits.sends_an_hour = self.sends_an_hour.or(limits.sends_an_hour);
        limits.sends_a_day = self.sends_a_day.or(limits.sends_a_day);
        limits.sends_an_hour_for_an_address = self.sends_an_hour_for_an_address.or(limits.sends_an_hour_for_an_address);
        limits.wrong_codes_a_day = self.wrong_codes_a_day.or(limits.wrong_codes_a_day);
        let mut problems = Vec::new();
        if !self.test_numbers.is_empty() {
            let expires_at = place.now / 1000 + self.test_days * 86_400;
            customer.test_numbers = self
                .test_numbers
                .iter()
                .map(|text| {
                    let (msisdn, code) = text.split_once('=').unwrap_or((text, ""));
                    TestNumber { msisdn: msisdn.to_owned(), code: code.to_owned(), expires_at }
                })
                .collect();
        }
        problems.extend(customer.check().err().map(|problems| problems.0).into_iter().flatten());
        problems.extend(faults(customer, place)?);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::refused(format!("the customer was not written:\n{}", problems.join("\n"))))
        }
    }
}

/// What the functions would find out at a sign-in only. The deployment's own settings are taken where the environment has
/// them, the functions' defaults elsewhere.
fn faults(customer: &Customer, place: &Place) -> Result<Vec<String>, Error> {
    let mut env = place.env();
    let (digits, seconds) = (env.number("OTP_DIGITS", 6, 6..=10), env.number("OTP_SECONDS", 300, 30..=600_u32));
    let digits: u8 = env.finish(Some(digits))?;
    let mut faults = Vec::new();
    for country in &customer.countries {
        if country.len() == 2 && Country::parse(country).is_err() {
            faults.push(format!("countries: {country:?} has no telephone numbers"));
        }
    }
    for number in &customer.test_numbers {
        if Msisdn::parse(&number.msisdn).is_err() {
            faults.push("test_numbers: one is no mobile number".to_owned());
        }
        if Code::parse(&number.code, digits).is_err() {
            faults.push(format!("test_numbers: a code has {digits} digits here"));
        }
    }
    let code = Code::generate(digits).map_err(Error::refused)?;
    let (template, domain) = (customer.otp_template.as_deref(), customer.otp_domain.as_deref());
    if let Err(error) = Text::render(template, &customer.name, seconds.div_ceil(60), domain, &code) {
        faults.push(format!("the SMS (name, otp_template, otp_domain): {error}"));
    }
    Ok(faults)
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn put_list(list: &mut Vec<String>, given: &[String]) {
    if !given.is_empty() {
        *list = given.to_vec();
    }
}

impl ScopeName {
    fn value(self) -> Scope {
        match self {
            Self::Authenticate => Scope::Authenticate,
            Self::Otp => Scope::Otp,
        }
    }
}

impl WireName {
    fn value(self) -> WireTypes {
        match self {
            Self::Quoted => WireTypes::Quoted,
            Self::Native => WireTypes::Native,
        }
    }
}

impl PolicyName {
    fn value(self) -> AddressPolicy {
        match self {
            Self::Try => AddressPolicy::Try,
            Self::Skip => AddressPolicy::Skip,
        }
    }
}
