//! `cargo xtask explain`: the decision about one number, as get_config would come to it. Arguments: number, address, `try`
//! or `skip`. OPERATORS, ADAPTERS and LOOKUP are the functions' own; no secret but the lookup's is needed.

use std::{
    net::IpAddr,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use sna_config::Env;
use sna_networks::{Address, Confidence, Decision, Facts, Lookups, RELEASE, decide, is_reserved, ranges};
use sna_numbers::{Msisdn, Network};
use sna_operators::{MobileIp, Operators, Verdict};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [number, address, policy] = &arguments[..] else {
        eprintln!("explain: number, address and policy, please");
        return ExitCode::FAILURE;
    };
    match explain(number, address, policy == "try").await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("explain: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The deployment's operators and lookup.
fn configured() -> Result<(Operators, Lookups), String> {
    let mut env = Env::process();
    let operators = Operators::without_secrets(&mut env, "https://gateway.example");
    let built =
        operators.and_then(|operators| Lookups::from_env(&mut env, &operators).map(|lookups| (operators, lookups)));
    env.finish(built).map_err(|problems| problems.to_string())
}

async fn explain(number: &str, address: &str, tries: bool) -> Result<(), String> {
    let (operators, lookups) = configured()?;
    let table = operators.table();
    let ranges = ranges(table)?;
    let msisdn = Msisdn::parse(number).map_err(|error| format!("{error}: 400, The provided request is invalid"))?;
    let address: IpAddr = address.parse().map_err(|_| "the address is none")?;
    println!("number      {}", msisdn.as_e164());
    println!("country     {}", msisdn.country());
    if let Err(problem) = ranges.check(&msisdn) {
        println!("kind        {problem}: 400, The provided request is invalid");
        return Ok(());
    }
    println!("kind        mobile");
    let holder = ranges.holder(&msisdn);
    match &holder {
        None => println!("range       nobody's"),
        Some(holder) => {
            let name = holder.name.unwrap_or("the operator table");
            let network = holder.network.as_ref().map_or("no network that is known", Network::as_str);
            println!("range       {name}: {network}{}", if holder.is_mvno { ", as host" } else { "" });
        }
    }
    if is_reserved(address, table) {
        println!("address     private or reserved: 400, The required field is missing or it is invalid.");
        return Ok(());
    }
    let found = Address::of(address, table);
    let (release, whose) = (
        RELEASE.trim(),
        match found {
            Address::Mobile(network) => format!("mobile data of {network}"),
            Address::Fixed => "a fixed line".to_owned(),
            Address::Unknown => "unknown".to_owned(),
        },
    );
    println!("address     {whose} (data of {release})");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let portability = match lookups.is_configured() {
        true => Some(lookups.look(&msisdn, now).await),
        false => None,
    };
    println!(
        "lookup      {}",
        portability.as_ref().map_or("not configured".to_owned(), |looked| format!("{looked:?}"))
    );
    let Decision { network, by, silent, reasons, confidence } = decide(Facts {
        holder,
        portability,
        is_cached: false,
        address: found,
        tries,
        table,
        needs: &|network| match operators.manifest(network, "") {
            Ok(manifest) => Some(manifest.needs_mobile_ip),
            Err(Verdict::NetworkUnsupported) => None,
            Err(_) => Some(MobileIp::Require),
        },
    });
    let confidence = if confidence == Confidence::High { "high" } else { "low" };
    println!("network     {} (by {by}, confidence {confidence})", network.as_ref().map_or("none", Network::as_str));
    match silent {
        Ok(()) => println!("decision    silent authentication"),
        Err(_) => println!("decision    OTP; without the scope otp 400, Network provided is invalid"),
    }
    println!("reasons     {reasons}");
    Ok(())
}
