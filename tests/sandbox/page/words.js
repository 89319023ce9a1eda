// What the page says of a call, by who calls whom, the path, and the secrets that are in it.

/** Those who talk, side by side. */
export const LANES = ["Phone", "Shop", "Gateway", "Operator", "Others"];

const PARTIES = {
  phone: ["Phone", () => "Phone"],
  shop: ["Shop", () => "Shop’s backend"],
  gateway: ["Gateway", () => "Gateway"],
  operator: ["Operator", (network) => network],
  carrier: ["Operator", (network) => `${network}’s network`],
  lookup: ["Others", () => "Number lookup"],
  sms: ["Others", () => "Amazon SNS"],
};

export const name = ({ role, network }) => PARTIES[role][1](network);

export const lane = ({ role }) => LANES.indexOf(PARTIES[role][0]);

/** What is done: the words before the second name, and those after it. */
export function deed({ from, to, path, fields }) {
  const has = (name) => fields.some((field) => field.name === name);
  switch (`${from.role} ${to.role}`) {
    case "shop gateway":
      if (path === "/v1/oauth/token") return ["signs in at the", ""];
      if (path === "/v1/get_config") return ["asks the", "what this phone must do"];
      if (path === "/v1/authenticate/otp") return ["has the", "send a code"];
      if (path === "/v1/validate" && has("otp_code")) return ["asks the", "whether the typed code is right"];
      if (path === "/v1/validate") return ["asks the", "what was proved"];
      break;
    case "phone gateway":
      if (path === "/v1/authenticate") return ["opens the link of the", ""];
      return ["comes back to the", ""];
    case "phone operator":
      return path.endsWith("/wallet") ? ["has its SIM prove itself for", ""] : ["is sent to", ""];
    case "phone carrier":
      return ["goes, over plain http, through", ""];
    case "carrier operator":
      return [has("x-msisdn") ? "tells" : "cannot tell", "which SIM it is"];
    case "carrier gateway":
      return ["leads the phone to the", has("msisdn") ? "with its number, encrypted" : "without its number"];
    case "gateway operator":
      return ["asks", "from server to server"];
    case "gateway lookup":
      return ["asks the", "who serves the number"];
    case "gateway sms":
      return ["has", "send the SMS"];
  }
  return ["calls the", ""];
}

// The first that fits and was not said yet: who calls, who is called, what of the call must be there (`<` in the answer,
// `>` in the request, nothing anyhow), and what there is to know about it.
const NOTES = [
  ["shop", "gateway", ">authorization: Basic", "The client secret never leaves the shop’s backend, nor does the access token."],
  ["shop", "gateway", ">otp_code", "The gateway has only a keyed hash to compare it with. A wrong code costs an attempt."],
  ["shop", "gateway", "<reason", "Why not is for the backend alone. The phone is told yes or no."],
  ["shop", "gateway", ">code", "The code works once, and only with the backend’s access token."],
  ["shop", "gateway", "<authorize.authorization_uri", "The link holds a signed token that says nothing of the person. The number stays here."],
  ["shop", "gateway", "<session_id", "The code goes to the phone by SMS, and to nobody else."],
  ["shop", "gateway", ">authorization: Bearer", "The access token stays in the shop’s backend."],
  ["carrier", "operator", ">x-msisdn", "The network writes this header. What a phone says of itself is thrown away."],
  ["carrier", "gateway", ">msisdn", "The network writes this header, encrypted for the gateway. A phone’s own is thrown away."],
  ["gateway", "operator", "", "Between the gateway and the operator: neither the phone nor the shop ever sees it."],
  ["gateway", "sms", "", "The text goes to the phone. The shop never sees the code."],
  ["phone", "operator", "<code", "The operator’s code is worth nothing without the gateway’s own key at the operator."],
  ["phone", "gateway", ">id_token", "The token is all that the phone brings. Which SIM it is, the network says."],
  ["phone", "gateway", ">code", "The operator’s code is worth nothing without the gateway’s own key at the operator."],
  ["phone", "gateway", "<code", "This code works once, and only with the backend’s access token."],
];

/** What stayed secret; `told` has what was said of each call, which is not said again of another. */
export function note(call, told) {
  const there = new Set([""]);
  const look = (side, fields) => {
    for (const { name, value } of fields) {
      there.add(side + name);
      // What an address carries.
      for (const [, carried] of value?.matchAll(/[?&]([^=&]+)=/g) ?? []) there.add(side + carried);
    }
  };
  look(">", call.fields);
  look("<", call.answer ?? []);
  const isNew = (text) => [...told].every(([other, said]) => other === call || said !== text);
  const fits = ([from, to, what, text]) => from === call.from.role && to === call.to.role && there.has(what) && isNew(text);
  return NOTES.find(fits)?.[3];
}
