//! `sandbox demo <msisdn>`: walks one sign-in against the running system, printing every request and answer, and says
//! with its exit code whether it ended as it should for that device.

use std::{fs, io, path::PathBuf, sync::Arc};

use clap::Args;

use crate::{
    customer::Customer,
    flow::{Flow, Opened, Refusal, Verdict},
    gateway::{Gateway, OTP_ONLY},
    hop::{Step, Trace},
    inbox::Sms,
};

/// Which device, and how.
#[derive(Args)]
pub struct Demo {
    /// The number of a device of the sandbox, such as +447700900620
    msisdn: String,
    /// Let the flow end in the handset's answer instead of the customer's page
    #[arg(long)]
    no_redirect: bool,
    /// Where `sandbox serve` wrote gateway.json
    #[arg(long, default_value = "target/local")]
    dir: PathBuf,
}

/// Why there was nothing to walk through.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{0}: {1}; is the sandbox running?")]
    File(PathBuf, io::Error),
    #[error("no device has this number; they are listed in {0}")]
    Device(PathBuf),
    #[error("an HTTP client cannot be made, or the inbox not be read: {0}")]
    Http(#[from] reqwest::Error),
}

/// Whether the flow ended as the device's `expected` says.
///
/// # Errors
/// [`DemoError`] when there is no such device or no system.
pub async fn demo(options: Demo) -> Result<bool, DemoError> {
    let path = options.dir.join("gateway.json");
    let failed = |error| DemoError::File(path.clone(), error);
    let text = fs::read_to_string(&path).map_err(failed)?;
    let gateway: Gateway = serde_json::from_str(&text).map_err(|error| failed(error.into()))?;
    let device = gateway.device(&options.msisdn).ok_or_else(|| DemoError::Device(path.clone()))?.clone();
    let redirect_uri = (!options.no_redirect).then(|| gateway.customer.redirect_uri.clone());
    let expected = device.expected.clone();
    println!("{} on {}: {}; expected: {expected}", device.msisdn, device.network, device.name);

    let trace: Trace = Arc::new(|step| print(&step));
    let mut flow = Flow::new(device.clone(), redirect_uri, Arc::new(Customer::of(&gateway)?), trace)?;
    let offer = flow.begin().await;
    if let Some(refusal) = &offer.refusal {
        say("not offered silently", refusal);
    }
    let silent = if offer.silent { Some(silent(&mut flow).await) } else { None };
    let outcome = match &silent {
        Some(verdict) => &verdict.outcome,
        None if offer.otp => OTP_ONLY,
        None => "refused",
    };
    let as_expected = device.expects(outcome);
    println!("\nsilent: {outcome} ({})", if as_expected { "as expected" } else { "NOT as expected" });

    let fallback = silent.is_none_or(|verdict| !verdict.authenticated && verdict.fallback_advised);
    if !(fallback && offer.otp) {
        return Ok(as_expected);
    }
    let otp = otp(&mut flow, &gateway, &device.msisdn).await?;
    println!("\nby SMS: {}", if otp { "authenticated" } else { "NOT authenticated" });
    Ok(as_expected && otp)
}

async fn silent(flow: &mut Flow) -> Verdict {
    let opened = flow.open_silent().await;
    if let Some(refusal) = &opened.refusal {
        say("the handset got", refusal);
    }
    flow.validate_silent().await
}

/// Waits until the gateway may send, and reads the code from the inbox as the user would.
async fn otp(flow: &mut Flow, gateway: &Gateway, msisdn: &str) -> Result<bool, DemoError> {
    let wait = flow.until_sms();
    println!("\nwaiting {:.1} s until an SMS may be sent", wait.as_secs_f32());
    tokio::time::sleep(wait).await;
    let Opened { refusal, code_length } = flow.open_otp().await;
    if let Some(refusal) = &refusal {
        say("no SMS", refusal);
        return Ok(false);
    }
    let length = code_length.and_then(|length| length.parse().ok()).unwrap_or(6);
    let inbox = format!("{}/inbox/{}", gateway.sandbox, msisdn.trim_start_matches('+'));
    let messages: Vec<Sms> = crate::http::builder().build()?.get(inbox).send().await?.json().await?;
    let Some((text, code)) = messages.first().and_then(|sms| Some((&sms.text, code_in(&sms.text, length)?))) else {
        println!("  no code in the inbox");
        return Ok(false);
    };
    println!("  SMS: {}", text.replace('\n', " / "));
    Ok(flow.validate_otp(code).await.authenticated)
}

/// The first run of exactly `length` digits.
fn code_in(text: &str, length: usize) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == length)
}

fn print(step: &Step) {
    println!("\n{} {} {}\n  {} {}", step.by, step.method, step.url, step.status, step.answer);
}

fn say(what: &str, refusal: &Refusal) {
    println!("  {what}: {} ({})", refusal.error, refusal.description);
}

#[cfg(test)]
mod tests {
    use super::code_in;

    #[test]
    fn the_code_is_the_run_of_the_right_length() {
        assert_eq!(
            code_in("Demo Shop 24: 048213 is your code for 10 minutes.\n\n@shop.example #048213", 6),
            Some("048213")
        );
        assert_eq!(code_in("call 0800123456", 6), None);
    }
}
