//! A `curl` line for every call, which work one after another when pasted into a shell. The checks run the same lines.

use serde_json::Value;

/// What `up` prints when everything answers.
pub(crate) fn guide(gateway: &Value, logs: &str) -> String {
    let page = text(&gateway["sandbox"]);
    format!(
        "The page with all handsets:  {page}/\n\
         The API reference:           {page}/docs/\n\
         Logs:                        {logs}\n\
         A whole sign-in, explained:  cargo xtask demo +447700900620\n\n\
         Every call with curl, to be pasted one after another:\n\n{}\n\
         Ctrl-C ends it all.",
        script(gateway)
    )
}

/// The calls as lines of a shell.
pub(crate) fn script(gateway: &Value) -> String {
    let (url, sandbox) = (text(&gateway["url"]), text(&gateway["sandbox"]));
    let (id, secret) = (text(&gateway["customer"]["client_id"]), text(&gateway["customer"]["client_secret"]));
    let Device { msisdn, source_ip, client_ip } = device(gateway, "+447700900620");
    let other = device(gateway, "+447700900999");
    let (other_digits, other_ip) = (other.msisdn.trim_start_matches('+'), other.client_ip);
    let other = other.msisdn;
    format!(
        r##"json() {{ python3 -c "import json,sys; print(json.load(sys.stdin)$1)"; }}

# 1. The customer's backend signs in.
TOKEN=$(curl -sS -u '{id}:{secret}' -d grant_type=client_credentials -d scope=authenticate+otp {url}/v1/oauth/token | json '["access_token"]')

# 2. It asks what the handset with this number must do.
CONFIG=$(curl -sS -H "Authorization: Bearer $TOKEN" --data-urlencode 'msisdn={msisdn}' -d client_ip={client_ip} {url}/v1/get_config); echo "$CONFIG"

# 3. The handset opens the address over mobile data (its source address says so here), and is sent to its operator.
OPERATOR=$(curl -sS --interface {source_ip} -o /dev/null -w '%{{redirect_url}}' "$(echo "$CONFIG" | json '["authorize"]["authorization_uri"]')")

# 4. The operator recognises the SIM, and sends the handset back to the gateway's callback.
CALLBACK=$(curl -sS --interface {source_ip} -b '' -L --max-redirs 2 -o /dev/null -w '%{{redirect_url}}' "$OPERATOR" 2>/dev/null)
PAYLOAD=$(curl -sS --interface {source_ip} "$CALLBACK"); echo "$PAYLOAD"

# 5. The customer's backend hands over what the handset got, and learns the verdict.
ID_TOKEN=$(echo "$CONFIG" | json '["id_token"]')
curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "{{\"id_token\":\"$ID_TOKEN\",\"payload\":$PAYLOAD}}" {url}/v1/validate; echo

# 6. A number without a known network: a code by SMS instead. The inbox stands in for the phone.
CONFIG=$(curl -sS -H "Authorization: Bearer $TOKEN" --data-urlencode 'msisdn={other}' -d client_ip={other_ip} {url}/v1/get_config); ID_TOKEN=$(echo "$CONFIG" | json '["id_token"]')
curl -sS "$(echo "$CONFIG" | json '["otp_authorization_uri"]')"; echo
CODE=$(curl -sS {sandbox}/inbox/{other_digits} | json '[0]["text"].split("#")[-1]')
curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "{{\"id_token\":\"$ID_TOKEN\",\"otp_code\":\"$CODE\"}}" {url}/v1/validate; echo

# 7. The public keys that the tokens and receipts verify with, and what each network can do.
curl -sS {url}/v1/.well-known/paseto-keys; echo
curl -sS -H "Authorization: Bearer $TOKEN" {url}/v1/coverage; echo
"##
    )
}

struct Device<'a> {
    msisdn: &'a str,
    source_ip: &'a str,
    client_ip: &'a str,
}

fn device<'a>(gateway: &'a Value, msisdn: &str) -> Device<'a> {
    let mut devices = gateway["devices"].as_array().into_iter().flatten();
    let found = devices.find(|device| device["msisdn"] == msisdn).unwrap_or(&Value::Null);
    Device {
        msisdn: text(&found["msisdn"]),
        source_ip: text(&found["source_ip"]),
        client_ip: text(&found["client_ip"]),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
