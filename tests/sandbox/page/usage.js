// What the shop has used, by network: silent attempts by how they ended, codes, and the SMS that were not needed.

const section = document.getElementById("usage");
const rows = document.getElementById("used");

function element(tag, text = "", className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

/** Of each network, the sums over its days. */
function byNetwork(days) {
  const sums = new Map();
  for (const { day, network, ...counts } of days) {
    const name = network ?? "unknown";
    const sum = sums.get(name) ?? {};
    for (const [what, count] of Object.entries(counts)) sum[what] = (sum[what] ?? 0) + count;
    sums.set(name, sum);
  }
  return [...sums];
}

function bar(counts, most) {
  const line = element("div", "", "bars");
  line.setAttribute("aria-hidden", "true");
  for (const [kind, count] of counts) {
    line.append(element("span", "", kind));
    line.lastChild.style.width = `${(100 * count) / most}%`;
  }
  return line;
}

/** Asks again, if it is to be seen. */
export async function refresh() {
  if (!section.open) return;
  const sums = byNetwork(await (await fetch("/usage")).json());
  const most = Math.max(1, ...sums.map(([, sum]) => sum.silent_attempts));
  rows.replaceChildren(
    ...sums.map(([network, { silent_attempts, matches, mismatches, otp_sent, otp_verified, sms_usd_saved }]) => {
      const other = silent_attempts - matches - mismatches;
      const silent = element("td");
      silent.append(bar([["match", matches], ["mismatch", mismatches], ["other", other]], most));
      silent.append(`${matches} matched, ${mismatches} mismatched, ${other} without a verdict`);
      const row = element("tr");
      row.append(Object.assign(element("th", network), { scope: "row" }), silent);
      row.append(element("td", `${otp_sent} sent, ${otp_verified} right`), element("td", `${(sms_usd_saved ?? 0).toFixed(2)} USD`));
      return row;
    }),
  );
}

section.addEventListener("toggle", refresh);
