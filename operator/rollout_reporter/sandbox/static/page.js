// Shows the board that the event stream sends. Whatever comes from a cluster is text, never markup.

const TYPES = [
  ["production", "Production"],
  ["staging", "Staging"],
  ["testing", "Testing"],
  ["development", "Development"],
  ["unmapped", "Unmapped"],
];
const STATES = {
  successful: "Successful",
  in_progress: "In progress",
  failed: "Failed",
  pending: "Pending",
  cancelled: "Cancelled",
  rolled_back: "Rolled back",
  unknown: "Unknown",
};

const $ = (id) => document.getElementById(id);
const collator = new Intl.Collator("en", { numeric: true });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "long" });

const cards = new Map(); // issue → { element, content }
let states = null; // identity of each deployment → its state, to tell what has changed
let board = null;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  const { data = {}, ...others } = properties;
  Object.assign(made, others);
  Object.assign(made.dataset, data);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function link(href, text, className = "") {
  let url = null;
  try {
    url = new URL(href);
  } catch {
    // not a link then
  }
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return element("span", { className, textContent: text });
  }
  return element("a", { className, href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: text });
}

const identity = ({ clientId, deployment: it }) =>
  JSON.stringify([clientId, it.pipeline.id, it.environment.id, it.deploymentSequenceNumber]);

// The operator links to /browse/KEY by default, which leads to /#KEY.
function wanted() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

function byIssue(records) {
  const issues = new Map();
  for (const record of records) {
    const names = record.issues.length ? record.issues : record.services.map((service) => `Service ${service}`);
    for (const name of names) {
      if (!issues.has(name)) issues.set(name, []);
      issues.get(name).push(record);
    }
  }
  return new Map([...issues].sort(([one], [other]) => collator.compare(one, other)));
}

function age(time) {
  const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.trunc(seconds), "second");
}

function when(moment) {
  const time = element("time", { dateTime: moment, title: exact.format(new Date(moment)) });
  time.textContent = age(time);
  return time;
}

function deploymentItem(record, isSeveralCredentials) {
  const it = record.deployment;
  const numbers = [`deployment ${it.deploymentSequenceNumber}`, `update ${it.updateSequenceNumber}`];
  if (it.label) numbers.unshift(it.label);
  if (isSeveralCredentials) numbers.push(`credential ${record.clientId}`);
  return element(
    "li",
    { className: "deployment", data: { identity: identity(record) } },
    element(
      "span",
      { className: "state" },
      element("span", { className: "lozenge", data: { state: it.state }, textContent: STATES[it.state] }),
    ),
    element(
      "div",
      { className: "what" },
      link(it.url, it.displayName, "name"),
      element(
        "span",
        { className: "where" },
        " · ",
        link(it.pipeline.url, it.pipeline.displayName),
        ` · ${it.environment.displayName}`,
      ),
      element("p", { className: "description", textContent: it.description }),
      element("p", { className: "numbers", textContent: numbers.join(" · ") }),
    ),
    when(it.lastUpdated),
  );
}

// Of each pipeline and environment Jira shows the latest deployment, which is the one with the highest number.
function placeItems(records, issue, isSeveralCredentials) {
  const [latest, ...earlier] = [...records].sort(
    (one, other) => other.deployment.deploymentSequenceNumber - one.deployment.deploymentSequenceNumber,
  );
  const item = deploymentItem(latest, isSeveralCredentials);
  if (!earlier.length) return [item];
  const place = JSON.stringify([latest.clientId, latest.deployment.pipeline.id, latest.deployment.environment.id]);
  const details = element(
    "details",
    { data: { focus: `${issue} ${place}` } },
    element("summary", {
      textContent: `${earlier.length} earlier ${earlier.length === 1 ? "deployment" : "deployments"} of ${latest.deployment.pipeline.displayName}`,
    }),
    element("ul", {}, ...earlier.map((record) => deploymentItem(record, isSeveralCredentials))),
  );
  return [item, element("li", {}, details)];
}

function typeSection(type, title, records, issue, isSeveralCredentials) {
  const places = grouped(records, ({ clientId, deployment: it }) =>
    JSON.stringify([it.environment.displayName, it.pipeline.displayName, clientId, it.pipeline.id, it.environment.id]),
  );
  const sorted = [...places].sort(([one], [other]) => collator.compare(one, other));
  return [
    element("h3", { textContent: title }),
    element("ul", {}, ...sorted.flatMap(([, group]) => placeItems(group, issue, isSeveralCredentials))),
  ];
}

function issueCard(issue, records, isSeveralCredentials) {
  const types = grouped(records, (record) => record.deployment.environment.type);
  const isKey = !issue.startsWith("Service ");
  const href = board.siteUrl && isKey ? `${board.siteUrl.replace(/\/+$/, "")}/browse/${encodeURIComponent(issue)}` : "";
  return element(
    "article",
    { className: issue === wanted() ? "issue is-wanted" : "issue", id: issue, tabIndex: -1 },
    element("h2", {}, link(href, issue)),
    ...TYPES.filter(([type]) => types.has(type)).flatMap(([type, title]) =>
      typeSection(type, title, types.get(type), issue, isSeveralCredentials),
    ),
  );
}

// Replaces a card, but leaves open what was open.
function replace(old, made) {
  const open = new Set([...old.querySelectorAll("details[open]")].map((details) => details.dataset.focus));
  for (const details of made.querySelectorAll("details")) details.open = open.has(details.dataset.focus);
  const focusables = (card) => [...card.querySelectorAll("a, summary")];
  const focused = focusables(old).indexOf(document.activeElement);
  old.replaceWith(made);
  if (focused >= 0) focusables(made)[focused]?.focus({ preventScroll: true });
}

function renderCards(issues) {
  const isSeveralCredentials = new Set(board.deployments.map((record) => record.clientId)).size > 1;
  for (const [issue, { element: card }] of cards) {
    if (!issues.has(issue)) {
      card.remove();
      cards.delete(issue);
    }
  }
  let before = null;
  for (const [issue, records] of issues) {
    const content = JSON.stringify([records, isSeveralCredentials, board.siteUrl]);
    const present = cards.get(issue);
    if (present?.content !== content) {
      const made = issueCard(issue, records, isSeveralCredentials);
      if (present) replace(present.element, made);
      else if (before) before.after(made);
      else $("issues").prepend(made);
      cards.set(issue, { element: made, content });
    }
    before = cards.get(issue).element;
  }
}

function changedRecords() {
  const known = states;
  states = new Map(board.deployments.map((record) => [identity(record), record.deployment.state]));
  if (known === null) return [];
  return board.deployments.filter((record) => known.get(identity(record)) !== record.deployment.state);
}

function announce(changed) {
  const marks = new Set(changed.map(identity));
  for (const item of document.querySelectorAll(".deployment")) {
    if (marks.has(item.dataset.identity)) item.classList.add("is-new");
  }
  if (changed.length > 3) $("announcement").textContent = `${changed.length} deployments have changed.`;
  else if (changed.length) {
    $("announcement").textContent = changed
      .map(({ issues, services, deployment: it }) => {
        const about = [...issues, ...services].join(", ");
        return `${about}: ${it.displayName} in ${it.environment.displayName} is ${STATES[it.state]}.`;
      })
      .join(" ");
  }
}

function summarize(issueCount) {
  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  const counts = Object.keys(STATES)
    .map((state) => [STATES[state], board.deployments.filter((record) => record.deployment.state === state).length])
    .filter(([, count]) => count)
    .map(([name, count]) => `${count} ${name.toLowerCase()}`.replaceAll(" ", "\u00a0"));
  $("summary").textContent = issueCount
    ? `${plural(issueCount, "issue")}, ${plural(board.deployments.length, "deployment")}: ${counts.join(", ")}`
    : "";
  $("faults").hidden = !board.faults;
  $("faults").textContent = `${plural(board.faults, "fault")} set: some requests fail on purpose.`;
}

function applyFilter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [issue, { element: card }] of cards) {
    const text = `${issue} ${card.textContent}`.toLowerCase();
    card.hidden = !words.every((word) => text.includes(word));
    shown += card.hidden ? 0 : 1;
  }
  $("no-match").hidden = shown > 0 || cards.size === 0;
}

function goToWanted() {
  for (const [issue, { element: card }] of cards) card.classList.toggle("is-wanted", issue === wanted());
  cards.get(wanted())?.element.focus();
}

function render(data) {
  const isFirst = board === null;
  board = data;
  const issues = byIssue(board.deployments);
  renderCards(issues);
  summarize(issues.size);
  announce(changedRecords());
  $("empty").hidden = issues.size > 0;
  $("filter-row").hidden = issues.size === 0;
  $("command").textContent = `kubectl annotate deployment/<name> ${board.annotation}`;
  applyFilter();
  if (isFirst) goToWanted();
}

function connect() {
  const stream = new EventSource("/sandbox/events");
  const tell = (state, text) => {
    $("connection").dataset.state = state;
    $("connection").textContent = text;
  };
  stream.onopen = () => tell("live", "Live");
  stream.onerror = () => tell("waiting", "Connection lost, trying again…");
  stream.onmessage = (event) => render(JSON.parse(event.data));
}

$("filter").addEventListener("input", applyFilter);
window.addEventListener("hashchange", goToWanted);
setInterval(() => {
  for (const time of document.querySelectorAll("time")) time.textContent = age(time);
}, 10_000);
connect();
