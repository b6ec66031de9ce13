// Elements and tables. Names are somebody else's text: they only ever become text nodes.
const element = (tag, attributes, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
};
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const head = (text, number) => element("th", { scope: "col", class: number && "number" }, text);
const rowHead = (...children) => element("th", { scope: "row" }, ...children);
const cell = (text, extra = "") => element("td", { class: `number ${extra}`.trim() }, text);
const row = (...cells) => element("tr", null, ...cells);

const tableIn = (label, className, heads, body, foot, extra = "") => {
  const table = element("table", { class: className },
    element("thead", null, row(...heads)), element("tbody", null, ...body));
  if (foot) table.append(element("tfoot", null, foot));
  return element("div",
    { class: `scroll ${extra}`.trim(), role: "region", tabindex: "0", "aria-label": `${label}, table` }, table);
};
// Tables that are wider than their place say so.
const markWideTables = () => {
  for (const box of document.querySelectorAll(".scroll")) {
    box.classList.toggle("sideways", box.scrollWidth > box.clientWidth + 1);
  }
};

const widthOf = (part, whole) => (whole > 0n && part > 0n ? Number(part * 10000n / whole) / 100 : 0);
const bar = (part, whole) => {
  const made = element("span", { class: "bar" });
  made.style.width = `${widthOf(part, whole)}%`;
  return made;
};

const changeCells = (cents, before) => {
  const change = cents - (before ?? 0n);
  const tone = change > 0n ? "more" : change < 0n ? "less" : "";
  const share = before === undefined ? "new" : shownShare(change, before);
  return [
    cell(withSign(change), `${tone} delta`),
    cell(change > 0n && before !== undefined ? `+${share}` : share, tone),
  ];
};

// Cost by one thing, largest first, beside what it cost in the period before.
const breakdown = (by, now, before, currency) => {
  const cents = now[by];
  const keys = [...cents.keys()];
  const gone = before ? [...before[by].keys()].filter((key) => !cents.has(key)) : [];
  const all = new Map([...keys.map((key) => [key, cents.get(key)]), ...gone.map((key) => [key, 0n])]);
  const largest = [...cents.values()].reduce((one, other) => (one > other ? one : other), 0n);
  const shares = shownShares(all, now.total);
  const changes = (amount, old) => (before ? changeCells(amount, old) : []);
  const heads = [
    head(by[0].toUpperCase() + by.slice(1)), head(currency, true), head("Share", true),
    ...(before ? [head("Change", true), head("Change, %", true)] : []),
  ];
  heads[2].className = "number share";
  if (before) heads[3].className = "number delta";
  const body = largestFirst(all).map((key) => row(
    rowHead(names[by](key), bar(all.get(key), largest)),
    cell(shownMoney(all.get(key))), cell(shares.get(key), "share"),
    ...changes(all.get(key), before && before[by].get(key))));
  const foot = row(rowHead("Total"), cell(shownMoney(now.total)),
    cell(shownShare(now.total, now.total), "share"),
    ...changes(now.total, before && before.total));
  return tableIn(`Cost by ${by}`, "lines compared", heads, body, foot, "tall");
};

// A table of cells in cents by two things, with totals on both sides.
const crossTable = (label, table, corner, currency, rowNames, columnNames,
  rows = largestFirst(table.rows)) => {
  const columns = largestFirst(table.columns);
  const total = sum(table.rows.values());
  const amount = (cents) => (cents === undefined ? "–" : shownMoney(cents));
  const body = rows.map((key) => row(
    rowHead(rowNames(key)),
    ...columns.map((column) => cell(amount(table.cells.get(key)?.get(column)))),
    cell(shownMoney(table.rows.get(key) ?? 0n), "total")));
  const heads = [head(corner), ...columns.map((column) => head(columnNames(column), true)),
    element("th", { scope: "col", class: "number total" }, `Total ${currency}`)];
  const foot = row(rowHead(`Total ${currency}`),
    ...columns.map((column) => cell(shownMoney(table.columns.get(column)))),
    cell(shownMoney(total), "total"));
  return tableIn(label, "cross", heads, body, foot);
};
