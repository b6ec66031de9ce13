// Draws the page anew for every choice.
// The chosen days, and the same days of the month before where there is one.
const periodOf = (state) => {
  const costs = chosen(lines, { currency: state.currency });
  const month = state.month && monthDays(state.month);
  let [from, to] = [Infinity, -Infinity];
  for (const line of costs) {
    eachDay(line, month || { from: 0, to: cube.days }, (day) => {
      from = Math.min(from, day);
      to = Math.max(to, day);
    });
  }
  if (!month || to < from) return { from: Math.min(from, to), to: Math.max(from, to), before: null };
  const earlier = monthDays(monthAfter(state.month, -1));
  const running = to < month.to;
  const last = running ? Math.min(earlier.to, earlier.from + to - month.from) : earlier.to;
  return { from: month.from, to, running, month, before: { from: earlier.from, to: last } };
};

// Shares that add up to 100.0%; that of the unallocated is the one in the table by team.
const sharesOfWays = (owned, now) => {
  const rest = new Map(owned.slice(0, 2).map(([name, , cents]) => [name, cents]));
  const ofTeams = splitShares(now.team, now.total);
  const given = ofTeams?.get(UNALLOCATED) ?? 0n;
  const permille = ofTeams && splitShares(rest, now.total, given);
  permille?.set("Unallocated", given);
  return new Map(owned.map(([name, , cents]) =>
    [name, permille ? shareText(permille.get(name), cents, now.total) : shownShare(cents, now.total)]));
};
const drawHeadline = (state, now, before, period) => {
  part("currency").textContent = state.currency;
  part("total").textContent = shownMoney(now.total);
  part("period").textContent = `${shownPeriod(period.from, period.to)}, UTC`;
  const change = part("change");
  change.replaceChildren();
  if (before) {
    const delta = now.total - before.total;
    const share = shownShare(delta, before.total);
    change.append(
      element("b", { class: delta > 0n ? "more" : "less" }, `${withSign(delta)}`),
      ` (${delta > 0n ? "+" : ""}${share}) against ${shownPeriod(period.before.from, period.before.to)}, `,
      `which cost ${state.currency} ${shownMoney(before.total)}`);
  } else if (state.month) {
    change.append("No cost of the month before to compare with");
  }
  const owned = [["Direct", "owned", now.way.get("direct") ?? 0n],
    ["Shared", "passed-on", now.way.get("shared") ?? 0n],
    ["Unallocated", "unowned", now.unallocated]];
  const shares = sharesOfWays(owned, now);
  const strip = element("div", { class: "bar-split", "aria-hidden": "true" });
  for (const [, tone, cents] of owned) {
    const piece = element("span", { class: tone });
    piece.style.width = `${widthOf(cents, now.total)}%`;
    strip.append(piece);
  }
  part("split").replaceChildren(strip, element("dl", null, ...owned.map(([name, tone, cents]) =>
    element("div", null, element("dt", null, element("span", { class: `swatch ${tone}` }), name),
      element("dd", null, `${shownMoney(cents)} `,
        element("span", null, shares.get(name)))))));
};

const fact = (name, count, one, many, bad = count > 0) => {
  const item = document.querySelector(`[data-fact="${name}"]`);
  if (!item) return;
  item.className = bad ? "warning" : "";
  const text = count === 1 ? one : many;
  item.replaceChildren(element("b", null, String(count)), " ",
    document.getElementById(name) ? element("a", { href: `#${name}` }, text) : text);
};
const drawFacts = () => {
  const budgets = shownRows("budgets");
  fact("budgets", budgets.filter((each) => each.classList.contains("over")).length,
    `of ${budgets.length} budgets exceeded`, `of ${budgets.length} budgets exceeded`);
  fact("anomalies", shownRows("anomalies").length, "anomaly", "anomalies");
  fact("unpriced", shownRows("unpriced").length, "unpriced meter, not in the total",
    "unpriced meters, not in the total");
};

// Amounts by day, or by month when all months are shown.
const bucketsOf = (state, period) => {
  if (!state.month) {
    const months = [];
    for (let month = isoDay(period.from).slice(0, 7); month <= isoDay(period.to).slice(0, 7);) {
      months.push(month);
      month = monthAfter(month, 1);
    }
    return { keys: months, of: (day) => isoDay(day).slice(0, 7), name: shownMonth, short: shortMonth };
  }
  const keys = [];
  const to = period.running ? period.month.to : period.to;
  for (let day = period.from; day <= to; day += 1) keys.push(isoDay(day));
  return { keys, of: isoDay, name: (iso) => shownDay(dayOf(iso)) };
};
const expectedOf = (state, period, buckets) => {
  if (!state.month) return null;
  const cents = new Map();
  for (const line of chosen(expectedLines, state)) {
    eachDay(line, period.month, (day, amount) => {
      const rest = amount - line.known[day - line.first];
      if (rest > 0n) add(cents, buckets.of(day), rest);
    }, line.forecast);
  }
  if (!cents.size) return null;
  const all = buckets.keys.map((key) => (cents.has(key) ? toCents(cents.get(key)) : undefined));
  return stackOfCents("Expected", "expected", all);
};
const anomaliesOf = (state, buckets) => {
  const found = new Map();
  for (const { dataset } of shownRows("anomalies")) {
    const bucket = buckets.of(dayOf(dataset.day));
    const text = `${names.team(dataset.team)}, ${names.source(dataset.source)}: unusual`;
    found.set(bucket, [...(found.get(bucket) ?? []), text]);
  }
  return found;
};

const drawChart = (state, some, now, period) => {
  const buckets = bucketsOf(state, period);
  const cells = new Map();
  for (const line of some) {
    eachDay(line, period, (day, amount) => addCell(cells, buckets.of(day), line[state.by], amount));
  }
  const table = costTable(cells, now[state.by]);
  const expected = expectedOf(state, period, buckets);
  const stacks = stacksOf(table, buckets.keys, slotsOf(state.by, state.currency), names[state.by]);
  const unit = state.month ? "day" : "month";
  const dearest = [...table.rows].reduce((one, other) => (other[1] > one[1] ? other : one));
  const peak = `Highest: ${buckets.name(dearest[0])} with ${shownMoney(dearest[1])}.`;
  const unusual = anomaliesOf(state, buckets);
  document.getElementById("chart-head").textContent = `Cost by ${unit}`;
  part("peak").textContent = `${state.currency} a ${unit}. ${peak}${unusual.size && state.month ? " ▼ marks unusual days." : ""}`;
  drawIn(part("chart"), part("legend"), {
    heads: buckets.keys.map(buckets.short ?? buckets.name), stacks: expected ? [...stacks, expected] : stacks,
    unit: state.currency, tick: shownTick,
    written: (stacked, place) => shownMoney(sum(stacked.map((stack) => stack.cents[place]))),
    notes: (place) => unusual.get(buckets.keys[place]),
    marks: state.month && [...unusual.keys()].map((key) =>
      [buckets.keys.indexOf(key), Number(table.rows.get(key) ?? 0n)]),
    label: `Stacked bars: cost by ${unit} and ${state.by} in ${state.currency}, `
      + `${shownPeriod(period.from, period.to)}. ${peak} All figures are in the table below.`,
  });
  const figures = part("figures");
  figures.querySelector(".scroll")?.remove();
  figures.append(crossTable(`Cost by ${unit} and ${state.by}`, table, unit[0].toUpperCase() + unit.slice(1), state.currency,
    buckets.name, names[state.by], buckets.keys.filter((key) => table.rows.has(key))));
};

const say = (state, total) => {
  const chosenText = [...(form.currency.options.length > 1 ? [state.currency] : []),
    form.month.selectedOptions[0].text, form.team.selectedOptions[0].text,
    form.source.selectedOptions[0].text];
  part("said").textContent = total === null
    ? `No cost: ${chosenText.join(", ")}`
    : `${state.currency} ${shownMoney(total)}: ${chosenText.join(", ")}`;
};

const drawCosts = (state) => {
  const period = periodOf(state);
  const some = chosen(lines, state);
  const now = figuresOf(some, period);
  const past = period.before && figuresOf(some, period.before);
  const before = past && past.matrix.rows.size ? past : null;
  const isEmpty = !now.matrix.rows.size;
  document.getElementById("costs-head").textContent =
    state.month ? shownMonth(state.month) : "All months";
  part("nothing").hidden = !isEmpty;
  part("something").hidden = isEmpty;
  say(state, isEmpty ? null : now.total);
  if (isEmpty) return;
  drawHeadline(state, now, before, period);
  for (const by of ["team", "source", "service", "account"]) {
    document.querySelector(`[data-table="${by}"]`)
      .replaceChildren(breakdown(by, now, before, state.currency));
  }
  const isCrossed = now.team.size > 1 && now.source.size > 1;
  part("matrix-card").hidden = !isCrossed;
  part("matrix").replaceChildren(...(isCrossed
    ? [crossTable("Cost by team and source", now.matrix, "Team", state.currency, names.team,
      names.source)] : []));
  drawChart(state, some, now, period);
};

const draw = () => {
  const state = stateOf();
  filterRows(state);
  drawFacts();
  drawCosts(state);
  drawForecast(state);
  drawWorkers(state);
  markWideTables();
};

for (const each of document.querySelectorAll(".needs-script")) each.hidden = false;
form.hidden = false;
fillFilters();
restore();
draw();
const changed = () => {
  draw();
  remember(stateOf());
};
form.addEventListener("change", changed);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(changed));
byRadios.forEach((radio) => radio.addEventListener("change", changed));
addEventListener("resize", markWideTables);
addEventListener("hashchange", () => {
  if (location.hash.includes("=")) {
    restore();
    draw();
  }
});
