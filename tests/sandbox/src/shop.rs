//! The demo's customer: a shop that may do everything, registered as a real one would be.

use sna_customers::{
    AddressPolicy, ClientSecret, Customer, CustomerId, Customers, Limits, Pepper, Scope, SecretHash, WireTypes,
};

use sna_numbers::Msisdn;

use crate::{dynamodb, gateway::Credentials, profiles::Network};

/// Why the customer could not be registered.
#[derive(Debug, thiserror::Error)]
#[error("the demo customer cannot be registered: {0}")]
pub struct NotRegistered(String);

/// Registers the shop in the customers' table at `dynamodb`, with a new secret.
///
/// # Errors
/// When the record is refused or the table does not answer.
pub async fn register(
    dynamodb: &str,
    pepper: &str,
    redirect_uri: String,
    webhook_url: Option<String>,
    networks: &[Network],
) -> Result<Credentials, NotRegistered> {
    let pepper = Pepper::parse(pepper).map_err(refused)?;
    let secret = ClientSecret::generate().map_err(refused)?;
    // Wherever a device's number is from; a profile's numbers must be possible ones.
    let mut countries = vec!["GB".to_owned()];
    for network in networks {
        let number = Msisdn::parse(&network.number(20)).map_err(|_| NotRegistered(format!("{network:?}'s numbers")))?;
        countries.push(number.country().as_str().to_owned());
    }
    countries.sort();
    countries.dedup();
    let shop = Customer {
        id: CustomerId::parse("demo-shop").map_err(refused)?,
        name: "Demo Shop".to_owned(),
        secret_hashes: vec![SecretHash::of(secret.expose(), &pepper)],
        old_secret_until: None,
        scopes: [Scope::Authenticate, Scope::Otp].into(),
        redirect_uris: vec![redirect_uri.clone()],
        countries,
        wire_types: WireTypes::Quoted,
        otp_template: None,
        otp_domain: Some("shop.example".to_owned()),
        webhook_url,
        address_policy: AddressPolicy::Try,
        test_numbers: Vec::new(),
        limits: Limits::default(),
        enabled: true,
    };
    let customers = Customers::new(dynamodb::client(dynamodb), dynamodb::CUSTOMERS);
    customers.put(&shop).await.map_err(refused)?;
    Ok(Credentials { client_id: shop.id.as_str().to_owned(), client_secret: secret.expose().to_owned(), redirect_uri })
}

fn refused(error: impl std::error::Error) -> NotRegistered {
    NotRegistered(error.to_string())
}
