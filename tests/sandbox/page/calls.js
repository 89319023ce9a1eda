// The calls of a sign-in as a list, in the order in which they began, each drawn as an arrow between those who talk.

import { deed, lane, LANES, name, note } from "./words.js";

const list = document.getElementById("calls");
const heads = document.getElementById("heads");
let calls = new Map(); // by id, those of this sign-in
let told = new Map(); // what was said of each

heads.append(...LANES.map((lane) => element("span", lane)));

function element(tag, text = "", className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

export function clear() {
  calls = new Map();
  told = new Map();
  list.replaceChildren();
}

/** Takes an event; returns `"begin"`, or the call that it is about. */
export function hear({ type, id, ...more }) {
  if (type === "begin") {
    clear();
    return "begin";
  }
  if (type === "call") calls.set(id, { ...more, item: list.appendChild(element("li")) });
  const call = calls.get(id);
  // Of a call that began before the page did.
  if (!call) return undefined;
  if (type === "answer") Object.assign(call, { status: more.status, answer: more.fields, trace: more.trace });
  draw(call);
  return call;
}

/** Adds which field of a call was refused, and why. */
export function explain(call, { field, why }) {
  call.why = [field, why].filter(Boolean).join(": ");
  draw(call);
}

function draw(call) {
  const { item, method, path, status, fields, answer = [] } = call;
  item.dataset.state = status === undefined ? "busy" : status < 400 ? "good" : "bad";
  const [does, what] = deed(call);
  const who = element("span", "", "who");
  who.append(element("b", name(call.from)), ` ${does} `, element("b", name(call.to)), ` ${what}`);
  const request = element("span", "", "request");
  request.append(element("code", `${method} ${path}`), " ", element("span", status ?? "…", "status"));
  for (const { name, value } of answer.filter(isTelling)) request.append(element("span", ` ${name}: ${value}`, "fact"));
  if (call.why) request.append(element("span", ` Why: ${call.why}.`, "why"));
  const summary = element("summary");
  summary.append(who, request);
  const said = note(call, told);
  if (said) summary.append(element("span", said, "note"));
  told.set(call, said);

  const before = item.querySelector("details");
  const isFocused = before?.contains(document.activeElement) ?? false;
  const details = element("details");
  details.open = before?.open ?? false;
  details.append(summary, table("Asked", fields), table("Answered", answer));
  item.replaceChildren(arrow(call), details);
  if (isFocused) summary.focus();
}

/** Worth reading without asking for more: what was judged, and what was wrong. */
const isTelling = ({ name, value }) =>
  value && !/ajax|ported/.test(name) && (/^(true|false)$/.test(value) || /(^|\.)(error|error_description|reason|message)$/.test(name));

function table(title, fields) {
  const part = element("div", "", "said");
  if (fields.length === 0) part.append(element("h3", `${title}: nothing more`));
  if (fields.length === 0) return part;
  const terms = fields.flatMap(({ name, value }) => {
    const shown = element("dd", value ?? "••••");
    if (value === null) {
      shown.className = "dots";
      shown.append(element("span", " secret, not shown", "unseen"));
    }
    return [element("dt", name), shown];
  });
  const pairs = element("dl");
  pairs.append(...terms);
  part.append(element("h3", title), pairs);
  return part;
}

/** From the middle of one lane to that of another; a lane is two columns. */
function arrow({ from, to }) {
  const [start, end] = [lane(from), lane(to)];
  const lanes = element("div", "", "lanes");
  lanes.setAttribute("aria-hidden", "true");
  const line = lanes.appendChild(element("span", "", start < end ? "arrow right" : "arrow left"));
  line.style.gridColumn = `${2 * Math.min(start, end) + 2} / ${2 * Math.max(start, end) + 2}`;
  if (start === end) line.className = "arrow self";
  return lanes;
}
